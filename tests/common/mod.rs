//! What the integration tests share: a real daemon over a temporary volume, other users, and reasons for skipping.
//!
//! A test that mounts begins with `let Some(volume) = Setup::new().start() else { return };`: where volumes cannot be
//! mounted the reason is recorded (`tests/run` prints it) and the test ends. Whatever happens afterwards, a panic
//! included, dropping the [`Volume`] unmounts everything below its scratch directory and ends the daemon by its pid.

#![allow(dead_code, reason = "each test file uses the part that it needs")]
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod again;
mod app;
mod cast;
mod identity;
mod inside;
mod mounts;
mod ordinary;
mod photo;
mod skip;
mod stopped;
mod sys;
mod volume;

#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use again::{Again, asked};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use app::App;
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use cast::{KNOWING, MANAGER, OTHER_READER, OWNER, READER, STRANGER, cast};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use identity::{as_uid, as_uid_with};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use inside::Inside;
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use mounts::{mount_for_another, mounted_below};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use ordinary::{AS_ORDINARY_USER, FUSE_FOR_EVERYBODY, can_be_ordinary, within};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use photo::{NEEDLE, SLOTS, Slot, photo, redacted, tells_location};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use skip::{can_mount, skip};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use stopped::Stopped;
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use sys::{Mapping, file_handle, open_by_handle, splice, truncate};
#[allow(unused_imports, reason = "each test file uses the part that it needs")]
pub(crate) use volume::{Setup, Transport, Volume};
