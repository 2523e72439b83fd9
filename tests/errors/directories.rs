//! Directories that cannot be served, or not there. These are seen before anything needs a privilege.

#![forbid(unsafe_code)]

use std::fs;
use std::process::Command;

use crate::attempt::{Attempt, assert_says, only_line, shown};
use crate::common::Setup;

#[test]
fn directories_that_are_not_there() {
    let bare = Command::new(env!("CARGO_BIN_EXE_mediagate")).arg("serve").output().expect("it starts");
    assert_says(&only_line(&bare, 2), &["no lower directory is given", "--lower DIR"]);
    for option in ["--lower", "--mount"] {
        let attempt = Attempt::new();
        let missing = attempt.path("missing");
        let line = attempt.with(option, &missing).fails(2);
        assert_says(&line, &[&shown(&missing), "is not a directory: make it or choose another one"]);
    }
}

#[test]
fn a_lower_directory_that_is_a_file() {
    let attempt = Attempt::new();
    let file = attempt.path("file");
    fs::write(&file, "").expect("a file");
    let line = attempt.with("--lower", &file).fails(2);
    assert_says(&line, &["the lower directory", &shown(&file), "is not a directory: make it or choose"]);
}

#[test]
fn a_mount_point_that_would_hide_something() {
    let attempt = Attempt::new();
    fs::write(attempt.path("mount/file"), "").expect("a file");
    let line = attempt.fails(1);
    assert_says(&line, &[&shown(&attempt.path("mount")), "is not empty", "use an empty directory"]);
    assert!(attempt.path("mount/file").exists());
}

#[test]
fn directories_inside_each_other() {
    let attempt = Attempt::new();
    let inner = attempt.path("lower/inner");
    fs::create_dir(&inner).expect("a directory");
    let line = attempt.with("--mount", &inner).fails(1);
    assert_says(&line, &[&shown(&inner), "lies in the lower directory", "choose one outside of it"]);

    let attempt = Attempt::new();
    let inner = attempt.path("mount/inner");
    fs::create_dir(&inner).expect("a directory");
    let line = attempt.with("--lower", &inner).fails(1);
    assert_says(&line, &[&shown(&inner), "lies below the mount point", "choose another mount point"]);
}

#[test]
fn a_mount_point_of_another_file_system() {
    let line = Attempt::new().with("--mount", "/proc").fails(1);
    assert_says(&line, &["/proc is busy", "unmount it or choose another directory"]);
}

#[test]
fn a_mount_point_of_a_live_daemon() {
    let Some(volume) = Setup::new().file("Pictures/a.txt", "a").start() else { return };
    let line = Attempt::new().with("--mount", volume.mount()).fails(1);
    assert_says(&line, &[&shown(&volume.mount()), "is busy", "unmount it or choose another directory"]);
    assert_eq!(fs::read(volume.path("Pictures/a.txt")).expect("it is served as before"), b"a");
}
