//! RENAME, with its flags.

#![forbid(unsafe_code)]

use std::sync::Arc;

use rustix::fs::RenameFlags;

use super::feed::Spot;
use super::lookup::DEEPEST;
use super::repair::lags;
use super::spelling::is_nomedia;
use super::{Context, FsError, Volume, VolumeInode};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{MediaId, NodeId};
use crate::lower::{ContentVersion, FileName, PathFd, fold};
use crate::node::Link;
use crate::policy::{Kind, Operation, Permit};
use crate::store::{EntryName, Placement};

/// How often a rename is judged anew because something changed meanwhile.
const RACES: usize = 16;
/// How often of these others go on making entries while a directory is judged.
const UNLOCKED: usize = 3;

/// How RENAME treats an entry that has the new name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RenameMode {
    /// It is replaced.
    Replace,
    /// It is an error.
    NoReplace,
    /// The two change places.
    Exchange,
}

/// One end of a rename.
#[derive(Clone, Debug)]
struct End {
    parent: Arc<VolumeInode>,
    name: FileName,
    /// What stands there.
    inode: Option<Arc<VolumeInode>>,
    /// The kind that the file which comes to stand there will have; unknown for directories.
    kind: Option<Kind>,
}

impl End {
    /// Whether it still stands there; an error is the rename's to find.
    fn stands(&self, directory: &PathFd) -> bool {
        let found = directory.stat_child(&self.name).ok().map(|stat| stat.identity);
        found.is_none() || found == self.inode.as_ref().map(|inode| inode.identity())
    }

    /// Where the row of the file stands that comes here.
    fn placement<'a>(&'a self, parent: MediaId, folded: &'a str) -> Placement<'a> {
        let name = EntryName { bytes: self.name.as_str().as_bytes(), folded: folded.as_bytes() };
        Placement { parent, name, kind: self.kind }
    }

    fn is_same_file(&self, other: &End) -> bool {
        self.inode.as_ref().zip(other.inode.as_ref()).is_some_and(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl Volume {
    /// RENAME.
    ///
    /// # Errors
    /// EPERM for a bad name, EEXIST, as policy answers for the entry, the target, what is replaced and, for a
    /// directory, each entry below it; else the lower file system's own.
    pub fn rename(
        &self,
        context: Context,
        from: (NodeId, &FileName),
        to: (NodeId, &FileName),
        mode: RenameMode,
    ) -> Result<(), FsError> {
        self.counters.count(Counter::Change);
        let source_parent = self.node_to_change(context, from, Operation::RenameFrom)?;
        let target_parent = self.node_to_change(context, to, Operation::RenameTo)?;
        for attempt in 0..RACES {
            let (from, to) = ((source_parent.inode(), from.1), (target_parent.inode(), to.1));
            if self.try_rename(context, from, to, mode, attempt >= UNLOCKED)? {
                return Ok(());
            }
        }
        Err(FsError::Plain(Errno::EAGAIN))
    }

    /// One attempt; `false` if what was judged is not what there is to be renamed any more. With `locked` nobody makes
    /// or moves anything meanwhile.
    fn try_rename(
        &self,
        context: Context,
        from: (&Arc<VolumeInode>, &FileName),
        to: (&Arc<VolumeInode>, &FileName),
        mode: RenameMode,
        locked: bool,
    ) -> Result<bool, FsError> {
        let (mut source, mut target, links) = self.ends(context, from, to)?;
        let inodes: Vec<_> = [&source.inode, &target.inode].into_iter().flatten().cloned().collect();
        let watch = self.judged.watch(inodes.iter().filter(|inode| inode.is_directory()).cloned());
        let directories = inodes.iter().any(|inode| inode.is_directory());
        let _one = (!directories).then(|| self.tree.read());
        let mut all = (directories && locked).then(|| self.tree.write());
        let permit;
        (permit, target.kind) = self.permit_move(context, &source, &target)?;
        let flags;
        (flags, source.kind) = self.permit_target(context, &source, &target, mode)?;
        if links > 1 && source.is_same_file(&target) {
            // Two names of one file: the lower file system leaves both as they are.
            return Ok(true);
        }
        for inode in &inodes {
            self.facts(inode)?.row.map_or(Ok(()), |row| self.store.settle(row))?;
        }
        if directories && !locked {
            all = Some(self.tree.write());
            if watch.is_outdated() {
                return Ok(false);
            }
        }
        let done = self.rename_judged(&source, &target, mode, (flags, permit))?;
        match all {
            Some(_) => self.judged.reshaped(),
            None => [source, target].iter().for_each(|end| self.judged.grew(&end.parent)),
        }
        Ok(done)
    }

    /// Renames what was judged; `false` if something else stands there by now.
    fn rename_judged(
        &self,
        source: &End,
        target: &End,
        mode: RenameMode,
        (flags, permit): (RenameFlags, Permit),
    ) -> Result<bool, FsError> {
        let cache = &self.nodes.descriptors;
        let (from, to) = (source.parent.descriptor(cache)?, target.parent.descriptor(cache)?);
        let _moving = self.moves.write();
        // What was not there to be judged is not replaced, by the flags.
        if !(source.stands(&from) && (target.inode.is_none() || target.stands(&to))) {
            return Ok(false);
        }
        let ends = [(&*source.parent, &source.name), (&*target.parent, &target.name)];
        // Of a name that is given to what has it nobody is told.
        let told: &[_] = if source.is_same_file(target) { &[] } else { &ends };
        let each = if mode == RenameMode::Exchange { 2 } else { 1 };
        self.own_change(told, each, || from.rename(&source.name, &to, &target.name, flags, permit))?;
        for end in [source, target] {
            if let Some(inode) = &end.inode {
                self.expire_spelling(inode, &end.name);
            }
        }
        self.renamed(source, target, mode)?;
        for inode in [&source.inode, &target.inode].into_iter().flatten() {
            self.note_moved(inode);
        }
        Ok(true)
    }

    /// A rename moves the time of the last change of what a writer of ours left, and nothing else of its version: that is
    /// no news. The kernel may close the writer's file, which is news, only after it.
    fn note_moved(&self, inode: &Arc<VolumeInode>) {
        let now = || inode.descriptor(&self.nodes.descriptors)?.stat();
        let mut left = inode.known.left.lock();
        if let Some(before) = left.as_mut()
            && let Ok(now) = now()
            && (ContentVersion { ctime_ns: now.version.ctime_ns, ..*before }) == now.version
        {
            *before = now.version;
        }
    }

    /// What stands at both ends, and how many names the source's file has.
    fn ends(
        &self,
        context: Context,
        from: (&Arc<VolumeInode>, &FileName),
        to: (&Arc<VolumeInode>, &FileName),
    ) -> Result<(End, End, u32), FsError> {
        let (inode, stat) = self.found_to_change(context, from, Operation::RenameFrom)?;
        self.not_reserved(context, to, Operation::RenameTo)?;
        let source = End { parent: from.0.clone(), name: from.1.clone(), inode: Some(inode), kind: None };
        let standing = match self.child(to.0, to.1) {
            Ok((inode, _)) => Some(inode),
            Err(error) if error.errno() == Errno::ENOENT => None,
            Err(error) => return Err(error),
        };
        let target = End { parent: to.0.clone(), name: to.1.clone(), inode: standing, kind: None };
        Ok((source, target, stat.links))
    }

    /// Whether what stands at `source` may be taken from there and put to `target`, with everything below it; the kind
    /// that a file has there.
    fn permit_move(
        &self,
        context: Context,
        source: &End,
        target: &End,
    ) -> Result<(Permit, Option<Kind>), FsError> {
        let inode = source.inode.as_ref().ok_or(FsError::Plain(Errno::ENOENT))?;
        let (permit, _) = self.permit(context, inode, Operation::RenameFrom)?;
        let mut prospect = self.prospect(&target.parent, &target.name, inode.is_directory())?;
        let known = self.facts(inode)?;
        // The row goes along: it stays the owner's entry in the new place.
        prospect.facts.owner = known.owner.clone();
        prospect.facts.owner_user = known.owner_user;
        prospect.facts.row = known.row;
        // Whose an entry is follows from the tree that it was made in: between users there is copying only.
        if known.user.zip(prospect.facts.user).is_some_and(|(from, to)| from != to) {
            return Err(FsError::Plain(Errno::EXDEV));
        }
        if !inode.is_directory() {
            let content = self.seen(inode, &known, false)?.content;
            prospect.kind = Some(Kind::agree(prospect.facts.named, content));
        }
        let _target: Permit = self.permit_new(context, &prospect, Operation::RenameTo)?;
        if inode.is_directory() {
            let rest = DEEPEST.saturating_sub(self.depth(&target.parent)).saturating_sub(1);
            self.permit_all_below(context, inode, &prospect.facts, rest)?;
        }
        Ok((permit, prospect.kind))
    }

    /// Whether what stands at the target may be replaced or exchanged; the lower file system's flags, and the kind that
    /// a file has which comes back.
    fn permit_target(
        &self,
        context: Context,
        source: &End,
        target: &End,
        mode: RenameMode,
    ) -> Result<(RenameFlags, Option<Kind>), FsError> {
        match (mode, &target.inode) {
            (RenameMode::NoReplace, Some(inode)) => Err(self.taken_by(context, inode)),
            (RenameMode::NoReplace, None) => Ok((RenameFlags::NOREPLACE, None)),
            (RenameMode::Exchange, None) => Err(FsError::Plain(Errno::ENOENT)),
            (RenameMode::Exchange, Some(_)) => {
                let (_, kind) = self.permit_move(context, target, source)?;
                Ok((RenameFlags::EXCHANGE, kind))
            }
            (RenameMode::Replace, Some(inode)) => {
                if !source.is_same_file(target) {
                    let _replace: (Permit, _) = self.permit(context, inode, Operation::Replace)?;
                }
                Ok((RenameFlags::empty(), None))
            }
            // What was not there to be judged is not replaced either.
            (RenameMode::Replace, None) => Ok((RenameFlags::NOREPLACE, None)),
        }
    }

    /// The rename is done on the lower file system: what is known follows it.
    fn renamed(&self, source: &End, target: &End, mode: RenameMode) -> Result<(), FsError> {
        let row =
            |end: &End| end.inode.as_ref().and_then(|inode| Some(self.facts(inode).ok()?.row)).flatten();
        let (moved, standing) = (row(source), row(target));
        let leaving = |end: &End| end.inode.as_ref().and_then(|inode| self.leaving(inode));
        let left = (leaving(source), leaving(target).filter(|_| !source.is_same_file(target)));
        if let Some(inode) = &source.inode {
            inode.set_link(Some(Link { parent: target.parent.clone(), name: target.name.clone() }));
        }
        // Where case does not matter, the new name may be another spelling of the same.
        if let Some(inode) = target.inode.as_ref().filter(|_| !source.is_same_file(target)) {
            match mode {
                RenameMode::Exchange => {
                    inode.set_link(Some(Link { parent: source.parent.clone(), name: source.name.clone() }))
                }
                RenameMode::Replace | RenameMode::NoReplace => {
                    self.nodes.retire(inode);
                    self.recent.lock().forget(&inode.identity());
                    inode.set_link(None);
                }
            }
        }
        match self.rename_rows((source, moved), (target, standing), mode) {
            Err(FsError::Store(error)) => lags("rename an entry", Err(error)),
            rows => rows?,
        }
        if [source, target].iter().any(|end| is_nomedia(&end.name)) {
            self.forget_facts();
        }
        for inode in [&source.inode, &target.inode].into_iter().flatten() {
            if inode.link().is_some() {
                self.moved(inode);
            }
        }
        self.tell_moved((source, target), mode, left);
        Ok(())
    }

    fn tell_moved(
        &self,
        (source, target): (&End, &End),
        mode: RenameMode,
        (left, stood): (Option<Spot>, Option<Spot>),
    ) {
        if let (Some(inode), RenameMode::Exchange) = (&target.inode, mode) {
            self.tell_renamed(stood, inode);
        } else {
            self.tell_removed(stood);
        }
        if let Some(inode) = &source.inode {
            self.tell_renamed(left, inode);
        }
    }

    fn rename_rows(
        &self,
        (source, moved): (&End, Option<MediaId>),
        (target, standing): (&End, Option<MediaId>),
        mode: RenameMode,
    ) -> Result<(), FsError> {
        if self.is_private() {
            return Ok(());
        }
        let done = match (mode, moved, standing) {
            (RenameMode::Exchange, one, other) => {
                let ends = [(one, target), (other, source)];
                let places: Vec<_> = ends
                    .into_iter()
                    .filter_map(|(row, end)| Some((row?, end)))
                    .map(|(row, end)| {
                        Ok((row, end, self.directory_row(&end.parent)?, fold(end.name.as_str())))
                    })
                    .collect::<Result<_, FsError>>()?;
                let places: Vec<_> = places
                    .iter()
                    .map(|(row, end, parent, folded)| (*row, end.placement(*parent, folded)))
                    .collect();
                self.store.place_entries(&places)
            }
            (_, Some(moved), replaced) => {
                let (parent, folded) = (self.directory_row(&target.parent)?, fold(target.name.as_str()));
                self.store.rename_entry(moved, &target.placement(parent, &folded), replaced).map(|_| ())
            }
            (_, None, Some(standing)) => self.store.remove_entry(standing),
            (_, None, None) => Ok(()),
        };
        Ok(done?)
    }
}
