//! Which names of a directory the caller may list, decided for some of them at a time.
//!
//! Most answers follow from the name. Where the row could matter, the rows of all these names are asked for at once;
//! where the lower file could matter, it is asked for its attributes, and only one whose row is of an older content is
//! looked into. What was seen in it goes into the row, so that the next listing need not look.
//!
//! INVARIANT: a listing makes no inodes but those of the files that it looks into, and keeps none of them.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::content::stored;
use super::facts::Facts;
use super::{Context, FsError, Volume, VolumeInode};
use crate::id::MediaId;
use crate::lower::{ContentVersion, FileKind, FileName, ListedEntry, ListedName, PathFd, Stat};
use crate::policy::{self, Caller, Identity, Kind, Operation, Place, Verdict};
use crate::store::Entry;

/// A version younger than this may still stand for two contents, and is not recorded.
const SETTLED_NS: i64 = 2_000_000_000;

/// Who lists which directory.
#[derive(Debug)]
pub(super) struct Reader<'v> {
    volume: &'v Volume,
    caller: Caller,
    directory: Arc<VolumeInode>,
    descriptor: Arc<PathFd>,
    facts: Arc<Facts>,
}

/// What is known of a name so far.
#[derive(Debug)]
enum Judged {
    /// Not shown.
    Hidden,
    /// Shown.
    Shown {
        /// Whether it is a directory.
        directory: bool,
    },
    /// It depends on the row or on the file.
    Open { directory: bool, named: Box<Facts> },
}

/// What a file was found to contain: for its row.
#[derive(Clone, Copy, Debug)]
struct Learned {
    row: MediaId,
    ino: u64,
    version: ContentVersion,
    kind: Kind,
}

impl<'v> Reader<'v> {
    pub(super) fn new(
        volume: &'v Volume,
        context: Context,
        directory: &Arc<VolumeInode>,
    ) -> Result<Reader<'v>, FsError> {
        Ok(Reader {
            volume,
            caller: volume.caller(context),
            directory: directory.clone(),
            descriptor: directory.descriptor(&volume.nodes.descriptors)?,
            facts: volume.facts(directory)?,
        })
    }

    /// For each entry whether it is shown; then, whether it is a directory.
    pub(super) fn shown(&self, entries: &[ListedEntry]) -> Result<Vec<Option<bool>>, FsError> {
        let judged = entries.iter().map(|entry| self.by_name(entry)).collect::<Vec<_>>();
        let mut rows = self.rows(entries, &judged)?;
        let mut learned = Vec::new();
        let mut shown = Vec::with_capacity(entries.len());
        for (entry, judged) in entries.iter().zip(judged) {
            shown.push(match (judged, &entry.name) {
                (Judged::Hidden, _) => None,
                (Judged::Shown { directory }, _) => Some(directory),
                (Judged::Open { directory, named }, ListedName::Entry(name)) => {
                    let row = rows.remove(name.as_str().as_bytes());
                    let shown = if directory {
                        self.by_file(name, &mut learned)?
                    } else {
                        self.by_row(entry, name, &named, row, &mut learned)?
                    };
                    shown.then_some(directory)
                }
                (Judged::Open { .. }, ListedName::Current | ListedName::Parent) => None,
            });
        }
        self.record(&learned);
        Ok(shown)
    }

    /// What follows from the name and from what the listing says.
    fn by_name(&self, listed: &ListedEntry) -> Judged {
        let name = match &listed.name {
            ListedName::Current | ListedName::Parent => return Judged::Shown { directory: true },
            ListedName::Entry(name) => name,
        };
        let kind = listed.kind.or_else(|| self.descriptor.stat_child(name).ok().map(|stat| stat.kind));
        if self.volume.is_reserved(&self.directory, name) {
            return Judged::Hidden;
        }
        let directory = match kind {
            Some(FileKind::Directory) => true,
            Some(FileKind::Regular) => false,
            Some(FileKind::Special) | None => return Judged::Hidden,
        };
        if matches!(self.caller.identity, Identity::Root) {
            return Judged::Shown { directory };
        }
        let volume = self.volume;
        let named = volume.facts_of_name(&self.facts, name, directory, false);
        if !volume.is_private() && matches!(named.place, Place::Private { .. }) {
            return Judged::Hidden;
        }
        if self.lists(&named, directory, None) {
            return Judged::Shown { directory };
        }
        Judged::Open { directory, named: Box::new(named) }
    }

    /// The rows of the names on which no answer was found yet.
    fn rows(&self, entries: &[ListedEntry], judged: &[Judged]) -> Result<HashMap<Vec<u8>, Entry>, FsError> {
        let open = entries.iter().zip(judged).filter(|(_, judged)| matches!(judged, Judged::Open { .. }));
        let names: Vec<_> = open.map(|(entry, _)| entry.name.as_str().as_bytes()).collect();
        self.volume.rows_named(&self.facts, &names)
    }

    /// What is known only from the row (owner, grants) or from the content may still allow it.
    fn by_row(
        &self,
        listed: &ListedEntry,
        name: &FileName,
        named: &Facts,
        row: Option<Entry>,
        learned: &mut Vec<Learned>,
    ) -> Result<bool, FsError> {
        let possible =
            |facts: &Facts| self.lists(facts, false, None) || self.lists(facts, false, Some(facts.named));
        // A row that lags behind is brought to its file on that way.
        let Some(row) = row.filter(|row| !row.directory) else { return self.by_file(name, learned) };
        let facts = self.with(named, &row)?;
        let its_own = row.file.file.ino == listed.ino;
        if its_own && !possible(&facts) && !possible(named) {
            return Ok(false);
        }
        let Ok(stat) = self.descriptor.stat_child(name) else { return Ok(false) };
        if stat.kind != FileKind::Regular {
            return Ok(false);
        }
        if !row.is_of(&stat.identity, false) || row.is_incomplete(&stat.identity) {
            return self.by_file(name, learned);
        }
        if self.lists(&facts, false, None) {
            return Ok(true);
        }
        if !self.lists(&facts, false, Some(facts.named)) {
            return Ok(false);
        }
        let kind = match kind_of_row(&row, &stat, &facts) {
            Some(kind) => Some(kind),
            None => self.looked(name, &facts, learned),
        };
        Ok(kind.is_some_and(|kind| self.lists(&facts, false, Some(kind))))
    }

    /// The answer as for an entry that is looked up by itself.
    fn by_file(&self, name: &FileName, learned: &mut Vec<Learned>) -> Result<bool, FsError> {
        let Ok((inode, _)) = self.volume.child(&self.directory, name) else { return Ok(false) };
        let (facts, directory) = (self.volume.facts(&inode)?, inode.is_directory());
        if self.lists(&facts, directory, None) {
            return Ok(true);
        }
        if directory || !self.lists(&facts, false, Some(facts.named)) {
            return Ok(false);
        }
        let kind = self.looked(name, &facts, learned);
        Ok(kind.is_some_and(|kind| self.lists(&facts, false, Some(kind))))
    }

    fn with(&self, named: &Facts, row: &Entry) -> Result<Facts, FsError> {
        let mut facts = named.clone();
        self.volume.take_row(&mut facts, row)?;
        Ok(facts)
    }

    fn lists(&self, facts: &Facts, directory: bool, kind: Option<Kind>) -> bool {
        let known = self.volume.for_policy(&self.caller, facts, directory, kind);
        matches!(policy::decide(&self.caller, &known, &Operation::List), Verdict::Allow(..))
    }

    /// Looks into a file; `None` for one that is gone, cannot be read or does not keep still.
    fn looked(&self, name: &FileName, facts: &Facts, learned: &mut Vec<Learned>) -> Option<Kind> {
        let (inode, _) = self.volume.child(&self.directory, name).ok()?;
        let seen = self.volume.seen(&inode, facts, false).ok()?;
        let kind = Kind::agree(facts.named, seen.content);
        if let Some(row) = facts.row.filter(|_| seen.settled && is_old(seen.version)) {
            let ino = self.volume.lasting(inode.identity()).file.ino;
            learned.push(Learned { row, ino, version: seen.version, kind });
        }
        Some(kind)
    }

    /// Without it the next listing looks again, so that a failure is no reason to refuse this one.
    fn record(&self, learned: &[Learned]) {
        if learned.is_empty() {
            return;
        }
        let recorded = self.volume.store.batch(|changes| {
            learned.iter().try_for_each(|one| {
                changes.learn_kind(one.row, one.ino, stored(one.version), one.kind).map(|_recorded| ())
            })
        });
        if let Err(error) = recorded {
            log::warn!("cannot record what a listing found: {error}");
        }
    }
}

/// The kind that the row remembers, if it is of the present content and of the present name.
pub(super) fn kind_of_row(row: &Entry, stat: &Stat, facts: &Facts) -> Option<Kind> {
    let of_content = row.version == Some(stored(stat.version));
    // Contents confirm the kind that the name tells or make the file a document.
    row.kind.filter(|kind| of_content && (*kind == facts.named || *kind == Kind::Document))
}

/// Whether a change from now on shows in the version.
fn is_old(version: ContentVersion) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    now.saturating_sub(version.mtime_ns.max(version.ctime_ns)) >= SETTLED_NS
}
