//! Grants of one file to one package.

#![forbid(unsafe_code)]

use rusqlite::{Connection, params};

use super::{Changes, Store, StoreError, columns};
use crate::id::{GrantId, MediaId};
use crate::policy::{FileGrant, PackageName};

/// One grant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Its number.
    pub id: GrantId,
    /// The file.
    pub entry: MediaId,
    /// Who may.
    pub package: PackageName,
    /// What.
    pub mode: FileGrant,
    /// When it ends, seconds since 1970; `None` is never.
    pub expires: Option<i64>,
    /// When it was given, seconds since 1970.
    pub granted: i64,
}

/// A grant to be; the fields are those of [`Grant`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewGrant {
    /// See [`Grant::entry`].
    pub entry: MediaId,
    /// See [`Grant::package`].
    pub package: PackageName,
    /// See [`Grant::mode`].
    pub mode: FileGrant,
    /// See [`Grant::expires`].
    pub expires: Option<i64>,
    /// See [`Grant::granted`].
    pub granted: i64,
}

impl Store {
    /// Gives one grant; see [`Store::add_grants`].
    ///
    /// # Errors
    /// As [`Store::add_grants`].
    pub fn add_grant(&self, new: &NewGrant) -> Result<GrantId, StoreError> {
        self.write_durably("add a grant", |changes| changes.add_grant(new))
    }

    /// Gives grants, all or none. One of the same file, package and mode that stands takes the new times and keeps
    /// its number.
    ///
    /// # Errors
    /// [`StoreError::UnknownApplication`], [`StoreError::UnknownEntry`], or SQLite's own.
    pub fn add_grants(&self, new: &[NewGrant]) -> Result<Vec<GrantId>, StoreError> {
        self.write_durably("add grants", |changes| new.iter().map(|new| changes.add_grant(new)).collect())
    }

    /// Takes a grant back; whether there was one.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn remove_grant(&self, id: GrantId) -> Result<bool, StoreError> {
        self.write_durably("remove a grant", |changes| {
            let removed = changes.sql("DELETE FROM grants WHERE id = ?1", [id.raw()])?;
            Ok(changes.grants_removed(removed) > 0)
        })
    }

    /// Removes the grants that expired at `now` (seconds since 1970) or before; how many they were.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn remove_expired_grants(&self, now: i64) -> Result<usize, StoreError> {
        self.write("remove expired grants", |changes| {
            let removed = changes.sql("DELETE FROM grants WHERE expires <= ?1", [now])?;
            Ok(changes.grants_removed(removed))
        })
    }

    /// Every grant, in the order in which they were given.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        self.read("list grants", load)
    }
}

impl Changes<'_> {
    fn add_grant(&self, new: &NewGrant) -> Result<GrantId, StoreError> {
        self.grants_changed();
        let package = new.package.as_str();
        self.one("SELECT 1 FROM applications WHERE name = ?1", [package], |_| Ok(()))?
            .ok_or_else(|| StoreError::UnknownApplication(new.package.clone()))?;
        self.one("SELECT 1 FROM entries WHERE id = ?1", [new.entry.raw()], |_| Ok(()))?
            .ok_or(StoreError::UnknownEntry(new.entry))?;
        self.one(
            "INSERT INTO grants (entry, package, mode, expires, granted) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (entry, package, mode) DO UPDATE SET expires = excluded.expires, granted = excluded.granted
             RETURNING id",
            params![new.entry.raw(), package, columns::mode_code(new.mode), new.expires, new.granted],
            |row| row.get(0).map(GrantId::new),
        )?
        .ok_or(StoreError::from(rusqlite::Error::QueryReturnedNoRows))
    }

    /// Notes that `removed` grants went, and gives the number back.
    fn grants_removed(&self, removed: usize) -> usize {
        if removed > 0 {
            self.grants_changed();
        }
        removed
    }
}

pub(super) fn load(connection: &Connection) -> Result<Vec<Grant>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, entry, package, mode, expires, granted FROM grants ORDER BY id")?;
    let grants = statement.query_map([], |row| {
        Ok(Grant {
            id: GrantId::new(row.get(0)?),
            entry: MediaId::new(row.get(1)?),
            package: columns::package(row, 2)?,
            mode: columns::mode(row, 3)?,
            expires: row.get(4)?,
            granted: row.get(5)?,
        })
    })?;
    Ok(grants.collect::<Result<_, _>>()?)
}
