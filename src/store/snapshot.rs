//! The part of the database that every open needs, in memory and never changed in place.

#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;

use super::{AppOp, Grant, StoreError, UserPair, app_ops, applications, grants, users};
use crate::id::{AppId, MediaId, Uid, UserId};
use crate::policy::{AppOps, Application, FileGrants, Identity, PackageName, Permissions};

/// What of a snapshot is to be read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Parts {
    pub(super) applications: bool,
    pub(super) grants: bool,
    pub(super) users: bool,
}

impl Parts {
    pub(super) const ALL: Parts = Parts { applications: true, grants: true, users: true };
}

/// Applications, grants and sharing users as of one commit.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    generation: u64,
    applications: Arc<HashMap<AppId, Arc<Application>>>,
    grants: Arc<HashMap<MediaId, Vec<Grant>>>,
    sharing: Arc<HashSet<UserPair>>,
    foreign_owners: bool,
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

    /// The grants of a file for any package of `application` that have not expired at `now` (seconds since 1970; a
    /// grant is good until the second before it expires).
    pub fn granted(&self, entry: MediaId, application: &Application, now: i64) -> FileGrants {
        self.grants(entry)
            .iter()
            .filter(|grant| grant.expires.is_none_or(|expires| now < expires))
            .filter(|grant| application.is(&grant.package))
            .fold(FileGrants::empty(), |all, grant| all | grant.mode.into())
    }

    /// All grants of a file, expired ones included.
    pub fn grants(&self, entry: MediaId) -> &[Grant] {
        self.grants.get(&entry).map_or(&[], Vec::as_slice)
    }

    /// Whether two users share media: they were declared to, or are the same.
    pub fn share_media(&self, one: UserId, other: UserId) -> bool {
        one == other || self.sharing.contains(&UserPair::of(one, other))
    }

    /// Whether any entry was made by another user than the one in whose tree it lies.
    pub fn has_foreign_owners(&self) -> bool {
        self.foreign_owners
    }

    /// The snapshot that follows this one, with the parts that changed read again.
    pub(super) fn next(&self, connection: &Connection, changed: Parts) -> Result<Snapshot, StoreError> {
        let mut next = self.clone();
        next.generation = self.generation.wrapping_add(1);
        if changed.applications {
            let ops = app_ops::load(connection)?;
            next.applications = Arc::new(joined(applications::load(connection)?, &ops));
        }
        if changed.grants {
            next.grants = Arc::new(by_entry(grants::load(connection)?));
        }
        if changed.users {
            next.sharing = Arc::new(users::load(connection)?);
            next.foreign_owners = users::any_owner_user(connection)?;
        }
        Ok(next)
    }
}

/// Joins the packages of each shared uid: all permissions as far as app-ops let them count, the lowest target SDK.
fn joined(records: Vec<super::ApplicationRecord>, ops: &[AppOp]) -> HashMap<AppId, Arc<Application>> {
    let mut joined: HashMap<AppId, Application> = HashMap::new();
    let mut switches: HashMap<AppId, AppOps> = HashMap::new();
    let mut of_package: HashMap<&PackageName, Vec<&AppOp>> = HashMap::new();
    for op in ops {
        of_package.entry(&op.package).or_default().push(op);
    }
    for record in records {
        for op in of_package.get(&record.name).into_iter().flatten() {
            switches.entry(record.app).or_default().set(op.op, op.mode);
        }
        let application = joined.entry(record.app).or_insert_with(|| Application {
            packages: Vec::new(),
            target_sdk: record.target_sdk,
            permissions: record.permissions,
            denied: Permissions::empty(),
        });
        application.packages.push(record.name);
        application.target_sdk = application.target_sdk.min(record.target_sdk);
        application.permissions |= record.permissions;
    }
    let judged = |(app, mut application): (AppId, Application)| {
        let ops = switches.get(&app).copied().unwrap_or_default();
        (application.permissions, application.denied) = ops.judge(application.permissions);
        (app, Arc::new(application))
    };
    joined.into_iter().map(judged).collect()
}

fn by_entry(grants: Vec<Grant>) -> HashMap<MediaId, Vec<Grant>> {
    let mut by_entry: HashMap<MediaId, Vec<Grant>> = HashMap::new();
    for grant in grants {
        by_entry.entry(grant.entry).or_default().push(grant);
    }
    by_entry
}
