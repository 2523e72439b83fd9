//! What the administration needs of the part that serves files.

#![forbid(unsafe_code)]

use crate::id::{MediaId, Uid};
use crate::policy::Operation;

use super::{AdminError, Dump, Explanation, MaintenanceReport, ScanReport, Section, Status};

/// The serving part of the daemon, as the administration sees it.
///
/// A path is absolute below a mount point, or relative to the root of the shared volume.
pub trait Gate: Send + Sync {
    /// The verdict of `operation` by `uid` on `path` as it would be now, with every fact used.
    ///
    /// A path at which nothing is has a verdict too: that of its place.
    ///
    /// # Errors
    /// [`AdminError::OutsideVolumes`], [`AdminError::Invalid`] for a path that no volume accepts,
    /// [`AdminError::Internal`].
    fn explain(&self, uid: Uid, operation: Operation, path: &str) -> Result<Explanation, AdminError>;

    /// The parts of `section` that the serving part knows: nodes, handles, backings and counters. It leaves
    /// applications and grants `None`.
    fn dump(&self, section: Section) -> Dump;

    /// Indexes below `path`, or everything; `full` looks also at what has not changed. Returns when it is done.
    ///
    /// # Errors
    /// [`AdminError::NoSuchFile`], [`AdminError::OutsideVolumes`], [`AdminError::Internal`].
    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, AdminError>;

    /// Removes pending and trashed files that expired by `now` (seconds since 1970), or gives them more time.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    fn maintain(&self, now: i64) -> Result<MaintenanceReport, AdminError>;

    /// The row of the file at `path`; makes one where there is none.
    ///
    /// # Errors
    /// [`AdminError::NoSuchFile`], [`AdminError::OutsideVolumes`], [`AdminError::Internal`].
    fn entry_of(&self, path: &str) -> Result<MediaId, AdminError>;

    /// The daemon and its volumes.
    fn status(&self) -> Status;

    /// Asks the daemon to stop; returns at once.
    fn stop(&self);

    /// Applications, permissions or grants changed in the store: what the kernel remembers of them expires.
    fn policy_changed(&self);
}
