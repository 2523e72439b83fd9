//! How connections are opened, and the readers that are kept for the next question.

#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long a connection waits for a lock of another process (a second command on the same state directory).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept by each connection: more than there are in this module.
const STATEMENTS: usize = 96;

/// Pages in the log at which a write tidies it up itself, 4 KiB each: far more than the tidying in the background
/// ([`super::Store::tidy`]) leaves, so that no request waits for the disk.
const LOG_LIMIT: u32 = 16_384;

/// Pages that each connection keeps in memory, in KiB: the rows of a directory of a hundred thousand entries, which a
/// listing meets in no order.
const CACHE_KIB: i64 = 16 << 10;

/// Idle readers that are kept; more may be in use at a time.
const READERS_KEPT: usize = 8;

/// Opens the one connection that writes; makes the file where there is none, for its owner only.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_LIMIT, |_| Ok(()))?;
    // What a burst of changes left in the log is given back at the next checkpoint.
    connection.pragma_update_and_check(None, "journal_size_limit", 16 << 20, |_| Ok(()))?;
    Ok(connection)
}

/// Opens the connection that tidies up.
pub(super) fn open_tidier(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    #[cfg(test)]
    super::tests::watch(connection);
    connection.pragma_update(None, "trusted_schema", false)
}

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Readers {
        Readers { path: path.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Lends a reader to `work`. No lock is held meanwhile.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = work(&connection);
        let mut idle = self.idle.lock();
        if idle.len() < READERS_KEPT {
            idle.push(connection);
        }
        result
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        prepare(&connection)?;
        Ok(connection)
    }
}
