//! Forced-redaction names: `.mediagate/redacted/<row>[.ext]` at the root of a shared volume, by which a file is read
//! redacted by everybody who may read it.
//!
//! The two directories are nowhere on the lower file system: they list nothing, nothing is made or removed in them,
//! and what lies on the lower file system by the first name is not served. A file's forced node is a third node beside
//! its two views, so that it has a page cache and an I/O mode of its own.
//!
//! INVARIANT: a forced node is opened in the redacted view only, whoever asks, and is never given to the kernel.
//! INVARIANT: a number tells nothing: whoever may not read the file finds no name, as where there is no file. The
//! kernel keeps no such name, because it would show it to every caller.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use super::{Attributes, CACHED, Context, Entry, FsError, Volume, VolumeInode, VolumeNode};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{HandleId, MediaId, NodeId};
use crate::lower::{FileName, fold};
use crate::node::BESIDE;
use crate::policy::{self, Caller, DenyReason, Operation, Verdict};

/// The directory at the root of a volume, folded.
const TOP: &str = ".mediagate";
/// The directory in it, folded.
const NAMES: &str = "redacted";
/// Nothing is held while one of the directories is open.
const LISTING: HandleId = HandleId::new(u64::MAX);
/// The directories are searched; they are not written to.
const MODE: u16 = 0o550;

/// One of the two directories.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Directory {
    /// `.mediagate`
    Top,
    /// `.mediagate/redacted`
    Names,
}

impl Directory {
    fn id(self) -> NodeId {
        match self {
            Directory::Top => BESIDE[0],
            Directory::Names => BESIDE[1],
        }
    }

    pub(super) fn of(id: NodeId) -> Option<Directory> {
        [Directory::Top, Directory::Names].into_iter().find(|directory| directory.id() == id)
    }
}

/// The answer to everything that is done with the directories but walking through them.
pub(super) fn refused() -> FsError {
    FsError::Denied { reason: DenyReason::Refused, rule: policy::FORCED_DIRECTORY }
}

/// The same as policy's answer.
pub(super) fn refused_verdict() -> Verdict {
    Verdict::Deny { reason: DenyReason::Refused, rule: policy::FORCED_DIRECTORY }
}

/// Whether one of the directories was opened by this handle.
pub(super) fn is_listing(handle: HandleId) -> bool {
    handle == LISTING
}

/// The number that a name in `.mediagate/redacted` begins with, in the one way of writing it.
pub(super) fn number(name: &str) -> Option<MediaId> {
    let digits = name.split_once('.').map_or(name, |(digits, _)| digits);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain).map(MediaId::new)
}

impl Volume {
    /// Whether a name at the volume's root is kept for forced-redaction names, however it is spelt.
    pub(super) fn is_reserved(&self, parent: &Arc<VolumeInode>, name: &FileName) -> bool {
        !self.is_private()
            && Arc::ptr_eq(parent, self.nodes.root().inode())
            // No spelling that folds to it begins with another visible character.
            && !name.as_str().starts_with(|first: char| first.is_ascii_alphanumeric())
            && fold(name.as_str()) == TOP
    }

    /// LOOKUP of one of the directories: `None` if the name is none of theirs.
    ///
    /// # Errors
    /// The lower file system's own, of the root.
    pub fn forced_directory(&self, parent: NodeId, name: &FileName) -> Result<Option<Attributes>, FsError> {
        let directory = match Directory::of(parent) {
            Some(Directory::Top) if fold(name.as_str()) == NAMES => Directory::Names,
            Some(_) => return Ok(None),
            None if parent != NodeId::ROOT => return Ok(None),
            None if self.is_reserved(self.nodes.root().inode(), name) => Directory::Top,
            None => return Ok(None),
        };
        self.counters.count(Counter::Lookup);
        self.forced_attributes(directory).map(Some)
    }

    pub(super) fn forced_attributes(&self, directory: Directory) -> Result<Attributes, FsError> {
        let root = self.nodes.root();
        let stat = root.inode().descriptor(&self.nodes.descriptors)?.stat()?;
        let shown = self.attributes(root, &stat)?;
        Ok(Attributes { node: directory.id(), mode: MODE, links: 2, cached: CACHED, ..shown })
    }

    /// OPENDIR of one of the directories.
    pub(super) fn open_forced_directory(&self) -> HandleId {
        LISTING
    }

    /// LOOKUP in one of the directories.
    pub(super) fn forced_entry(
        &self,
        caller: &Caller,
        directory: Directory,
        name: &FileName,
    ) -> Result<Entry<'_>, FsError> {
        let nothing = || FsError::Plain(Errno::ENOENT);
        let row = number(name.as_str()).filter(|_| directory == Directory::Names).ok_or_else(nothing)?;
        let inode = self.forced_file(row)?.ok_or_else(nothing)?;
        let facts = self.facts(&inode)?;
        let verdict = self.verdict(caller, &inode, &facts, Operation::OpenRedacted { write: false })?;
        let _may_read: (policy::Permit, policy::Access) = super::decide::enforce(verdict)?;
        let stat = inode.descriptor(&self.nodes.descriptors)?.stat()?;
        let node = self.nodes.forced(&inode);
        let attributes = Attributes { cached: Duration::ZERO, ..self.attributes(node.node(), &stat)? };
        let generation = stat.identity.born.cast_unsigned();
        Ok(Entry { node, attributes, generation, cached: Duration::ZERO })
    }

    /// The file of a row of this volume; `None` where it is gone, or is none.
    pub(super) fn forced_file(&self, row: MediaId) -> Result<Option<Arc<VolumeInode>>, FsError> {
        let Some(path) = self.store.path_of(row)?.filter(|path| path.volume == self.id) else {
            return Ok(None);
        };
        let mut inode = self.nodes.root().inode().clone();
        for name in path.names {
            let Ok(name) = String::from_utf8(name) else { return Ok(None) };
            let found = FileName::parse(name.as_ref()).map_err(FsError::from);
            inode = match found.and_then(|name| self.child(&inode, &name)) {
                Ok((inode, _)) => inode,
                // The rows lag behind the lower file system.
                Err(FsError::Lower(_) | FsError::Plain(_) | FsError::Name(_) | FsError::Denied { .. }) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
        }
        let facts = self.facts(&inode)?;
        Ok((facts.row == Some(row) && !inode.is_directory()).then_some(inode))
    }

    /// What an open of the node asks policy for: a forced node is opened in the redacted view by everyone.
    pub(super) fn operation_on(&self, node: &VolumeNode, operation: Operation) -> Operation {
        match operation {
            Operation::Open { write, .. } if node.is_forced() => Operation::OpenRedacted { write },
            other => other,
        }
    }

    /// Times and sizes are not set by a forced name.
    ///
    /// # Errors
    /// As policy answers to writing by it.
    pub(super) fn unforced(&self, context: Context, node: &VolumeNode) -> Result<(), FsError> {
        if !node.is_forced() {
            return Ok(());
        }
        let write = Operation::OpenRedacted { write: true };
        let _never: (policy::Permit, policy::Access) = self.permit(context, node.inode(), write)?;
        Err(refused())
    }

    /// What policy says of an operation on a file by its forced name.
    pub(super) fn forced_verdict(
        &self,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<Verdict, FsError> {
        let facts = self.facts(inode)?;
        let write = match operation {
            Operation::Look
            | Operation::Open { write: false, .. }
            | Operation::OpenRedacted { write: false } => false,
            _ => true,
        };
        self.verdict(caller, inode, &facts, Operation::OpenRedacted { write })
    }
}
