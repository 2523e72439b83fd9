//! Files as callers reach them by themselves: through the shared mount, as their uid.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::admin::{AdminError, Files, ListedFile, OpenMode};
use crate::error::Errno;
use crate::id::Uid;
use crate::lower::{Entrance, InnerPath, OpenHow, ShownEntry};

/// The longest path that is looked at, in bytes; that of Linux.
const LONGEST: usize = 4_096;

/// The shared mount of this daemon.
#[derive(Debug)]
pub(super) struct MountedFiles {
    mount: PathBuf,
    entrance: Entrance,
}

impl MountedFiles {
    /// That at this mount point.
    pub(super) fn new(mount: &Path) -> MountedFiles {
        MountedFiles { mount: mount.to_owned(), entrance: Entrance::at(mount) }
    }

    fn parsed(&self, operation: &'static str, path: &str) -> Result<InnerPath, AdminError> {
        let failed = |errno| AdminError::File { operation, path: path.to_owned(), errno };
        if path.len() > LONGEST {
            return Err(failed(Errno::ENAMETOOLONG));
        }
        InnerPath::parse(&self.inside(path)?).map_err(failed)
    }
}

fn failed<T>(operation: &'static str, path: &str, done: io::Result<T>) -> Result<T, AdminError> {
    done.map_err(|error| AdminError::File { operation, path: path.to_owned(), errno: Errno::from(&error) })
}

impl Files for MountedFiles {
    fn open(&self, uid: Uid, path: &str, mode: OpenMode) -> Result<OwnedFd, AdminError> {
        let OpenMode { read, write, truncate, append } = mode;
        let how = OpenHow { read, write, append, truncate, sync: false };
        let inner = self.parsed("open", path)?;
        failed("open", path, self.entrance.open(uid, &inner, how))
    }

    fn create(&self, uid: Uid, path: &str) -> Result<OwnedFd, AdminError> {
        let inner = self.parsed("make", path)?;
        failed("make", path, self.entrance.create(uid, &inner))
    }

    fn rename(&self, uid: Uid, path: &str, name: &str) -> Result<(), AdminError> {
        let inner = self.parsed("rename", path)?;
        failed("rename", path, self.entrance.rename(uid, &inner, name))
    }

    fn remove(&self, uid: Uid, path: &str) -> Result<(), AdminError> {
        let inner = self.parsed("remove", path)?;
        failed("remove", path, self.entrance.remove(uid, &inner))
    }

    fn list(
        &self,
        uid: Uid,
        path: &str,
        from: Option<&str>,
        most: usize,
    ) -> Result<Vec<ListedFile>, AdminError> {
        let inner = self.parsed("list", path)?;
        let listed = failed("list", path, self.entrance.list(uid, &inner, from, most))?;
        let entry = |ShownEntry { name, directory, size, modified, kind }| ListedFile {
            name,
            directory,
            size,
            modified,
            kind,
        };
        Ok(listed.into_iter().map(entry).collect())
    }

    fn inside(&self, path: &str) -> Result<String, AdminError> {
        let inside = match Path::new(path).strip_prefix(&self.mount) {
            Ok(rest) => rest.to_str(),
            Err(_) if path.starts_with('/') => None,
            Err(_) => Some(path),
        };
        let outside = || AdminError::OutsideVolumes { path: path.to_owned() };
        Ok(inside.ok_or_else(outside)?.trim_matches('/').to_owned())
    }
}
