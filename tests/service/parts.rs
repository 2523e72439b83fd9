//! What clients do: each function is run by [`crate::world::World::client`] in a process of its own. Run as tests
//! without that they have nothing to do.

use std::os::fd::AsFd as _;

use mediagate::admin::{Administration, Application, AuditQuery, Code, ObserverFilter};
use mediagate::id::{GrantId, Uid};
use rsbinder::FIRST_CALL_TRANSACTION;
use rustix::process::geteuid;

use crate::byhand::{RECEIVER, SHELL_COMMAND, Talk, Unanswered, Written, cmd, dumpsys, memory, printed};
use crate::world::{PHOTO, READER, connection, is_client};

fn itself() -> Uid {
    Uid::new(geteuid().as_raw())
}

/// What an administrator gets.
#[test]
fn administers() {
    let Some(client) = connection() else { return };
    let status = client.status().expect("an administrator may ask");
    assert!(status.transports.iter().any(|transport| transport.serving), "{status:?}");
    let apps = client.list_applications().expect("an administrator may ask");
    assert!(apps.iter().any(|app| app.name == "org.example.reader"), "{apps:?}");
    let about = client.check(Uid::new(READER), "read", PHOTO, None).expect("about anybody");
    assert_eq!((about.uid, about.view.as_deref()), (Uid::new(READER), Some("redacted")));
    assert!(!about.facts.is_empty());
    client.grant_permission("org.example.reader", "READ_MEDIA_VIDEO").expect("an administrator may change");
    let own = client.check_self("read", PHOTO, None).expect("about itself");
    assert_eq!(own.uid, itself());
    assert!(client.dump("all").expect("an administrator may ask").nodes.is_some());
}

/// What anybody is told of the interfaces: the version and the hash that are frozen in `aidl/api`.
#[test]
fn knows_the_interfaces() {
    if !is_client() {
        return;
    }
    let frozen = include_str!("../../aidl/api/mediagate/1/.hash").trim();
    for (name, interface) in
        [("mediagate", "org.mediagate.IMediaGate"), ("mediagate.admin", "org.mediagate.IMediaGateAdmin")]
    {
        let service = crate::fuzzing::service(name).expect("the daemon can be reached");
        let remote = service.as_remote().expect("it is another process");
        let ask = |code| {
            let parcel = crate::fuzzing::call(&service, interface).expect("a parcel");
            let answer = remote.submit_transact(code, &parcel, 0).expect("an answer");
            let mut answer = answer.expect("it is no oneway call");
            assert_eq!(answer.read_i32(), Ok(0), "no exception");
            answer
        };
        // `getInterfaceVersion` and `getInterfaceHash`, which AOSP numbers from the end.
        assert_eq!(ask(FIRST_CALL_TRANSACTION + 0xff_fffe).read_i32(), Ok(1));
        assert_eq!(ask(FIRST_CALL_TRANSACTION + 0xff_fffd).read::<String>().as_deref(), Ok(frozen));
    }
}

/// What any other uid gets: nothing but answers about itself.
#[test]
fn administers_nothing() {
    let Some(client) = connection() else { return };
    let audit = AuditQuery { uid: None, path: None, denied: false, after: None, limit: 1 };
    for (what, refused) in [
        ("list applications", client.list_applications().map(drop)),
        ("remove an application", client.remove_application("org.example.reader")),
        ("grant a permission", client.grant_permission("org.example.reader", "MANAGE_EXTERNAL_STORAGE")),
        ("revoke a grant", client.revoke_grant(GrantId::new(1))),
        ("scan", client.scan(None, true).map(drop)),
        ("dump the daemon's state", client.dump("all").map(drop)),
        ("read the audit", client.query_audit(&audit).map(drop)),
        ("ask for the status", client.status().map(drop)),
        ("remove what expired", client.maintain(None).map(drop)),
        ("stop the daemon", client.stop()),
    ] {
        let failure = refused.expect_err(what);
        assert_eq!(failure.code, Code::Refused, "{what}");
        assert!(
            failure.text.starts_with(&format!("uid {} may not {what}: only root", itself())),
            "{failure}"
        );
    }
    let own = client.check_self("read", PHOTO, None).expect("about itself");
    assert_eq!((own.uid, own.facts.len()), (itself(), 0));
    assert_eq!(client.check(itself(), "read", PHOTO, None).expect("about itself"), own);
    let other = client.check(Uid::ROOT, "read", PHOTO, None).expect_err("about others");
    assert_eq!(other.code, Code::Refused);
}

/// What the reader of pictures is told.
#[test]
fn may_read_without_the_location() {
    let Some(client) = connection() else { return };
    let read = client.check_self("read", PHOTO, None).expect("about itself");
    assert_eq!((read.allowed, read.view.as_deref()), (true, Some("redacted")));
    let write = client.check_self("write", PHOTO, None).expect("about itself");
    assert_eq!((write.allowed, write.errno.as_deref()), (false, Some("EACCES")));
}

/// What `cmd` and `dumpsys` of AOSP get, from an administrator.
#[test]
fn commands_and_dumps() {
    if !is_client() {
        return;
    }
    let (uid, done) = (READER.to_string(), |text: &str| (0, text.to_owned(), String::new()));
    let (status, out, err) =
        cmd("mediagate", &["check", "--uid", &uid, "--op", "read", PHOTO], "").expect("a call");
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("allowed, redacted view\n"), "{out}");
    let (status, out, _) =
        cmd("mediagate", &["check", "--uid", &uid, "--op", "write", PHOTO], "").expect("a call");
    assert!(status == 1 && out.starts_with("refused, EACCES\n"), "{status} {out}");
    let listed = "[[app]]\nname = \"org.example.listed\"\nuid = 10102\n";
    assert_eq!(cmd("mediagate", &["app", "import", "-"], listed), Ok(done("1 applications registered\n")));
    assert_eq!(cmd("mediagate", &["app", "remove", "org.example.listed"], ""), Ok(done("")));
    let (status, out, err) = cmd("mediagate", &["app", "remove", "org.example.listed"], "").expect("a call");
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.starts_with("mediagate: no application org.example.listed is registered"), "{err}");
    let (status, out, err) = cmd("mediagate", &["serve"], "").expect("a call");
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.starts_with("error: unrecognized subcommand 'serve'"), "{err}");

    let whole = dumpsys("mediagate", &[]).expect("a call");
    assert!(whole.starts_with("mediagate ") && whole.contains("== nodes: "), "{whole}");
    assert!(!whole.contains("photo.jpg"), "{whole}");
    let nodes = dumpsys("mediagate", &["nodes", "--json", "--paths"]).expect("a call");
    let nodes: serde_json::Value = serde_json::from_str(&nodes).expect("it is JSON");
    let paths: Vec<_> = nodes["nodes"].as_array().into_iter().flatten().map(|node| &node["path"]).collect();
    assert!(paths.iter().any(|path| path.as_str().is_some_and(|path| path.ends_with(PHOTO))), "{paths:?}");
}

/// A command that would last for ever, begun and not waited for.
#[test]
fn follows_the_audit_and_leaves() {
    if !is_client() {
        return;
    }
    let mut talk = Talk::begin(RECEIVER);
    let handle = talk.service("mediagate").expect("the service is registered");
    let [input, out, err] = ["", "", ""].map(memory);
    let streams = Written::new().descriptor(input.as_fd()).descriptor(out.as_fd()).descriptor(err.as_fd());
    let words = streams.int(2).string("audit").string("--follow").no_binder().binder(7);
    talk.transact(handle, SHELL_COMMAND, &words).expect("it begins");
    crate::world::await_that("it prints", || printed(&out).starts_with("TIME (UTC)"));
    assert_eq!(talk.told, None, "it goes on");
}

/// Objects that do not say what they are called when they are asked, and the service for others meanwhile.
#[test]
fn objects_that_do_not_answer() {
    let Some(client) = connection() else { return };
    let silent: Vec<Talk> = (0..20)
        .map(|number| {
            let mut talk = Talk::begin("");
            let (name, interface, code) = match number % 2 {
                0 => ("mediagate", "org.mediagate.IMediaGate", 13),
                _ => ("mediagate.admin", "org.mediagate.IMediaGateAdmin", 28),
            };
            let handle = talk.service(name).expect("the service is registered");
            talk.leave_waiting(handle, code, &Written::new().token(interface).binder(5));
            talk
        })
        .collect();
    assert!(client.check_self("read", PHOTO, None).is_ok(), "the service answers");
    let busy = client.observe(&ObserverFilter::default(), drop).expect_err("one is being begun");
    assert_eq!(busy.code, Code::Busy, "{busy}");
    drop(silent);
    crate::world::await_that("they are gone", || client.observe(&ObserverFilter::default(), drop).is_ok());
}

/// What they get from anybody else.
#[test]
fn no_commands_and_no_dumps() {
    if !is_client() {
        return;
    }
    let refused = |status| matches!(status, Err(Unanswered::Status(status)) if status == -libc::EPERM);
    assert!(refused(cmd("mediagate", &["status"], "").map(drop)));
    assert!(refused(dumpsys("mediagate", &[]).map(drop)));
}

/// A sender that writes the bytes of a descriptor instead of handing one over, to have the daemon read from or write to
/// one of its own files.
#[test]
fn forged_file_descriptor_objects() {
    if !is_client() {
        return;
    }
    let mut talk = Talk::begin(RECEIVER);
    let handle = talk.service("mediagate").expect("the service is registered");
    let [input, out, err] = ["", "", ""].map(memory);
    let words = |streams: Written| streams.int(1).string("status").no_binder().no_binder();
    let real = || Written::new().descriptor(input.as_fd());
    let mut refused = |what: &str, streams: Written| {
        let answer = talk.transact(handle, SHELL_COMMAND, &words(streams));
        assert!(matches!(&answer, Err(Unanswered::Status(status)) if *status != 0), "{what}: {answer:?}");
    };
    for number in 0..64 {
        let forged = || Written::new().forged(number);
        refused("all", forged().forged(number).forged(number));
        refused("input", forged().descriptor(out.as_fd()).descriptor(err.as_fd()));
        refused("output", real().forged(number).descriptor(err.as_fd()));
        refused("error", real().descriptor(out.as_fd()).forged(number));
    }
    // Things that the driver did put there, and that are no descriptors or stand elsewhere.
    refused("an object of ours", real().descriptor(out.as_fd()).binder(9));
    refused("moved by four bytes", Written::new().int(0).descriptor(out.as_fd()).descriptor(err.as_fd()));
    refused("too few", real());
    refused("none", Written::new());
    assert_eq!((printed(&out), printed(&err)), (String::new(), String::new()));
}
