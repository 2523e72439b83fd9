//! FUSE over /dev/fuse: the only place that names `fuser`. It decodes a request, makes one call of [`crate::fs`], and
//! encodes the answer; it decides nothing.

mod adapter;
mod answer;
mod backing;
mod session;
mod translate;

pub use session::{MountError, MountOptions, Session, clear_dead_mount, detach};
