//! The test harness itself: other users, applications, skipping.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use common::{as_uid, can_mount};
use rustix::process::geteuid;

#[test]
fn work_is_done_as_the_other_user_only() {
    if !can_mount() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a scratch directory");
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    let path = scratch.path().join("made");
    let shown = as_uid(10_001, || {
        fs::write(&path, "x").expect("the directory is open to all");
        Command::new("id").arg("-u").output().expect("id is installed").stdout
    });
    assert_eq!(shown, b"10001\n");
    let made = fs::metadata(&path).expect("the file is there");
    assert_eq!((made.uid(), made.gid()), (10_001, 10_001));
    assert!(geteuid().is_root());
    assert!(as_uid(10_002, || fs::read_dir("/proc/1/fd").is_err()), "capabilities are gone");
}

#[test]
fn a_panic_of_the_other_user_is_passed_on() {
    if !can_mount() {
        return;
    }
    let panic = catch_unwind(AssertUnwindSafe(|| as_uid(10_001, || panic!("seeded"))));
    assert_eq!(panic.expect_err("it panics").downcast_ref::<&str>(), Some(&"seeded"));
    assert!(geteuid().is_root());
}
