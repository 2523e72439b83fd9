//! The administration as its clients see it: the same calls in this process and over a transport.

#![forbid(unsafe_code)]

use crate::id::{GrantId, Uid, UserId};

use super::{
    AccessRequest, AppOpRecord, AppRecord, AppRequest, AuditQuery, AuditRecord, Dump, Explanation, Failure,
    GrantRecord, GrantRequest, MaintenanceReport, ScanProgress, ScanReport, SharingUsers, Status,
};

/// Every call answers a [`Failure`] with a code and a text for a person.
#[expect(clippy::missing_errors_doc, reason = "stated once, for all methods, on the trait")]
pub trait Administration {
    /// Every registered application, by name.
    fn list_applications(&self) -> Result<Vec<AppRecord>, Failure>;
    /// Registers applications or changes them, all of them or none; returns how many.
    fn set_applications(&self, requests: &[AppRequest]) -> Result<u32, Failure>;
    /// Removes an application: its entries lose their owner and its grants are gone.
    fn remove_application(&self, name: &str) -> Result<(), Failure>;
    /// Grants a permission; granting twice is no error.
    fn grant_permission(&self, name: &str, permission: &str) -> Result<(), Failure>;
    /// Revokes a permission; revoking what is not granted is no error.
    fn revoke_permission(&self, name: &str, permission: &str) -> Result<(), Failure>;
    /// Grants an application access to one file.
    fn add_grant(&self, request: &GrantRequest) -> Result<GrantRecord, Failure>;
    /// Every grant that has not expired, oldest first.
    fn list_grants(&self) -> Result<Vec<GrantRecord>, Failure>;
    /// Takes a grant back.
    fn revoke_grant(&self, id: GrantId) -> Result<(), Failure>;
    /// What would happen if `uid` did `operation` to `path` now; `to` is the new path of a rename.
    fn check(&self, uid: Uid, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure>;
    /// Indexes below `path`, or everything, and returns when it is done; [`super::Code::Busy`] while another one does.
    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, Failure>;
    /// How far the running scan is; `None` when none runs. It may be asked while `scan` waits.
    fn scan_progress(&self) -> Result<Option<ScanProgress>, Failure>;
    /// Ends the running scan; tells whether one ran.
    fn cancel_scan(&self) -> Result<bool, Failure>;
    /// The daemon's state; the sections are those of [`super::section_names`].
    fn dump(&self, section: &str) -> Result<Dump, Failure>;
    /// What was decided, oldest first.
    fn query_audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>, Failure>;
    /// The daemon and its volumes.
    fn status(&self) -> Result<Status, Failure>;
    /// Asks the daemon to stop.
    fn stop(&self) -> Result<(), Failure>;
    /// Sets an app-op; the modes are `allow`, `ignore`, `deny` and `default`.
    fn set_app_op(&self, name: &str, op: &str, mode: &str) -> Result<(), Failure>;
    /// The app-ops of an application that do not stand at their default.
    fn list_app_ops(&self, name: &str) -> Result<Vec<AppOpRecord>, Failure>;
    /// Declares that two users share media; declaring it twice is no error.
    fn share_users(&self, one: UserId, other: UserId) -> Result<(), Failure>;
    /// Withdraws it.
    fn unshare_users(&self, one: UserId, other: UserId) -> Result<(), Failure>;
    /// Every pair of users who share media.
    fn list_sharing_users(&self) -> Result<Vec<SharingUsers>, Failure>;
    /// The requests of applications for access that wait for an answer, oldest first.
    fn list_requests(&self) -> Result<Vec<AccessRequest>, Failure>;
    /// Grants all that was asked for, for a time or until it is revoked, or refuses it.
    fn answer_request(&self, id: u64, granted: bool, seconds: Option<u64>) -> Result<(), Failure>;
    /// Removes pending and trashed files whose time has come by `now` (seconds since 1970), or by the clock.
    fn maintain(&self, now: Option<u64>) -> Result<MaintenanceReport, Failure>;
}
