//! Whether everything below a directory may be moved with it.
//!
//! A caller whose right depends on no entry is judged once, on the worst facts that an entry there could have. For the
//! others every entry is judged: by its name and its row where that is enough, else as if it were renamed by itself.
//!
//! A large tree is judged while others go on working. Who makes an entry meanwhile tells of it here, and if that was
//! below a directory being judged, the judgement does not count.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::decide::Prospect;
use super::facts::Facts;
use super::listing::kind_of_row;
use super::lookup::DEEPEST;
use super::{Context, FsError, Volume, VolumeInode};
use crate::error::Errno;
use crate::lower::{FileKind, FileName, ListedName, PathFd};
use crate::policy::{self, Caller, Identity, Kind, Operation, Permit, Verdict};
use crate::store::{Entry, NAMES};

/// The directories that are being judged now.
#[derive(Debug, Default)]
pub(super) struct Judged(Mutex<Vec<Arc<Judgement>>>);

#[derive(Debug)]
struct Judgement {
    directory: Arc<VolumeInode>,
    outdated: AtomicBool,
}

/// A judgement of what lies below some directories; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watch<'v> {
    judged: &'v Judged,
    of: Vec<Arc<Judgement>>,
}

impl Watch<'_> {
    /// Whether something came to lie below one of the directories since the beginning.
    pub(super) fn is_outdated(&self) -> bool {
        self.of.iter().any(|one| one.outdated.load(Ordering::Acquire))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.judged.0.lock().retain(|one| !self.of.iter().any(|own| Arc::ptr_eq(own, one)));
    }
}

impl Judged {
    /// Begins to judge what lies below these directories.
    pub(super) fn watch<'v>(&'v self, directories: impl Iterator<Item = Arc<VolumeInode>>) -> Watch<'v> {
        let of: Vec<_> = directories
            .map(|directory| Arc::new(Judgement { directory, outdated: AtomicBool::new(false) }))
            .collect();
        self.0.lock().extend(of.iter().cloned());
        Watch { judged: self, of }
    }

    /// An entry was made in `directory`, or moved there. Called while `tree` is held, after it is done.
    pub(super) fn grew(&self, directory: &Arc<VolumeInode>) {
        for one in self.0.lock().iter() {
            if is_within(directory, &one.directory) {
                one.outdated.store(true, Ordering::Release);
            }
        }
    }

    /// A directory was moved: nothing that was judged before is known to lie where it lay.
    pub(super) fn reshaped(&self) {
        for one in self.0.lock().iter() {
            one.outdated.store(true, Ordering::Release);
        }
    }
}

/// Whether `inode` is `directory` or lies below it; also where it is not known any more.
fn is_within(inode: &Arc<VolumeInode>, directory: &Arc<VolumeInode>) -> bool {
    let mut above = inode.clone();
    for _ in 0..=DEEPEST {
        if above.identity() == directory.identity() {
            return true;
        }
        match above.link() {
            Some(link) => above = link.parent,
            None => return above.number() != crate::id::NodeId::ROOT,
        }
    }
    true
}

impl Volume {
    /// Whether the caller may move all that lies below `directory` to where it would lie by `target`, the facts of the
    /// directory as it would be; `depth` is how many levels of directories fit there.
    pub(super) fn permit_all_below(
        &self,
        context: Context,
        directory: &Arc<VolumeInode>,
        target: &Facts,
        depth: usize,
    ) -> Result<(), FsError> {
        let caller = self.caller(context);
        if matches!(caller.identity, Identity::Root) {
            return Ok(());
        }
        let known = |facts: &Facts| self.for_policy(&caller, facts, true, None);
        if policy::may_move_all(&caller, &known(&*self.facts(directory)?), &known(target)) {
            return fits(&*directory.descriptor(&self.nodes.descriptors)?, depth);
        }
        self.permit_below(context, &caller, directory, target, depth)
    }

    /// Every entry below a directory that is renamed must be the caller's to move and fit where it comes to lie.
    fn permit_below(
        &self,
        context: Context,
        caller: &Caller,
        directory: &Arc<VolumeInode>,
        target: &Facts,
        depth: usize,
    ) -> Result<(), FsError> {
        let depth = depth.checked_sub(1).ok_or(FsError::Plain(Errno::EPERM))?;
        let descriptor = directory.descriptor(&self.nodes.descriptors)?;
        let move_of = Move { volume: self, caller, from: &*self.facts(directory)?, to: target };
        let mut stream = descriptor.list()?;
        let mut next = 0;
        loop {
            let some = stream.some(next, NAMES)?;
            let Some(last) = some.last() else { return Ok(()) };
            next = last.next;
            let names = some.iter().map(|listed| listed.name.as_str().as_bytes()).collect::<Vec<_>>();
            let rows = self.rows_named(move_of.from, &names)?;
            for listed in &some {
                let ListedName::Entry(name) = &listed.name else { continue };
                let row = rows.get(name.as_str().as_bytes());
                let plain = listed.kind == Some(FileKind::Regular);
                if !(plain && move_of.allows(&descriptor, name, row)?) {
                    self.permit_entry_below(context, caller, (directory, name), target, depth)?;
                }
            }
        }
    }

    /// The same for one entry, and for what is below it.
    fn permit_entry_below(
        &self,
        context: Context,
        caller: &Caller,
        (directory, name): (&Arc<VolumeInode>, &FileName),
        target: &Facts,
        depth: usize,
    ) -> Result<(), FsError> {
        let inode = match self.child(directory, name) {
            Ok((inode, _)) => inode,
            // Gone meanwhile, or nothing that is served.
            Err(error) if error.errno() == Errno::ENOENT => return Ok(()),
            Err(error) => return Err(error),
        };
        let _source: (Permit, _) = self.permit_below_moved(context, &inode, Operation::RenameFrom)?;
        let mut facts = self.facts_of_name(target, name, inode.is_directory(), false);
        let known = self.facts(&inode)?;
        // It keeps its name, whatever that is.
        facts.portable = true;
        facts.owner = known.owner.clone();
        facts.owner_user = known.owner_user;
        facts.row = known.row;
        let kind = if inode.is_directory() { None } else { Some(self.kind(&inode, &known)?) };
        let prospect = Prospect {
            parent: directory.clone(),
            name: name.clone(),
            directory: inode.is_directory(),
            kind,
            facts,
        };
        let _target: Permit = self.permit_new(context, &prospect, Operation::RenameTo)?;
        if inode.is_directory() {
            self.permit_below(context, caller, &inode, &prospect.facts, depth)?;
        }
        Ok(())
    }

    /// The rows of these names in the directory of which the facts are, by name.
    pub(super) fn rows_named(
        &self,
        directory: &Facts,
        names: &[&[u8]],
    ) -> Result<HashMap<Vec<u8>, Entry>, FsError> {
        match directory.row.filter(|_| !self.is_private() && !names.is_empty()) {
            Some(parent) => {
                let rows = self.store.entries_named(parent, names)?;
                Ok(rows.into_iter().map(|row| (row.name.clone(), row)).collect())
            }
            None => Ok(HashMap::new()),
        }
    }
}

/// The move of a directory's files.
#[derive(Debug)]
struct Move<'m> {
    volume: &'m Volume,
    caller: &'m Caller,
    from: &'m Facts,
    to: &'m Facts,
}

impl Move<'_> {
    /// Whether one file may be moved, as far as that can be told without looking into it. `false` decides nothing.
    fn allows(&self, directory: &PathFd, name: &FileName, row: Option<&Entry>) -> Result<bool, FsError> {
        let named = self.volume.facts_of_name(self.from, name, false, false);
        let mut goal = self.volume.facts_of_name(self.to, name, false, false);
        // It keeps its name, whatever that is.
        goal.portable = true;
        let without = self.allows_any_kind(&named, &goal);
        let Some(row) = row else { return Ok(without) };
        let mut facts = named;
        self.volume.take_row(&mut facts, row)?;
        goal.owner.clone_from(&facts.owner);
        goal.owner_user = facts.owner_user;
        goal.row = facts.row;
        let with = self.allows_any_kind(&facts, &goal);
        if with && without {
            return Ok(true);
        }
        // Only the file itself tells whether the row is its own.
        let Ok(stat) = directory.stat_child(name) else { return Ok(false) };
        let of_kind = |kind| self.allowed(&facts, &goal, Some(kind));
        Ok(stat.kind == FileKind::Regular
            && self.volume.is_row_of(row, &stat.identity, false)
            && (with || kind_of_row(row, &stat, &facts).is_some_and(of_kind)))
    }

    /// Content confirms the kind that the name tells or makes the file a document.
    fn allows_any_kind(&self, facts: &Facts, goal: &Facts) -> bool {
        self.allowed(facts, goal, None)
            || (self.allowed(facts, goal, Some(facts.named))
                && self.allowed(facts, goal, Some(Kind::Document)))
    }

    fn allowed(&self, facts: &Facts, goal: &Facts, kind: Option<Kind>) -> bool {
        [(facts, Operation::RenameFrom), (goal, Operation::RenameTo)].into_iter().all(|(facts, operation)| {
            let known = self.volume.for_policy(self.caller, facts, false, kind);
            matches!(policy::decide(self.caller, &known, &operation), Verdict::Allow(..))
        })
    }
}

/// Whether no directory below lies deeper than `depth` levels.
fn fits(directory: &PathFd, depth: usize) -> Result<(), FsError> {
    let depth = depth.checked_sub(1).ok_or(FsError::Plain(Errno::EPERM))?;
    // File systems that count a directory's links count two and one for each directory in it.
    if directory.stat()?.links == 2 {
        return Ok(());
    }
    let mut stream = directory.list()?;
    let mut next = 0;
    loop {
        let some = stream.some(next, NAMES)?;
        let Some(last) = some.last() else { return Ok(()) };
        next = last.next;
        for listed in &some {
            let ListedName::Entry(name) = &listed.name else { continue };
            if !matches!(listed.kind, Some(FileKind::Directory) | None) {
                continue;
            }
            match directory.child(name) {
                Ok(child) if child.stat()?.kind == FileKind::Directory => fits(&child, depth)?,
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
