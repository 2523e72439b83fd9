//! FUSE over /dev/fuse: the only place that names `fuser`. It decodes a request, makes one call of [`crate::fs`], and
//! encodes the answer; it decides nothing.

#![forbid(unsafe_code)]

mod adapter;
#[expect(unsafe_code, reason = "the two ioctls of the kernel's backing table, and fuser's wrapper of an id")]
mod backing;
mod session;
mod translate;

pub use session::{MountError, MountOptions, Session, clear_dead_mount, detach};
