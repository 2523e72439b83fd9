//! The service: each method decodes, makes one call of the administration as the uid that the kernel reports, and
//! encodes.

#![forbid(unsafe_code)]

use std::sync::Arc;

use rsbinder::{BinderResult, Caller, ExceptionCode, Interface, Status as BinderStatus, Strong};

use crate::admin::{Admin, Administration, AuditQuery, Failure, Session};
use crate::id::{GrantId, Uid, UserId};

use super::convert::Carried;
use super::hearers;
use super::rpc;
use super::wire::org::mediagate as aidl;
use super::wire::org::mediagate::IAuditObserver::IAuditObserver;
use super::wire::org::mediagate::IMediaGateAdmin::IMediaGateAdmin;

/// Both interfaces over one administration.
#[derive(Clone, Debug)]
pub(super) struct Service {
    admin: Arc<Admin>,
}

impl Service {
    pub(super) fn new(admin: Arc<Admin>) -> Service {
        Service { admin }
    }

    /// The administration as the caller of the transaction that is being served.
    pub(super) fn caller(&self) -> BinderResult<Session<'_>> {
        let session = |uid| self.admin.session_of(uid, context());
        caller().map(session).ok_or_else(|| ExceptionCode::Security.into())
    }
}

/// The uid that the kernel reports for the transaction that this thread is serving.
pub(super) fn caller() -> Option<Uid> {
    match rsbinder::calling_caller()? {
        Caller::Kernel { uid, .. } => Some(Uid::new(uid)),
        Caller::Rpc(peer) => rpc::uid_of(&peer),
        _ => None,
    }
}

/// What the caller is for SELinux: told of transactions of the kernel's driver, where there is SELinux.
fn context() -> Option<String> {
    match rsbinder::calling_caller()? {
        Caller::Kernel { sid, .. } => sid.map(|sid| sid.to_string_lossy().into_owned()),
        _ => None,
    }
}

/// Encodes an answer; a failure becomes a service-specific error.
pub(super) fn answer<T: Carried<W>, W>(result: Result<T, Failure>) -> BinderResult<W> {
    result.map(T::pack).map_err(refusal)
}

pub(super) fn refusal(failure: Failure) -> BinderStatus {
    BinderStatus::new_service_specific_error(failure.code.number(), Some(failure.text))
}

impl Interface for Service {}

impl IMediaGateAdmin for Service {
    fn listApplications(&self) -> BinderResult<Vec<aidl::Application::Application>> {
        answer(self.caller()?.list_applications())
    }

    fn setApplications(&self, applications: &[aidl::Application::Application]) -> BinderResult<i32> {
        let requests: Vec<_> = applications.iter().map(copy).map(Carried::unpack).collect();
        answer(self.caller()?.set_applications(&requests))
    }

    fn removeApplication(&self, name: &str) -> BinderResult<()> {
        self.caller()?.remove_application(name).map_err(refusal)
    }

    fn grantPermission(&self, name: &str, permission: &str) -> BinderResult<()> {
        self.caller()?.grant_permission(name, permission).map_err(refusal)
    }

    fn revokePermission(&self, name: &str, permission: &str) -> BinderResult<()> {
        self.caller()?.revoke_permission(name, permission).map_err(refusal)
    }

    fn addGrant(&self, request: &aidl::NewGrant::NewGrant) -> BinderResult<aidl::Grant::Grant> {
        answer(self.caller()?.add_grant(&Carried::unpack(aidl::NewGrant::NewGrant {
            application: request.application.clone(),
            path: request.path.clone(),
            access: request.access.clone(),
            seconds: request.seconds,
        })))
    }

    fn listGrants(&self) -> BinderResult<Vec<aidl::Grant::Grant>> {
        answer(self.caller()?.list_grants())
    }

    fn revokeGrant(&self, id: i64) -> BinderResult<()> {
        self.caller()?.revoke_grant(GrantId::new(id)).map_err(refusal)
    }

    fn check(
        &self,
        uid: i32,
        operation: &str,
        path: &str,
        to: Option<&str>,
    ) -> BinderResult<aidl::Explanation::Explanation> {
        answer(self.caller()?.check(Uid::unpack(uid), operation, path, to))
    }

    fn scan(&self, path: Option<&str>, full: bool) -> BinderResult<aidl::ScanReport::ScanReport> {
        answer(self.caller()?.scan(path, full))
    }

    fn scanProgress(&self) -> BinderResult<Option<aidl::ScanProgress::ScanProgress>> {
        answer(self.caller()?.scan_progress())
    }

    fn cancelScan(&self) -> BinderResult<bool> {
        answer(self.caller()?.cancel_scan())
    }

    fn dumpState(&self, section: &str) -> BinderResult<aidl::Dump::Dump> {
        answer(self.caller()?.dump(section))
    }

    fn queryAudit(
        &self,
        query: &aidl::AuditQuery::AuditQuery,
    ) -> BinderResult<Vec<aidl::AuditRecord::AuditRecord>> {
        answer(self.caller()?.query_audit(&asked(query)))
    }

    fn observeAudit(
        &self,
        observer: &Strong<dyn IAuditObserver>,
        query: &aidl::AuditQuery::AuditQuery,
    ) -> BinderResult<i64> {
        answer(self.caller()?.follow_audit(&asked(query), hearers::of_the_audit(observer)))
    }

    fn endAuditObserver(&self, id: i64) -> BinderResult<()> {
        self.caller()?.end_auditor(Carried::unpack(id)).map_err(refusal)
    }

    fn status(&self) -> BinderResult<aidl::Status::Status> {
        answer(self.caller()?.status())
    }

    fn stop(&self) -> BinderResult<()> {
        self.caller()?.stop().map_err(refusal)
    }

    fn setAppOp(&self, name: &str, op: &str, mode: &str) -> BinderResult<()> {
        self.caller()?.set_app_op(name, op, mode).map_err(refusal)
    }

    fn listAppOps(&self, name: &str) -> BinderResult<Vec<aidl::AppOp::AppOp>> {
        answer(self.caller()?.list_app_ops(name))
    }

    fn shareUsers(&self, one: i32, other: i32) -> BinderResult<()> {
        self.caller()?.share_users(UserId::unpack(one), UserId::unpack(other)).map_err(refusal)
    }

    fn unshareUsers(&self, one: i32, other: i32) -> BinderResult<()> {
        self.caller()?.unshare_users(UserId::unpack(one), UserId::unpack(other)).map_err(refusal)
    }

    fn listSharingUsers(&self) -> BinderResult<Vec<aidl::SharingUsers::SharingUsers>> {
        answer(self.caller()?.list_sharing_users())
    }

    fn listRequests(&self) -> BinderResult<Vec<aidl::AccessRequest::AccessRequest>> {
        answer(self.caller()?.list_requests())
    }

    fn answerRequest(&self, id: i64, granted: bool, seconds: i64) -> BinderResult<()> {
        let (id, seconds) = (Carried::unpack(id), Carried::unpack(seconds));
        self.caller()?.answer_request(id, granted, seconds).map_err(refusal)
    }

    fn maintain(&self, now: i64) -> BinderResult<aidl::MaintenanceReport::MaintenanceReport> {
        answer(self.caller()?.maintain(Carried::unpack(now)))
    }
}

/// What is asked of the audit.
fn asked(query: &aidl::AuditQuery::AuditQuery) -> AuditQuery {
    Carried::unpack(aidl::AuditQuery::AuditQuery {
        uid: query.uid,
        path: query.path.clone(),
        denied: query.denied,
        after: query.after,
        limit: query.limit,
    })
}

/// A copy of a parcelable, which the generated type does not offer.
fn copy(application: &aidl::Application::Application) -> aidl::Application::Application {
    aidl::Application::Application {
        name: application.name.clone(),
        uid: application.uid,
        targetSdk: application.targetSdk,
        permissions: application.permissions.clone(),
        appOps: application.appOps.as_ref().map(|ops| {
            let copy =
                |op: &aidl::AppOp::AppOp| aidl::AppOp::AppOp { op: op.op.clone(), mode: op.mode.clone() };
            ops.iter().map(|op| op.as_ref().map(copy)).collect()
        }),
    }
}
