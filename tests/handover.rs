//! Serving a mount that somebody else has made: the descriptor of `/dev/fuse` is handed over at the start.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it must be")]

mod common;

use std::fs::{self, File};
use std::process::{Command, Output, Stdio};

use common::{MANAGER, READER, Volume, as_uid, can_mount, cast, mounted_below, photo, redacted};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};

const PHOTO: &str = "DCIM/photo.jpg";

fn start() -> Option<Volume> {
    let located = photo(Some(0));
    cast().file(PHOTO, located).file("Android/data/org.example.reader/file", "own").handed_over().start()
}

#[test]
fn both_views_and_passthrough_are_served_and_nothing_else_is_mounted() {
    let Some(volume) = start() else { return };
    let located = photo(Some(0));
    assert_eq!(mounted_below(&volume.mount()), [volume.mount()]);
    as_uid(MANAGER, || assert!(fs::read(volume.path(PHOTO)).unwrap() == located));
    as_uid(READER, || assert!(fs::read(volume.path(PHOTO)).unwrap() == redacted(&located)));
    assert_eq!(volume.counter("opened_passthrough"), 1);
    as_uid(READER, || fs::write(volume.path("DCIM/new.jpg"), "new").unwrap());
    assert_eq!(fs::read_to_string(volume.lower().join("DCIM/new.jpg")).unwrap(), "new");
}

/// The shared volume opens them to nobody: whoever mounts it has to mount something there.
#[test]
fn private_trees_are_closed_until_something_is_mounted_there() {
    let Some(volume) = start() else { return };
    let (tree, file) = ("Android/data", "org.example.reader/file");
    let open = |uid| as_uid(uid, || fs::read(volume.path(tree).join(file)).is_ok());
    assert!(!open(MANAGER) && !open(READER));
    rustix::mount::mount_bind(volume.lower().join(tree), volume.path(tree)).unwrap();
    assert!(open(READER));
}

#[test]
fn unmounting_ends_the_daemon() {
    let Some(mut volume) = start() else { return };
    unmount(volume.mount(), UnmountFlags::DETACH).unwrap();
    assert!(volume.wait().success());
    assert!(volume.log().contains("stopping: unmounted"), "{}", volume.log());
}

#[test]
fn a_stop_leaves_the_mount_to_its_maker() {
    let Some(mut volume) = start() else { return };
    assert!(volume.command(&["stop"]).status.success());
    assert!(volume.wait().success());
    assert_eq!(mounted_below(&volume.mount()), [volume.mount()]);
    let dead = rustix::fs::statvfs(volume.mount()).map(drop).unwrap_err();
    assert_eq!(dead, Errno::NOTCONN);
    // Mounted anew, it is served anew.
    unmount(volume.mount(), UnmountFlags::DETACH).unwrap();
    volume.serve();
    as_uid(READER, || assert!(fs::read(volume.path(PHOTO)).is_ok()));
}

#[test]
fn a_stop_waits_for_files_that_are_open() {
    let Some(mut volume) = start() else { return };
    let reading = as_uid(READER, || File::open(volume.path(PHOTO)).unwrap());
    assert!(volume.command(&["stop"]).status.success());
    let mut byte = [0];
    std::os::unix::fs::FileExt::read_exact_at(&reading, &mut byte, 0).unwrap();
    drop(reading);
    assert!(volume.wait().success());
    assert!(!volume.log().contains("still open"), "{}", volume.log());
}

/// Starts a daemon whose standard input is `input` and which is told to serve the descriptor `number`.
fn refused(input: Stdio, number: &str) -> String {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["lower", "mount"] {
        fs::create_dir(scratch.path().join(name)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediagate"));
    command.args(["serve", "--binder", "off", "--fuse-fd", number]).stdin(input);
    for name in ["lower", "mount", "state"] {
        command.arg(format!("--{name}")).arg(scratch.path().join(name));
    }
    let Output { status, stderr, .. } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(!scratch.path().join("state").exists(), "nothing is left behind");
    String::from_utf8(stderr).unwrap().lines().last().unwrap().to_owned()
}

#[test]
fn what_cannot_be_served_is_refused_with_the_remedy() {
    if !can_mount() {
        return;
    }
    let text = refused(Stdio::null(), "77");
    assert!(text.starts_with("mediagate: descriptor 77 cannot be served: Bad file descriptor"), "{text}");
    assert!(text.contains("mount with fd=77"), "{text}");
    let text = refused(Stdio::null(), "0");
    assert!(text.contains("descriptor 0 cannot be served: it is not of /dev/fuse"), "{text}");
    let unmounted = File::options().read(true).write(true).open("/dev/fuse").unwrap();
    let text = refused(unmounted.into(), "0");
    assert!(text.contains("descriptor 0 cannot be served: "), "{text}");
    assert!(text.contains("mount with fd=0"), "{text}");
}
