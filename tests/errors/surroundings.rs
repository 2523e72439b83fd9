//! What the system lacks, and what is in the way.

#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::attempt::{Attempt, assert_says, only_line, shown};
use crate::common::{AS_ORDINARY_USER, FUSE_FOR_EVERYBODY, Setup, can_be_ordinary, can_mount};

#[test]
fn no_fuse_device() {
    if !can_be_ordinary() {
        return;
    }
    let hidden = "mount --bind /dev/null /dev/fuse; exec \"$@\"";
    let line = Attempt::new().fails_within(hidden, 1);
    assert_says(&line, &["cannot open /dev/fuse", "load the kernel module fuse"]);
    let refused = "chmod 600 /dev/fuse; cd /; exec setpriv --reuid 1000 --regid 1000 --clear-groups \"$@\"";
    let attempt = Attempt::new();
    let line = attempt.fails_within(refused, 1);
    assert_says(
        &line,
        &["cannot open /dev/fuse: Permission denied", "let this user read and write the device"],
    );
}

#[test]
fn an_ordinary_user_without_the_program_that_mounts() {
    if !can_be_ordinary() {
        return;
    }
    let attempt = Attempt::new();
    let script = format!(
        "cd {scratch}; {FUSE_FOR_EVERYBODY} for name in fusermount3 fusermount; do for place in /bin /sbin /usr/bin /usr/sbin; do \
         if [ -e $place/$name ]; then mount --bind /dev/null $place/$name; fi; done; done; \
         {AS_ORDINARY_USER}",
        scratch = attempt.path("").display()
    );
    let line = attempt.fails_within(&script, 1);
    assert_says(&line, &["this user may not mount", "install fusermount3", "run as root"]);
}

#[test]
fn a_socket_of_a_live_daemon() {
    let Some(volume) = Setup::new().start() else { return };
    let attempt = Attempt::new().with("--socket", volume.socket());
    let line = attempt.fails(1);
    let socket = shown(&volume.socket());
    assert_says(&line, &["another daemon serves", &socket, &format!("mediagate --socket {socket} stop")]);
    assert!(volume.command(&["status"]).status.success(), "it answers as before");
}

#[test]
fn a_socket_that_cannot_be() {
    if !can_mount() {
        return;
    }
    let attempt = Attempt::new();
    let (file, missing) = (attempt.path("file"), attempt.path("missing/socket"));
    fs::write(&file, "").expect("a file");
    let attempt = attempt.with("--socket", &file);
    assert_says(&attempt.fails(1), &[&shown(&file), "is not a socket", "--socket"]);
    let attempt = attempt.with("--socket", &missing);
    assert_says(&attempt.fails(1), &[&shown(&missing), "directory", "--socket"]);
    assert_says(&attempt.with("--socket", "/proc/socket").fails(1), &["/proc/socket"]);
}

#[test]
fn a_socket_that_a_dead_daemon_left_is_replaced() {
    let Some(mut volume) = Setup::new().start() else { return };
    volume.stop();
    drop(UnixListener::bind(volume.socket()).expect("a socket"));
    assert!(volume.socket().exists(), "nobody listens there");
    volume.serve();
    assert!(volume.command(&["status"]).status.success());
}

#[test]
fn no_daemon() {
    let attempt = Attempt::new();
    let output = Command::new(env!("CARGO_BIN_EXE_mediagate"))
        .args(["status", "--socket"])
        .arg(attempt.path("socket"))
        .output()
        .expect("it starts");
    let line = only_line(&output, 3);
    assert_says(&line, &[&shown(&attempt.path("socket")), "mediagate serve", "--socket"]);
}
