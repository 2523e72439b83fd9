//! The lower file system's side, on real directories.

#![forbid(unsafe_code)]

mod confinement;
mod content;
mod identity;
mod listing;
mod names;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::id::Uid;
use crate::policy::{self, Caller, FileFacts, FileGrants, Operation, Permit, Place, State, Verdict};

/// What policy gives to root.
fn permit() -> Permit {
    let caller = Caller { uid: Uid::ROOT, identity: policy::Identity::Root };
    let facts = FileFacts {
        place: Place::Root,
        directory: false,
        kind: None,
        hidden: false,
        portable: true,
        owner: None,
        state: State::Normal,
        grants: FileGrants::default(),
        of_other_user: false,
    };
    match policy::decide(&caller, &facts, &Operation::Create) {
        Verdict::Allow(permit, _) => permit,
        Verdict::Deny { reason, .. } => panic!("root is refused: {reason:?}"),
    }
}

fn name(text: &str) -> FileName {
    FileName::parse(text.as_ref()).unwrap()
}

/// A directory with its descriptor.
fn lower() -> (TempDir, PathFd) {
    let directory = tempfile::tempdir().unwrap();
    let root = PathFd::root(directory.path()).unwrap();
    (directory, root)
}

fn raw(error: &std::io::Error) -> i32 {
    error.raw_os_error().unwrap_or_default()
}

/// A directory on tmpfs, where there is one.
fn on_tmpfs() -> Option<TempDir> {
    let shared_memory = Path::new("/dev/shm");
    let made = tempfile::tempdir_in(shared_memory).ok();
    if made.is_none() {
        println!("skipped: no {}", shared_memory.display());
    }
    made
}

/// Stops the other threads of a test, also when the test fails.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
