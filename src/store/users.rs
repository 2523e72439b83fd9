//! Android users: who shares media with whom, and as which user an entry was made.

#![forbid(unsafe_code)]

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Changes, Store, StoreError};
use crate::id::{MediaId, UserId};

/// Two users who share media, the smaller number first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct UserPair {
    /// The smaller number.
    pub one: UserId,
    /// The larger number.
    pub other: UserId,
}

impl UserPair {
    /// The pair of two users in either order.
    pub fn of(first: UserId, second: UserId) -> UserPair {
        UserPair { one: first.min(second), other: first.max(second) }
    }
}

impl Store {
    /// Declares that two different users share media; declaring it twice is no error.
    ///
    /// # Errors
    /// SQLite's own, also for a user and itself.
    pub fn share_users(&self, pair: UserPair) -> Result<(), StoreError> {
        self.write_durably("let users share media", |changes| {
            changes.users_changed();
            let sql = "INSERT INTO shared_users (one, other) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            changes.sql(sql, params![pair.one.raw(), pair.other.raw()]).map(drop)
        })
    }

    /// Withdraws it; whether there was anything to withdraw.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn unshare_users(&self, pair: UserPair) -> Result<bool, StoreError> {
        self.write_durably("let users share media no longer", |changes| {
            changes.users_changed();
            let sql = "DELETE FROM shared_users WHERE one = ?1 AND other = ?2";
            Ok(changes.sql(sql, params![pair.one.raw(), pair.other.raw()])? > 0)
        })
    }

    /// Every pair of users who share media, by number.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn shared_users(&self) -> Result<Vec<UserPair>, StoreError> {
        self.read("list users who share media", |connection| {
            let mut pairs: Vec<_> = load(connection)?.into_iter().collect();
            pairs.sort_unstable();
            Ok(pairs)
        })
    }

    /// The user as whom the owner of an entry made it, where that is not the user in whose tree it lies.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn owner_user(&self, entry: MediaId) -> Result<Option<UserId>, StoreError> {
        self.read("find the user of an owner", |connection| {
            let mut statement = connection.prepare_cached("SELECT user FROM owner_users WHERE entry = ?1")?;
            Ok(statement.query_row([entry.raw()], |row| row.get(0).map(UserId::new)).optional()?)
        })
    }
}

impl Changes<'_> {
    /// Records as which user the owner of an entry made it.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn set_owner_user(&self, entry: MediaId, user: UserId) -> Result<(), StoreError> {
        if !self.before().has_foreign_owners() {
            self.users_changed();
        }
        let sql = "INSERT INTO owner_users (entry, user) VALUES (?1, ?2)
             ON CONFLICT (entry) DO UPDATE SET user = excluded.user";
        self.sql(sql, params![entry.raw(), user.raw()]).map(drop)
    }
}

/// Whether any entry was made by another user than the one in whose tree it lies.
pub(super) fn any_owner_user(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM owner_users)", [], |row| row.get(0))?)
}

pub(super) fn load(connection: &Connection) -> Result<HashSet<UserPair>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT one, other FROM shared_users")?;
    let pairs = statement.query_map([], |row| {
        Ok(UserPair { one: UserId::new(row.get(0)?), other: UserId::new(row.get(1)?) })
    })?;
    Ok(pairs.collect::<Result<_, _>>()?)
}
