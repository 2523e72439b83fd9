//! The Binder client against the service.

#![forbid(unsafe_code)]

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Gid, Uid as ProcessUid};

use mediagate::admin::{
    Administration, AppOpRecord, AppRequest, Application, AuditQuery, Code, Failure, GrantRequest,
    SharingUsers, TransportRecord,
};
use mediagate::binder::{Client, ServeError};
use mediagate::id::{GrantId, Uid, UserId};

use crate::can_change_uid;
use crate::daemon::{Daemon, PHOTO, PRIVATE};

/// Runs `work` with a connection that the kernel sees as made by `uid`: credentials belong to a thread.
fn run_as<T: Send>(daemon: &Daemon, uid: u32, work: impl FnOnce(&Client) -> T + Send) -> T {
    let socket = daemon.socket();
    let act = move || {
        let (gid, uid) = (Gid::from_raw(uid), ProcessUid::from_raw(uid));
        rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
        rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
        work(&Client::connect(&socket).unwrap())
    };
    thread::scope(|scope| scope.spawn(act).join().unwrap())
}

fn app(name: &str, uid: u32, permissions: &[&str]) -> AppRequest {
    AppRequest {
        name: name.to_owned(),
        uid: Uid::new(uid),
        target_sdk: None,
        permissions: Some(permissions.iter().map(|&name| name.to_owned()).collect()),
        app_ops: None,
    }
}

fn grant_request(application: &str, path: &str) -> GrantRequest {
    GrantRequest {
        application: application.to_owned(),
        path: path.to_owned(),
        access: "read".to_owned(),
        seconds: Some(600),
    }
}

fn everything() -> AuditQuery {
    AuditQuery { uid: None, path: None, denied: false, after: None, limit: 100 }
}

/// Every method that only administrators may call, by name.
fn administer(client: &Client) -> Vec<(&'static str, Result<(), Failure>)> {
    vec![
        ("list applications", client.list_applications().map(drop)),
        ("register applications", client.set_applications(&[app("org.example.a", 10_200, &[])]).map(drop)),
        ("grant a permission", client.grant_permission("org.example.a", "READ_MEDIA_IMAGES")),
        ("revoke a permission", client.revoke_permission("org.example.a", "READ_MEDIA_IMAGES")),
        ("grant access to a file", client.add_grant(&grant_request("org.example.a", PHOTO)).map(drop)),
        ("list grants", client.list_grants().map(drop)),
        ("revoke a grant", client.revoke_grant(GrantId::new(1))),
        ("set an app-op", client.set_app_op("org.example.a", "READ_MEDIA_IMAGES", "deny")),
        ("list app-ops", client.list_app_ops("org.example.a").map(drop)),
        ("let users share media", client.share_users(UserId::new(0), UserId::new(10))),
        ("list users who share media", client.list_sharing_users().map(drop)),
        ("let users share media no longer", client.unshare_users(UserId::new(10), UserId::new(0))),
        ("remove what expired", client.maintain(Some(7)).map(drop)),
        ("list requests for access", client.list_requests().map(drop)),
        ("remove an application", client.remove_application("org.example.a")),
        ("scan", client.scan(None, true).map(drop)),
        ("ask how far the scan is", client.scan_progress().map(drop)),
        ("end the scan", client.cancel_scan().map(drop)),
        ("dump the daemon's state", client.dump("all").map(drop)),
        ("read the audit", client.query_audit(&everything()).map(drop)),
        ("ask for the status", client.status().map(drop)),
        ("stop the daemon", client.stop()),
    ]
}

#[test]
fn root_shell_and_system_administer() {
    if !can_change_uid("root_shell_and_system_administer") {
        return;
    }
    for uid in [0, 2000, 1000] {
        let daemon = Daemon::start();
        for (method, result) in run_as(&daemon, uid, administer) {
            assert_eq!(result, Ok(()), "uid {uid}: {method}");
        }
        assert!(daemon.gate.stopped.load(Ordering::SeqCst));
        assert_eq!(daemon.gate.changes.load(Ordering::SeqCst), 9, "each change is told to the serving part");
    }
}

#[test]
fn an_application_administers_nothing_and_is_recorded() {
    if !can_change_uid("an_application_administers_nothing_and_is_recorded") {
        return;
    }
    let daemon = Daemon::start();
    for (method, result) in run_as(&daemon, 10_123, administer) {
        let failure = result.unwrap_err();
        assert_eq!(failure.code, Code::Refused, "{method}");
        assert_eq!(
            failure.text,
            format!(
                "uid 10123 may not {method}: only root, shell (2000), system (1000) and the daemon's own uid may"
            )
        );
    }
    assert!(!daemon.gate.stopped.load(Ordering::SeqCst));
    let root = Client::connect(&daemon.socket()).unwrap();
    assert_eq!(root.list_applications().unwrap(), []);
    let refused = AuditQuery { uid: Some(Uid::new(10_123)), denied: true, ..everything() };
    let audit = root.query_audit(&refused).unwrap();
    assert_eq!(audit.len(), 22);
    assert_eq!(audit.last().unwrap().operation, "stop the daemon");
    assert_eq!(audit.last().unwrap().verdict, "denied");
}

#[test]
fn an_application_may_check_about_itself_and_learns_no_facts() {
    if !can_change_uid("an_application_may_check_about_itself_and_learns_no_facts") {
        return;
    }
    let daemon = Daemon::start();
    let root = Client::connect(&daemon.socket()).unwrap();
    root.set_applications(&[app("org.example.viewer", 10_123, &["READ_MEDIA_IMAGES"])]).unwrap();
    run_as(&daemon, 10_123, |client| {
        let own = client.check_self("read", PHOTO, None).unwrap();
        assert_eq!((own.uid, own.allowed, own.view.as_deref()), (Uid::new(10_123), true, Some("redacted")));
        assert_eq!(own.facts, []);
        assert_eq!(client.check(Uid::new(10_123), "read", PHOTO, None).unwrap(), own);
        let write = client.check_self("write", PHOTO, None).unwrap();
        assert_eq!((write.allowed, write.errno.as_deref()), (false, Some("EACCES")));
        let other = client.check(Uid::new(10_124), "read", PHOTO, None).unwrap_err();
        assert_eq!(other.code, Code::Refused);
        assert_eq!(other.text, "uid 10123 may only check about itself, not about uid 10124");
    });
    let facts = root.check(Uid::new(10_123), "read", PHOTO, None).unwrap().facts;
    assert!(facts.iter().any(|fact| fact.name == "owner" && fact.value == "org.example.camera"), "{facts:?}");
}

fn failure(result: Result<(), Failure>) -> (Code, String) {
    let failure = result.unwrap_err();
    (failure.code, failure.text)
}

#[test]
fn failures_have_their_code_and_name_the_remedy() {
    let daemon = Daemon::start();
    let client = Client::connect(&daemon.socket()).unwrap();
    client.set_applications(&[app("org.example.a", 10_200, &[])]).unwrap();
    let not_registered = "no application org.example.b is registered: register it with `mediagate app set \
                          org.example.b --uid UID`";
    for result in [
        client.remove_application("org.example.b"),
        client.grant_permission("org.example.b", "READ_MEDIA_IMAGES"),
        client.revoke_permission("org.example.b", "READ_MEDIA_IMAGES"),
        client.add_grant(&grant_request("org.example.b", PHOTO)).map(drop),
    ] {
        assert_eq!(failure(result), (Code::NotFound, not_registered.to_owned()));
    }
    let unknown = "unknown permission READ_MINDS: the valid ones are READ_MEDIA_IMAGES, READ_MEDIA_VIDEO, \
                   READ_MEDIA_AUDIO, READ_MEDIA_VISUAL_USER_SELECTED, READ_EXTERNAL_STORAGE, \
                   WRITE_EXTERNAL_STORAGE, MANAGE_EXTERNAL_STORAGE, ACCESS_MEDIA_LOCATION, WRITE_MEDIA_IMAGES, \
                   WRITE_MEDIA_VIDEO, LEGACY_STORAGE, INSTALLER";
    for result in [
        client.grant_permission("org.example.a", "READ_MINDS"),
        client.set_applications(&[app("org.example.c", 1, &["READ_MINDS"])]).map(drop),
    ] {
        assert_eq!(failure(result), (Code::Invalid, unknown.to_owned()));
    }
}

#[test]
fn other_failures_have_their_code_and_say_what_was_wrong() {
    let daemon = Daemon::start();
    let client = Client::connect(&daemon.socket()).unwrap();
    client.set_applications(&[app("org.example.a", 10_200, &[])]).unwrap();
    let cases = [
        (client.revoke_grant(GrantId::new(77)), Code::NotFound, "no grant 77: "),
        (
            client.add_grant(&grant_request("org.example.a", "no.jpg")).map(drop),
            Code::NotFound,
            "no file no.jpg: ENOENT",
        ),
        (
            client.check(Uid::ROOT, "read", "/elsewhere/a", None).map(drop),
            Code::NotFound,
            "/elsewhere/a lies in no volume",
        ),
        (
            client.check(Uid::ROOT, "dance", PHOTO, None).map(drop),
            Code::Invalid,
            "unknown operation dance: the valid ones",
        ),
        (client.dump("cellar").map(drop), Code::Invalid, "invalid section \"cellar\": it is nodes, "),
        (
            client.set_applications(&[app("a/b", 1, &[])]).map(drop),
            Code::Invalid,
            "invalid application name \"a/b\"",
        ),
    ];
    for (result, code, text) in cases {
        let (found, said) = failure(result);
        assert!(found == code && said.starts_with(text), "{found:?} {said}");
    }
}

#[test]
fn applications_are_registered_all_or_none_and_keep_what_is_not_given() {
    let daemon = Daemon::start();
    let client = Client::connect(&daemon.socket()).unwrap();
    let wrong = [app("org.example.a", 10_200, &["INSTALLER"]), app("org.example.b", 10_201, &["NO"])];
    client.set_applications(&wrong).unwrap_err();
    assert_eq!(client.list_applications().unwrap(), []);
    client.set_applications(&[app("org.example.a", 10_200, &["INSTALLER"])]).unwrap();
    client
        .set_applications(&[AppRequest {
            name: "org.example.a".to_owned(),
            uid: Uid::new(10_300),
            target_sdk: Some(29),
            permissions: None,
            app_ops: None,
        }])
        .unwrap();
    let [found] = client.list_applications().unwrap().try_into().unwrap();
    assert_eq!((found.uid, found.target_sdk), (Uid::new(10_300), 29));
    assert_eq!(found.permissions, ["INSTALLER"]);
}

#[test]
fn records_cross_unchanged() {
    let daemon = Daemon::start();
    let client = Client::connect(&daemon.socket()).unwrap();
    client.set_applications(&[app("org.example.a", 10_200, &[])]).unwrap();
    let made = client.add_grant(&grant_request("org.example.a", PHOTO)).unwrap();
    assert_eq!((made.path.as_str(), made.access.as_str()), (PHOTO, "read"));
    assert!(made.expires.is_some());
    let dump = client.dump("all").unwrap();
    let expected = mediagate::admin::Gate::dump(&*daemon.gate, mediagate::admin::Section::All);
    assert_eq!(dump.nodes, expected.nodes);
    assert_eq!(dump.handles, expected.handles);
    assert_eq!(dump.backings, expected.backings);
    assert_eq!(dump.counters, expected.counters);
    assert_eq!(dump.grants, Some(vec![made]));
    let counters = client.dump("counters").unwrap();
    assert!(counters.counters.is_some() && counters.nodes.is_none() && counters.applications.is_none());
    let rpc = TransportRecord {
        name: "rpc".to_owned(),
        address: daemon.socket().display().to_string(),
        serving: true,
        why_not: None,
    };
    let expected = mediagate::admin::Gate::status(&*daemon.gate);
    assert_eq!(client.status().unwrap(), mediagate::admin::Status { transports: vec![rpc], ..expected });
}

#[test]
fn two_clients_are_served_at_once() {
    let daemon = Daemon::start();
    let clients = [Client::connect(&daemon.socket()).unwrap(), Client::connect(&daemon.socket()).unwrap()];
    thread::scope(|scope| {
        for (number, client) in clients.iter().enumerate() {
            scope.spawn(move || {
                for round in 0..20 {
                    let name = format!("org.example.c{number}.r{round}");
                    client.set_applications(&[app(&name, 10_000, &[])]).unwrap();
                }
            });
        }
    });
    assert_eq!(clients[0].list_applications().unwrap().len(), 40);
}

#[test]
fn an_application_cannot_ask_what_it_may_not_see() {
    if !can_change_uid("an_application_cannot_ask_what_it_may_not_see") {
        return;
    }
    let daemon = Daemon::start();
    let [there, missing] = run_as(&daemon, 10_123, |client| {
        [PRIVATE, "Android/data/org.example.camera/gone"].map(|path| {
            let failure = client.check_self("read", path, None).unwrap_err();
            (failure.code, failure.text.replace(path, "PATH"))
        })
    });
    assert_eq!(there, missing);
    assert_eq!(there, (Code::NotFound, "no file PATH: ENOENT".to_owned()));
    let root = Client::connect(&daemon.socket()).unwrap();
    let explained = root.check(Uid::new(10_123), "read", PRIVATE, None).unwrap();
    assert_eq!(explained.errno.as_deref(), Some("ENOENT"));
}

#[test]
fn applications_that_take_every_connection_do_not_keep_administrators_out() {
    if !can_change_uid("applications_that_take_every_connection_do_not_keep_administrators_out") {
        return;
    }
    let daemon = Daemon::start();
    let refused =
        run_as(&daemon, 10_123, |_| UnixStream::connect(daemon.path("socket.admin")).unwrap().read(&mut [0]));
    assert!(matches!(refused, Ok(0) | Err(_)), "the socket of administrators is closed to others");
    let connect =
        |_: &Client| (0..100).map(|_| UnixStream::connect(daemon.socket()).unwrap()).collect::<Vec<_>>();
    let taken = run_as(&daemon, 10_123, connect);
    let before = Instant::now();
    assert_eq!(run_as(&daemon, 2000, |shell| shell.status().map(|status| status.threads)), Ok(2));
    assert!(before.elapsed() < Duration::from_secs(5), "it waited for a connection");
    drop(taken);
}

#[test]
fn a_dead_socket_is_replaced_and_a_live_one_is_not() {
    let daemon = Daemon::start();
    let stale = daemon.path("stale");
    drop(UnixListener::bind(&stale).unwrap());
    assert!(stale.exists());
    let serving = daemon.serve_again(&stale).unwrap();
    assert!(Client::connect(&stale).unwrap().status().is_ok());
    assert_eq!(stale.metadata().unwrap().permissions().mode() & 0o777, 0o666);

    let live = daemon.serve_again(&stale).unwrap_err();
    assert!(matches!(live, ServeError::Live(_)), "{live:?}");
    let text =
        format!("another daemon serves {0}: stop it with `mediagate --socket {0} stop`", stale.display());
    assert_eq!(live.to_string(), text);
    assert!(Client::connect(&stale).unwrap().status().is_ok());
    drop(serving);
    assert!(!stale.exists(), "a daemon that ends takes its socket with it");

    std::fs::write(&stale, "precious").unwrap();
    let occupied = daemon.serve_again(&stale).unwrap_err();
    assert!(matches!(occupied, ServeError::Occupied(_)), "{occupied:?}");
    assert_eq!(std::fs::read(&stale).unwrap(), b"precious");
    let nowhere = daemon.serve_again(&daemon.path("no/where")).unwrap_err();
    assert!(matches!(nowhere, ServeError::NoDirectory(_)), "{nowhere:?}");
}

#[test]
fn a_daemon_that_is_gone_is_unreachable() {
    let mut daemon = Daemon::start();
    let client = Client::connect(&daemon.socket()).unwrap();
    daemon.serving.take();
    assert_eq!(client.status().unwrap_err().code, Code::Unreachable);
    assert_eq!(Client::connect(&daemon.socket()).unwrap_err().code, Code::Unreachable);
}

#[test]
fn app_ops_sharing_users_and_maintenance_cross_the_wire() {
    let daemon = Daemon::start();
    let client = Client::connect(&daemon.socket()).unwrap();
    let op = |op: &str, mode: &str| AppOpRecord { op: op.to_owned(), mode: mode.to_owned() };
    let with = |ops| AppRequest { app_ops: ops, ..app("org.example.a", 10_200, &["READ_MEDIA_IMAGES"]) };
    client.set_applications(&[with(Some(vec![op("READ_MEDIA_IMAGES", "ignore")]))]).unwrap();
    assert_eq!(client.list_app_ops("org.example.a").unwrap(), [op("READ_MEDIA_IMAGES", "deny")]);
    client.set_app_op("org.example.a", "android.permission.MANAGE_EXTERNAL_STORAGE", "allow").unwrap();
    let both = [op("MANAGE_EXTERNAL_STORAGE", "allow"), op("READ_MEDIA_IMAGES", "deny")];
    client.set_applications(&[with(None)]).unwrap();
    assert_eq!(client.list_applications().unwrap()[0].app_ops, both, "what is not given stays");
    client.set_applications(&[with(Some(Vec::new()))]).unwrap();
    assert_eq!(client.list_app_ops("org.example.a").unwrap(), []);
    let wrong = |failed: Result<(), Failure>| failed.unwrap_err().code;
    assert_eq!(wrong(client.set_app_op("org.example.b", "INSTALLER", "deny")), Code::NotFound);
    assert_eq!(wrong(client.set_app_op("org.example.a", "FLY", "deny")), Code::Invalid);
    assert_eq!(wrong(client.set_app_op("org.example.a", "INSTALLER", "maybe")), Code::Invalid);
    let (zero, ten) = (UserId::new(0), UserId::new(10));
    assert_eq!(wrong(client.unshare_users(zero, ten)), Code::NotFound);
    client.share_users(ten, zero).unwrap();
    assert_eq!(client.list_sharing_users().unwrap(), [SharingUsers { one: zero, other: ten }]);
    assert_eq!(wrong(client.share_users(ten, ten)), Code::Invalid);
    assert_eq!(wrong(client.share_users(ten, UserId::new(42_950))), Code::Invalid);
    assert_eq!(client.maintain(Some(7)).unwrap().removed, 7);
    assert!(client.maintain(None).unwrap().removed > 1_700_000_000, "by the clock");
}

#[test]
fn what_a_caller_is_for_selinux_is_kept_in_the_audit() {
    let daemon = Daemon::start();
    let context = "u:r:system_server:s0";
    for told in [Some(context.to_owned()), None] {
        let session = daemon.admin.session_of(Uid::new(1000), told);
        session.set_applications(&[app("org.example.a", 10_001, &[])]).unwrap();
    }
    let audit = Client::connect(&daemon.socket()).unwrap().query_audit(&everything()).unwrap();
    let kept: Vec<_> = audit.iter().map(|record| record.context.as_deref()).collect();
    assert_eq!(kept, [Some(context), None]);
    let (_, printed, _) = crate::command_line::run(&daemon, &["audit"]);
    assert!(printed.contains("org.example.a (administration, u:r:system_server:s0)\n"), "{printed}");
}
