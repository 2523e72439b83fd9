//! Forced-redaction names: `.mediagate/redacted/<row>[.ext]` at the root of a shared volume, or of each user's tree on
//! a volume of several, by which a file is read redacted by everybody who may read it.
//!
//! The two directories are nowhere on the lower file system: they list nothing, nothing is made or removed in them,
//! and what lies on the lower file system by the first name is not served. A file's forced node is a third node beside
//! its two views, so that it has a page cache and an I/O mode of its own.
//!
//! INVARIANT: a forced node is opened in the redacted view only, whoever asks, and is never given to the kernel.
//! INVARIANT: a number tells nothing: whoever may not read the file finds no name, as where there is no file. The
//! kernel keeps no such name, because it would show it to every caller.
//! INVARIANT: by the names in a user's tree no file of another user's is reached, and who may not enter the tree
//! reaches none.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use super::{Attributes, Context, Entry, FsError, Volume, VolumeInode, VolumeKind, VolumeNode};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{HandleId, MediaId, NodeId, UserId};
use crate::lower::{FileName, fold};
use crate::node::{beside, index_beside};
use crate::policy::{self, Caller, DenyReason, Operation, Place, Verdict};

/// The directory at the root of a volume, folded.
const TOP: &str = ".mediagate";
/// The directory in it, folded.
const NAMES: &str = "redacted";
/// Nothing is held while one of the directories is open.
const LISTING: HandleId = HandleId::new(u64::MAX);
/// The directories are searched; they are not written to.
const MODE: u16 = 0o550;

/// One of the two directories of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Directory {
    /// In whose tree it is; on a volume of one user that user.
    user: UserId,
    level: Level,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    /// `.mediagate`
    Top,
    /// `.mediagate/redacted`
    Names,
}

impl Directory {
    fn id(self) -> NodeId {
        beside(u64::from(self.user.raw()) * 2 + u64::from(self.level == Level::Names))
    }

    pub(super) fn of(id: NodeId) -> Option<Directory> {
        let index = index_beside(id)?;
        let user = u32::try_from(index / 2).map(UserId::new).ok()?;
        Some(Directory { user, level: if index % 2 == 0 { Level::Top } else { Level::Names } })
    }

    /// The path below the root of the user's tree, for people.
    fn path(self) -> &'static str {
        match self.level {
            Level::Top => "/.mediagate",
            Level::Names => "/.mediagate/redacted",
        }
    }
}

/// The answer to everything that is done with the directories but walking through them.
pub(super) fn refused() -> FsError {
    FsError::Denied { reason: DenyReason::Refused, rule: policy::FORCED_DIRECTORY }
}

/// The same as policy's answer.
pub(super) const REFUSED: Verdict =
    Verdict::Deny { reason: DenyReason::Refused, rule: policy::FORCED_DIRECTORY };

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
    /// Whether a name at the root of a user's tree is kept for forced-redaction names, however it is spelt.
    pub(super) fn is_reserved(&self, parent: &Arc<VolumeInode>, name: &FileName) -> bool {
        // No spelling that folds to it begins with another visible character.
        !name.as_str().starts_with(|first: char| first.is_ascii_alphanumeric())
            && fold(name.as_str()) == TOP
            && self.user_of_root(parent).is_some()
    }

    /// Whose tree begins at a directory.
    pub(super) fn user_of_root(&self, directory: &VolumeInode) -> Option<UserId> {
        let root = self.nodes.root().inode();
        match self.settings.kind {
            VolumeKind::Private(_) => None,
            VolumeKind::Shared => std::ptr::eq(directory, &raw const **root).then_some(self.settings.user),
            VolumeKind::Users => {
                let link = directory.link().filter(|link| Arc::ptr_eq(&link.parent, root))?;
                Place::user_of(&fold(link.name.as_str()), link.name.as_str())
            }
        }
    }

    /// LOOKUP of one of the directories: `None` if the name is none of theirs. Who may not enter the tree is refused by
    /// what is asked next: another answer here would make the kernel drop what those have in use who may.
    ///
    /// # Errors
    /// The lower file system's own, of the root.
    pub fn forced_directory(&self, parent: NodeId, name: &FileName) -> Result<Option<Attributes>, FsError> {
        let directory = match Directory::of(parent) {
            Some(Directory { user, level: Level::Top }) if fold(name.as_str()) == NAMES => {
                Directory { user, level: Level::Names }
            }
            Some(_) => return Ok(None),
            None => match self.nodes.find(parent) {
                Some(node) if self.is_reserved(node.inode(), name) => {
                    let user = self.user_of_root(node.inode()).unwrap_or(self.settings.user);
                    Directory { user, level: Level::Top }
                }
                Some(_) | None => return Ok(None),
            },
        };
        self.counters.count(Counter::Lookup);
        self.forced_attributes(directory).map(Some)
    }

    /// Whether the caller may enter the tree in which one of the directories is.
    pub(super) fn may_enter(&self, caller: &Caller, directory: Directory) -> Result<(), FsError> {
        let facts = self.facts_of_tree(directory.user);
        let known = self.for_policy(caller, &facts, true, None);
        super::decide::enforce(policy::decide(caller, &known, &Operation::Look)).map(drop)
    }

    pub(super) fn forced_attributes(&self, directory: Directory) -> Result<Attributes, FsError> {
        let root = self.nodes.root();
        let stat = root.inode().descriptor(&self.nodes.descriptors)?.stat()?;
        let shown = self.attributes(root, &stat)?;
        Ok(Attributes { node: directory.id(), mode: MODE, links: 2, ..shown })
    }

    /// The node of a directory in which something is to be made, moved or removed, which is refused in those of forced
    /// names.
    pub(super) fn node_to_change(
        &self,
        context: Context,
        (id, name): (NodeId, &FileName),
        operation: Operation,
    ) -> Result<Arc<VolumeNode>, FsError> {
        let Some(directory) = Directory::of(id) else { return self.node(id) };
        self.may_enter(&self.caller(context), directory)?;
        self.record(context, operation, REFUSED, || {
            let above = match self.settings.kind {
                VolumeKind::Users => format!("/{}", directory.user),
                VolumeKind::Shared | VolumeKind::Private(_) => String::new(),
            };
            format!("{above}{}/{}", directory.path(), name.as_str())
        });
        Err(refused())
    }

    /// Refuses what is to be done with the first of the directories by its name, and says so in the audit.
    pub(super) fn not_reserved(
        &self,
        context: Context,
        (parent, name): (&Arc<VolumeInode>, &FileName),
        operation: Operation,
    ) -> Result<(), FsError> {
        if !self.is_reserved(parent, name) {
            return Ok(());
        }
        let facts = self.facts(parent)?;
        let known = self.for_policy(&self.caller(context), &facts, true, None);
        let entered = policy::decide(&self.caller(context), &known, &Operation::Look);
        let verdict = if matches!(entered, Verdict::Deny { .. }) { entered } else { REFUSED };
        self.record(context, operation, verdict, || self.path_below(parent, name));
        super::decide::enforce(verdict).map(drop)
    }

    /// OPENDIR of one of the directories.
    pub(super) fn open_forced_directory(
        &self,
        context: Context,
        directory: Directory,
    ) -> Result<HandleId, FsError> {
        self.may_enter(&self.caller(context), directory)?;
        Ok(LISTING)
    }

    /// LOOKUP in one of the directories.
    pub(super) fn forced_entry(
        &self,
        caller: &Caller,
        directory: Directory,
        name: &FileName,
    ) -> Result<Entry<'_>, FsError> {
        self.may_enter(caller, directory)?;
        let nothing = || FsError::Plain(Errno::ENOENT);
        let row = number(name.as_str()).filter(|_| directory.level == Level::Names).ok_or_else(nothing)?;
        let inode = self.forced_file(directory.user, row)?.ok_or_else(nothing)?;
        let facts = self.facts(&inode)?;
        let verdict = self.verdict(caller, &inode, &facts, Operation::OpenRedacted { write: false })?;
        let _may_read: (policy::Permit, policy::Access) = super::decide::enforce(verdict)?;
        let stat = inode.descriptor(&self.nodes.descriptors)?.stat()?;
        let node = self.nodes.forced(&inode);
        let attributes = Attributes { cached: Duration::ZERO, ..self.attributes(node.node(), &stat)? };
        let generation = stat.identity.born.cast_unsigned();
        Ok(Entry { node, attributes, generation, cached: Duration::ZERO })
    }

    /// The file of a row of this volume in a user's tree; `None` where it is gone, or is none.
    pub(super) fn forced_file(
        &self,
        user: UserId,
        row: MediaId,
    ) -> Result<Option<Arc<VolumeInode>>, FsError> {
        let Some(path) = self.store.path_of(row)?.filter(|path| path.volume == self.id) else {
            return Ok(None);
        };
        let tree = user.to_string().into_bytes();
        if self.settings.kind == VolumeKind::Users && path.names.first() != Some(&tree) {
            return Ok(None);
        }
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
        let reads = matches!(
            operation,
            Operation::Look | Operation::Open { write: false, .. } | Operation::OpenRedacted { write: false }
        );
        self.verdict(caller, inode, &facts, Operation::OpenRedacted { write: !reads })
    }
}
