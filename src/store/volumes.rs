//! Volumes, each with the row of its root directory.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, params};

use super::{Changes, Store, StoreError};
use crate::id::{Identity, MediaId, VolumeId};

/// One volume that was ever served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volume {
    /// Its number, the same at every start.
    pub id: VolumeId,
    /// Its lower directory.
    pub path: PathBuf,
    /// The row of its root.
    pub root: MediaId,
}

impl Store {
    /// The volume of a lower directory (an absolute path); made where it is not known. `file` is the root's.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn volume(&self, path: &Path, file: Identity) -> Result<Volume, StoreError> {
        self.write("set up a volume", |changes| changes.volume(path, file))
    }

    /// Every volume, in the order in which they were first set up.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn volumes(&self) -> Result<Vec<Volume>, StoreError> {
        self.read("list volumes", load)
    }
}

impl Changes<'_> {
    fn volume(&self, path: &Path, file: Identity) -> Result<Volume, StoreError> {
        let bytes = path.as_os_str().as_bytes();
        self.sql("INSERT INTO volumes (path) VALUES (?1) ON CONFLICT DO NOTHING", [bytes])?;
        self.sql(
            "INSERT INTO entries (volume, name, folded, directory, state, dev, ino, born, created)
             SELECT id, x'', x'', 1, 0, ?2, ?3, ?4, 0 FROM volumes WHERE path = ?1
             ON CONFLICT DO UPDATE SET dev = excluded.dev, ino = excluded.ino, born = excluded.born",
            params![bytes, file.file.dev.cast_signed(), file.file.ino.cast_signed(), file.born],
        )?;
        self.one(
            "SELECT volumes.id, path, entries.id FROM volumes
             JOIN entries ON entries.volume = volumes.id AND parent IS NULL WHERE path = ?1",
            [bytes],
            volume,
        )?
        .ok_or(StoreError::from(rusqlite::Error::QueryReturnedNoRows))
    }
}

fn load(connection: &Connection) -> Result<Vec<Volume>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT volumes.id, path, entries.id FROM volumes
         JOIN entries ON entries.volume = volumes.id AND parent IS NULL ORDER BY volumes.id",
    )?;
    Ok(statement.query_map([], volume)?.collect::<Result<_, _>>()?)
}

fn volume(row: &Row<'_>) -> rusqlite::Result<Volume> {
    Ok(Volume {
        id: VolumeId::new(row.get(0)?),
        path: PathBuf::from(OsString::from_vec(row.get(1)?)),
        root: MediaId::new(row.get(2)?),
    })
}
