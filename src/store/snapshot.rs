//! The part of the database that every open needs, in memory and never changed in place.

#![forbid(unsafe_code)]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;

use super::{AppOp, Grant, StoreError, UserPair, app_ops, applications, grants, users};
use crate::id::{AppId, MediaId, Uid, UserId};
use crate::policy::{AppOps, Application, FileGrants, Identity, PackageName, Permissions};

/// What of a snapshot is to be read again.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) applications: bool,
    pub(super) grants: Regranted,
    pub(super) users: bool,
}

impl Parts {
    pub(super) const ALL: Parts = Parts { applications: true, grants: Regranted::All, users: true };

    pub(super) fn is_nothing(&self) -> bool {
        !self.applications && !self.users && self.grants.is_nothing()
    }
}

/// Applications, grants and sharing users as of one commit.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    generation: u64,
    applications: Arc<HashMap<AppId, Arc<Application>>>,
    grants: Vec<Arc<Shard>>,
    sharing: Arc<HashSet<UserPair>>,
    foreign_owners: bool,
}

/// The grants of some of the entries. One change copies the shard that it touches, not all grants.
type Shard = HashMap<MediaId, Vec<Grant>>;

/// How many shards there are: with a hundred thousand grants, a few hundred in each.
const SHARDS: usize = 256;

/// Entries whose grants changed in a transaction.
#[derive(Debug)]
pub(super) enum Regranted {
    /// These.
    Some(BTreeSet<MediaId>),
    /// Any.
    All,
}

impl Default for Regranted {
    fn default() -> Regranted {
        Regranted::Some(BTreeSet::new())
    }
}

impl Regranted {
    pub(super) fn note(&mut self, entry: MediaId) {
        match self {
            // Reading all is cheaper than reading so many one by one.
            Regranted::Some(entries) if entries.len() >= MANY => *self = Regranted::All,
            Regranted::Some(entries) => {
                entries.insert(entry);
            }
            Regranted::All => {}
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Regranted::Some(entries) if entries.is_empty())
    }
}

/// From how many entries on all grants are read again.
const MANY: usize = 1000;

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
        self.grants.get(shard_of(entry)).and_then(|shard| shard.get(&entry)).map_or(&[], Vec::as_slice)
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
    pub(super) fn next(&self, connection: &Connection, changed: &Parts) -> Result<Snapshot, StoreError> {
        let mut next = self.clone();
        next.generation = self.generation.wrapping_add(1);
        if changed.applications {
            let ops = app_ops::load(connection)?;
            next.applications = Arc::new(joined(applications::load(connection)?, &ops));
        }
        match &changed.grants {
            Regranted::All => next.grants = by_entry(grants::load(connection)?),
            Regranted::Some(entries) => {
                for &entry in entries {
                    let granted = grants::of_entry(connection, entry)?;
                    next.regrant(entry, granted);
                }
            }
        }
        if changed.users {
            next.sharing = Arc::new(users::load(connection)?);
            next.foreign_owners = users::any_owner_user(connection)?;
        }
        Ok(next)
    }
}

impl Snapshot {
    fn regrant(&mut self, entry: MediaId, granted: Vec<Grant>) {
        let Some(shard) = self.grants.get_mut(shard_of(entry)) else { return };
        // The first change of a shard copies it: the snapshot before has it too.
        let shard = Arc::make_mut(shard);
        if granted.is_empty() {
            shard.remove(&entry);
        } else {
            shard.insert(entry, granted);
        }
    }
}

fn shard_of(entry: MediaId) -> usize {
    usize::try_from(entry.raw().cast_unsigned()).unwrap_or_default() % SHARDS
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

fn by_entry(grants: Vec<Grant>) -> Vec<Arc<Shard>> {
    let mut shards = vec![Shard::new(); SHARDS];
    for grant in grants {
        if let Some(shard) = shards.get_mut(shard_of(grant.entry)) {
            shard.entry(grant.entry).or_default().push(grant);
        }
    }
    shards.into_iter().map(Arc::new).collect()
}
