//! The way down and up again: depth first, one open directory for each level.

#![forbid(unsafe_code)]

use std::io;

use super::directory::Directory;
use super::progress::{Progress, add};
use super::{ScanFailure, ScanOptions, path_of};
use crate::id::{MediaId, VolumeId};
use crate::lower::{FileKind, FileName, PathFd, fold};
use crate::store::Store;

/// Levels below the root that are scanned. Each costs two descriptors; what lies deeper is counted as failed.
pub(super) const DEEPEST: usize = 128;

/// One scan.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) root: &'a PathFd,
    pub(super) store: &'a Store,
    pub(super) volume: VolumeId,
    /// Whether a lower file keeps its inode number.
    pub(super) numbered: bool,
    pub(super) options: ScanOptions,
    pub(super) progress: &'a Progress,
    /// The way from the root to what is to be scanned.
    pub(super) target: &'a [FileName],
}

impl Walk<'_> {
    /// Scans from the root's row on.
    ///
    /// # Errors
    /// As [`super::scan`].
    pub(super) fn run(&self, root_row: MediaId) -> Result<(), ScanFailure> {
        self.find_target()?;
        let top = (root_row, self.options.root(), String::new());
        let root = Directory::open(self.root, None, top, self.target.first())
            .map_err(|source| ScanFailure::Lower { path: String::new(), source })?;
        add(&self.progress.directories, u64::from(!root.partial));
        let mut stack = vec![root];
        loop {
            let depth = stack.len();
            let Some(directory) = stack.last_mut().filter(|_| !self.progress.is_cancelled()) else { break };
            if let Some((name, row)) = directory.waiting.pop() {
                let below = self.enter(directory, &name, row, depth);
                stack.extend(below);
            } else if !self.advance(directory)? {
                stack.pop();
            }
        }
        Ok(())
    }

    /// Whether there is what is to be scanned.
    fn find_target(&self) -> Result<(), ScanFailure> {
        let mut found: Option<PathFd> = None;
        for name in self.target {
            let child = found.as_ref().unwrap_or(self.root).child(name);
            found = Some(child.map_err(|error| self.missing(error))?);
        }
        match found.map(|target| target.stat()).transpose() {
            Ok(Some(stat)) if stat.kind == FileKind::Special => {
                Err(ScanFailure::NotFound { path: path_of(self.target) })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.missing(error)),
        }
    }

    fn missing(&self, source: io::Error) -> ScanFailure {
        let path = path_of(self.target);
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ScanFailure::NotFound { path },
            _ => ScanFailure::Lower { path, source },
        }
    }

    /// Meets the next entries of a directory; `false` when there are no more.
    fn advance(&self, directory: &mut Directory) -> Result<bool, ScanFailure> {
        match directory.next_names() {
            Ok(names) if names.is_empty() => {
                self.sweep(directory)?;
                Ok(false)
            }
            Ok(names) => {
                self.meet_all(directory, names)?;
                Ok(true)
            }
            Err(error) => {
                self.cannot_reach(&directory.path, &error);
                Ok(false)
            }
        }
    }

    /// Opens a subdirectory, `depth` levels below the root; `None` if it is gone or cannot be scanned.
    fn enter(&self, above: &Directory, name: &FileName, row: MediaId, depth: usize) -> Option<Directory> {
        let path = above.path_to(name);
        if depth > DEEPEST {
            self.cannot_reach(&path, &"it lies too deep");
            return None;
        }
        let place = above.place.child(&fold(name.as_str()), name.as_str(), true);
        let opened = self.child(above, name).and_then(|(child, _)| {
            Directory::open(self.root, Some(child), (row, place, path.clone()), self.target.get(depth))
        });
        match opened {
            Ok(directory) => {
                add(&self.progress.directories, u64::from(!directory.partial));
                Some(directory)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                None
            }
            Err(error) => {
                self.cannot_reach(&path, &error);
                None
            }
        }
    }
}
