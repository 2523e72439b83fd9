//! The indexer: walks a volume, looks into files that changed, makes their plans ahead of the first reader, and brings
//! the rows into agreement with the lower file system.
//!
//! It judges nobody and serves nothing. It never asks who owns a file that others made: such a row has no owner. A
//! rename that the daemon did not do, or did not live to record, is followed: a file is recognised by its inode number
//! and time of birth, and its row moves, a directory's with all below it. So the row of a file that is gone from its
//! place is only set aside; when everything was visited, those that no file claimed are removed.
//!
//! INVARIANT: memory does not grow with the volume: at most `CHUNK` entries of each directory on the way down are
//! held at once.
//! INVARIANT: rows change in transactions of at most `CHUNK` entries that hold no look at the lower file system, so
//! that a scan may end at any point and nobody waits long for it.
//! INVARIANT: a row that somebody else changed since it was read is left as it is.

#![forbid(unsafe_code)]

mod directory;
mod look;
mod meet;
mod parallel;
mod progress;
mod record;
mod sweep;
#[cfg(test)]
mod tests;
mod walk;

use std::io;

use crate::id::MediaId;
use crate::lower::{FileName, PathFd, fold};
use crate::policy::Place;
use crate::redact::Classes;
use crate::store::{Store, StoreError};

pub use progress::{Progress, ScanOutcome};

use walk::Walk;

/// Entries that are held, and rows that are changed, at once.
const CHUNK: usize = 256;

/// What a scan is to do besides its usual work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScanOptions {
    /// Look also into files that have not changed since they were last looked into.
    pub full: bool,
    /// The root holds the trees of several users.
    pub users: bool,
    /// What of a location the plans hide.
    pub hide: Classes,
    /// How many threads may look into files at a time; the one that scans is always one of them.
    pub threads: usize,
}

impl ScanOptions {
    /// Where the root lies.
    fn root(self) -> Place {
        if self.users { Place::Users } else { Place::Root }
    }
}

/// Why a scan could not go on. One file or directory that cannot be read is no reason; it is counted.
#[derive(Debug, thiserror::Error)]
pub enum ScanFailure {
    /// What was to be scanned is not there, or is neither a file nor a directory.
    #[error("no file or directory {path:?}")]
    NotFound {
        /// Where, relative to the volume.
        path: String,
    },
    /// What was to be scanned lies in a tree whose entries have no rows.
    #[error("{path:?} is private and has no index")]
    Private {
        /// Where, relative to the volume.
        path: String,
    },
    /// The volume's root cannot be listed, or what was to be scanned cannot be reached.
    #[error("cannot read {path:?}")]
    Lower {
        /// Where, relative to the volume; empty for its root.
        path: String,
        /// What the lower file system says.
        source: io::Error,
    },
    /// The database does not answer.
    #[error("cannot record what was found")]
    Store(#[from] StoreError),
}

/// Scans what is below `root`, or only what `below` leads to from there: a directory with all below it, or one file.
///
/// `root_row` is the row of `root`. The outcome counts what was done, also when `progress` was told to cancel.
///
/// # Errors
/// [`ScanFailure`]; what was recorded until then stands, and the next scan goes on from there.
pub fn scan(
    root: &PathFd,
    root_row: MediaId,
    store: &Store,
    below: &[FileName],
    options: ScanOptions,
    progress: &Progress,
) -> Result<ScanOutcome, ScanFailure> {
    if !is_indexed(&place_of(options.root(), below)) {
        return Err(ScanFailure::Private { path: path_of(below) });
    }
    let volume = store.entry_by_id(root_row)?.ok_or(StoreError::UnknownEntry(root_row))?.volume;
    let numbered =
        root.keeps_numbers().map_err(|source| ScanFailure::Lower { path: String::new(), source })?;
    let walk = Walk { root, store, volume, numbered, options, progress, target: below };
    walk.run(root_row)?;
    Ok(progress.so_far())
}

/// Whether entries at this place have rows: in the private trees the place itself says all that there is to know.
fn is_indexed(place: &Place) -> bool {
    match place {
        Place::PrivateRoot(_)
        | Place::PrivateMarker(_)
        | Place::Private { .. }
        | Place::OtherUser
        | Place::BesideUsers => false,
        Place::Root
        | Place::Users
        | Place::Top(_)
        | Place::Shared(_)
        | Place::Android
        | Place::AndroidOther
        | Place::MediaRoot
        | Place::Media { .. } => true,
    }
}

fn place_of(root: Place, names: &[FileName]) -> Place {
    names.iter().fold(root, |place, name| place.child(&fold(name.as_str()), name.as_str(), true))
}

fn path_of(names: &[FileName]) -> String {
    names.iter().map(FileName::as_str).collect::<Vec<_>>().join("/")
}
