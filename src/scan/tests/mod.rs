//! Scans of real directories into real databases. Each file has the tests of one subject; what they share is here.

#![forbid(unsafe_code)]

mod rows;
mod steadiness;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::policy::{Kind, PackageName, State};
use crate::redact::{Plan, SCANNER_VERSION};
use crate::sample::iso as sample;
use crate::store::{Entry, EntryName, NewEntry, PlanKey};

/// A lower directory and the database of its volume.
struct Fixture {
    _directory: Option<TempDir>,
    above: PathBuf,
    store: Store,
    root: PathFd,
    root_row: MediaId,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("lower")).unwrap();
        let opened = Fixture::open(directory.path());
        Fixture { _directory: Some(directory), ..opened }
    }

    /// What another process made in `above`.
    fn open(above: &Path) -> Fixture {
        let lower = above.join("lower");
        let store = Store::open(&above.join("state.db")).unwrap();
        let root = PathFd::root(&lower).unwrap();
        let root_row = store.volume(&lower, root.stat().unwrap().identity).unwrap().root;
        Fixture { _directory: None, above: above.to_owned(), store, root, root_row }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.above.join("lower").join(path)
    }

    /// Writes a file, with the directories above it.
    fn write(&self, path: &str, content: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn scan(&self) -> ScanOutcome {
        self.scan_with(&[], false, &Progress::default()).unwrap()
    }

    fn scan_with(&self, below: &[&str], full: bool, progress: &Progress) -> Result<ScanOutcome, ScanFailure> {
        let below: Vec<_> = below.iter().map(|name| named(name)).collect();
        scan(
            &self.root,
            self.root_row,
            &self.store,
            &below,
            ScanOptions { full, threads: 2, ..ScanOptions::default() },
            progress,
        )
    }

    fn row(&self, path: &str) -> Option<Entry> {
        let mut row = self.store.entry_by_id(self.root_row).unwrap();
        for name in path.split('/') {
            row = self.store.entry(row?.id, name.as_bytes()).unwrap();
        }
        row
    }

    /// The plan that is saved for the content that the row was made for.
    fn plan(&self, path: &str) -> Option<Plan> {
        let row = self.row(path)?;
        let key = PlanKey { entry: row.id, version: row.version?, scanner: SCANNER_VERSION };
        self.store.plan(&key).unwrap().map(|saved| Plan::decode(&saved.plan).unwrap())
    }

    /// Records the file as the daemon does when an application makes it.
    fn own(&self, path: &str, owner: &str) -> Entry {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let row = self.row(parent).unwrap().id;
        let owner = PackageName::new(owner);
        let file = PathFd::root(self.path(parent).as_path()).unwrap().child(&named(name)).unwrap();
        let file = file.stat().unwrap().identity;
        self.store
            .record_created(&NewEntry {
                parent: row,
                name: EntryName { bytes: name.as_bytes(), folded: name.to_lowercase().as_bytes() },
                directory: false,
                kind: None,
                owner: Some(&owner),
                state: State::Normal,
                expires: None,
                file,
                version: None,
                created: 5,
            })
            .unwrap();
        self.row(path).unwrap()
    }

    fn rows_below(&self, parent: MediaId) -> usize {
        let rows = self.store.children(parent).unwrap();
        rows.iter().map(|row| 1 + self.rows_below(row.id)).sum()
    }
}

fn named(name: &str) -> FileName {
    FileName::parse(name.as_ref()).unwrap()
}
