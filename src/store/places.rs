//! Where rows stand: put in their place wherever their file was found, and set aside where another file has it.
//!
//! INVARIANT: a row is not removed because another file took its place: its own may have moved elsewhere, where it is
//! recognised by its inode number and time of birth. Until then the row stands below the root of the volume under a
//! name that no file can have, `/` and its number; a full scan removes what nobody found.

#![forbid(unsafe_code)]

use rusqlite::params;

use super::records::known;
use super::{Changes, Entry, EntryName, Store, StoreError};
use crate::id::{Identity, MediaId};
use crate::policy::{Kind, Mark, PackageName, State};

/// Where an entry comes to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement<'a> {
    /// The directory.
    pub parent: MediaId,
    /// The name there.
    pub name: EntryName<'a>,
    /// The kind on which that name and the content agree. Where it is not known the kind stays as it is, unless the name
    /// tells another one: then it is unknown until somebody looks.
    pub kind: Option<Kind>,
}

/// What of a row bears on its move.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) directory: bool,
    pub(super) owner: Option<PackageName>,
    folded: Vec<u8>,
}

impl Store {
    /// See [`Changes::place_entries`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn place_entries(&self, places: &[(MediaId, Placement<'_>)]) -> Result<(), StoreError> {
        self.write("put entries in their places", |changes| changes.place_entries(places))
    }
}

impl Changes<'_> {
    /// Puts each of these entries where its file was found: all of them, so that two can change places. Others that
    /// stand there are set aside, and a directory that lags behind its own move is taken from its way.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for an entry that does not exist or is the root of its volume, or for a parent that
    /// is no directory of the volume; or SQLite's own.
    pub fn place_entries(&self, places: &[(MediaId, Placement<'_>)]) -> Result<(), StoreError> {
        if places.len() > 1 {
            places.iter().try_for_each(|(id, _)| self.move_aside(*id))?;
        }
        for (id, to) in places {
            match self.refuse_cycle(*id, to.parent) {
                Err(StoreError::Cycle { parent, .. }) => self.move_aside(parent)?,
                other => other?,
            }
            let moving = self.moving(*id)?;
            self.vacate(to, *id)?;
            self.put(*id, &moving, to)?;
        }
        Ok(())
    }

    /// Takes an entry from a place that is not its own any more. What can never be recognised again is removed. Its
    /// owner gets the number back for the next entry that it makes there.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn set_aside(&self, standing: &Entry) -> Result<(), StoreError> {
        let recognised = standing.file != Identity::NONE && standing.file.born != 0;
        if !standing.directory && !recognised {
            return self.remove_entry(standing.id);
        }
        self.sql(
            "INSERT OR REPLACE INTO former_ids (parent, name, owner, id)
             SELECT parent, name, owner, id FROM entries
             WHERE id = ?1 AND owner IS NOT NULL AND substr(name, 1, 1) != x'2f'",
            [standing.id.raw()],
        )?;
        self.move_aside(standing.id)
    }

    /// Sets aside what stands at a place, unless it is `id`.
    pub(super) fn vacate(&self, place: &Placement<'_>, id: MediaId) -> Result<(), StoreError> {
        match self.entry(place.parent, place.name.bytes)?.filter(|standing| standing.id != id) {
            Some(standing) => self.set_aside(&standing),
            None => Ok(()),
        }
    }

    /// What is moving; not the root of a volume.
    pub(super) fn moving(&self, id: MediaId) -> Result<Moving, StoreError> {
        self.one(
            "SELECT directory, owner, folded FROM entries WHERE id = ?1 AND parent IS NOT NULL",
            [id.raw()],
            |row| {
                let owner = super::columns::optional_package(row, 1)?;
                Ok(Moving { directory: row.get(0)?, owner, folded: row.get(2)? })
            },
        )?
        .ok_or(StoreError::UnknownEntry(id))
    }

    /// Moves one row, by whichever number it has now, to a free place. State, time of
    /// expiry and kind follow from the name as far as they did before.
    pub(super) fn put(&self, id: MediaId, moving: &Moving, to: &Placement<'_>) -> Result<(), StoreError> {
        let (before, after) = (told(&moving.folded), told(to.name.folded));
        let state = (!moving.directory && before.0 != after.0).then_some(super::columns::state_code(after.0));
        let kind = to.kind.map(super::columns::kind_code);
        let unknown = !moving.directory && to.kind.is_none() && before.1 != after.1;
        let expires = Mark::expiry(to.name.bytes).filter(|_| !moving.directory);
        let changed = self.sql(
            "UPDATE entries SET parent = ?2, name = ?3, folded = ?4,
                 state = ifnull(?5, state), expires = ifnull(?8, iif(?5 IS NULL, expires, NULL)),
                 kind = iif(?7, NULL, ifnull(?6, kind)), size = iif(?7, NULL, size),
                 mtime_ns = iif(?7, NULL, mtime_ns), ctime_ns = iif(?7, NULL, ctime_ns)
             WHERE id = ?1 AND parent IS NOT NULL
             AND volume = (SELECT volume FROM entries WHERE id = ?2 AND directory)",
            params![id.raw(), to.parent.raw(), to.name.bytes, to.name.folded, state, kind, unknown, expires],
        )?;
        known(changed, id)
    }

    /// Lets the row of a file be known by another number from now on, with its grants and plan. It is left between two
    /// places.
    pub(super) fn renumber(&self, id: MediaId, number: MediaId) -> Result<(), StoreError> {
        self.copy(id, Some(number))?;
        let numbers = params![id.raw(), number.raw()];
        self.sql("UPDATE owner_users SET entry = ?2 WHERE entry = ?1", numbers)?;
        if self.sql("UPDATE grants SET entry = ?2 WHERE entry = ?1", numbers)? > 0 {
            self.grants_changed(id);
            self.grants_changed(number);
        }
        self.sql("UPDATE plans SET entry = ?2 WHERE entry = ?1", numbers)?;
        self.remove_tree(id)
    }

    /// Makes a row that says the same, with a number of its own or that which is given, between two places.
    fn copy(&self, id: MediaId, number: Option<MediaId>) -> Result<MediaId, StoreError> {
        let made = self.sql(
            "INSERT INTO entries (id, parent, volume, name, folded, directory, kind, owner, state, expires, dev, ino,
                 size, mtime_ns, ctime_ns, created, born)
             SELECT ?2, (SELECT root.id FROM entries AS root WHERE root.volume = entries.volume AND root.parent IS NULL),
                 volume, x'2f', folded, directory, kind, owner, state, expires, dev, ino, size, mtime_ns, ctime_ns,
                 created, born FROM entries WHERE id = ?1",
            params![id.raw(), number.map(MediaId::raw)],
        )?;
        known(made, id)?;
        Ok(MediaId::new(self.last_row()))
    }

    /// Has a row that was set aside leave its number to a new one; it gets another and keeps its owner, not its grants.
    /// Whether the number is free now: that of a row that stands in a place, or has others below it, is not.
    pub(super) fn give_up_number(&self, standing: &Entry) -> Result<bool, StoreError> {
        let below = self.one("SELECT 1 FROM entries WHERE parent = ?1", [standing.id.raw()], |_| Ok(()))?;
        if !standing.name.starts_with(b"/") || below.is_some() {
            return Ok(false);
        }
        let copy = self.copy(standing.id, None)?;
        self.move_aside(copy)?;
        let numbers = params![standing.id.raw(), copy.raw()];
        self.sql("UPDATE owner_users SET entry = ?2 WHERE entry = ?1", numbers)?;
        self.remove_tree(standing.id)?;
        Ok(true)
    }

    fn move_aside(&self, id: MediaId) -> Result<(), StoreError> {
        let changed = self.sql(
            "UPDATE entries SET name = CAST('/' || id AS BLOB), parent =
                 (SELECT root.id FROM entries AS root WHERE root.volume = entries.volume AND root.parent IS NULL)
             WHERE id = ?1 AND parent IS NOT NULL",
            [id.raw()],
        )?;
        known(changed, id)
    }
}

/// What a folded name tells of a file.
fn told(folded: &[u8]) -> (State, Kind) {
    let text = String::from_utf8_lossy(folded);
    let (state, plain) = State::of_name(&text);
    (state, Kind::of_extension(plain))
}
