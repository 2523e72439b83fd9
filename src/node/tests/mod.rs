//! Numbers, counts, descriptors and handles, on real directories.

#![forbid(unsafe_code)]

mod backings;
mod descriptors;
mod numbers;
mod table;

use tempfile::TempDir;

use super::*;
use crate::id::{FileId, NodeId};
use crate::lower::{FileName, Identity, PathFd, Stat};
use crate::policy::View;

type Table = NodeTable<()>;

const REDACTED: u64 = 1 << 63;
const COUNTED: u64 = 1 << 62;

fn name(text: &str) -> FileName {
    FileName::parse(text.as_ref()).unwrap()
}

/// An empty directory and a table of its nodes that aims at `capacity` descriptors.
fn table(capacity: usize) -> (TempDir, Table) {
    let directory = tempfile::tempdir().unwrap();
    let root = PathFd::root(directory.path()).unwrap();
    (directory, NodeTable::new(root, capacity, []).unwrap())
}

/// What LOOKUP does before it answers.
fn found_in(table: &Table, parent: &std::sync::Arc<Inode<()>>, text: &str) -> FoundInode<()> {
    let fd = parent.descriptor(&table.descriptors).unwrap().child(&name(text)).unwrap();
    let stat = fd.stat().unwrap();
    table.inode(&stat, Link { parent: parent.clone(), name: name(text) }, Some(fd))
}

fn found(table: &Table, text: &str) -> FoundInode<()> {
    found_in(table, table.root().inode(), text)
}

/// The file `text` as if the lower file system had another identity for it.
fn found_as(table: &Table, text: &str, identity: Identity) -> FoundInode<()> {
    let root = table.root().inode();
    let fd = root.descriptor(&table.descriptors).unwrap().child(&name(text)).unwrap();
    let stat = Stat { identity, ..fd.stat().unwrap() };
    table.inode(&stat, Link { parent: root.clone(), name: name(text) }, Some(fd))
}

fn looked_up(table: &Table, text: &str, view: View) -> NodeId {
    table.node(&found(table, text).inode, view).give_to_kernel()
}
