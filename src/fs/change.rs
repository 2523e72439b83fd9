//! Making and removing entries, and SETATTR.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::sync::Arc;

use super::repair::lags;
use super::spelling::is_nomedia;
use super::{Attributes, Context, Entry, FsError, Volume, VolumeInode, VolumeKind};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{HandleId, NodeId};
use crate::lower::{FileName, NameError, OpenHow, Times};
use crate::policy::{DenyReason, Operation, Permit, View};

/// What SETATTR asks for. Mode and owner are accepted and change nothing, so they do not appear here.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttributeChange {
    /// New size in bytes.
    pub size: Option<u64>,
    /// New times.
    pub times: Times,
}

impl Volume {
    /// MKDIR.
    ///
    /// # Errors
    /// As policy or the lower file system answers.
    pub fn make_directory(
        &self,
        context: Context,
        parent: NodeId,
        name: &FileName,
    ) -> Result<Entry<'_>, FsError> {
        self.counters.count(Counter::Change);
        let parent = self.node_to_change(context, (parent, name), Operation::MakeDirectory)?;
        self.within_depth(parent.inode())?;
        let _making = self.making.begin(parent.inode(), name);
        let _tree = self.tree.read();
        let prospect = self.prospect(parent.inode(), name, true)?;
        let permit = self.permit_new(context, &prospect, Operation::MakeDirectory)?;
        self.is_free(context, parent.inode(), name)?;
        let directory = parent.inode().descriptor(&self.nodes.descriptors)?;
        let begun = self.begin_row(context, &prospect)?;
        let make = || directory.make_directory(name, permit);
        self.made(begun, self.own_change(&[(parent.inode(), name)], 1, make))?;
        self.judged.grew(parent.inode());
        let (inode, stat) = self.child(parent.inode(), name)?;
        self.complete_row(begun, stat.identity);
        self.appeared(&inode, &prospect);
        self.entry_in(&inode, &stat, View::Full)
    }

    /// MKNOD of a regular file.
    ///
    /// # Errors
    /// As CREATE.
    pub fn make_file(&self, context: Context, parent: NodeId, name: &FileName) -> Result<Entry<'_>, FsError> {
        self.counters.count(Counter::Change);
        let parent = self.node_to_change(context, (parent, name), Operation::Create)?;
        let _making = self.making.begin(parent.inode(), name);
        let _tree = self.tree.read();
        let (prospect, permit) = self.permit_file(context, parent.inode(), name)?;
        self.is_free(context, parent.inode(), name)?;
        let directory = parent.inode().descriptor(&self.nodes.descriptors)?;
        let begun = self.begin_row(context, &prospect)?;
        // Opened as well: what has the name by the time at which it is looked up may be another's file.
        let make = || directory.create(name, OpenHow::default(), permit);
        let made = self.made(begun, self.own_change(&[(parent.inode(), name)], 1, make))?;
        self.judged.grew(parent.inode());
        let identity = made.stat()?.identity;
        self.complete_row(begun, identity);
        let (inode, stat) = self.child(parent.inode(), name)?;
        if stat.identity != identity {
            return Err(FsError::Plain(Errno::EAGAIN));
        }
        self.appeared(&inode, &prospect);
        self.entry_in(&inode, &stat, View::Full)
    }

    /// Whether nothing stands under the name: the row of what does must not give way to that of something new.
    fn is_free(&self, context: Context, parent: &Arc<VolumeInode>, name: &FileName) -> Result<(), FsError> {
        match self.child(parent, name) {
            Ok((inode, _)) => Err(self.taken_by(context, &inode)),
            Err(error) if error.errno() == Errno::ENOENT => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What nobody may make, under this name: why not.
    ///
    /// # Errors
    /// Always: EPERM, or EACCES where the caller may make nothing at all.
    pub fn refuse_special(
        &self,
        context: Context,
        parent: NodeId,
        name: &FileName,
        operation: Operation,
    ) -> Result<Infallible, FsError> {
        let parent = self.node_to_change(context, (parent, name), operation)?;
        let prospect = self.prospect(parent.inode(), name, false)?;
        let _none: Permit = self.permit_new(context, &prospect, operation)?;
        Err(FsError::Plain(Errno::EPERM))
    }

    /// What a caller learns who wants to give an entry a name that none can have; `resembling` is the nearest one.
    ///
    /// # Errors
    /// Always: as policy answers for a bad name there, or `error` for one whom it lets.
    pub fn refuse_name(
        &self,
        context: Context,
        parent: NodeId,
        resembling: &FileName,
        (operation, error): (Operation, NameError),
    ) -> Result<Infallible, FsError> {
        let parent = self.node_to_change(context, (parent, resembling), operation)?;
        let mut prospect =
            self.prospect(parent.inode(), resembling, operation == Operation::MakeDirectory)?;
        prospect.facts.portable = false;
        let _raw: Permit = self.permit_new(context, &prospect, operation)?;
        Err(error.into())
    }

    /// UNLINK or, with `directory`, RMDIR.
    ///
    /// # Errors
    /// EISDIR or ENOTDIR for the wrong sort; else as policy or the lower file system answers.
    pub fn remove(
        &self,
        context: Context,
        parent: NodeId,
        name: &FileName,
        directory: bool,
    ) -> Result<(), FsError> {
        self.counters.count(Counter::Change);
        let operation = if directory { Operation::RemoveDirectory } else { Operation::Unlink };
        let parent = self.node_to_change(context, (parent, name), operation)?;
        let (inode, stat) = self.found_to_change(context, (parent.inode(), name), operation)?;
        if self.may_touch(context, &inode).is_err() {
            // Nor is it told whether it is a directory.
            let _refused: (Permit, _) = self.permit(context, &inode, operation)?;
            return Err(self.taken_by(context, &inode));
        }
        match (directory, inode.is_directory()) {
            (false, true) => return Err(FsError::Plain(Errno::EISDIR)),
            (true, false) => return Err(FsError::Plain(Errno::ENOTDIR)),
            (true, true) | (false, false) => {}
        }
        let (permit, _) = self.permit(context, &inode, operation)?;
        let row = self.facts(&inode)?.row;
        let left = self.leaving(&inode);
        let from = parent.inode().descriptor(&self.nodes.descriptors)?;
        let moving = self.moves.write();
        self.own_change(&[(parent.inode(), name)], 1, || from.remove(name, directory, permit))?;
        self.expire_spelling(&inode, name);
        if directory || stat.links <= 1 {
            self.nodes.retire(&inode);
            self.recent.lock().forget(&inode.identity());
        }
        inode.set_link(None);
        drop(moving);
        if let Some(row) = row {
            lags("remove an entry", self.store.remove_entry(row));
        }
        if is_nomedia(name) {
            self.forget_facts();
        }
        self.tell_removed(left);
        Ok(())
    }

    /// The entry that is to be changed or removed. For one who may not know of it the answer is EACCES, whether it
    /// exists or not: ENOENT would make the kernel drop what its owner uses.
    pub(super) fn found_to_change(
        &self,
        context: Context,
        (parent, name): (&Arc<VolumeInode>, &FileName),
        operation: Operation,
    ) -> Result<(Arc<VolumeInode>, crate::lower::Stat), FsError> {
        self.not_reserved(context, (parent, name), operation)?;
        let missing = |error: &FsError| error.errno() == Errno::ENOENT;
        match self.child(parent, name) {
            Err(error) if missing(&error) && self.settings.kind != VolumeKind::Shared => {
                // The same refusal as for an entry that exists.
                let prospect = self.prospect(parent, name, true)?;
                match self.permit_new(context, &prospect, Operation::RemoveDirectory) {
                    Err(FsError::Denied { reason: DenyReason::Refused, .. }) if !self.is_private() => {
                        Err(error)
                    }
                    answered => answered.map(|_| Err(error))?,
                }
            }
            found => found,
        }
    }

    /// SETATTR; answers the attributes after it.
    ///
    /// # Errors
    /// As OPEN for writing or policy on times; else the lower file system's own.
    pub fn change_attributes(
        &self,
        context: Context,
        id: NodeId,
        handle: Option<HandleId>,
        change: AttributeChange,
    ) -> Result<Attributes, FsError> {
        self.counters.count(Counter::SetAttributes);
        let node = self.node(id)?;
        let inode = node.inode();
        if handle.is_none() || self.is_private() {
            self.may_touch(context, inode)?;
        }
        let changes =
            change.size.is_some() || change.times.accessed.is_some() || change.times.modified.is_some();
        if changes {
            self.unforced(context, &node)?;
        }
        if let Some(size) = change.size {
            self.truncate(context, inode, handle, size)?;
        }
        if change.times.accessed.is_some() || change.times.modified.is_some() {
            let (permit, _) = self.permit(context, inode, Operation::SetTimes)?;
            inode.descriptor(&self.nodes.descriptors)?.set_times(change.times, permit)?;
        }
        let stat = inode.descriptor(&self.nodes.descriptors)?.stat()?;
        *inode.known.left.lock() = Some(stat.version);
        if changes {
            self.tell_changed(inode);
        }
        self.attributes(&node, &stat)
    }

    fn truncate(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        handle: Option<HandleId>,
        size: u64,
    ) -> Result<(), FsError> {
        match handle {
            Some(handle) => {
                let handle = self.writable(handle)?;
                self.data(&handle)?.truncate(size)?;
            }
            None => {
                let write = Operation::Open { read: false, write: true };
                let (permit, _) = self.permit(context, inode, write)?;
                let how = OpenHow { write: true, ..OpenHow::default() };
                inode.descriptor(&self.nodes.descriptors)?.reopen(how, permit)?.truncate(size)?;
            }
        }
        self.changed(inode);
        Ok(())
    }
}
