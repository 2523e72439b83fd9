//! What the measures work on that need no mount.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use mediagate::diag::{Counters, DecisionRing};
use mediagate::fs::{Context, Settings, Volume, VolumeKind};
use mediagate::id::{AppId, MediaId, NodeId, Uid, UserId};
use mediagate::lower::{FileName, PathFd};
use mediagate::policy::{PackageName, Permissions, Visibility};
use mediagate::redact::Classes;
use mediagate::scan::{Progress, ScanOptions, ScanOutcome, scan};
use mediagate::store::{ApplicationRecord, Store};
use tempfile::TempDir;

/// An application without permissions.
pub(super) const OWNER: u32 = 10_001;
/// One that reads pictures, but not where they were taken.
pub(super) const READER: u32 = 10_002;
/// One that manages everything.
pub(super) const MANAGER: u32 = 10_003;

pub(super) fn caller(uid: u32) -> Context {
    Context { uid: Uid::new(uid), pid: 1 }
}

pub(super) fn name(text: &str) -> Result<FileName> {
    Ok(FileName::parse(OsStr::new(text))?)
}

/// Time that this process spent on processors, in nanoseconds: what others do meanwhile does not count.
pub(super) fn on_processor() -> u128 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec.unsigned_abs() as u128 * 1_000_000_000 + time.tv_nsec.unsigned_abs() as u128
}

/// A directory with its database and the volume that serves it.
pub(super) struct World {
    pub(super) directory: TempDir,
    pub(super) store: Arc<Store>,
    pub(super) volume: Arc<Volume>,
}

impl World {
    pub(super) fn new(parent: Option<&Path>) -> Result<World> {
        let directory = match parent {
            Some(parent) => tempfile::tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        };
        let lower = directory.path().join("lower");
        fs::create_dir_all(lower.join("Pictures"))?;
        let store = Arc::new(Store::open(&directory.path().join("state.db"))?);
        for (name, uid, permissions) in [
            ("org.example.owner", OWNER, Permissions::empty()),
            ("org.example.reader", READER, Permissions::READ_MEDIA_IMAGES),
            ("org.example.manager", MANAGER, Permissions::MANAGE_EXTERNAL_STORAGE),
        ] {
            let (name, app) = (PackageName::new(name), AppId::new(uid));
            store.set_application(&ApplicationRecord { name, app, target_sdk: 34, permissions })?;
        }
        let settings = Settings {
            kind: VolumeKind::Shared,
            own: Uid::ROOT,
            user: UserId::new(0),
            shown_uid: 1023,
            shown_gid: 1023,
            passthrough: false,
            rest: Duration::ZERO,
            handles_per_uid: 1000,
            descriptors: 4096,
            watches: 4096,
            visibility: Visibility::Shared,
            hide: Classes::ALL,
        };
        let (counters, decisions) = (Arc::new(Counters::default()), Arc::new(DecisionRing::default()));
        let volume = Arc::new(Volume::new(&lower, settings, store.clone(), counters, decisions)?);
        Ok(World { directory, store, volume })
    }

    pub(super) fn lower(&self) -> PathBuf {
        self.directory.path().join("lower")
    }

    pub(super) fn scan(&self, progress: &Progress) -> Result<ScanOutcome> {
        let root = PathFd::root(&self.lower())?;
        let threads = std::thread::available_parallelism()?.get();
        let options = ScanOptions { threads, ..ScanOptions::default() };
        Ok(scan(&root, self.volume.root_row(), &self.store, &[], options, progress)?)
    }

    pub(super) fn look(&self, uid: u32, path: &str) -> Result<NodeId> {
        let mut node = NodeId::ROOT;
        for part in path.split('/') {
            node = self.volume.lookup(caller(uid), node, &name(part)?)?.node.give_to_kernel();
        }
        Ok(node)
    }

    pub(super) fn row(&self, path: &str) -> Result<MediaId> {
        let mut row = self.volume.root_row();
        for part in path.split('/') {
            row = self.store.entry(row, part.as_bytes())?.context("no row")?.id;
        }
        Ok(row)
    }
}
