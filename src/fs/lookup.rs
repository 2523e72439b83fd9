//! From a name to a node: LOOKUP, GETATTR, FORGET, ACCESS, STATFS.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::fs::StatVfs;

use super::facts::Facts;
use super::forced::{self, Directory};
use super::{Attributes, CACHED, Context, FsError, Known, Volume, VolumeInode, VolumeKind};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{HandleId, NodeId};
use crate::lower::{FileKind, FileName, PathFd, Stat};
use crate::node::{Link, NodeRef};
use crate::policy::{self, Caller, DenyReason, Identity, Operation, Place, Verdict, View};

/// How many directories an entry may lie below.
pub(super) const DEEPEST: usize = 256;

/// What LOOKUP answers.
#[derive(Debug)]
pub struct Entry<'v> {
    /// The node, counted once.
    pub node: NodeRef<'v, Known>,
    /// Its attributes.
    pub attributes: Attributes,
    /// Tells this file from an earlier one of the same number.
    pub generation: u64,
    /// How long the kernel may keep the entry.
    pub cached: Duration,
}

impl Volume {
    /// LOOKUP: the entry `name` of a directory, in the caller's view.
    ///
    /// # Errors
    /// ENOENT where there is none or it is private to another application, else as policy or the lower file system
    /// answers.
    pub fn lookup(&self, context: Context, parent: NodeId, name: &FileName) -> Result<Entry<'_>, FsError> {
        self.counting(Counter::Lookup, self.look_up(context, parent, name))
    }

    fn look_up(&self, context: Context, parent: NodeId, name: &FileName) -> Result<Entry<'_>, FsError> {
        let caller = self.caller(context);
        if let Some(directory) = Directory::of(parent) {
            return self.forced_entry(&caller, directory, name).map_err(harmless);
        }
        let parent = self.node(parent)?;
        let look = || {
            let found = self.child(parent.inode(), name);
            let (inode, stat) = found.map_err(|error| {
                self.as_if_taken(&caller, parent.inode(), name);
                self.as_if_there(&caller, parent.inode(), name, error)
            })?;
            let entry = match self.may_look(&caller, &inode)? {
                Sight::Seen => self.entry(&caller, &inode, &stat)?,
                Sight::InUse => self.entry_unseen(&inode, &stat)?,
            };
            Ok(self.as_spelled(entry, name))
        };
        look().map_err(harmless)
    }

    /// The lower file that stands under a name.
    pub(super) fn child(
        &self,
        parent: &Arc<VolumeInode>,
        name: &FileName,
    ) -> Result<(Arc<VolumeInode>, Stat), FsError> {
        self.within_depth(parent)?;
        if self.is_reserved(parent, name) {
            return Err(forced::refused());
        }
        self.watch(parent);
        let _still = self.moves.read();
        let fd = parent.descriptor(&self.nodes.descriptors)?.child(name)?;
        let stat = fd.stat()?;
        self.met(parent, name, stat, Some(fd))
    }

    /// The same without opening it: for listings, most of whose entries nobody asks for by itself.
    pub(super) fn listed_child(
        &self,
        parent: &Arc<VolumeInode>,
        name: &FileName,
    ) -> Result<(Arc<VolumeInode>, Stat), FsError> {
        self.within_depth(parent)?;
        let _still = self.moves.read();
        let stat = parent.descriptor(&self.nodes.descriptors)?.stat_child(name)?;
        self.met(parent, name, stat, None)
    }

    /// What was found under a name, as the inode that it is. Called with `moves` held since before it was found.
    fn met(
        &self,
        parent: &Arc<VolumeInode>,
        name: &FileName,
        stat: Stat,
        fd: Option<PathFd>,
    ) -> Result<(Arc<VolumeInode>, Stat), FsError> {
        if stat.kind == FileKind::Special {
            return Err(FsError::Plain(Errno::ENOENT));
        }
        let link = self.lasting_link(&stat, Link { parent: parent.clone(), name: name.clone() });
        let found = self.nodes.inode(&stat, link, fd);
        self.remember(found.reuse)?;
        if found.moved {
            self.moved(&found.inode);
        }
        if found.fresh {
            let seen = self.recent.lock().find(&stat.identity);
            let hides = seen.as_ref().is_some_and(|seen| seen.hides());
            found.inode.known.hides.store(hides, Ordering::Relaxed);
            *found.inode.known.content.lock() = seen.and_then(|seen| seen.for_new_inode());
        }
        Ok((found.inode, stat))
    }

    /// How many directories lie above a file, the volume's root counted.
    pub(super) fn depth(&self, inode: &VolumeInode) -> usize {
        std::iter::successors(inode.link(), |link| link.parent.link()).take(DEEPEST).count()
    }

    /// Whether entries of this directory are served: what is known of a file is found by walking up from it, so the
    /// way up is bounded.
    pub(super) fn within_depth(&self, directory: &VolumeInode) -> Result<(), FsError> {
        if self.depth(directory) < DEEPEST { Ok(()) } else { Err(FsError::Plain(Errno::ENAMETOOLONG)) }
    }

    /// A file was found elsewhere than before. What a directory's place means for those below it changes with it.
    pub(super) fn moved(&self, inode: &VolumeInode) {
        if inode.is_directory() { self.forget_facts() } else { self.renew_facts(inode) }
    }

    /// The answer for a name at which nothing is: who may not know of an entry there is told what it would be told of
    /// one.
    fn as_if_there(
        &self,
        caller: &Caller,
        parent: &Arc<VolumeInode>,
        name: &FileName,
        error: FsError,
    ) -> FsError {
        let Ok(above) = self.facts(parent) else { return error };
        let facts = self.facts_of_name(&above, name, true, false);
        let known = self.for_policy(caller, &facts, true, None);
        match policy::decide(caller, &known, &Operation::Look) {
            Verdict::Deny { reason, rule } if error.errno() == Errno::ENOENT => {
                FsError::Denied { reason, rule }
            }
            Verdict::Deny { .. } | Verdict::Allow(..) => error,
        }
    }

    /// Whether the caller may know that the file exists: a matter of its place, which needs no row unless the volume
    /// conceals.
    pub(super) fn may_look(&self, caller: &Caller, inode: &Arc<VolumeInode>) -> Result<Sight, FsError> {
        let facts = self.placed(inode)?;
        if self.is_elsewhere(caller, &facts) {
            return super::decide::enforce(elsewhere(Operation::Look)).map(|_| Sight::Seen);
        }
        let verdict = if self.is_concealable(inode) {
            self.sees(caller, inode)?
        } else {
            let known = self.for_policy(caller, &facts, inode.is_directory(), None);
            policy::decide(caller, &known, &Operation::Look)
        };
        match verdict {
            Verdict::Allow(..) => Ok(Sight::Seen),
            // The kernel knows it because its owner uses it. Another answer than the owner's would make the kernel
            // drop it, with mounts and working directories in it; GETATTR and OPEN refuse on the next step.
            Verdict::Deny { .. } if self.is_in_use(inode, &facts) => Ok(Sight::InUse),
            Verdict::Deny { reason, rule } => Err(FsError::Denied { reason, rule }),
        }
    }

    /// On a private volume it is the packages' directories that others use, on a shared one everything.
    pub(super) fn is_in_use(&self, inode: &VolumeInode, facts: &Facts) -> bool {
        (!self.is_private() || matches!(facts.place, Place::Private { top: true, .. }))
            && [View::Full, View::Redacted].iter().any(|view| self.nodes.known(inode, *view).is_some())
    }

    /// A shared volume serves nothing below `Android/data` and `Android/obb`: that is what private volumes are for,
    /// and whoever looks below a mount point (by a bind mount of the directory) must find nothing.
    pub(super) fn outside_private_trees(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<(), FsError> {
        if !self.is_elsewhere(&self.caller(context), &*self.facts(inode)?) {
            return Ok(());
        }
        let verdict = elsewhere(operation);
        self.record(context, operation, verdict, || self.path_of(inode));
        super::decide::enforce(verdict).map(drop)
    }

    /// Whether a private volume serves what lies there, and this one does not.
    pub(super) fn is_elsewhere(&self, caller: &Caller, facts: &Facts) -> bool {
        let raw = matches!(caller.identity, Identity::Root);
        !self.is_private() && !raw && matches!(facts.place, Place::Private { .. })
    }

    /// An entry for the kernel, in the caller's view.
    pub(super) fn entry(
        &self,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        stat: &Stat,
    ) -> Result<Entry<'_>, FsError> {
        let view = self.view_for(caller, inode)?;
        self.entry_in(inode, stat, view)
    }

    /// An entry for the kernel in a view that is known already.
    pub(super) fn entry_in(
        &self,
        inode: &Arc<VolumeInode>,
        stat: &Stat,
        view: View,
    ) -> Result<Entry<'_>, FsError> {
        let node = self.nodes.node(inode, view);
        inode.known.shown_redacted.store(view == View::Redacted, Ordering::Relaxed);
        let attributes = self.attributes(node.node(), stat)?;
        let generation = stat.identity.born.cast_unsigned();
        let for_now = view == View::Redacted && !inode.known.hides.load(Ordering::Relaxed);
        let cached = if for_now { self.settings.rest } else { CACHED };
        Ok(Entry { node, attributes, generation, cached })
    }

    /// The view in which the caller sees the file, as far as it is known without looking into the file. Where it is
    /// not, the full node is named: OPEN looks into the file and, if there is something to hide, has the kernel ask
    /// again.
    pub(super) fn view_for(&self, caller: &Caller, inode: &Arc<VolumeInode>) -> Result<View, FsError> {
        if inode.is_directory() || matches!(caller.identity, Identity::Root) || !self.has_two_views(inode) {
            return Ok(View::Full);
        }
        let facts = self.facts(inode)?;
        let read = Operation::Open { read: true, write: false };
        Ok(match self.verdict(caller, inode, &facts, read) {
            Ok(Verdict::Allow(_, access)) => access.view,
            Ok(Verdict::Deny { .. }) => View::Full,
            // A guess that OPEN corrects: the kind could not be told while the file changed.
            Err(FsError::Changing) => View::Redacted,
            Err(error) => return Err(error),
        })
    }

    /// GETATTR.
    ///
    /// # Errors
    /// ENOENT for a directory that is private to another application; else the lower file system's own.
    pub fn stat(
        &self,
        context: Context,
        id: NodeId,
        handle: Option<HandleId>,
    ) -> Result<Attributes, FsError> {
        self.counters.count(Counter::GetAttributes);
        if let Some(directory) = Directory::of(id) {
            self.may_enter(&self.caller(context), directory)?;
            return self.forced_attributes(directory);
        }
        let node = self.node(id)?;
        if handle.is_none() {
            self.may_touch(context, node.inode())?;
        }
        let stat = node.inode().descriptor(&self.nodes.descriptors)?.stat()?;
        self.attributes(&node, &stat)
    }

    /// On a private volume and one of several users every request that names a node is checked: the kernel asks there
    /// for attributes each time. So are files that may be concealed.
    pub(super) fn may_touch(&self, context: Context, inode: &Arc<VolumeInode>) -> Result<(), FsError> {
        self.still_named(inode)?;
        let caller = self.caller(context);
        if self.is_concealable(inode) {
            return super::decide::enforce(self.sees(&caller, inode)?).map(|_| ());
        }
        let facts = match self.settings.kind {
            VolumeKind::Shared if !self.is_foreign(&caller) => return Ok(()),
            VolumeKind::Shared | VolumeKind::Users => self.placed(inode)?,
            VolumeKind::Private(_) => self.facts(inode)?,
        };
        let known = self.for_policy(&caller, &facts, inode.is_directory(), None);
        super::decide::enforce(policy::decide(&caller, &known, &Operation::Look)).map(|_| ())
    }

    /// FORGET.
    pub fn forget(&self, id: NodeId, count: u64) {
        self.counters.count(Counter::Forget);
        if id != NodeId::ROOT {
            self.nodes.forget(id, count);
        }
    }

    /// ACCESS: what an open for the same would answer.
    ///
    /// # Errors
    /// As policy answers; EACCES for executing a file. Reading a directory is listing it, writing to it is asked for as
    /// making it would be.
    pub fn access(&self, context: Context, id: NodeId, request: AccessRequest) -> Result<(), FsError> {
        self.counting(Counter::Other, self.may_access(context, id, request))
    }

    fn may_access(&self, context: Context, id: NodeId, request: AccessRequest) -> Result<(), FsError> {
        if let Some(directory) = Directory::of(id) {
            self.may_enter(&self.caller(context), directory)?;
            return if request.write { Err(forced::refused()) } else { Ok(()) };
        }
        let node = self.node(id)?;
        let inode = node.inode();
        self.may_touch(context, inode)?;
        if request.execute && !inode.is_directory() {
            return Err(FsError::Plain(Errno::EACCES));
        }
        if request.read || request.write {
            let open = Operation::Open { read: request.read, write: request.write };
            let open = self.operation_on(&node, open);
            let _permit: (policy::Permit, policy::Access) = self.permit(context, inode, open)?;
        }
        if request.write {
            // To append is to write.
            inode.descriptor(&self.nodes.descriptors)?.may_be_written(true)?;
        }
        Ok(())
    }

    /// STATFS: the lower file system's figures.
    ///
    /// # Errors
    /// ENOENT in a directory that is private to another application; else the lower file system's own.
    pub fn statfs(&self, context: Context, id: NodeId) -> Result<StatVfs, FsError> {
        self.counters.count(Counter::Other);
        self.reach(context, id)?;
        let node = self.node(if Directory::of(id).is_some() { NodeId::ROOT } else { id })?;
        Ok(node.inode().descriptor(&self.nodes.descriptors)?.statfs()?)
    }
}

/// What a shared volume answers where a private one serves.
pub(super) fn elsewhere(operation: Operation) -> Verdict {
    let changes = operation.makes_or_moves();
    let reason = if changes { DenyReason::PrivateChange } else { DenyReason::Private };
    Verdict::Deny { reason, rule: policy::ELSEWHERE }
}

/// An answer to LOOKUP that harms nobody: for any error but ENOMEM the kernel drops what it knows of the name, with
/// the mounts below it, so a failure of ours must not look like a name that is gone.
fn harmless(error: FsError) -> FsError {
    let said = match &error {
        FsError::Lower(_) => !matches!(
            error.errno(),
            Errno::EMFILE
                | Errno::ENFILE
                | Errno::EIO
                | Errno::EAGAIN
                | Errno::EINTR
                | Errno::EACCES
                | Errno::EPERM
        ),
        FsError::Store(_) | FsError::Changing | FsError::UnknownHandle(_) => false,
        FsError::Denied { .. }
        | FsError::StaleView
        | FsError::Opaque(_)
        | FsError::TakesLong
        | FsError::Name(_)
        | FsError::UnknownNode(_)
        | FsError::Plain(_) => true,
    };
    if said {
        return error;
    }
    log::warn!("a lookup failed: {error}");
    FsError::Plain(Errno::ENOMEM)
}

/// The name of a view, for people.
pub(super) fn view_name(view: View) -> &'static str {
    match view {
        View::Full => "full",
        View::Redacted => "redacted",
    }
}

/// Whether LOOKUP answers with an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    /// It exists for the caller.
    Seen,
    /// It does not, but the kernel knows it already.
    InUse,
}

/// What ACCESS asks; nothing asks whether the file exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AccessRequest {
    /// R_OK
    pub read: bool,
    /// W_OK
    pub write: bool,
    /// X_OK
    pub execute: bool,
}
