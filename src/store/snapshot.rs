//! The part of the database that every open needs, in memory and never changed in place.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::{Grant, StoreError, applications, grants};
use crate::id::{AppId, MediaId, Uid, UserId};
use crate::policy::{Application, FileGrant, Identity, PackageName};

/// Applications and grants as of one commit.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    generation: u64,
    applications: Arc<HashMap<AppId, Arc<Application>>>,
    grants: Arc<HashMap<MediaId, Vec<Grant>>>,
}

impl Snapshot {
    /// Grows with every snapshot that replaces another: what was derived from an older one is to be derived again.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What a uid stands for; `own` is the daemon's own uid.
    pub fn identity(&self, uid: Uid, own: Uid) -> Identity {
        if uid == Uid::ROOT || uid == own {
            return Identity::Root;
        }
        if uid == Uid::SHELL {
            return Identity::Shell;
        }
        self.applications
            .get(&uid.app())
            .map_or(Identity::Unknown, |application| Identity::Application(Arc::clone(application)))
    }

    /// The uid that a package has for an Android user.
    pub fn uid_of(&self, package: &PackageName, user: UserId) -> Option<Uid> {
        let (app, _) =
            self.applications.iter().find(|(_, application)| application.has_directory(package))?;
        Uid::of(user, *app)
    }

    /// The strongest grant of a file for any package of `application` that has not expired at `now` (seconds since
    /// 1970; a grant is good until the second before it expires).
    pub fn grant(&self, entry: MediaId, application: &Application, now: i64) -> Option<FileGrant> {
        self.grants(entry)
            .iter()
            .filter(|grant| grant.expires.is_none_or(|expires| now < expires))
            .filter(|grant| application.is(&grant.package))
            .map(|grant| grant.mode)
            .max_by_key(|&mode| strength(mode))
    }

    /// All grants of a file, expired ones included.
    pub fn grants(&self, entry: MediaId) -> &[Grant] {
        self.grants.get(&entry).map_or(&[], Vec::as_slice)
    }

    /// The snapshot that follows this one, with the parts that changed read again.
    pub(super) fn next(
        &self,
        connection: &Connection,
        applications: bool,
        grants: bool,
    ) -> Result<Snapshot, StoreError> {
        let mut next = self.clone();
        next.generation = self.generation.wrapping_add(1);
        if applications {
            next.applications = Arc::new(joined(applications::load(connection)?));
        }
        if grants {
            next.grants = Arc::new(by_entry(grants::load(connection)?));
        }
        Ok(next)
    }
}

/// Joins the packages of each shared uid: all permissions, the lowest target SDK.
fn joined(records: Vec<super::ApplicationRecord>) -> HashMap<AppId, Arc<Application>> {
    let mut joined: HashMap<AppId, Application> = HashMap::new();
    for record in records {
        let application = joined.entry(record.app).or_insert_with(|| Application {
            packages: Vec::new(),
            target_sdk: record.target_sdk,
            permissions: record.permissions,
        });
        application.packages.push(record.name);
        application.target_sdk = application.target_sdk.min(record.target_sdk);
        application.permissions |= record.permissions;
    }
    joined.into_iter().map(|(app, application)| (app, Arc::new(application))).collect()
}

fn by_entry(grants: Vec<Grant>) -> HashMap<MediaId, Vec<Grant>> {
    let mut by_entry: HashMap<MediaId, Vec<Grant>> = HashMap::new();
    for grant in grants {
        by_entry.entry(grant.entry).or_default().push(grant);
    }
    by_entry
}

fn strength(mode: FileGrant) -> u8 {
    match mode {
        FileGrant::Selected => 0,
        FileGrant::Read => 1,
        FileGrant::Write => 2,
    }
}
