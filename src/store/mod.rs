//! What is remembered in SQLite: applications, permissions, entries, grants, plans, reused inode numbers, audit.
//!
//! The only SQL of the project. The lower file system is the truth about files, this is what it cannot know. The
//! open path reads the in-memory [`Snapshot`] and asks for rows only where a node does not have them yet. There is
//! no clock here: times are parameters, in seconds since 1970.
//!
//! INVARIANT: a row's number never comes to mean another row.
//! INVARIANT: a snapshot shows only what was committed, and snapshots replace each other in the order of commits.
//! LOCK ORDER: writer, then completions, then snapshot. No lock is held while a reader works.

#![forbid(unsafe_code)]

mod app_ops;
mod applications;
mod audit;
mod changes;
mod columns;
mod completions;
mod connections;
mod entries;
mod error;
mod grants;
mod inodes;
mod moves;
mod places;
mod plans;
mod records;
mod schema;
mod snapshot;
#[cfg(test)]
pub(crate) mod tests;

mod users;
mod volumes;

use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, TransactionBehavior};

pub use app_ops::AppOp;
pub use applications::ApplicationRecord;
pub use audit::{AuditFilter, AuditRecord, AuditRow, AuditVerdict};
pub use changes::Changes;
pub use entries::{ContentVersion, Entry, EntryName, EntryPath, NAMES, NewEntry};
pub use error::StoreError;
pub use grants::{Grant, NewGrant};
pub use inodes::ReusedInode;
pub use places::Placement;
pub use plans::{PlanKey, SavedPlan};
pub use records::Begun;
pub use snapshot::Snapshot;
pub use users::UserPair;
pub use volumes::Volume;

use completions::Completions;
use connections::Readers;
use snapshot::Parts;

/// The database of one daemon. Shared by all threads.
#[derive(Debug)]
pub struct Store {
    writer: Mutex<Connection>,
    /// Works beside the writer, which goes on meanwhile.
    tidier: Mutex<Connection>,
    readers: Readers,
    snapshot: RwLock<Arc<Snapshot>>,
    completions: Completions,
}

impl Store {
    /// Opens the file, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] and [`StoreError::Foreign`] for a file that must not be touched,
    /// [`StoreError::Create`] and SQLite's own.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let opened = || {
            let mut connection = connections::open_writer(path)?;
            schema::migrate(&mut connection, path)?;
            let snapshot = Snapshot::default().next(&connection, &Parts::ALL)?;
            Ok((connection, snapshot))
        };
        let (connection, snapshot) =
            opened().map_err(|error: StoreError| error.opening(path).during("open the file"))?;
        Ok(Store {
            writer: Mutex::new(connection),
            tidier: Mutex::new(connections::open_tidier(path)?),
            readers: Readers::new(path),
            snapshot: RwLock::new(Arc::new(snapshot)),
            completions: Completions::default(),
        })
    }

    /// What the open path needs, as of the last commit; costs one reference count.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read())
    }

    /// Writes what rows have learned of their files, and brings what stands in the log into the database file, as far as nobody is using it. It waits for the disk, so
    /// it belongs on a thread that serves nobody; writers and readers go on meanwhile.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn tidy(&self) -> Result<(), StoreError> {
        self.flush()?;
        Ok(self.tidier.lock().query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
    }

    /// Makes several changes of entries in one transaction: all of them are kept, or none if `work` fails.
    ///
    /// Other writers wait meanwhile, so `work` should hold only calls of [`Changes`].
    ///
    /// # Errors
    /// What `work` answers, or SQLite's own.
    pub fn batch<T>(
        &self,
        work: impl FnOnce(&Changes<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write("make a batch of changes", work)
    }

    /// Runs a question on a reader.
    fn read<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.with(work).map_err(|error| error.during(operation))
    }

    /// Runs a transaction whose loss in a power failure does no harm: the lower file system still has the truth.
    fn write<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Changes<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer.lock();
        self.commit(&mut writer, work).map_err(|error| error.during(operation))
    }

    /// Runs a transaction that is on the disk when this returns: a revocation must not come undone.
    fn write_durably<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Changes<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer.lock();
        let attempt = |writer: &mut Connection| {
            writer.pragma_update(None, "synchronous", "FULL")?;
            let result = self.commit(writer, work);
            writer.pragma_update(None, "synchronous", "NORMAL")?;
            result
        };
        attempt(&mut writer).map_err(|error: StoreError| error.during(operation))
    }

    fn commit<T>(
        &self,
        writer: &mut Connection,
        work: impl FnOnce(&Changes<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = self.snapshot();
        let changes = Changes::new(&transaction, &before);
        let learned = self.completions.all();
        changes.complete(&learned)?;
        let result = work(&changes)?;
        // Loaded before the commit, so that nothing is kept that could not be published.
        let next = changes.next_snapshot()?;
        transaction.commit()?;
        self.completions.written(&learned);
        if let Some(next) = next {
            *self.snapshot.write() = Arc::new(next);
        }
        Ok(result)
    }
}
