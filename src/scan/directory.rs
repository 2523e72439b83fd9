//! One directory on the way down: where its listing stands and which subdirectories wait.

#![forbid(unsafe_code)]

use std::io;

use super::CHUNK;
use crate::id::MediaId;
use crate::lower::{DirectoryStream, FileKind, FileName, ListedName, PathFd};
use crate::policy::Place;

/// The names of a directory that are to be visited.
#[derive(Debug)]
enum Names {
    /// All of them, streamed from an offset on.
    All { stream: DirectoryStream, next: u64 },
    /// This one: the way to what is to be scanned leads through here.
    Only(FileName),
    /// No more.
    Done,
}

/// A directory that is being scanned.
#[derive(Debug)]
pub(super) struct Directory {
    /// `None` for the root of the volume, which the caller holds.
    pub(super) descriptor: Option<PathFd>,
    pub(super) row: MediaId,
    pub(super) place: Place,
    /// Relative to the volume, for people.
    pub(super) path: String,
    /// Entries with a row that were met. Listings that change meanwhile may show a name twice, so that a row too many
    /// can go unnoticed until the next scan.
    pub(super) met: u64,
    /// Subdirectories that are still to be scanned, with their rows.
    pub(super) waiting: Vec<(FileName, MediaId)>,
    /// Whether only a part of it is visited.
    pub(super) partial: bool,
    names: Names,
}

impl Directory {
    /// A directory of which everything is visited, or only the entry `only`.
    ///
    /// # Errors
    /// The lower file system's own, where it cannot be listed.
    pub(super) fn open(
        root: &PathFd,
        descriptor: Option<PathFd>,
        (row, place, path): (MediaId, Place, String),
        only: Option<&FileName>,
    ) -> io::Result<Directory> {
        let names = match only {
            Some(name) => Names::Only(name.clone()),
            None => Names::All { stream: descriptor.as_ref().unwrap_or(root).list()?, next: 0 },
        };
        let partial = only.is_some();
        Ok(Directory { descriptor, row, place, path, met: 0, waiting: Vec::new(), partial, names })
    }

    /// The next names, [`CHUNK`] at most, without those that the listing itself shows to be special; none at the end.
    ///
    /// # Errors
    /// The lower file system's own.
    pub(super) fn next_names(&mut self) -> io::Result<Vec<FileName>> {
        match std::mem::replace(&mut self.names, Names::Done) {
            Names::Done => Ok(Vec::new()),
            Names::Only(name) => Ok(vec![name]),
            Names::All { mut stream, mut next } => {
                let names = listed(&mut stream, &mut next)?;
                if !names.is_empty() {
                    self.names = Names::All { stream, next };
                }
                Ok(names)
            }
        }
    }

    /// Visits nothing more of it.
    pub(super) fn abandon(&mut self) {
        self.names = Names::Done;
        self.waiting.clear();
        self.partial = true;
    }

    /// The path of one of its entries, for people.
    pub(super) fn path_to(&self, name: &FileName) -> String {
        if self.path.is_empty() {
            name.as_str().to_owned()
        } else {
            format!("{}/{}", self.path, name.as_str())
        }
    }
}

/// Names that the listing does not show to be special, until some were found or there are no more.
fn listed(stream: &mut DirectoryStream, next: &mut u64) -> io::Result<Vec<FileName>> {
    loop {
        let some = stream.some(*next, CHUNK)?;
        let Some(last) = some.last() else { return Ok(Vec::new()) };
        *next = last.next;
        let served = some.into_iter().filter(|entry| entry.kind != Some(FileKind::Special));
        let names: Vec<_> = served
            .filter_map(|entry| match entry.name {
                ListedName::Entry(name) => Some(name),
                ListedName::Current | ListedName::Parent => None,
            })
            .collect();
        if !names.is_empty() {
            return Ok(names);
        }
    }
}
