//! The transaction in which changes are made.

#![forbid(unsafe_code)]

use std::cell::RefCell;

use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction};

use super::snapshot::{Parts, Regranted};
use super::{Snapshot, StoreError};
use crate::id::MediaId;

/// The changes of one transaction; dropped without a commit they never were.
///
/// The methods are next to the tables that they change: entries in `records` and `moves`, plans in `plans`.
#[derive(Debug)]
pub struct Changes<'a> {
    transaction: &'a Transaction<'a>,
    before: &'a Snapshot,
    changed: RefCell<Parts>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>, before: &'a Snapshot) -> Changes<'a> {
        Changes { transaction, before, changed: RefCell::default() }
    }

    /// The snapshot to publish, where the changes touched what it shows.
    pub(super) fn next_snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        let changed = self.changed.borrow();
        if changed.is_nothing() {
            return Ok(None);
        }
        self.before.next(self.transaction, &changed).map(Some)
    }

    /// The snapshot as it was when the transaction began.
    pub(super) fn before(&self) -> &Snapshot {
        self.before
    }

    /// For questions that readers ask as well.
    pub(super) fn connection(&self) -> &Connection {
        self.transaction
    }

    pub(super) fn applications_changed(&self) {
        self.changed.borrow_mut().applications = true;
    }

    /// Grants of this entry were given or went.
    pub(super) fn grants_changed(&self, entry: MediaId) {
        self.changed.borrow_mut().grants.note(entry);
    }

    /// Grants of nobody knows which entries went.
    pub(super) fn all_grants_changed(&self) {
        self.changed.borrow_mut().grants = Regranted::All;
    }

    pub(super) fn users_changed(&self) {
        self.changed.borrow_mut().users = true;
    }

    /// Runs a statement; how many rows it changed, without those of cascades.
    pub(super) fn sql(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.transaction.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs a question that has one answer at most.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        shape: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.transaction.prepare_cached(sql)?.query_row(params, shape).optional()?)
    }

    /// Runs a question or a change that answers with rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        shape: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(self.transaction.prepare_cached(sql)?.query_map(params, shape)?.collect::<Result<_, _>>()?)
    }

    /// The number of the row that was inserted last.
    pub(super) fn last_row(&self) -> i64 {
        self.transaction.last_insert_rowid()
    }
}
