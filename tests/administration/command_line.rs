//! The command line as a process of its own, with the uid that it says.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::Ordering;

use crate::can_change_uid;
use crate::daemon::{Daemon, PHOTO};

/// The exit status, the standard output and the standard error of one command.
fn run_as(daemon: &Daemon, uid: u32, arguments: &[&str]) -> (i32, String, String) {
    let mut command = command(daemon, arguments);
    if uid != rustix::process::getuid().as_raw() {
        command.uid(uid).gid(uid);
    }
    outcome(command.output().unwrap())
}

pub(crate) fn run(daemon: &Daemon, arguments: &[&str]) -> (i32, String, String) {
    outcome(command(daemon, arguments).output().unwrap())
}

/// The program, copied to where every uid may run it. Another process copies, because a program that is open for
/// writing in this one, or in a child that another test is about to start, cannot be run.
fn command(daemon: &Daemon, arguments: &[&str]) -> Command {
    let program = daemon.path("mediagate");
    if !program.exists() {
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_mediagate")).arg(&program).status().unwrap();
        assert!(copied.success());
    }
    let mut command = Command::new(program);
    command.arg("--socket").arg(daemon.socket()).args(arguments);
    command
}

fn outcome(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(text: &str) -> (i32, String, String) {
    (0, text.to_owned(), String::new())
}

#[test]
fn applications_from_registration_to_removal() {
    let daemon = Daemon::start();
    let set =
        ["app", "set", "org.example.gallery", "--uid", "10050", "--target-sdk", "33", "--role", "gallery"];
    assert_eq!(run(&daemon, &set), done(""));
    assert_eq!(
        run(&daemon, &["permission", "grant", "org.example.gallery", "android.permission.READ_MEDIA_IMAGES"]),
        done("")
    );
    assert_eq!(
        run(&daemon, &["app", "list"]),
        done(
            "NAME                 UID    SDK  PERMISSIONS\n\
             org.example.gallery  10050  33   READ_MEDIA_IMAGES,WRITE_MEDIA_IMAGES,WRITE_MEDIA_VIDEO\n"
        )
    );
    assert_eq!(run(&daemon, &["app", "remove", "org.example.gallery"]), done(""));
    assert_eq!(run(&daemon, &["app", "list", "--json"]), done("[]\n"));
    let (status, _, error) = run(&daemon, &["app", "remove", "org.example.gallery"]);
    assert_eq!(status, 1);
    assert!(error.starts_with("mediagate: no application org.example.gallery is registered"), "{error}");
}

#[test]
fn an_import_is_whole_or_names_the_line() {
    let daemon = Daemon::start();
    let list = daemon.path("apps.toml");
    fs::write(&list, "[[app]]\nname = \"org.example.a\"\nuid = 10001\nrole = \"installer\"\n").unwrap();
    let import = ["app", "import", list.to_str().unwrap()];
    assert_eq!(run(&daemon, &import), done("1 applications registered\n"));
    fs::write(&list, "[[app]]\nname = \"org.example.b\"\nuid = 10002\npermissions = [\n \"NO\"]\n").unwrap();
    let (status, _, error) = run(&daemon, &import);
    assert_eq!(status, 2);
    assert!(error.contains("apps.toml: line 5: permissions: unknown permission NO: "), "{error}");
    let (_, apps, _) = run(&daemon, &["app", "list"]);
    assert!(apps.contains("org.example.a") && !apps.contains("org.example.b"), "{apps}");
}

#[test]
fn grants_are_added_listed_and_revoked() {
    let daemon = Daemon::start();
    run(&daemon, &["app", "set", "org.example.a", "--uid", "10001"]);
    let (status, id, error) =
        run(&daemon, &["grant", "add", "org.example.a", PHOTO, "--write", "--for", "2h"]);
    assert_eq!((status, error.as_str()), (0, ""));
    let (_, list, _) = run(&daemon, &["grant", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["path"], PHOTO);
    assert_eq!(list[0]["access"], "write");
    assert_eq!(run(&daemon, &["grant", "revoke", id.trim()]), done(""));
    assert_eq!(run(&daemon, &["grant", "revoke", id.trim()]).0, 1);
    assert_eq!(run(&daemon, &["grant", "add", "org.example.a", "missing.jpg"]).0, 1);
}

#[test]
fn a_check_tells_verdict_rule_and_facts() {
    let daemon = Daemon::start();
    let check = ["check", "--uid", "10001", "--op", "read", PHOTO];
    let (status, text, _) = run(&daemon, &check);
    assert_eq!(status, 1, "{text}");
    assert!(text.starts_with("refused, EACCES\n"), "{text}");
    run(&daemon, &["app", "set", "org.example.a", "--uid", "10001", "--permission", "READ_MEDIA_IMAGES"]);
    let (status, text, _) = run(&daemon, &check);
    assert_eq!(status, 0);
    assert!(text.starts_with("allowed, redacted view\n"), "{text}");
    let told =
        |line: &str| line.trim_start().starts_with("permissions ") && line.contains(" READ_MEDIA_IMAGES ");
    assert!(text.lines().any(told), "{text}");
}

#[test]
fn state_is_printed_and_does_not_steer_the_terminal() {
    let daemon = Daemon::start();
    let (status, text, _) = run(&daemon, &["dump"]);
    assert_eq!(status, 0);
    assert!(text.contains("== nodes: 1\n") && text.contains("DCIM/\\u{1b}[31mred.jpg"), "{text}");
    let (_, text, _) = run(&daemon, &["status"]);
    assert!(text.contains("/mnt   /data/media  no: the kernel refuses backing files: EPERM"), "{text}");
    let (_, text, _) = run(&daemon, &["scan", "--full"]);
    assert_eq!(text, "1 files in 1 directories: 0 read, 1 changed, 0 removed, 0 unreadable, 1.002 s\n");
    let (_, text, _) = run(&daemon, &["audit", "--json"]);
    let audit: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(audit[0]["operation"], "scan");
    assert_eq!(run(&daemon, &["stop"]), done(""));
}

#[test]
fn a_scan_shows_how_far_it_is_while_it_runs() {
    let daemon = Daemon::start();
    daemon.gate.questions.store(2, Ordering::SeqCst);
    let (status, out, progress) = run(&daemon, &["scan"]);
    assert_eq!(status, 0, "{progress}");
    assert_eq!(out, "1 files in 1 directories: 0 read, 0 changed, 0 removed, 0 unreadable, 1.002 s\n");
    assert_eq!(
        progress,
        "scanning: 1000 files in 3 directories, 900 read, 250000 files/s\n\
         scanning: 1000 files in 3 directories, 900 read, 0 files/s\n"
    );
    let (_, out, progress) = run(&daemon, &["scan", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["files"], 1);
    assert_eq!(progress, "");
}

#[test]
fn a_scan_is_ended_by_another_command() {
    let daemon = Daemon::start();
    assert_eq!(run(&daemon, &["scan", "--cancel"]), done("no scan is running\n"));
    daemon.gate.questions.store(u32::MAX, Ordering::SeqCst);
    assert_eq!(run(&daemon, &["scan", "--cancel"]), done("the scan ends\n"));
    assert_eq!(run(&daemon, &["scan"]).0, 0);
}

#[test]
fn the_audit_is_followed_without_gaps_or_repetition() {
    let daemon = Daemon::start();
    run(&daemon, &["app", "set", "org.example.first", "--uid", "10001"]);
    let mut follow = command(&daemon, &["audit", "--follow", "--json"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<serde_json::Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["path"], "org.example.first");
    for name in ["org.example.second", "org.example.third"] {
        run(&daemon, &["app", "set", name, "--uid", "10002"]);
    }
    assert_eq!(next()["path"], "org.example.second");
    assert_eq!(next()["path"], "org.example.third");
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn uids_decide() {
    if !can_change_uid("uids_decide") {
        return;
    }
    let daemon = Daemon::start();
    assert_eq!(run_as(&daemon, 2000, &["app", "set", "org.example.a", "--uid", "10123"]), done(""));
    let (status, out, error) = run_as(&daemon, 10_123, &["app", "list"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert_eq!(
        error,
        "mediagate: uid 10123 may not list applications: only root, shell (2000), system (1000) and the daemon's \
         own uid may\n"
    );
    let (status, text, _) = run_as(&daemon, 10_123, &["check", "--uid", "10123", "--op", "look", PHOTO]);
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains("facts"), "{text}");
    assert_eq!(run_as(&daemon, 10_123, &["check", "--uid", "10124", "--op", "look", PHOTO]).0, 1);
}

#[test]
fn no_daemon_is_status_3_and_the_remedy() {
    let mut daemon = Daemon::start();
    daemon.serving.take();
    let (status, _, error) = run(&daemon, &["status"]);
    assert_eq!(status, 3);
    let socket = daemon.socket();
    assert_eq!(
        error,
        format!(
            "mediagate: the daemon is not reachable at {}: start it with `mediagate serve --lower DIR --mount DIR`, \
             or name its socket with --socket\n",
            socket.display()
        )
    );
}

#[test]
fn wrong_usage_is_status_2_and_says_what() {
    let daemon = Daemon::start();
    let cases: [(&[&str], &str); 6] = [
        (&["serve"], "mediagate: no lower directory is given: add --lower DIR"),
        (
            &["permission", "grant", "a", "READ_MINDS"],
            "mediagate: unknown permission READ_MINDS: the valid ones are",
        ),
        (
            &["check", "--uid", "1", "--op", "dance", PHOTO],
            "mediagate: unknown operation dance: the valid ones are",
        ),
        (
            &["app", "set", "a", "--uid", "1", "--role", "king"],
            "mediagate: invalid role \"king\": it is gallery",
        ),
        (&["dump", "cellar"], "error: invalid value 'cellar'"),
        (
            &["grant", "add", "a", PHOTO, "--for", "soon"],
            "error: invalid value 'soon' for '--for <DURATION>': a duration is",
        ),
    ];
    for (arguments, text) in cases {
        let (status, _, error) = run(&daemon, arguments);
        assert_eq!(status, 2, "{arguments:?}");
        assert!(error.starts_with(text), "{arguments:?}: {error}");
    }
}
