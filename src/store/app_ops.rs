//! App-ops: switches beside permissions, which the user turns.

#![forbid(unsafe_code)]

use rusqlite::{Connection, params};

use super::{Changes, Store, StoreError, columns};
use crate::policy::{AppOpMode, PackageName, Permissions, parse_permission, permission_names};

/// One app-op that does not stand at its default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppOp {
    /// Whose.
    pub package: PackageName,
    /// Of which permission.
    pub op: Permissions,
    /// What it says.
    pub mode: AppOpMode,
}

impl Store {
    /// Sets app-ops of packages, all or none; [`AppOpMode::Default`] forgets what was set.
    ///
    /// # Errors
    /// [`StoreError::UnknownApplication`], or SQLite's own.
    pub fn set_app_ops(&self, ops: &[AppOp]) -> Result<(), StoreError> {
        self.write_durably("set app-ops", |changes| ops.iter().try_for_each(|op| changes.set_app_op(op)))
    }

    /// Every app-op that does not stand at its default, by package.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn app_ops(&self) -> Result<Vec<AppOp>, StoreError> {
        self.read("list app-ops", load)
    }
}

impl Changes<'_> {
    pub(super) fn set_app_op(&self, set: &AppOp) -> Result<(), StoreError> {
        let application = self.application_row(&set.package)?;
        for op in permission_names(set.op) {
            match columns::app_op_code(set.mode) {
                Some(mode) => self.sql(
                    "INSERT INTO app_ops (application, op, mode) VALUES (?1, ?2, ?3)
                     ON CONFLICT (application, op) DO UPDATE SET mode = excluded.mode",
                    params![application, op, mode],
                )?,
                None => self.sql(
                    "DELETE FROM app_ops WHERE application = ?1 AND op = ?2",
                    params![application, op],
                )?,
            };
        }
        Ok(())
    }
}

/// Every app-op that does not stand at its default. One that this program does not know says nothing.
pub(super) fn load(connection: &Connection) -> Result<Vec<AppOp>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, op, mode FROM app_ops JOIN applications ON applications.id = app_ops.application
         ORDER BY name, op",
    )?;
    let ops = statement.query_map([], |row| {
        let op = parse_permission(row.get_ref(1)?.as_str()?).unwrap_or_default();
        Ok(AppOp { package: columns::package(row, 0)?, op, mode: columns::app_op(row, 2)? })
    })?;
    let ops: Vec<AppOp> = ops.collect::<Result<_, _>>()?;
    Ok(ops.into_iter().filter(|op| !op.op.is_empty()).collect())
}
