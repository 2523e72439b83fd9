//! Redaction plans that were made, as bytes whose meaning the caller knows.
//!
//! INVARIANT: a plan is answered only for the very content and the very scanners that it was made by.

#![forbid(unsafe_code)]

use rusqlite::{OptionalExtension, params};

use super::records::known;
use super::{Changes, ContentVersion, Store, StoreError};
use crate::id::MediaId;

/// What a plan was made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PlanKey {
    /// The file.
    pub entry: MediaId,
    /// Its content.
    pub version: ContentVersion,
    /// The version of the scanners and of the encoding of their plans.
    pub scanner: u32,
}

/// A plan as it was saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedPlan {
    /// The format that the content was found to be.
    pub format: String,
    /// The plan, encoded.
    pub plan: Vec<u8>,
}

impl Store {
    /// See [`Changes::save_plan`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn save_plan(&self, key: &PlanKey, format: &str, plan: &[u8]) -> Result<(), StoreError> {
        self.write("save a plan", |changes| changes.save_plan(key, format, plan))
    }

    /// The plan that was made for exactly that.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn plan(&self, key: &PlanKey) -> Result<Option<SavedPlan>, StoreError> {
        self.read("find a plan", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT format, plan FROM plans
                 WHERE entry = ?1 AND size = ?2 AND mtime_ns = ?3 AND ctime_ns = ?4 AND scanner = ?5",
            )?;
            let version = key.version;
            let params = params![
                key.entry.raw(),
                version.size.cast_signed(),
                version.mtime_ns,
                version.ctime_ns,
                key.scanner
            ];
            Ok(statement
                .query_row(params, |row| Ok(SavedPlan { format: row.get(0)?, plan: row.get(1)? }))
                .optional()?)
        })
    }
}

impl Changes<'_> {
    /// Saves a plan in the place of the one that the file had.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn save_plan(&self, key: &PlanKey, format: &str, plan: &[u8]) -> Result<(), StoreError> {
        let version = key.version;
        let saved = self.sql(
            "INSERT OR REPLACE INTO plans (entry, size, mtime_ns, ctime_ns, scanner, format, plan)
             SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM entries WHERE id = ?1",
            params![
                key.entry.raw(),
                version.size.cast_signed(),
                version.mtime_ns,
                version.ctime_ns,
                key.scanner,
                format,
                plan
            ],
        )?;
        known(saved, key.entry)
    }
}
