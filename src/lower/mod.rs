//! The lower file system: the only place where a name becomes a file descriptor.
//!
//! A path never leaves this module. A [`FileName`] is one component; [`PathFd::child`] resolves it beneath its
//! directory without symbolic links, magic links or other mounts; from then on the [`PathFd`] is the file's identity
//! and is re-opened, never re-resolved. [`DataFd`] gives content and takes a [`Permit`](crate::policy::Permit):
//! without a verdict there is none. [`Inspection`] reads content for the daemon's own eyes: to sniff and to plan.

mod data;
mod directory;
mod entrance;
mod fold;
mod inspect;
mod name;
mod path;
mod stat;
mod sys;
#[cfg(test)]
mod tests;
mod watch;

pub use crate::id::Identity;
pub use data::{DataFd, OpenHow};
pub use directory::{DirectoryStream, ListedEntry, ListedName};
pub use entrance::{Entrance, InnerPath, ShownEntry};
pub use fold::fold;
pub use inspect::Inspection;
pub use name::{FileName, NameError};
pub use path::{PathFd, TimeToSet, Times};
pub use stat::{ContentVersion, FileKind, Stat};
pub use sys::allow_beneath;
pub use watch::{News, WatchId, Watcher, Woken};
