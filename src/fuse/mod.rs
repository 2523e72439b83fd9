//! FUSE over /dev/fuse: the only place that names `fuser`. It decodes a request, makes one call of [`crate::fs`], and
//! encodes the answer; it decides nothing.

mod adapter;
mod answer;
mod available;
mod backing;
mod given;
mod lane;
mod mount;
mod readahead;
mod session;
mod translate;

pub use available::available;
pub use given::given;
pub use mount::{detach_below, mount_below};
pub use session::{MountError, MountOptions, Mounted, Session, clear_dead_mount, detach};
