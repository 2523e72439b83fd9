//! FUSE over /dev/fuse: the only place that names `fuser`. It decodes a request, makes one call of [`crate::fs`], and
//! encodes the answer; it decides nothing.

mod adapter;
mod answer;
mod available;
mod backing;
mod given;
mod lane;
mod readahead;
mod session;
mod translate;

pub use available::available;
pub use given::given;
pub use session::{MountError, MountOptions, Session, clear_dead_mount, detach};
