//! Rows that lag behind the lower file system, brought into agreement by whoever looks at the file.
//!
//! The lower file system is changed first and the row after it, and others change files beneath the mount: so a file
//! may stand where its row does not. It is recognised by its inode number and time of birth, and its row follows, a
//! directory's with all below it. A row under whose name another file is found says nothing of that one.
//!
//! Where inode numbers do not last (FAT, exFAT), a file is recognised by its name and its time of birth, and a row follows
//! renames through the volume only: a file that somebody else renamed is nobody's.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::facts::Facts;
use super::{FsError, Known, Volume, VolumeInode};
use crate::id::MediaId;
use crate::lower::{FileKind, FileName, Identity, PathFd, Stat, fold};
use crate::node::Link;
use crate::store::{Entry, EntryName, Placement, StoreError};

/// Notes that a row could not be brought to what was done on the lower file system. That has the truth, and rows are
/// repaired when they are looked at, so nobody's request fails for it.
pub(super) fn lags(doing: &str, recorded: Result<(), StoreError>) {
    match recorded {
        Ok(()) => {}
        // Applications can fill a disk as often as they like.
        Err(error) if error.is_full() => log::debug!("cannot {doing} yet: the database has no room"),
        Err(error) => log::warn!("cannot {doing} yet: {error}"),
    }
}

impl Volume {
    /// What a row tells of a file by which it is recognised after a restart.
    pub(super) fn lasting(&self, file: Identity) -> Identity {
        if self.numbered { file } else { file.unnumbered() }
    }

    /// The row of the file that was found at `link`, whose directory has the facts `parent`.
    pub(super) fn row_of_file(
        &self,
        parent: &Facts,
        link: &Link<Known>,
        inode: &Arc<VolumeInode>,
    ) -> Result<Option<Entry>, FsError> {
        let (file, directory) = (inode.identity(), inode.is_directory());
        let name = link.name.as_str().as_bytes();
        let standing = parent.row.map(|parent| self.store.entry(parent, name)).transpose()?.flatten();
        if let Some(row) = standing.as_ref().filter(|row| self.is_row_of(row, &file, directory)) {
            if row.is_incomplete(&file) {
                lags("complete an entry", self.store.complete(row.id, self.lasting(file)));
            }
            return Ok(standing);
        }
        for row in self.rows_elsewhere(parent, &link.name, inode)? {
            let there = self.file_of(&row)?;
            if there.as_ref().is_some_and(|there| there.identity == file) {
                // Where case does not matter, a file has more spellings than one. A hard link is a name of its own.
                if directory || there.is_some_and(|there| there.links == 1) {
                    return Ok(Some(row));
                }
            } else if self.follow(&row, link, standing.as_ref(), there.as_ref())? {
                return Ok(self.store.entry_by_id(row.id)?);
            }
        }
        Ok(None)
    }

    /// Rows that are of this file and stand under another name.
    fn rows_elsewhere(
        &self,
        parent: &Facts,
        name: &FileName,
        inode: &VolumeInode,
    ) -> Result<Vec<Entry>, FsError> {
        let file = inode.identity();
        let mut rows = self.store.entries_of(self.id, &file)?;
        // Without times of birth only another spelling of the name is close enough.
        if let (true, Some(parent)) = (rows.is_empty(), parent.row) {
            rows = self.store.entries_folded(parent, fold(name.as_str()).as_bytes())?;
            rows.retain(|row| row.file.agrees(&file));
        }
        rows.retain(|row| row.directory == inode.is_directory() && row.parent.is_some());
        Ok(rows)
    }

    /// Moves a row to where its file was found. What stands there gives way, or comes to where the row was if its own
    /// file is there. Whether the row is there now.
    fn follow(
        &self,
        row: &Entry,
        link: &Link<Known>,
        standing: Option<&Entry>,
        there: Option<&Stat>,
    ) -> Result<bool, FsError> {
        let folded = fold(link.name.as_str());
        let name = EntryName { bytes: link.name.as_str().as_bytes(), folded: folded.as_bytes() };
        let parent = match self.directory_row(&link.parent) {
            // The row is the file's wherever it stands.
            Err(FsError::Store(error)) => {
                lags("record a directory", Err(error));
                return Ok(true);
            }
            parent => parent?,
        };
        let mut places = vec![(row.id, Placement { parent, name, kind: None })];
        let exchanged = standing.zip(there).filter(|(standing, there)| {
            self.is_row_of(standing, &there.identity, there.kind == FileKind::Directory)
        });
        let former = fold(&String::from_utf8_lossy(&row.name));
        if let (Some((standing, _)), Some(parent)) = (exchanged, row.parent) {
            let name = EntryName { bytes: &row.name, folded: former.as_bytes() };
            places.push((standing.id, Placement { parent, name, kind: None }));
        }
        match self.store.place_entries(&places) {
            Ok(()) => {
                log::info!("the row {} follows its file to {:?}", row.id, link.name.as_str());
                Ok(true)
            }
            // It was removed meanwhile.
            Err(StoreError::UnknownEntry(_)) => Ok(false),
            Err(error) => {
                lags("move an entry to its file", Err(error));
                Ok(true)
            }
        }
    }

    /// What stands now where a row says that its file is.
    fn file_of(&self, row: &Entry) -> Result<Option<Stat>, FsError> {
        Ok(self.file_at(row.id)?.and_then(|found| found.stat().ok()))
    }

    fn file_at(&self, row: MediaId) -> Result<Option<PathFd>, FsError> {
        let Some(path) = self.store.path_of(row)? else { return Ok(None) };
        let root = self.nodes.root().inode().descriptor(&self.nodes.descriptors)?;
        let mut found: Option<PathFd> = None;
        for name in &path.names {
            // A row that was set aside has a name that no file can have.
            let Ok(name) = FileName::parse(OsStr::from_bytes(name)) else { return Ok(None) };
            match found.as_ref().unwrap_or(&root).child(&name) {
                Ok(child) => found = Some(child),
                Err(_) => return Ok(None),
            }
        }
        Ok(found)
    }
}
