//! The store on real files. Each file has the tests of one subject; what they share is here.

#![forbid(unsafe_code)]

mod applications;
mod audit;
mod entries;
mod open;
mod repair;
mod scale;
mod snapshot;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::id::{AppId, FileId, Identity, MediaId};
use crate::policy::{FileGrant, Kind, PackageName, Permissions, State};

pub(crate) use scale::{Work, watch};

/// A store in a directory of its own.
struct Fixture {
    directory: TempDir,
    store: Store,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("state.db")).unwrap();
        Fixture { directory, store }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("state.db")
    }

    fn root(&self) -> MediaId {
        self.store.volume(Path::new("/lower"), file(1)).unwrap().root
    }

    /// A file of that name, made by `owner`.
    fn made(&self, parent: MediaId, name: &str, owner: Option<&str>) -> MediaId {
        let owner = owner.map(PackageName::new);
        self.store.record_created(&NewEntry { owner: owner.as_ref(), ..plain(parent, name) }).unwrap()
    }

    fn directory(&self, parent: MediaId, name: &str) -> MediaId {
        self.store.ensure_directory(parent, named(name), file(50)).unwrap()
    }

    /// Registers a package with an application id.
    fn app(&self, name: &str, app: u32, permissions: Permissions) -> PackageName {
        let name = PackageName::new(name);
        let record =
            ApplicationRecord { name: name.clone(), app: AppId::new(app), target_sdk: 34, permissions };
        self.store.set_application(&record).unwrap();
        name
    }

    fn grant(&self, entry: MediaId, package: &PackageName, mode: FileGrant) -> crate::id::GrantId {
        let grant = NewGrant { entry, package: package.clone(), mode, expires: None, granted: 5 };
        self.store.add_grant(&grant).unwrap()
    }
}

/// A lower file whose time of birth is not known.
fn file(ino: u64) -> Identity {
    Identity { file: FileId { dev: 7, ino }, born: 0 }
}

/// One whose time of birth is known.
fn born(ino: u64, seconds: i64) -> Identity {
    Identity { born: seconds * 1_000_000_000, ..file(ino) }
}

fn place(parent: MediaId, name: &str) -> Placement<'_> {
    Placement { parent, name: named(name), kind: None }
}

fn named(name: &str) -> EntryName<'_> {
    EntryName { bytes: name.as_bytes(), folded: name.as_bytes() }
}

/// A file without an owner.
fn plain(parent: MediaId, name: &str) -> NewEntry<'_> {
    NewEntry {
        parent,
        name: named(name),
        directory: false,
        kind: Some(Kind::Image),
        owner: None,
        state: State::Normal,
        expires: None,
        file: file(100),
        version: None,
        created: 1_000,
    }
}

const VERSION: ContentVersion = ContentVersion { size: 9, mtime_ns: -1, ctime_ns: i64::MAX };
