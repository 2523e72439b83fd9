//! What can go wrong with the database, in words that tell a person what to do.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use crate::id::MediaId;
use crate::policy::PackageName;

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file was written by a newer program.
    #[error(
        "{path} has database schema {found} and this program knows up to {known}: run the program that wrote it, \
         or move the file away to begin anew"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is no database, is damaged, or belongs to another program.
    #[error("{path} is damaged or no database of this program: restore it, or move it away to begin anew")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What SQLite says of it; `None` for a sound database of another program.
        source: Option<rusqlite::Error>,
    },
    /// The file cannot be made.
    #[error("cannot create the database {path}: let this user write there, or choose another directory")]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No application of that name is registered.
    #[error("no application {}", .0.as_str())]
    UnknownApplication(PackageName),
    /// No entry has that id, or it cannot play the part that was asked of it (a parent that is a file).
    #[error("no suitable entry {0}")]
    UnknownEntry(MediaId),
    /// The rename would put a directory below itself.
    #[error("directory {directory} cannot move below itself into {parent}")]
    Cycle {
        /// What was to move.
        directory: MediaId,
        /// Where to.
        parent: MediaId,
    },
    /// SQLite's own answer.
    #[error("cannot {operation} in the database")]
    Sql {
        /// What was attempted.
        operation: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether there is no room for the database to grow.
    pub fn is_full(&self) -> bool {
        matches!(self, StoreError::Sql { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }

    /// Says what was attempted, where only SQLite's answer is known.
    pub(super) fn during(self, attempted: &'static str) -> StoreError {
        match self {
            StoreError::Sql { source, .. } => StoreError::Sql { operation: attempted, source },
            other => other,
        }
    }

    /// Turns SQLite's ways of saying "this is no database" into the answer that names the file.
    pub(super) fn opening(self, path: &std::path::Path) -> StoreError {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            StoreError::Sql { source, .. }
                if matches!(source.sqlite_error_code(), Some(NotADatabase | DatabaseCorrupt)) =>
            {
                StoreError::Foreign { path: path.to_owned(), source: Some(source) }
            }
            other => other,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> StoreError {
        StoreError::Sql { operation: "work", source }
    }
}
