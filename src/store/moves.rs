//! Renaming and removing rows of entries.
//!
//! INVARIANT: a rename changes one row, however much is below it.

#![forbid(unsafe_code)]

use rusqlite::params;

use super::{Changes, Placement, Store, StoreError};
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
    pub fn rename_entry(
        &self,
        id: MediaId,
        to: &Placement<'_>,
        replaced: Option<MediaId>,
    ) -> Result<MediaId, StoreError> {
        self.write("rename an entry", |changes| changes.rename_entry(id, to, replaced))
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
    /// Gives an entry another name, another parent on the same volume, or both. `replaced` is the entry whose file was
    /// replaced by the rename and is gone; any other row that stands there is set aside.
    ///
    /// Answers the number by which the entry is known from now on. That of a file changes where its owner had another
    /// entry under that name, removed before or replaced now: then it is the number of that one, so that whoever saves a
    /// file by renaming a new one over it keeps its number. Grants and plan are those of the file that was renamed, for
    /// they are for its content.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] where the entry, or a directory for it on its volume, does not exist;
    /// [`StoreError::Cycle`] where the entry is above its new place, or below what it replaces; or SQLite's own.
    pub fn rename_entry(
        &self,
        id: MediaId,
        to: &Placement<'_>,
        replaced: Option<MediaId>,
    ) -> Result<MediaId, StoreError> {
        self.refuse_cycle(id, to.parent)?;
        let moving = self.moving(id)?;
        let mut number = None;
        if let Some(replaced) = replaced.filter(|replaced| *replaced != id) {
            self.refuse_cycle(replaced, id)?;
            let owner = self.entry_by_id(replaced)?.filter(|replaced| !replaced.directory);
            let owner = owner.and_then(|replaced| replaced.owner);
            number = (owner.is_some() && owner == moving.owner).then_some(replaced);
            self.remove_tree(replaced)?;
        }
        self.vacate(to, id)?;
        if !moving.directory {
            let former = self.take_former_id(to.parent, to.name, moving.owner.as_ref())?;
            number = number.or(former.filter(|former| *former != id));
        }
        let number = number.filter(|_| !moving.directory);
        if let Some(number) = number {
            self.renumber(id, number)?;
        }
        let id = number.unwrap_or(id);
        self.put(id, &moving, to)?;
        Ok(id)
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
                 WHERE id IN (SELECT id FROM below) AND owner IS NOT NULL AND substr(name, 1, 1) != x'2f'"
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
    pub(super) fn refuse_cycle(&self, directory: MediaId, parent: MediaId) -> Result<(), StoreError> {
        let above = self.one(
            "WITH RECURSIVE up (id) AS (SELECT ?1 UNION ALL SELECT parent FROM up JOIN entries USING (id))
             SELECT 1 FROM up WHERE id = ?2",
            params![parent.raw(), directory.raw()],
            |_| Ok(()),
        )?;
        above.map_or(Ok(()), |()| Err(StoreError::Cycle { directory, parent }))
    }
}
