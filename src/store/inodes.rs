//! Lower inode numbers that were used again, so that a node number is never given to another file.

#![forbid(unsafe_code)]

use rusqlite::params;

use super::{Store, StoreError, columns};
use crate::id::VolumeId;

/// One lower inode number that stood for more than one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReusedInode {
    /// The lower inode number.
    pub ino: u64,
    /// What tells its present file from former ones (birth time, generation, file handle), as the caller wants.
    pub identity: Vec<u8>,
    /// How often the number was given to another file.
    pub counter: u32,
}

impl Store {
    /// All of a volume, by number.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn reused_inodes(&self, volume: VolumeId) -> Result<Vec<ReusedInode>, StoreError> {
        self.read("load reused inodes", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT ino, identity, counter FROM reused_inodes WHERE volume = ?1 ORDER BY ino",
            )?;
            let rows = statement.query_map([volume.raw()], |row| {
                let ino = columns::unsigned(row, 0)?;
                Ok(ReusedInode { ino, identity: row.get(1)?, counter: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Remembers some, all or none; a number that is known takes the new identity and counter.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn save_reused_inodes(&self, volume: VolumeId, inodes: &[ReusedInode]) -> Result<(), StoreError> {
        self.write("save reused inodes", |changes| {
            for inode in inodes {
                changes.sql(
                    "INSERT OR REPLACE INTO reused_inodes (volume, ino, identity, counter)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![volume.raw(), inode.ino.cast_signed(), inode.identity, inode.counter],
                )?;
            }
            Ok(())
        })
    }
}
