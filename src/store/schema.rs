//! Numbered migrations and the marks by which the file is known as ours.
//!
//! INVARIANT: a migration that was released is never changed; a new one is added below it.
//! INVARIANT: a file that is not ours, or newer than us, is left exactly as it is.

#![forbid(unsafe_code)]

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// `PRAGMA application_id` of our files: "mdgt" in ASCII.
const APPLICATION_ID: i64 = 0x6d64_6774;

/// The migration at index n leads from version n to version n + 1.
const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// The newest version that this program knows.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Brings the file at `path` to the newest schema.
///
/// # Errors
/// [`StoreError::NewerSchema`], [`StoreError::Foreign`], or SQLite's own.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    recognise(connection, path)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have migrated in between.
    let version = usize::try_from(number(&transaction, "user_version")?).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(migration)?;
    }
    if version < MIGRATIONS.len() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", KNOWN)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Refuses what is not ours without writing to it.
fn recognise(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application = number(connection, "application_id")?;
    let found = number(connection, "user_version")?;
    let fresh = tables == 0 && application == 0 && found == 0;
    if !fresh && application != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned(), source: None });
    }
    if found > KNOWN {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found, known: KNOWN });
    }
    Ok(())
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}
