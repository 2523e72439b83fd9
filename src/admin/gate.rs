//! What the administration needs of the part that serves files.

#![forbid(unsafe_code)]

use crate::id::{MediaId, Uid};
use crate::policy::Operation;

use super::{
    AdminError, Dump, Explanation, Files, MaintenanceReport, ScanProgress, ScanReport, Section, Status, names,
};

/// What a verdict is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked<'a> {
    /// One operation.
    Operation(Operation),
    /// A rename with all its parts.
    Rename {
        /// The new path.
        to: &'a str,
    },
    /// Two entries that change places.
    Exchange {
        /// The other one.
        to: &'a str,
    },
    /// What `access` answers to the question whether an open would succeed.
    Access(Operation),
}

impl<'a> Asked<'a> {
    /// The name by which a rename is asked for; its parts are operations of the policy.
    pub const RENAME: &'static str = "rename";
    /// The name by which an exchange is asked for.
    pub const EXCHANGE: &'static str = "exchange";
    /// What stands before the names of operations that `access` asks for.
    pub const ACCESS: &'static str = "access-";

    /// What a name stands for, with the new path that a rename has and nothing else.
    ///
    /// # Errors
    /// [`AdminError::UnknownOperation`], [`AdminError::Invalid`]
    pub(super) fn parse(name: &str, to: Option<&'a str>) -> Result<Asked<'a>, AdminError> {
        let invalid =
            |value: &str, remedy| AdminError::Invalid { what: "new path", value: value.to_owned(), remedy };
        match (name, to) {
            (Asked::RENAME, Some(to)) => Ok(Asked::Rename { to }),
            (Asked::EXCHANGE, Some(to)) => Ok(Asked::Exchange { to }),
            (Asked::RENAME | Asked::EXCHANGE, None) => {
                Err(invalid("", "a rename needs one: name it with --to"))
            }
            (_, Some(to)) => Err(invalid(to, "only a rename has one")),
            (_, None) => match name.strip_prefix(Asked::ACCESS).map(names::operation) {
                Some(Ok(operation @ Operation::Open { .. })) => Ok(Asked::Access(operation)),
                Some(_) | None => names::operation(name).map(Asked::Operation),
            },
        }
    }
}

/// The serving part of the daemon, as the administration sees it.
///
/// A path is absolute below a mount point, or relative to the root of the shared volume.
pub trait Gate: Send + Sync {
    /// The verdict of what is `asked` by `uid` on `path` as it would be now, with every fact used.
    ///
    /// A path at which nothing is has a verdict too: that of its place.
    ///
    /// # Errors
    /// [`AdminError::OutsideVolumes`], [`AdminError::Invalid`] for a path that no volume accepts,
    /// [`AdminError::Internal`].
    fn explain(&self, uid: Uid, asked: Asked<'_>, path: &str) -> Result<Explanation, AdminError>;

    /// The parts of `section` that the serving part knows: nodes, handles, backings and counters. It leaves
    /// applications and grants `None`.
    fn dump(&self, section: Section) -> Dump;

    /// Indexes below `path`, or everything; `full` looks also at what has not changed. Returns when it is done.
    ///
    /// # Errors
    /// [`AdminError::NoSuchFile`], [`AdminError::OutsideVolumes`], [`AdminError::ScanRuns`], [`AdminError::Internal`].
    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, AdminError>;

    /// How far the running scan is.
    fn scan_progress(&self) -> Option<ScanProgress>;

    /// Ends the running scan soon; tells whether one ran.
    fn cancel_scan(&self) -> bool;

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

    /// What begins the paths of the tree in which `path` is, relative to the volume: nothing, or on a volume of several
    /// users the directory of the user with a slash.
    fn tree_of(&self, path: &str) -> String;

    /// Files, as callers reach them by themselves.
    fn files(&self) -> &dyn Files;

    /// The daemon and its volumes.
    fn status(&self) -> Status;

    /// Asks the daemon to stop; returns at once.
    fn stop(&self);

    /// Applications, permissions or grants changed in the store: what the kernel remembers of them expires.
    fn policy_changed(&self);
}
