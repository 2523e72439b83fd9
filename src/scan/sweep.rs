//! Setting aside the rows of a directory's entries that are gone, and removing those that were found nowhere else.
//!
//! A directory in which as many rows were met as it has needs no look. In the others every row is held against the
//! lower file system, so that no list of the names that were met has to be kept.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;
use std::thread;

use super::directory::Directory;
use super::meet::{DOUBT, is_row_of};
use super::progress::add;
use super::record::now;
use super::walk::Walk;
use super::{ScanFailure, is_indexed};
use crate::id::MediaId;
use crate::lower::{FileName, fold};
use crate::store::{Entry, Store, StoreError};

/// Rows that are read, and removed, at once.
const PAGE: u32 = 256;

impl Walk<'_> {
    /// Sets aside the rows of entries that are gone from a directory all of whose names were met, and at the very end
    /// removes what no file claimed.
    ///
    /// # Errors
    /// [`ScanFailure::Store`].
    pub(super) fn sweep(&self, directory: &Directory) -> Result<(), ScanFailure> {
        if directory.partial {
            return Ok(());
        }
        if self.store.count_children(directory.row)? > directory.met {
            self.sweep_names(directory)?;
        }
        let missed = self.progress.incomplete.load(Ordering::Relaxed) || self.progress.is_cancelled();
        // The root is the last one: all below it was visited before.
        if directory.descriptor.is_none() && !missed { self.sweep_aside(directory.row) } else { Ok(()) }
    }

    fn sweep_names(&self, directory: &Directory) -> Result<(), ScanFailure> {
        let mut after = Vec::new();
        while !self.progress.is_cancelled() {
            let mut rows = self.store.children_after(directory.row, &after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.name);
            rows.retain(|row| self.is_gone(directory, row));
            if !rows.is_empty() {
                thread::sleep(DOUBT);
                rows.retain(|row| self.is_gone(directory, row));
            }
            self.set_aside(&rows)?;
        }
        Ok(())
    }

    /// Whether the row's file does not stand under the row's name. What cannot be read stands.
    fn is_gone(&self, directory: &Directory, row: &Entry) -> bool {
        if row.name.starts_with(b"/") {
            return false;
        }
        let Ok(name) = FileName::parse(OsStr::from_bytes(&row.name)) else { return true };
        let indexed = is_indexed(&directory.place.child(&fold(name.as_str()), name.as_str(), row.directory));
        if !indexed || row.is_in_the_making(now()) {
            return false;
        }
        match self.child(directory, &name) {
            Ok((_, stat)) => !is_row_of(row, &stat),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Takes these rows from their places unless they changed meanwhile.
    fn set_aside(&self, rows: &[Entry]) -> Result<(), ScanFailure> {
        if rows.is_empty() {
            return Ok(());
        }
        let removed = self.store.batch(|changes| {
            let mut removed = 0u64;
            for row in rows {
                let parent = row.parent.ok_or(StoreError::UnknownEntry(row.id))?;
                if changes.entry(parent, &row.name)?.as_ref() == Some(row) {
                    changes.set_aside(row)?;
                    removed = removed.saturating_add(changes.entry_by_id(row.id)?.is_none().into());
                }
            }
            Ok(removed)
        })?;
        add(&self.progress.removed, removed);
        Ok(())
    }

    /// Removes the rows that were set aside and belong to nothing that was met.
    fn sweep_aside(&self, root: MediaId) -> Result<(), ScanFailure> {
        let mut after = b"/".to_vec();
        while !self.progress.is_cancelled() {
            let mut rows = self.store.children_after(root, &after, PAGE)?;
            rows.retain(|row| row.name.starts_with(b"/"));
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.name);
            let (directories, files): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.directory);
            self.remove_files(&files)?;
            for row in directories {
                if stands(self.store, &row)? {
                    self.remove_tree(row.id)?;
                }
            }
        }
        Ok(())
    }

    fn remove_files(&self, rows: &[Entry]) -> Result<(), ScanFailure> {
        if rows.is_empty() {
            return Ok(());
        }
        let removed = self.store.batch(|changes| {
            let mut removed = 0u64;
            for row in rows {
                let parent = row.parent.ok_or(StoreError::UnknownEntry(row.id))?;
                if changes.entry(parent, &row.name)?.as_ref() == Some(row) {
                    changes.remove_entry(row.id)?;
                    removed = removed.saturating_add(1);
                }
            }
            Ok(removed)
        })?;
        add(&self.progress.removed, removed);
        Ok(())
    }

    /// Removes a directory's row and those below it from the bottom up, so that no transaction is as large as the tree.
    fn remove_tree(&self, root: MediaId) -> Result<(), ScanFailure> {
        let mut stack = vec![root];
        while let Some(id) = stack.last().copied() {
            if self.progress.is_cancelled() {
                break;
            }
            let below = self.store.children_after(id, &[], PAGE)?;
            if below.is_empty() {
                self.store.remove_entry(id)?;
                add(&self.progress.removed, 1);
                stack.pop();
                continue;
            }
            let (directories, files): (Vec<_>, Vec<_>) = below.into_iter().partition(|row| row.directory);
            self.remove_files(&files)?;
            stack.extend(directories.iter().map(|row| row.id));
        }
        Ok(())
    }
}

/// Whether the row is still what it was.
fn stands(store: &Store, row: &Entry) -> Result<bool, StoreError> {
    Ok(store.entry_by_id(row.id)?.as_ref() == Some(row))
}
