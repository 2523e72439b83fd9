//! Who may call what of the administration: one table.

#![forbid(unsafe_code)]

use std::fmt;

use crate::id::Uid;

use super::AdminError;

/// A method of the administration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// List the applications.
    ListApplications,
    /// Register or change applications.
    SetApplications,
    /// Remove an application.
    RemoveApplication,
    /// Grant an application a permission.
    GrantPermission,
    /// Take a permission from an application.
    RevokePermission,
    /// Grant an application access to a file.
    AddGrant,
    /// List the grants.
    ListGrants,
    /// Take a grant back.
    RevokeGrant,
    /// Ask for a verdict.
    Check,
    /// Index.
    Scan,
    /// Ask how far the scan is.
    ScanProgress,
    /// End the scan.
    CancelScan,
    /// Show the daemon's state.
    Dump,
    /// Read what was decided.
    QueryAudit,
    /// Set an app-op of an application.
    SetAppOp,
    /// List the app-ops of an application.
    ListAppOps,
    /// Let two users share media.
    ShareUsers,
    /// Let two users share media no longer.
    UnshareUsers,
    /// List the users who share media.
    ListSharingUsers,
    /// Remove what expired.
    Maintain,
    /// Show the daemon and its volumes.
    Status,
    /// End the daemon.
    Stop,
    /// Open a file.
    Open,
    /// Make a file that others do not see yet.
    CreatePending,
    /// Let others see it.
    Publish,
    /// Put a file into the trash.
    Trash,
    /// Take it out again.
    Restore,
    /// Remove a file.
    RemoveFile,
    /// Find files.
    Query,
    /// Name a file so that it is read without private parts.
    RedactedPath,
    /// Ask for access to files.
    RequestAccess,
    /// Learn the answer.
    RequestState,
    /// Ask no longer.
    CancelRequest,
    /// List the requests for access.
    ListRequests,
    /// Answer one.
    AnswerRequest,
    /// Be told of changes.
    Observe,
    /// Be told no longer.
    EndObserver,
    /// Be told of what is decided.
    FollowAudit,
    /// Be told no longer.
    EndAuditor,
}

/// Whom a method is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Whom {
    Administrators,
    /// Administrators about everybody, everybody else about itself.
    Itself,
    /// Everybody, who acts as itself and by its own rights.
    Everybody,
}

impl Method {
    /// The table.
    fn whom(self) -> Whom {
        match self {
            Method::ListApplications
            | Method::SetApplications
            | Method::RemoveApplication
            | Method::GrantPermission
            | Method::RevokePermission
            | Method::AddGrant
            | Method::ListGrants
            | Method::RevokeGrant
            | Method::Scan
            | Method::ScanProgress
            | Method::CancelScan
            | Method::Dump
            | Method::QueryAudit
            | Method::SetAppOp
            | Method::ListAppOps
            | Method::ShareUsers
            | Method::UnshareUsers
            | Method::ListSharingUsers
            | Method::Maintain
            | Method::Status
            | Method::ListRequests
            | Method::AnswerRequest
            | Method::FollowAudit
            | Method::EndAuditor
            | Method::Stop => Whom::Administrators,
            Method::Check => Whom::Itself,
            Method::Open
            | Method::CreatePending
            | Method::Publish
            | Method::Trash
            | Method::Restore
            | Method::RemoveFile
            | Method::Query
            | Method::RedactedPath
            | Method::RequestAccess
            | Method::RequestState
            | Method::CancelRequest
            | Method::Observe
            | Method::EndObserver => Whom::Everybody,
        }
    }

    /// Whether it changes something, so that the audit keeps every call of it.
    pub(super) fn changes(self) -> bool {
        match self {
            Method::SetApplications
            | Method::RemoveApplication
            | Method::GrantPermission
            | Method::RevokePermission
            | Method::AddGrant
            | Method::RevokeGrant
            | Method::Scan
            | Method::CancelScan
            | Method::SetAppOp
            | Method::ShareUsers
            | Method::UnshareUsers
            | Method::Maintain
            | Method::AnswerRequest
            | Method::Stop => true,
            Method::ListApplications
            | Method::ListGrants
            | Method::Check
            | Method::ScanProgress
            | Method::Dump
            | Method::QueryAudit
            | Method::ListAppOps
            | Method::ListSharingUsers
            | Method::Status
            // What these do the volume records, as it does what is done without them.
            | Method::Open
            | Method::CreatePending
            | Method::Publish
            | Method::Trash
            | Method::Restore
            | Method::RemoveFile
            | Method::Query
            | Method::RedactedPath
            // Nothing changes before the answer.
            | Method::RequestAccess
            | Method::RequestState
            | Method::CancelRequest
            | Method::ListRequests
            | Method::Observe
            | Method::EndObserver
            | Method::FollowAudit
            | Method::EndAuditor => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Method::ListApplications => "list applications",
            Method::SetApplications => "register applications",
            Method::RemoveApplication => "remove an application",
            Method::GrantPermission => "grant a permission",
            Method::RevokePermission => "revoke a permission",
            Method::AddGrant => "grant access to a file",
            Method::ListGrants => "list grants",
            Method::RevokeGrant => "revoke a grant",
            Method::Check => "check",
            Method::Scan => "scan",
            Method::ScanProgress => "ask how far the scan is",
            Method::CancelScan => "end the scan",
            Method::Dump => "dump the daemon's state",
            Method::QueryAudit => "read the audit",
            Method::SetAppOp => "set an app-op",
            Method::ListAppOps => "list app-ops",
            Method::ShareUsers => "let users share media",
            Method::UnshareUsers => "let users share media no longer",
            Method::ListSharingUsers => "list users who share media",
            Method::Maintain => "remove what expired",
            Method::Status => "ask for the status",
            Method::Stop => "stop the daemon",
            Method::Open => "open a file",
            Method::CreatePending => "make a pending file",
            Method::Publish => "publish a file",
            Method::Trash => "put a file into the trash",
            Method::Restore => "take a file out of the trash",
            Method::RemoveFile => "remove a file",
            Method::Query => "find files",
            Method::RedactedPath => "name a file to be read redacted",
            Method::RequestAccess => "ask for access to files",
            Method::RequestState => "learn the answer to a request",
            Method::CancelRequest => "withdraw a request",
            Method::ListRequests => "list requests for access",
            Method::AnswerRequest => "answer a request for access",
            Method::Observe => "observe changes",
            Method::EndObserver => "end an observer",
            Method::FollowAudit => "follow the audit",
            Method::EndAuditor => "follow the audit no longer",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Who administers this daemon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    own: Uid,
}

impl Roles {
    /// Of a daemon that runs as `own`.
    pub(super) fn new(own: Uid) -> Roles {
        Roles { own }
    }

    /// Root, shell, system, and the daemon's own uid.
    pub(super) fn administers(self, caller: Uid) -> bool {
        [Uid::ROOT, Uid::SHELL, Uid::SYSTEM, self.own].contains(&caller)
    }

    /// Lets `caller` use `method` about the uid `about`, or says why not.
    pub(super) fn admit(self, caller: Uid, method: Method, about: Option<Uid>) -> Result<(), AdminError> {
        if self.administers(caller) {
            return Ok(());
        }
        match (method.whom(), about) {
            (Whom::Everybody, _) => Ok(()),
            (Whom::Itself, Some(about)) if about == caller => Ok(()),
            (Whom::Itself, Some(about)) => Err(AdminError::RefusedAbout { caller, about }),
            (Whom::Itself, None) | (Whom::Administrators, _) => Err(AdminError::Refused { caller, method }),
        }
    }
}
