//! `visibility = private`: what a caller could not list does not exist for it.
//!
//! Directories in shared places are listed for everyone, so it is files that may be concealed. As long as the kernel
//! knows no node of such a file, a lookup by one who may not see it finds nothing. Once somebody entitled uses the file
//! it is one node for everyone: another answer to LOOKUP would make the kernel drop what the owner has open, watches
//! or has mounted there. The kernel then keeps no attributes of it, asks GETATTR, OPEN and ACCESS as each caller, and
//! is told ENOENT there. It does not hide that names are taken: two files cannot have one.
//!
//! INVARIANT: a change that is refused to one who may not see the file is never answered ENOENT: the kernel would drop
//! the name, with what its owner has there.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::facts::Facts;
use super::forced::Directory;
use super::{Attributes, Context, Entry, FsError, Known, Volume, VolumeInode};
use crate::error::Errno;
use crate::id::NodeId;
use crate::lower::{FileName, Stat};
use crate::node::Inode;
use crate::policy::{
    self, Caller, DenyReason, FileFacts, FileGrants, Kind, Operation, Place, State, Verdict, View, Visibility,
};

/// Size in bytes and in 512-byte blocks of a directory that does not tell how much lies in it.
const PLAIN: (u64, u64) = (4096, 8);

impl Volume {
    /// Whether this volume conceals what a caller could not list.
    pub(super) fn is_concealing(&self) -> bool {
        !self.is_private() && self.settings.visibility == Visibility::Private
    }

    /// Whether a listing is to bring entries with it (READDIRPLUS). Where the kernel keeps no attributes of files they
    /// are of no use, and a file that is only listed is not to be known to the kernel.
    pub fn lists_entries(&self) -> bool {
        !self.is_concealing()
    }

    /// Whether the file may not exist for somebody.
    pub(super) fn is_concealable(&self, inode: &Inode<Known>) -> bool {
        self.is_concealing() && !inode.is_directory()
    }

    /// Whether the caller may know of the file. Content and database are asked only if the answer depends on them.
    pub(super) fn sees(&self, caller: &Caller, inode: &Arc<VolumeInode>) -> Result<Verdict, FsError> {
        let placed = self.placed(inode)?;
        if self.sees_all(caller, &placed) {
            let known = self.for_policy(caller, &placed, false, None);
            return Ok(policy::decide(caller, &known, &Operation::Look));
        }
        self.verdict(caller, inode, &*self.facts(inode)?, Operation::Look)
    }

    /// Whether the caller lists every file in this place, whatever is known of it.
    fn sees_all(&self, caller: &Caller, placed: &Facts) -> bool {
        let least = FileFacts {
            hidden: true,
            owner: None,
            state: State::Trashed,
            grants: FileGrants::empty(),
            ..self.for_policy(caller, placed, false, None)
        };
        matches!(policy::decide(caller, &least, &Operation::List), Verdict::Allow(..))
    }

    /// Does for a name that is free what is done for one that the caller may not know of, so that the time which the
    /// answer takes tells little.
    pub(super) fn as_if_taken(&self, caller: &Caller, parent: &Arc<VolumeInode>, name: &FileName) {
        let Some(facts) = self.facts(parent).ok().filter(|_| self.is_concealing()) else { return };
        let mut placed = self.facts_of_name(&facts, name, false, false);
        if self.sees_all(caller, &placed) {
            return;
        }
        // There is no row, or one of a file that is gone: it decides nothing.
        if let Some(row) =
            facts.row.and_then(|row| self.store.entry(row, name.as_str().as_bytes()).ok()).flatten()
        {
            placed.owner = row.owner;
        }
        let known = self.for_policy(caller, &placed, false, Some(placed.named));
        let _unused = policy::decide_under(Visibility::Private, caller, &known, &Operation::Look);
    }

    /// The entry of a file that is in use, for one who may not know of it: the node that the kernel was told last.
    pub(super) fn entry_unseen(&self, inode: &Arc<VolumeInode>, stat: &Stat) -> Result<Entry<'_>, FsError> {
        let redacted = inode.known.shown_redacted.load(Ordering::Relaxed);
        let (last, other) =
            if redacted { (View::Redacted, View::Full) } else { (View::Full, View::Redacted) };
        let view = if self.nodes.known(inode, last).is_some() { last } else { other };
        self.entry_in(inode, stat, view)
    }

    /// The answer to making something, or moving something, to where `inode` stands: EEXIST, or EACCES for one who
    /// may not know of it.
    pub(super) fn taken_by(&self, context: Context, inode: &Arc<VolumeInode>) -> FsError {
        match self.may_touch(context, inode) {
            Ok(()) => FsError::Plain(Errno::EEXIST),
            Err(FsError::Denied { reason: DenyReason::Private, rule }) => {
                FsError::Denied { reason: DenyReason::PrivateChange, rule }
            }
            Err(error) => error,
        }
    }

    /// Whether the node exists for the caller of a request that changes nothing.
    ///
    /// # Errors
    /// ENOENT where it does not; else as policy answers.
    pub fn reach(&self, context: Context, id: NodeId) -> Result<(), FsError> {
        if let Some(directory) = Directory::of(id) {
            return self.may_enter(&self.caller(context), directory);
        }
        self.may_touch(context, self.node(id)?.inode())
    }

    /// The kind of a file that changes while it is looked at, for the question whether it exists: as it was last.
    pub(super) fn kind_last_seen(&self, inode: &VolumeInode, facts: &Facts) -> Option<Kind> {
        inode.known.content.lock().as_ref().map(|seen| Kind::agree(facts.named, seen.content))
    }

    /// A directory in which entries may be concealed does not tell by its size and links how many there are, nor, as
    /// nobody but a package's own sees anything come and go there, when the last one came.
    pub(super) fn plain_directory(
        &self,
        inode: &Arc<VolumeInode>,
        stat: &Stat,
        shown: &mut Attributes,
    ) -> Result<(), FsError> {
        // The directory's own facts are asked for only where it may be one of the two: a listing may show very many.
        let packages = match inode.link() {
            None => self.is_private() && Arc::ptr_eq(inode, self.nodes.root().inode()),
            Some(link) => {
                self.facts(&link.parent)?.place == Place::Android
                    && matches!(self.facts(inode)?.place, Place::PrivateRoot(_))
            }
        };
        if packages || self.is_concealing() {
            (shown.size, shown.blocks, shown.links) = (PLAIN.0, PLAIN.1, 1);
        }
        if packages {
            let born = stat.born();
            (shown.accessed, shown.modified, shown.changed) = (born, born, born);
        }
        Ok(())
    }
}
