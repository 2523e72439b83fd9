//! Making rows of entries and changing what they say, without moving them.

#![forbid(unsafe_code)]

use rusqlite::params;

use super::{Changes, ContentVersion, Entry, EntryName, NewEntry, Store, StoreError, columns, entries};
use crate::id::{Identity, MediaId};
use crate::policy::{Kind, PackageName, State};

/// A row that was made ahead of its file.
#[must_use = "its file is made now, or the row is taken back"]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Begun {
    /// Its number.
    pub id: MediaId,
    /// Whether the number was that of a former entry.
    former: bool,
}

impl Store {
    /// See [`Changes::begin_entry`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn begin_entry(&self, new: &NewEntry<'_>) -> Result<Begun, StoreError> {
        self.write("record a new entry", |changes| changes.begin_entry(new))
    }

    /// Takes back a row whose file could not be made; a former number is kept for its owner.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn undo_entry(&self, begun: Begun) -> Result<(), StoreError> {
        self.write("take back a new entry", |changes| {
            if begun.former { changes.remove_entry(begun.id) } else { changes.remove_tree(begun.id) }
        })
    }

    /// See [`Changes::record_created`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn record_created(&self, new: &NewEntry<'_>) -> Result<MediaId, StoreError> {
        self.write("record a new entry", |changes| changes.record_created(new))
    }

    /// See [`Changes::record_found`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn record_found(&self, new: &NewEntry<'_>) -> Result<MediaId, StoreError> {
        self.write("record an entry that was found", |changes| changes.record_found(new))
    }

    /// See [`Changes::ensure_directory`]; a row that is as it should be costs no transaction.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn ensure_directory(
        &self,
        parent: MediaId,
        name: EntryName<'_>,
        file: Identity,
    ) -> Result<MediaId, StoreError> {
        match self.entry(parent, name.bytes)? {
            Some(standing) if standing.directory && standing.file == file => Ok(standing.id),
            _ => self.write("record a directory", |changes| changes.ensure_directory(parent, name, file)),
        }
    }

    /// See [`Changes::set_version`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn set_version(
        &self,
        id: MediaId,
        file: Identity,
        version: ContentVersion,
    ) -> Result<(), StoreError> {
        self.write("record a content version", |changes| changes.set_version(id, file, version))
    }

    /// See [`Changes::set_kind`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn set_kind(&self, id: MediaId, kind: Option<Kind>) -> Result<(), StoreError> {
        self.write("record a kind", |changes| changes.set_kind(id, kind))
    }

    /// See [`Changes::set_state`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn set_state(&self, id: MediaId, state: State, expires: Option<i64>) -> Result<(), StoreError> {
        self.write("record a state", |changes| changes.set_state(id, state, expires))
    }
}

impl Changes<'_> {
    /// Records a file or directory that was made just now.
    ///
    /// The number is the former one where the same owner had an entry of that name there (removed, or gone from the
    /// lower file system without our knowing), else a new one. Grants and plan of a former entry are gone in either
    /// case: they were for another content. A row that still stands there gives way (see [`Changes::set_aside`]).
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn record_created(&self, new: &NewEntry<'_>) -> Result<MediaId, StoreError> {
        Ok(self.begin_entry(new)?.id)
    }

    /// The same for a file or directory that is about to be made ([`NewEntry::file`] is [`Identity::NONE`]): the row is
    /// there first, so that whose the file is cannot be lost, and is completed with [`Store::complete`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn begin_entry(&self, new: &NewEntry<'_>) -> Result<Begun, StoreError> {
        match self.standing(new)? {
            // Known already, as a file that was found.
            Some(standing) if standing.file.agrees(&new.file) => self.remove_entry(standing.id)?,
            Some(standing) => self.set_aside(&standing)?,
            None => {}
        }
        let number = self.take_former_id(new.parent, new.name, new.owner)?;
        Ok(Begun { id: self.insert(number, new)?, former: number.is_some() })
    }

    /// Records what stands on the lower file system under a name. A row of that very file keeps its number, owner,
    /// grants and time of creation, and takes the rest from `new`; one of another file gives way, and nothing of it is
    /// inherited.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn record_found(&self, new: &NewEntry<'_>) -> Result<MediaId, StoreError> {
        match self.standing(new)? {
            Some(standing) if standing.is_of(&new.file, new.directory) => {
                if !says_the_same(&standing, new) {
                    self.refresh(standing.id, new)?;
                }
                Ok(standing.id)
            }
            Some(standing) => {
                self.set_aside(&standing)?;
                self.insert(None, new)
            }
            None => self.insert(None, new),
        }
    }

    /// The row of a directory that the caller met on the lower file system: made, without an owner or a time, where
    /// there is none. One of that directory keeps all but the device number; one of another file gives way.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] for a parent that is no directory, or SQLite's own.
    pub fn ensure_directory(
        &self,
        parent: MediaId,
        name: EntryName<'_>,
        file: Identity,
    ) -> Result<MediaId, StoreError> {
        let new = NewEntry {
            parent,
            name,
            directory: true,
            kind: None,
            owner: None,
            state: State::Normal,
            expires: None,
            file,
            version: None,
            created: 0,
        };
        match self.standing(&new)? {
            Some(standing) if standing.is_of(&file, true) => {
                self.set_file(standing.id, &file)?;
                Ok(standing.id)
            }
            _ => self.record_found(&new),
        }
    }

    /// Records which lower file an entry is and which content it has now.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn set_version(
        &self,
        id: MediaId,
        file: Identity,
        version: ContentVersion,
    ) -> Result<(), StoreError> {
        self.set_file(id, &file)?;
        self.sql(
            "UPDATE entries SET size = ?2, mtime_ns = ?3, ctime_ns = ?4 WHERE id = ?1",
            params![id.raw(), version.size.cast_signed(), version.mtime_ns, version.ctime_ns],
        )?;
        Ok(())
    }

    fn set_file(&self, id: MediaId, file: &Identity) -> Result<(), StoreError> {
        let changed = self.sql(
            "UPDATE entries SET dev = ?2, ino = ?3, born = ?4 WHERE id = ?1",
            params![id.raw(), file.file.dev.cast_signed(), file.file.ino.cast_signed(), file.born],
        )?;
        known(changed, id)
    }

    /// Records the kind that name and content now agree on.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn set_kind(&self, id: MediaId, kind: Option<Kind>) -> Result<(), StoreError> {
        let code = kind.map(columns::kind_code);
        known(self.sql("UPDATE entries SET kind = ?2 WHERE id = ?1", params![id.raw(), code])?, id)
    }

    /// Records what a file was found to contain, unless its row is of another lower file by now; whether it was
    /// recorded.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn learn_kind(
        &self,
        id: MediaId,
        ino: u64,
        version: ContentVersion,
        kind: Kind,
    ) -> Result<bool, StoreError> {
        let changed = self.sql(
            "UPDATE entries SET kind = ?3, size = ?4, mtime_ns = ?5, ctime_ns = ?6
             WHERE id = ?1 AND ino = ?2 AND NOT directory",
            params![
                id.raw(),
                ino.cast_signed(),
                columns::kind_code(kind),
                version.size.cast_signed(),
                version.mtime_ns,
                version.ctime_ns
            ],
        )?;
        Ok(changed > 0)
    }

    /// Records whether an entry is finished, and when it is to be removed (seconds since 1970).
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn set_state(&self, id: MediaId, state: State, expires: Option<i64>) -> Result<(), StoreError> {
        let changed = self.sql(
            "UPDATE entries SET state = ?2, expires = ?3 WHERE id = ?1",
            params![id.raw(), columns::state_code(state), expires],
        )?;
        known(changed, id)
    }

    fn standing(&self, new: &NewEntry<'_>) -> Result<Option<Entry>, StoreError> {
        entries::by_name(self.connection(), new.parent, new.name.bytes)
    }

    /// The number that the same owner's entry of that name had; it is given back only once, and not while it is the
    /// number of a row that stands elsewhere. A row that was set aside gives its number away and gets another.
    pub(super) fn take_former_id(
        &self,
        parent: MediaId,
        name: EntryName<'_>,
        owner: Option<&PackageName>,
    ) -> Result<Option<MediaId>, StoreError> {
        let Some(owner) = owner else { return Ok(None) };
        let former = self.one(
            "DELETE FROM former_ids WHERE parent = ?1 AND name = ?2 AND owner = ?3 RETURNING id",
            params![parent.raw(), name.bytes, owner.as_str()],
            |row| row.get(0).map(MediaId::new),
        )?;
        let Some(former) = former else { return Ok(None) };
        let free = match self.entry_by_id(former)? {
            Some(standing) => self.give_up_number(&standing)?,
            None => true,
        };
        Ok(free.then_some(former))
    }

    fn insert(&self, id: Option<MediaId>, new: &NewEntry<'_>) -> Result<MediaId, StoreError> {
        let version = new.version;
        let inserted = self.sql(
            "INSERT INTO entries (id, parent, volume, name, folded, directory, kind, owner, state, expires, dev,
                 ino, size, mtime_ns, ctime_ns, created, born)
             SELECT ?1, id, volume, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16 FROM entries
             WHERE id = ?2 AND directory",
            params![
                id.map(MediaId::raw),
                new.parent.raw(),
                new.name.bytes,
                new.name.folded,
                new.directory,
                new.kind.map(columns::kind_code),
                new.owner.map(|owner| owner.as_str()),
                columns::state_code(new.state),
                new.expires,
                new.file.file.dev.cast_signed(),
                new.file.file.ino.cast_signed(),
                version.map(|version| version.size.cast_signed()),
                version.map(|version| version.mtime_ns),
                version.map(|version| version.ctime_ns),
                new.created,
                new.file.born,
            ],
        )?;
        known(inserted, new.parent)?;
        Ok(MediaId::new(self.last_row()))
    }

    fn refresh(&self, id: MediaId, new: &NewEntry<'_>) -> Result<(), StoreError> {
        let version = new.version;
        let changed = self.sql(
            "UPDATE entries SET folded = ?2, kind = ?3, state = ?4, expires = ?5, dev = ?6, ino = ?7, size = ?8,
                 mtime_ns = ?9, ctime_ns = ?10, born = ?11 WHERE id = ?1",
            params![
                id.raw(),
                new.name.folded,
                new.kind.map(columns::kind_code),
                columns::state_code(new.state),
                new.expires,
                new.file.file.dev.cast_signed(),
                new.file.file.ino.cast_signed(),
                version.map(|version| version.size.cast_signed()),
                version.map(|version| version.mtime_ns),
                version.map(|version| version.ctime_ns),
                new.file.born,
            ],
        )?;
        known(changed, id)
    }
}

/// Whether [`Changes::record_found`] has nothing to write. A folded name follows from the name.
fn says_the_same(standing: &Entry, new: &NewEntry<'_>) -> bool {
    standing.kind == new.kind
        && standing.state == new.state
        && standing.expires == new.expires
        && standing.file == new.file
        && standing.version == new.version
}

/// A change that met no row was meant for one that does not exist.
pub(super) fn known(changed: usize, id: MediaId) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::UnknownEntry(id)) } else { Ok(()) }
}
