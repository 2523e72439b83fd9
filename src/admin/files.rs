//! What an application does with files through the service, as the serving part does it for the administration.

#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;

use serde::Serialize;

use super::AdminError;
use crate::id::Uid;

/// What a file is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenMode {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Empty it first.
    pub truncate: bool,
    /// Each write goes to the end.
    pub append: bool,
}

/// A file that was made and that others do not see yet.
#[derive(Debug)]
pub struct PendingFile {
    /// Where it is, relative to the volume.
    pub path: String,
    /// When it is removed unless it is published, seconds since 1970.
    pub expires: u64,
    /// The file, for reading and writing.
    pub file: OwnedFd,
}

/// A file that an application may read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FoundFile {
    /// Where it is, relative to the volume.
    pub path: String,
    /// `image`, `video`, `audio`, `playlist`, `subtitle`, `document` or `other`.
    pub kind: String,
    /// `normal`, `pending` or `trashed`.
    pub state: String,
    /// Bytes.
    pub size: u64,
    /// When it was written last, milliseconds since 1970.
    pub modified: u64,
}

/// Which changes an observer is told of. What is empty does not restrict.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObserverFilter {
    /// Of this directory and what lies below it, relative to the volume.
    pub directory: String,
    /// Of files of these kinds, as [`FoundFile::kind`] names them.
    pub kinds: Vec<String>,
}

/// What an observer is told of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MediaEvent {
    /// `created`, `changed`, `removed`, `renamed`, `lost`, `granted`, `revoked`, `answered` or `rights`.
    pub what: String,
    /// Where, relative to the volume; empty where it is about no file.
    pub path: String,
    /// Where it is now, if it was renamed.
    pub new_path: Option<String>,
    /// Whether it is a directory.
    pub directory: bool,
    /// The kind that the name of a file tells, as [`FoundFile::kind`].
    pub kind: String,
    /// The number of the grant or of the request; else 0.
    pub id: u64,
    /// What the grant is for, or what the request was answered: `granted` or `refused`.
    pub detail: String,
}

/// Which files to find. What is empty or `None` does not restrict.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileQuery {
    /// Below this directory, relative to the volume.
    pub directory: String,
    /// Of these kinds.
    pub kinds: Vec<String>,
    /// In these states; none is `normal` only.
    pub states: Vec<String>,
    /// Written at this time or later, milliseconds since 1970.
    pub since: Option<u64>,
    /// Written before this time.
    pub before: Option<u64>,
    /// Where the last answer ended; empty is the beginning.
    pub after: String,
    /// At most so many.
    pub limit: u32,
}

/// Some of the files that were asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct FilePage {
    /// In the order of their paths, component by component.
    pub files: Vec<FoundFile>,
    /// Where to go on; `None` where there are no more.
    pub next: Option<String>,
}

/// An entry of a directory as an application is shown it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedFile {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Bytes of a file.
    pub size: u64,
    /// When a file was written last, milliseconds since 1970.
    pub modified: u64,
    /// What a file is; `None` for a directory and for what the application may not read.
    pub kind: Option<String>,
}

/// Files as a uid reaches them by itself through the mount: with the same answers and no other.
///
/// A path is absolute below the mount point, or relative to the root of the shared volume.
#[expect(clippy::missing_errors_doc, reason = "stated once, for all methods, here")]
pub trait Files: Send + Sync {
    /// Opens a file; the descriptor is one of the mount. All methods answer [`AdminError::File`] with the errno that
    /// the uid's own call would have, and [`AdminError::OutsideVolumes`].
    fn open(&self, uid: Uid, path: &str, mode: OpenMode) -> Result<OwnedFd, AdminError>;
    /// Makes a file that is not there, and opens it for reading and writing.
    fn create(&self, uid: Uid, path: &str) -> Result<OwnedFd, AdminError>;
    /// Gives a file another name in its directory; what is there by that name stays.
    fn rename(&self, uid: Uid, path: &str, name: &str) -> Result<(), AdminError>;
    /// Removes a file.
    fn remove(&self, uid: Uid, path: &str) -> Result<(), AdminError>;
    /// The first `most` entries of a directory in the order of their names, from the name `from` on.
    fn list(
        &self,
        uid: Uid,
        path: &str,
        from: Option<&str>,
        most: usize,
    ) -> Result<Vec<ListedFile>, AdminError>;
    /// The path relative to the root of the shared volume, without slashes around it.
    fn inside(&self, path: &str) -> Result<String, AdminError>;
}
