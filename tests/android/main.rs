//! What an AOSP tree takes from here is held against what it describes: `Android.bp` against Cargo and the files,
//! `mediagate.rc` against init's grammar and the command line, `sepolicy/` against a policy that uses it.
//!
//! None of it was run by Android's own build; docs/ANDROID.md says what was.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod blueprint;
mod init;
mod sepolicy;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The text of a file of the repository.
fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
