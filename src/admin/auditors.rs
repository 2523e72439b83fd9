//! Administrators who follow the audit: each is told of what its query lets through, from where it stands.
//!
//! Nothing is lost to one who is slow, as long as the audit keeps it: where a line stands is a number of the audit, and
//! it moves on only as the line has room.

#![forbid(unsafe_code)]

use std::sync::Arc;

use parking_lot::Mutex;

use super::line::{Event, Hearer, Lines};
use super::session::{Session, audit_record, store_failed};
use super::{Admin, AdminError, AuditQuery, AuditRecord};
use crate::store::{self, Store, StoreError};

/// Lines of one uid, and of all.
const MOST: (usize, usize) = (8, 16);
/// The most records that are read for one line at a time.
const READ: usize = 256;

impl Event for AuditRecord {
    fn weight(&self) -> usize {
        160 + 2 * (self.path.len() + self.operation.len() + self.rule.len())
    }
}

/// What one line lets through, and where it stands.
#[derive(Debug)]
pub(super) struct Follows {
    query: AuditQuery,
    after: Mutex<u64>,
}

/// All lines.
pub(super) type Auditors = Lines<AuditRecord, Follows>;

/// None yet.
pub(super) fn none() -> Arc<Auditors> {
    Lines::new(MOST, Box::new(|_| {}))
}

impl Admin {
    /// Tells who follows the audit of what was recorded since the last time.
    pub fn tell_auditors(&self) {
        if let Err(error) = self.follow_audit() {
            log::error!("cannot tell of what the audit records: {error}");
        }
    }

    fn follow_audit(&self) -> Result<(), StoreError> {
        let lines = self.auditors.all();
        if lines.is_empty() {
            return Ok(());
        }
        let newest = newest(&self.store)?;
        for line in lines {
            let mut after = line.wants.after.lock();
            let limit = line.room().min(READ);
            if *after >= newest || limit == 0 {
                continue;
            }
            let query = AuditQuery {
                after: Some(*after),
                limit: u32::try_from(limit).unwrap_or(u32::MAX),
                ..line.wants.query.clone()
            };
            let rows = self.store.audit(&filter(&query))?;
            let all = rows.len() < limit;
            for row in rows {
                let record = audit_record(row);
                *after = record.id;
                // There is room: nobody else adds to the line.
                line.push(record.clone(), || record);
            }
            // What the query does not let through is not looked at again.
            if all {
                *after = newest.max(*after);
            }
        }
        Ok(())
    }
}

/// The number of the newest record.
fn newest(store: &Store) -> Result<u64, StoreError> {
    let query = AuditQuery { uid: None, path: None, denied: false, after: None, limit: 1 };
    Ok(store.audit(&filter(&query))?.last().map_or(0, |row| row.id.cast_unsigned()))
}

/// A query in the store's words.
pub(super) fn filter(query: &AuditQuery) -> store::AuditFilter {
    store::AuditFilter {
        uid: query.uid,
        path: query.path.as_ref().map(|path| path.as_bytes().to_vec()),
        denied: query.denied,
        since: query.after.map(|after| i64::try_from(after).unwrap_or(i64::MAX)),
        limit: query.limit,
    }
}

impl Session<'_> {
    pub(super) fn followed(
        &self,
        query: &AuditQuery,
        hearer: Box<dyn Hearer<AuditRecord>>,
    ) -> Result<u64, AdminError> {
        let after = query.after.map_or_else(|| newest(self.store()).map_err(store_failed), Ok)?;
        let follows = Follows { query: query.clone(), after: Mutex::new(after) };
        self.admin().auditors.add(self.uid(), follows, hearer)
    }
}
