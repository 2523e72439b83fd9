//! Writing down what was found, a chunk in one transaction.

#![forbid(unsafe_code)]

use std::time::{SystemTime, UNIX_EPOCH};

use super::ScanFailure;
use super::directory::Directory;
use super::look::Looked;
use super::meet::stored;
use super::progress::add;
use super::walk::Walk;
use crate::id::{Identity, MediaId};
use crate::lower::FileName;
use crate::policy::{Mark, State};
use crate::store::{Changes, Entry, EntryName, NewEntry, Placement, PlanKey, StoreError};

/// An entry whose row is to be made or brought up to date.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: FileName,
    pub(super) folded: String,
    pub(super) file: Identity,
    /// Names that the file has.
    pub(super) links: u32,
    /// The row of that name when the entry was met; it may be of another file.
    pub(super) standing: Option<Entry>,
    /// The row of that file, which stood elsewhere when it was met.
    pub(super) moved: Option<Entry>,
    /// What a file contains; `None` for a directory.
    pub(super) looked: Option<Looked>,
}

/// What became of one of them.
#[derive(Debug, Default)]
struct Recorded {
    /// The row of the file that stands there now; `None` where another one's does.
    row: Option<MediaId>,
    changed: bool,
}

impl Walk<'_> {
    /// Records all of them or none; answers the names whose rows changed meanwhile, so that they are to be met again.
    ///
    /// # Errors
    /// [`ScanFailure::Store`].
    pub(super) fn record(
        &self,
        directory: &mut Directory,
        found: Vec<Found>,
    ) -> Result<Vec<FileName>, ScanFailure> {
        let mut again = Vec::new();
        if found.is_empty() {
            return Ok(again);
        }
        let write = |changes: &Changes<'_>| {
            found.iter().map(|found| found.write(changes, directory.row)).collect::<Result<Vec<_>, _>>()
        };
        let recorded = match self.store.batch(write) {
            Ok(recorded) => recorded,
            // The directory was removed meanwhile, and with it all that there was to record.
            Err(StoreError::UnknownEntry(_)) => {
                directory.abandon();
                return Ok(again);
            }
            Err(error) => return Err(error.into()),
        };
        for (found, recorded) in found.into_iter().zip(recorded) {
            add(&self.progress.changed, recorded.changed.into());
            let Some(row) = recorded.row else {
                again.push(found.name);
                continue;
            };
            directory.met = directory.met.saturating_add(1);
            if found.looked.is_none() {
                directory.waiting.push((found.name, row));
            }
        }
        Ok(again)
    }
}

impl Found {
    fn write(&self, changes: &Changes<'_>, parent: MediaId) -> Result<Recorded, StoreError> {
        let present = changes.entry(parent, self.name.as_str().as_bytes())?;
        if present != self.standing {
            // The daemon wrote the row meanwhile and knows better; or it followed another file to its place.
            let row = present.filter(|row| row.is_of(&self.file, self.looked.is_none())).map(|row| row.id);
            return Ok(Recorded { row, changed: false });
        }
        let moved = self.follow(changes, parent)?;
        match &self.looked {
            None => {
                let row = changes.ensure_directory(parent, self.entry_name(), self.file)?;
                Ok(Recorded { row: Some(row), changed: true })
            }
            Some(looked) => {
                let own = moved.as_ref().or(self.own());
                let recorded = self.write_file(changes, parent, looked, own)?;
                Ok(Recorded { changed: recorded.changed || moved.is_some(), ..recorded })
            }
        }
    }

    /// The row that came here with the file, unless somebody else moved it meanwhile.
    fn follow(&self, changes: &Changes<'_>, parent: MediaId) -> Result<Option<Entry>, StoreError> {
        let Some(moved) = &self.moved else { return Ok(None) };
        if changes.entry_by_id(moved.id)?.as_ref() != Some(moved) {
            return Ok(None);
        }
        changes.place_entries(&[(moved.id, Placement { parent, name: self.entry_name(), kind: None })])?;
        changes.entry_by_id(moved.id)
    }

    /// The row of that name if it is of this file.
    pub(super) fn own(&self) -> Option<&Entry> {
        self.standing.as_ref().filter(|row| row.is_of(&self.file, self.looked.is_none()))
    }

    fn write_file(
        &self,
        changes: &Changes<'_>,
        parent: MediaId,
        looked: &Looked,
        own: Option<&Entry>,
    ) -> Result<Recorded, StoreError> {
        let new = self.row(parent, looked, own);
        let row = changes.record_found(&new)?;
        if let Some(plan) = &looked.plan {
            let version = stored(looked.version);
            let key = PlanKey { entry: row, version, scanner: looked.scanner };
            changes.save_plan(&key, &plan.format, &plan.plan)?;
        }
        Ok(Recorded { row: Some(row), changed: own.is_none_or(|own| differs(own, &new)) })
    }

    fn row<'a>(&'a self, parent: MediaId, looked: &Looked, own: Option<&Entry>) -> NewEntry<'a> {
        let told = State::of_name(&self.folded).0;
        NewEntry {
            parent,
            name: self.entry_name(),
            directory: false,
            kind: Some(looked.kind),
            owner: None,
            // A state that only the row knows is not for the scan to end.
            state: own.map(|own| own.state).filter(|_| told == State::Normal).unwrap_or(told),
            expires: expires(self.name.as_str())
                .or(own.and_then(|own| own.expires).filter(|_| told == State::Normal)),
            file: self.file,
            version: Some(stored(looked.version)),
            created: now(),
        }
    }

    fn entry_name(&self) -> EntryName<'_> {
        EntryName { bytes: self.name.as_str().as_bytes(), folded: self.folded.as_bytes() }
    }
}

/// When the file of a name is to be removed.
pub(super) fn expires(name: &str) -> Option<i64> {
    Mark::expiry(name.as_bytes())
}

/// Whether recording `new` changes the row.
fn differs(own: &Entry, new: &NewEntry<'_>) -> bool {
    own.kind != new.kind
        || own.state != new.state
        || own.file != new.file
        || own.expires != new.expires
        || own.version != new.version
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
