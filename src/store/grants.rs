//! Grants of one file to one package.

#![forbid(unsafe_code)]

use rusqlite::{Connection, Params, Row, params};

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
            Ok(changes.remove_grants("DELETE FROM grants WHERE id = ?1 RETURNING entry", id.raw())? > 0)
        })
    }

    /// Removes the grants that expired at `now` (seconds since 1970) or before; how many they were.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn remove_expired_grants(&self, now: i64) -> Result<usize, StoreError> {
        self.write("remove expired grants", |changes| {
            changes.remove_grants("DELETE FROM grants WHERE expires <= ?1 RETURNING entry", now)
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
        self.grants_changed(new.entry);
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

    /// Removes grants by a statement that answers with their entries; how many they were.
    fn remove_grants(&self, sql: &str, parameter: i64) -> Result<usize, StoreError> {
        let entries = self.all(sql, [parameter], |row| row.get(0).map(MediaId::new))?;
        entries.iter().for_each(|entry| self.grants_changed(*entry));
        Ok(entries.len())
    }
}

/// The columns in the order in which [`grant`] reads them, as a literal for `concat!`.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, entry, package, mode, expires, granted FROM grants ", $rest)
    };
}

pub(super) fn load(connection: &Connection) -> Result<Vec<Grant>, StoreError> {
    many(connection, select!("ORDER BY id"), [])
}

/// The grants of one entry.
pub(super) fn of_entry(connection: &Connection, entry: MediaId) -> Result<Vec<Grant>, StoreError> {
    many(connection, select!("WHERE entry = ?1 ORDER BY id"), [entry.raw()])
}

fn many(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<Grant>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_map(params, grant)?.collect::<Result<_, _>>()?)
}

fn grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: GrantId::new(row.get(0)?),
        entry: MediaId::new(row.get(1)?),
        package: columns::package(row, 2)?,
        mode: columns::mode(row, 3)?,
        expires: row.get(4)?,
        granted: row.get(5)?,
    })
}
