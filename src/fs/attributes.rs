//! The attributes that an entry shows, which are not those of the lower file.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{CACHED, FsError, Volume, VolumeInode, VolumeKind, VolumeNode};
use crate::id::{NodeId, Uid};
use crate::lower::Stat;
use crate::policy::{PackageName, Place, PrivateTree, View};

/// Owner shown where a private directory belongs to no registered application: nobody.
const NOBODY: u32 = 65534;

/// What GETATTR answers.
#[derive(Clone, Debug)]
pub struct Attributes {
    /// The node; also the inode number that is shown.
    pub node: NodeId,
    /// Size in bytes.
    pub size: u64,
    /// Allocated 512-byte blocks.
    pub blocks: u64,
    /// Last access.
    pub accessed: SystemTime,
    /// Last modification.
    pub modified: SystemTime,
    /// Last change.
    pub changed: SystemTime,
    /// Whether it is a directory; else it is a regular file.
    pub directory: bool,
    /// Permission bits.
    pub mode: u16,
    /// Names it has.
    pub links: u32,
    /// Owner shown.
    pub uid: u32,
    /// Group shown.
    pub gid: u32,
    /// Preferred size of I/O in bytes.
    pub block_size: u32,
    /// How long the kernel may keep them.
    pub cached: Duration,
}

impl Volume {
    /// The attributes of a node whose lower file has `stat`.
    pub(super) fn attributes(&self, node: &VolumeNode, stat: &Stat) -> Result<Attributes, FsError> {
        let inode = node.inode();
        let (uid, gid, mode) = self.shown(inode)?;
        Ok(Attributes {
            node: node.id(),
            size: stat.version.size,
            blocks: stat.blocks,
            accessed: stat.accessed,
            modified: stat.modified,
            changed: stat.changed,
            directory: inode.is_directory(),
            mode,
            links: stat.links,
            uid,
            gid,
            block_size: stat.block_size,
            cached: self.attributes_cached(node)?,
        })
    }

    /// Owner, group and mode. On a shared volume they are the same for all entries: policy decides, not the mode.
    /// On a private volume the kernel checks them on every walk, as well as asking for a package's directory.
    fn shown(&self, inode: &Arc<VolumeInode>) -> Result<(u32, u32, u16), FsError> {
        let directory = inode.is_directory();
        let shared = (self.settings.shown_uid, self.settings.shown_gid);
        if !self.is_private() {
            return Ok((shared.0, shared.1, if directory { 0o770 } else { 0o660 }));
        }
        Ok(match &self.facts(inode)?.place {
            Place::Private { tree, package, .. } => {
                let owner = self.uid_of(package);
                let mode = match (tree, directory) {
                    // The shell is let in by its group, and reads and writes as policy allows.
                    (PrivateTree::Data, true) => 0o770,
                    (PrivateTree::Data, false) => 0o660,
                    // Installers walk here too: the package's directory asks the daemon about each caller.
                    (PrivateTree::Obb, true) => 0o777,
                    (PrivateTree::Obb, false) => 0o666,
                };
                (owner, Uid::SHELL.raw(), mode)
            }
            // Applications walk here and make their own directory; who may not read it gets no news of others' names.
            _ => (shared.0, shared.1, if directory { 0o773 } else { 0o666 }),
        })
    }

    fn uid_of(&self, package: &PackageName) -> u32 {
        self.store.snapshot().uid_of(package, self.settings.user).map_or(NOBODY, Uid::raw)
    }

    /// How long the kernel may keep a node's attributes.
    fn attributes_cached(&self, node: &VolumeNode) -> Result<Duration, FsError> {
        let inode = node.inode();
        if node.view() == View::Redacted && inode.sharing().writers > 0 {
            return Ok(Duration::ZERO);
        }
        if self.settings.kind == VolumeKind::Users {
            return Ok(Duration::ZERO);
        }
        if self.is_private() && matches!(self.facts(inode)?.place, Place::Private { top: true, .. }) {
            return Ok(Duration::ZERO);
        }
        Ok(CACHED)
    }
}
