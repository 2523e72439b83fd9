//! Renaming, exchanging and removing rows of entries.
//!
//! INVARIANT: a rename changes one row, however much is below it.

#![forbid(unsafe_code)]

use rusqlite::params;

use super::records::known;
use super::{Changes, EntryName, Store, StoreError, entries};
use crate::id::MediaId;

/// How many numbers of removed entries are kept for their owners.
const FORMER_IDS_KEPT: i64 = 10_000;

/// The ids of an entry and all below it, as a literal for `concat!`.
macro_rules! below {
    ($rest:literal) => {
        concat!(
            "WITH RECURSIVE below (id) AS (SELECT id FROM entries WHERE id = ?1 AND parent IS NOT NULL ",
            "UNION ALL SELECT entries.id FROM below JOIN entries ON entries.parent = below.id) ",
            $rest
        )
    };
}

impl Store {
    /// See [`Changes::rename_entry`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], [`StoreError::Cycle`], or SQLite's own.
    pub fn rename_entry(&self, id: MediaId, parent: MediaId, name: EntryName<'_>) -> Result<(), StoreError> {
        self.write("rename an entry", |changes| changes.rename_entry(id, parent, name))
    }

    /// See [`Changes::exchange_entries`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], [`StoreError::Cycle`], or SQLite's own.
    pub fn exchange_entries(&self, one: MediaId, other: MediaId) -> Result<(), StoreError> {
        self.write("exchange two entries", |changes| changes.exchange_entries(one, other))
    }

    /// See [`Changes::remove_entry`].
    ///
    /// # Errors
    /// SQLite's own.
    pub fn remove_entry(&self, id: MediaId) -> Result<(), StoreError> {
        self.write("remove an entry", |changes| changes.remove_entry(id))
    }
}

impl Changes<'_> {
    /// Gives an entry another name, another parent on the same volume, or both; a row that stands there is replaced.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] where the entry, or a directory `parent` on its volume, does not exist;
    /// [`StoreError::Cycle`] where the entry is above `parent`; or SQLite's own.
    pub fn rename_entry(&self, id: MediaId, parent: MediaId, name: EntryName<'_>) -> Result<(), StoreError> {
        self.refuse_cycle(id, parent)?;
        if let Some(standing) = entries::by_name(self.connection(), parent, name.bytes)?
            && standing.id != id
        {
            self.refuse_cycle(standing.id, id)?;
            self.remove_tree(standing.id)?;
        }
        let changed = self.sql(
            "UPDATE entries SET parent = ?2, name = ?3, folded = ?4 WHERE id = ?1 AND parent IS NOT NULL
             AND volume = (SELECT volume FROM entries WHERE id = ?2 AND directory)",
            params![id.raw(), parent.raw(), name.bytes, name.folded],
        )?;
        known(changed, id)
    }

    /// Puts each of two entries of a volume in the place of the other.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] where one does not exist or is the root of its volume, [`StoreError::Cycle`]
    /// where one is above the other, or SQLite's own.
    pub fn exchange_entries(&self, one: MediaId, other: MediaId) -> Result<(), StoreError> {
        let (one_parent, one_name, one_folded) = self.place(one)?;
        let (other_parent, other_name, other_folded) = self.place(other)?;
        self.refuse_cycle(one, other)?;
        self.refuse_cycle(other, one)?;
        // No file has a name with a slash, so the place in between is free.
        let between = EntryName { bytes: b"/", folded: b"/" };
        self.rename_entry(one, one_parent, between)?;
        self.rename_entry(other, one_parent, EntryName { bytes: &one_name, folded: &one_folded })?;
        self.rename_entry(one, other_parent, EntryName { bytes: &other_name, folded: &other_folded })
    }

    /// Removes an entry and all below it, with grants and plans; no error where there is none. The root of a volume
    /// stays. An owner that makes the same entry again gets the same number.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn remove_entry(&self, id: MediaId) -> Result<(), StoreError> {
        self.sql(
            below!(
                "INSERT OR REPLACE INTO former_ids (parent, name, owner, id)
                 SELECT parent, name, owner, id FROM entries
                 WHERE id IN (SELECT id FROM below) AND owner IS NOT NULL"
            ),
            [id.raw()],
        )?;
        self.sql(
            "DELETE FROM former_ids WHERE sequence <= (SELECT max(sequence) FROM former_ids) - ?1",
            [FORMER_IDS_KEPT],
        )?;
        self.remove_tree(id)
    }

    /// Removes an entry and all below it without a trace.
    pub(super) fn remove_tree(&self, id: MediaId) -> Result<(), StoreError> {
        let sql = below!("DELETE FROM entries WHERE id IN (SELECT id FROM below) RETURNING id");
        let removed = self.all(sql, [id.raw()], |row| row.get(0).map(MediaId::new))?;
        removed
            .into_iter()
            .filter(|id| !self.before().grants(*id).is_empty())
            .for_each(|id| self.grants_changed(id));
        Ok(())
    }

    /// Rows may lag behind the lower file system, so that a rename which is sound there could close a circle here.
    fn refuse_cycle(&self, directory: MediaId, parent: MediaId) -> Result<(), StoreError> {
        let above = self.one(
            "WITH RECURSIVE up (id) AS (SELECT ?1 UNION ALL SELECT parent FROM up JOIN entries USING (id))
             SELECT 1 FROM up WHERE id = ?2",
            params![parent.raw(), directory.raw()],
            |_| Ok(()),
        )?;
        above.map_or(Ok(()), |()| Err(StoreError::Cycle { directory, parent }))
    }

    fn place(&self, id: MediaId) -> Result<(MediaId, Vec<u8>, Vec<u8>), StoreError> {
        self.one(
            "SELECT parent, name, folded FROM entries WHERE id = ?1 AND parent IS NOT NULL",
            [id.raw()],
            |row| Ok((MediaId::new(row.get(0)?), row.get(1)?, row.get(2)?)),
        )?
        .ok_or(StoreError::UnknownEntry(id))
    }
}
