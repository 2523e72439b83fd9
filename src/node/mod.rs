//! Nodes: what the kernel's inode numbers stand for.
//!
//! An [`Inode`] is one lower file as the daemon knows it; a [`Node`] is one view of it, with a kernel inode, a page
//! cache and an I/O mode of its own. The full and the redacted view of a file are two nodes of one inode; a third is
//! the forced view, which is redacted whoever asks. A
//! directory has one node, whoever asks: an answer that differed by caller would make the kernel drop the directory
//! entry and with it mounts and working directories below.
//!
//! INVARIANT: a number that the kernel may still remember never comes to stand for another file.
//! INVARIANT: all opens of one node that are alive at a time have the same I/O mode (the kernel answers EIO else).
//! LOCK ORDER: `Inode::sharing`, then `Node::io`, then the table, then a descriptor slot.

#![forbid(unsafe_code)]

mod backing;
mod descriptors;
mod handle;
mod inode;
mod number;
mod table;
#[cfg(test)]
mod tests;

pub use backing::{Backing, BackingDevice, IoMode};
pub use descriptors::DescriptorCache;
pub use handle::{Content, Handle, HandleTable};
pub use inode::{Inode, Link, Mapped, Sharing};
pub use number::{NodeNumbers, Reuse, beside, index_beside};
pub use table::{FoundInode, Node, NodeRef, NodeTable};
