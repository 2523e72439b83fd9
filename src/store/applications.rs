//! Applications and what is granted to them as a whole.

#![forbid(unsafe_code)]

use std::slice;

use rusqlite::{Connection, params};

use super::{AppOp, Changes, Store, StoreError, columns};
use crate::id::AppId;
use crate::policy::{PackageName, Permissions, parse_permission, permission_names};

/// One package as it is registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplicationRecord {
    /// Its name, the key.
    pub name: PackageName,
    /// Its uid without the user; packages that have the same one share all rights.
    pub app: AppId,
    /// The Android API level that it was made for.
    pub target_sdk: u32,
    /// What is granted to it.
    pub permissions: Permissions,
}

impl Store {
    /// Registers a package, or changes all that is known of it.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn set_application(&self, record: &ApplicationRecord) -> Result<(), StoreError> {
        self.set_applications(slice::from_ref(record))
    }

    /// Does so for many, all or none; packages that are not named stay as they are.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn set_applications(&self, records: &[ApplicationRecord]) -> Result<(), StoreError> {
        self.write_durably("register applications", |changes| {
            records.iter().try_for_each(|record| changes.set_application(record))
        })
    }

    /// Registers packages and sets app-ops of theirs, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownApplication`] for an app-op of a package that nobody registered, or SQLite's own.
    pub fn register(&self, records: &[ApplicationRecord], ops: &[AppOp]) -> Result<(), StoreError> {
        self.write_durably("register applications", |changes| {
            records.iter().try_for_each(|record| changes.set_application(record))?;
            ops.iter().try_for_each(|op| changes.set_app_op(op))
        })
    }

    /// Forgets a package: its entries lose their owner for good, its grants go.
    ///
    /// # Errors
    /// [`StoreError::UnknownApplication`], or SQLite's own.
    pub fn remove_application(&self, name: &PackageName) -> Result<(), StoreError> {
        self.write_durably("remove an application", |changes| changes.remove_application(name))
    }

    /// Every package, by name.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn applications(&self) -> Result<Vec<ApplicationRecord>, StoreError> {
        self.read("list applications", load)
    }

    /// Adds permissions to those of a package.
    ///
    /// # Errors
    /// [`StoreError::UnknownApplication`], or SQLite's own.
    pub fn grant_permission(&self, name: &PackageName, permissions: Permissions) -> Result<(), StoreError> {
        self.write_durably("grant a permission", |changes| changes.add_permissions(name, permissions))
    }

    /// Takes permissions from a package; those that it does not have are no error.
    ///
    /// # Errors
    /// [`StoreError::UnknownApplication`], or SQLite's own.
    pub fn revoke_permission(&self, name: &PackageName, permissions: Permissions) -> Result<(), StoreError> {
        self.write_durably("revoke a permission", |changes| changes.take_permissions(name, permissions))
    }
}

impl Changes<'_> {
    fn set_application(&self, record: &ApplicationRecord) -> Result<(), StoreError> {
        self.applications_changed();
        self.sql(
            "INSERT INTO applications (name, app, target_sdk) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET app = excluded.app, target_sdk = excluded.target_sdk",
            params![record.name.as_str(), record.app.raw(), record.target_sdk],
        )?;
        self.take_permissions(&record.name, Permissions::all())?;
        self.add_permissions(&record.name, record.permissions)
    }

    fn remove_application(&self, name: &PackageName) -> Result<(), StoreError> {
        self.applications_changed();
        self.all_grants_changed();
        let removed = self.sql("DELETE FROM applications WHERE name = ?1", [name.as_str()])?;
        if removed == 0 {
            return Err(StoreError::UnknownApplication(name.clone()));
        }
        self.sql("UPDATE entries SET owner = NULL WHERE owner = ?1", [name.as_str()])?;
        self.sql("DELETE FROM former_ids WHERE owner = ?1", [name.as_str()])?;
        Ok(())
    }

    fn add_permissions(&self, name: &PackageName, permissions: Permissions) -> Result<(), StoreError> {
        let id = self.application_row(name)?;
        for permission in permission_names(permissions) {
            self.sql(
                "INSERT INTO permissions (application, permission) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![id, permission],
            )?;
        }
        Ok(())
    }

    fn take_permissions(&self, name: &PackageName, permissions: Permissions) -> Result<(), StoreError> {
        let id = self.application_row(name)?;
        for permission in permission_names(permissions) {
            self.sql(
                "DELETE FROM permissions WHERE application = ?1 AND permission = ?2",
                params![id, permission],
            )?;
        }
        Ok(())
    }

    pub(super) fn application_row(&self, name: &PackageName) -> Result<i64, StoreError> {
        self.applications_changed();
        self.one("SELECT id FROM applications WHERE name = ?1", [name.as_str()], |row| row.get(0))?
            .ok_or_else(|| StoreError::UnknownApplication(name.clone()))
    }
}

/// Every package, by name. A permission that this program does not know gives no right and is left out.
pub(super) fn load(connection: &Connection) -> Result<Vec<ApplicationRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, app, target_sdk, permission FROM applications
         LEFT JOIN permissions ON permissions.application = applications.id ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    let mut records: Vec<ApplicationRecord> = Vec::new();
    while let Some(row) = rows.next()? {
        let name = columns::package(row, 0)?;
        let permission: Option<String> = row.get(3)?;
        let permission = permission.as_deref().and_then(parse_permission).unwrap_or_default();
        match records.last_mut() {
            Some(last) if last.name == name => last.permissions |= permission,
            _ => records.push(ApplicationRecord {
                name,
                app: AppId::new(row.get(1)?),
                target_sdk: row.get(2)?,
                permissions: permission,
            }),
        }
    }
    Ok(records)
}
