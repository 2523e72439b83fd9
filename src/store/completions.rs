//! What rows learn of their files, written down along with the next transaction.
//!
//! A row that was made ahead of its file, or by an older schema, learns at a look which file is its own. That changes
//! no answer, so no request waits for it to be written: it is kept here, shown to readers, and lost without harm.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use parking_lot::Mutex;
use rusqlite::{Connection, params};

use super::{Changes, Entry, Store, StoreError};
use crate::id::{Identity, MediaId};

/// How many rows may wait; past it they get a transaction of their own.
const MOST: usize = 256;

/// Rows that wait, each with its file.
#[derive(Debug, Default)]
pub(super) struct Completions(Mutex<HashMap<MediaId, Identity>>);

impl Completions {
    pub(super) fn all(&self) -> HashMap<MediaId, Identity> {
        self.0.lock().clone()
    }

    /// These need not wait any more.
    pub(super) fn written(&self, learned: &HashMap<MediaId, Identity>) {
        if !learned.is_empty() {
            self.0.lock().retain(|id, file| learned.get(id) != Some(file));
        }
    }
}

impl Store {
    /// Remembers which lower file a row is of that did not tell it, or not the time of birth.
    ///
    /// # Errors
    /// SQLite's own, where many rows wait.
    pub fn complete(&self, id: MediaId, file: Identity) -> Result<(), StoreError> {
        let waiting = {
            let mut waiting = self.completions.0.lock();
            waiting.insert(id, file);
            waiting.len()
        };
        if waiting < MOST { Ok(()) } else { self.flush() }
    }

    /// Writes what rows have learned of their files if this row is among them: by that alone it is known again once its
    /// file has another name.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn settle(&self, id: MediaId) -> Result<(), StoreError> {
        let waits = self.completions.0.lock().contains_key(&id);
        if waits { self.flush() } else { Ok(()) }
    }

    /// Writes what rows have learned of their files.
    ///
    /// # Errors
    /// SQLite's own.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        if self.completions.0.lock().is_empty() {
            return Ok(());
        }
        // Every transaction writes it.
        self.write("complete entries", |_| Ok(()))
    }

    /// The entry with what it has learned.
    pub(super) fn completed(&self, mut entry: Entry) -> Entry {
        if entry.file.born == 0
            && let Some(file) = self.completions.0.lock().get(&entry.id)
            && (entry.file == Identity::NONE || entry.file.agrees(file))
        {
            entry.file = *file;
        }
        entry
    }

    /// Runs a question whose answer is entries.
    pub(super) fn all_completed(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<Vec<Entry>, StoreError>,
    ) -> Result<Vec<Entry>, StoreError> {
        let found = self.read(operation, work)?;
        Ok(found.into_iter().map(|entry| self.completed(entry)).collect())
    }

    /// The rows that have learned that they are of one of these files.
    pub(super) fn waiting_for(&self, files: &[Identity]) -> Vec<MediaId> {
        let waiting = self.completions.0.lock();
        let known = waiting.iter().filter(|(_, known)| files.iter().any(|file| known.agrees(file)));
        known.map(|(id, _)| *id).collect()
    }
}

impl Changes<'_> {
    pub(super) fn complete(&self, learned: &HashMap<MediaId, Identity>) -> Result<(), StoreError> {
        for (id, file) in learned {
            self.sql(
                "UPDATE entries SET dev = ?2, ino = ?3, born = ?4
                 WHERE id = ?1 AND (ino = 0 OR (ino = ?3 AND born = 0))",
                params![id.raw(), file.file.dev.cast_signed(), file.file.ino.cast_signed(), file.born],
            )?;
        }
        Ok(())
    }
}
