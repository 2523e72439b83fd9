//! What was decided for whom, the newest of it.

#![forbid(unsafe_code)]

use rusqlite::{Connection, Row, params};

use super::{Store, StoreError, columns};
use crate::error::Errno;
use crate::id::Uid;
use crate::policy::PackageName;

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditVerdict {
    /// Allowed, with everything in the file.
    Full,
    /// Allowed, without the private parts.
    Redacted,
    /// Refused by policy.
    Denied,
}

/// One decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRecord {
    /// Seconds since 1970.
    pub time: i64,
    /// Who asked.
    pub uid: Uid,
    /// The first package of the uid, where it has one.
    pub package: Option<PackageName>,
    /// What was asked, as the command line names it.
    pub operation: String,
    /// Of what: absolute, as the caller sees it.
    pub path: Vec<u8>,
    /// The answer.
    pub verdict: AuditVerdict,
    /// The errno that the caller got; an allowed operation may still fail below.
    pub errno: Option<Errno>,
    /// The rule that determined it.
    pub rule: String,
    /// How often it was decided so.
    pub count: u64,
    /// What the caller is for SELinux: of calls of the service through the kernel's driver, where there is SELinux.
    pub context: Option<String>,
}

/// A decision with its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// Grows with every record.
    pub id: i64,
    /// What was recorded.
    pub record: AuditRecord,
}

/// Which records are wanted; the default is none of them, because its limit is 0.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    /// Only of this uid.
    pub uid: Option<Uid>,
    /// Only of this path and what is below it.
    pub path: Option<Vec<u8>>,
    /// Only refusals.
    pub denied: bool,
    /// The first ones after this number; `None` is the newest ones.
    pub since: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Adds records and drops the oldest, so that at most `keep` are left.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn append_audit(&self, records: &[AuditRecord], keep: u32) -> Result<(), StoreError> {
        self.write("append to the audit", |changes| {
            for record in records {
                changes.sql(
                    "INSERT INTO audit (time, uid, package, op, path, verdict, errno, rule, count, context)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        record.time,
                        record.uid.raw(),
                        record.package.as_ref().map(PackageName::as_str),
                        record.operation,
                        record.path,
                        code(record.verdict),
                        record.errno.map(Errno::raw),
                        record.rule,
                        record.count.cast_signed(),
                        record.context
                    ],
                )?;
            }
            changes.sql("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1", [keep])?;
            Ok(())
        })
    }

    /// The records that a filter lets through, oldest first.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        self.read("query the audit", |connection| query(connection, filter))
    }
}

/// The statement of a question, as a literal: the two orders need two.
macro_rules! select {
    ($order:literal) => {
        concat!(
            "SELECT id, time, uid, package, op, path, verdict, errno, rule, count, context FROM audit ",
            "WHERE (?1 IS NULL OR uid = ?1) AND (?2 IS NULL OR path = ?2 OR substr(path, 1, length(?3)) = ?3) ",
            "AND (NOT ?4 OR verdict = 2) AND id > ?5 ORDER BY id ",
            $order,
            " LIMIT ?6"
        )
    };
}

fn query(connection: &Connection, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
    let sql = if filter.since.is_some() { select!("ASC") } else { select!("DESC") };
    let below = filter.path.as_ref().map(|path| {
        let mut below = path.clone();
        if below.last() != Some(&b'/') {
            below.push(b'/');
        }
        below
    });
    let params = params![
        filter.uid.map(Uid::raw),
        filter.path,
        below,
        filter.denied,
        filter.since.unwrap_or_default(),
        filter.limit
    ];
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows: Vec<AuditRow> = statement.query_map(params, audit_row)?.collect::<Result<_, _>>()?;
    if filter.since.is_none() {
        rows.reverse();
    }
    Ok(rows)
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let record = AuditRecord {
        time: row.get(1)?,
        uid: Uid::new(row.get(2)?),
        package: columns::optional_package(row, 3)?,
        operation: row.get(4)?,
        path: row.get(5)?,
        verdict: verdict(row.get(6)?)?,
        errno: row.get::<_, Option<i32>>(7)?.map(Errno::new),
        rule: row.get(8)?,
        count: columns::unsigned(row, 9)?,
        context: row.get(10)?,
    };
    Ok(AuditRow { id: row.get(0)?, record })
}

fn code(verdict: AuditVerdict) -> i64 {
    match verdict {
        AuditVerdict::Full => 0,
        AuditVerdict::Redacted => 1,
        AuditVerdict::Denied => 2,
    }
}

fn verdict(code: i64) -> rusqlite::Result<AuditVerdict> {
    match code {
        0 => Ok(AuditVerdict::Full),
        1 => Ok(AuditVerdict::Redacted),
        2 => Ok(AuditVerdict::Denied),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(6, other)),
    }
}
