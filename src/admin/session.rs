//! The administration as one caller uses it: every method guarded, done, recorded.

#![forbid(unsafe_code)]

use crate::error::Errno;
use crate::id::{GrantId, MediaId, Uid, UserId};
use crate::policy::{PackageName, Permissions};
use crate::store::{self, AppOp, ApplicationRecord, Store, StoreError};

use super::requests::Requests;
use super::{
    AccessRequest, Admin, AdminError, Administration, AppOpRecord, AppRecord, AppRequest, Asked, AuditQuery,
    AuditRecord, Dump, Explanation, Failure, Files, Gate, GrantRecord, GrantRequest, MaintenanceReport,
    Method, ScanProgress, ScanReport, Section, SharingUsers, Status, auditors, names, now, switches,
};

/// The most audit records that one answer holds.
const AUDIT_ANSWER_MAX: u32 = 10_000;

/// The administration for one caller.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    admin: &'a Admin,
    caller: Uid,
    context: Option<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(admin: &'a Admin, caller: Uid, context: Option<String>) -> Session<'a> {
        Session { admin, caller, context }
    }

    /// Who calls.
    pub fn uid(&self) -> Uid {
        self.caller
    }

    /// What the caller is for SELinux, where the kernel reported it.
    pub(super) fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// A method that only administrators may call.
    pub(super) fn run<T>(
        &self,
        method: Method,
        subject: &str,
        logic: impl FnOnce() -> Result<T, AdminError>,
    ) -> Result<T, Failure> {
        self.admin.run(self, (method, None), subject, logic)
    }

    /// A method that changes what policy reads.
    fn change<T>(
        &self,
        method: Method,
        subject: &str,
        logic: impl FnOnce() -> Result<T, AdminError>,
    ) -> Result<T, Failure> {
        self.run(method, subject, || {
            let done = logic()?;
            self.admin.gate.policy_changed();
            self.admin.observers.wake();
            Ok(done)
        })
    }

    /// A method by which the caller acts as itself.
    pub(super) fn own<T>(
        &self,
        method: Method,
        subject: &str,
        logic: impl FnOnce() -> Result<T, AdminError>,
    ) -> Result<T, Failure> {
        self.admin.run(self, (method, Some(self.caller)), subject, || {
            let _turn = self.admin.turns.begin(self.caller)?;
            logic()
        })
    }

    pub(super) fn admin(&self) -> &Admin {
        self.admin
    }

    pub(super) fn requests(&self) -> &Requests {
        &self.admin.requests
    }

    pub(super) fn gate(&self) -> &dyn Gate {
        &*self.admin.gate
    }

    pub(super) fn files(&self) -> &dyn Files {
        self.gate().files()
    }

    pub(super) fn store(&self) -> &Store {
        &self.admin.store
    }

    fn applications(&self) -> Result<Vec<AppRecord>, AdminError> {
        let registered = self.admin.store.applications().map_err(store_failed)?;
        let ops = self.app_ops()?;
        Ok(registered.iter().map(|record| app_record(record, &ops)).collect())
    }

    fn grants(&self) -> Result<Vec<GrantRecord>, AdminError> {
        let now = now();
        let mut grants = self.admin.store.grants().map_err(store_failed)?;
        grants.retain(|grant| grant.expires.is_none_or(|expires| now < expires));
        grants.iter().map(|grant| self.grant_record(grant)).collect()
    }

    fn grant_record(&self, grant: &store::Grant) -> Result<GrantRecord, AdminError> {
        Ok(GrantRecord {
            id: grant.id,
            application: grant.package.as_str().to_owned(),
            media: grant.entry,
            path: self.path_of(grant.entry)?,
            access: names::access_name(grant.mode).to_owned(),
            expires: grant.expires.map(i64::cast_unsigned),
        })
    }

    /// Where an entry is; empty for one that is gone.
    pub(super) fn path_of(&self, entry: MediaId) -> Result<String, AdminError> {
        let path = self.admin.store.path_of(entry).map_err(store_failed)?;
        let names = path.map(|path| path.names).unwrap_or_default();
        Ok(String::from_utf8_lossy(&names.join(&b'/')).into_owned())
    }

    fn set(&self, requests: &[AppRequest]) -> Result<u32, AdminError> {
        let _registration = self.admin.registration.lock();
        let registered = self.admin.store.applications().map_err(store_failed)?;
        let records: Vec<_> =
            requests.iter().map(|request| requested(request, &registered)).collect::<Result<_, _>>()?;
        let ops: Vec<_> = requests.iter().map(switches::requested_ops).collect::<Result<_, _>>()?;
        self.admin.store.register(&records, &ops.concat()).map_err(store_failed)?;
        Ok(u32::try_from(records.len()).unwrap_or(u32::MAX))
    }

    fn give(&self, request: &GrantRequest) -> Result<GrantRecord, AdminError> {
        let package = self.registered(&request.application)?;
        let mode = names::access(&request.access)?;
        let granted = now();
        let lasting = request.seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let expires = lasting.map(|seconds| granted.saturating_add(seconds));
        let entry = self.admin.gate.entry_of(&request.path)?;
        let new = store::NewGrant { entry, package, mode, expires, granted };
        let id = self.admin.store.add_grant(&new).map_err(store_failed)?;
        let grant = store::Grant { id, entry, package: new.package, mode, expires, granted };
        self.grant_record(&grant)
    }

    /// The name of a registered application.
    pub(super) fn registered(&self, name: &str) -> Result<PackageName, AdminError> {
        let registered = self.admin.store.applications().map_err(store_failed)?;
        let found = registered.into_iter().find(|record| record.name.as_str() == name);
        found.map(|record| record.name).ok_or_else(|| unknown_application(name))
    }
}

impl Administration for Session<'_> {
    fn list_applications(&self) -> Result<Vec<AppRecord>, Failure> {
        self.run(Method::ListApplications, "", || self.applications())
    }

    fn set_applications(&self, requests: &[AppRequest]) -> Result<u32, Failure> {
        let subject: Vec<_> = requests.iter().map(|request| request.name.as_str()).collect();
        self.change(Method::SetApplications, &subject.join(" "), || self.set(requests))
    }

    fn remove_application(&self, name: &str) -> Result<(), Failure> {
        self.change(Method::RemoveApplication, name, || {
            self.admin.store.remove_application(&PackageName::new(name)).map_err(store_failed)
        })
    }

    fn grant_permission(&self, name: &str, permission: &str) -> Result<(), Failure> {
        self.change(Method::GrantPermission, &format!("{name} {permission}"), || {
            let permission = names::permission(permission)?;
            self.admin.store.grant_permission(&PackageName::new(name), permission).map_err(store_failed)
        })
    }

    fn revoke_permission(&self, name: &str, permission: &str) -> Result<(), Failure> {
        self.change(Method::RevokePermission, &format!("{name} {permission}"), || {
            let permission = names::permission(permission)?;
            self.admin.store.revoke_permission(&PackageName::new(name), permission).map_err(store_failed)
        })
    }

    fn add_grant(&self, request: &GrantRequest) -> Result<GrantRecord, Failure> {
        let GrantRequest { application, path, access, .. } = request;
        let subject = format!("{application} {access} {path}");
        self.change(Method::AddGrant, &subject, || self.give(request))
    }

    fn list_grants(&self) -> Result<Vec<GrantRecord>, Failure> {
        self.run(Method::ListGrants, "", || self.grants())
    }

    fn revoke_grant(&self, id: GrantId) -> Result<(), Failure> {
        self.change(Method::RevokeGrant, &id.to_string(), || {
            match self.admin.store.remove_grant(id).map_err(store_failed)? {
                true => Ok(()),
                false => Err(AdminError::UnknownGrant { id }),
            }
        })
    }

    fn check(&self, uid: Uid, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure> {
        let subject = format!("{uid} {operation} {path}");
        self.admin.run(self, (Method::Check, Some(uid)), &subject, || {
            let explanation = self.admin.gate.explain(uid, Asked::parse(operation, to)?, path)?;
            if self.admin.administers(self.caller) { Ok(explanation) } else { for_itself(explanation) }
        })
    }

    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, Failure> {
        self.run(Method::Scan, path.unwrap_or_default(), || self.admin.gate.scan(path, full))
    }

    fn scan_progress(&self) -> Result<Option<ScanProgress>, Failure> {
        self.run(Method::ScanProgress, "", || Ok(self.admin.gate.scan_progress()))
    }

    fn cancel_scan(&self) -> Result<bool, Failure> {
        self.run(Method::CancelScan, "", || Ok(self.admin.gate.cancel_scan()))
    }

    fn dump(&self, section: &str) -> Result<Dump, Failure> {
        self.run(Method::Dump, section, || {
            let section = names::section(section)?;
            let mut dump = self.admin.gate.dump(section);
            if section.has(Section::Applications) {
                dump.applications = Some(self.applications()?);
            }
            if section.has(Section::Grants) {
                dump.grants = Some(self.grants()?);
            }
            Ok(dump)
        })
    }

    fn query_audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>, Failure> {
        self.run(Method::QueryAudit, "", || {
            let query = AuditQuery { limit: query.limit.min(AUDIT_ANSWER_MAX), ..query.clone() };
            let rows = self.admin.store.audit(&auditors::filter(&query)).map_err(store_failed)?;
            Ok(rows.into_iter().map(audit_record).collect())
        })
    }

    fn status(&self) -> Result<Status, Failure> {
        let transports = self.admin.transports();
        self.run(Method::Status, "", || Ok(Status { transports, ..self.admin.gate.status() }))
    }

    fn stop(&self) -> Result<(), Failure> {
        self.run(Method::Stop, "", || {
            self.admin.gate.stop();
            Ok(())
        })
    }

    fn set_app_op(&self, name: &str, op: &str, mode: &str) -> Result<(), Failure> {
        self.change(Method::SetAppOp, &format!("{name} {op} {mode}"), || self.switch(name, op, mode))
    }

    fn list_app_ops(&self, name: &str) -> Result<Vec<AppOpRecord>, Failure> {
        self.run(Method::ListAppOps, name, || self.app_ops_of(name))
    }

    fn share_users(&self, one: UserId, other: UserId) -> Result<(), Failure> {
        self.change(Method::ShareUsers, &format!("{one} {other}"), || self.share(one, other))
    }

    fn unshare_users(&self, one: UserId, other: UserId) -> Result<(), Failure> {
        self.change(Method::UnshareUsers, &format!("{one} {other}"), || self.unshare(one, other))
    }

    fn list_sharing_users(&self) -> Result<Vec<SharingUsers>, Failure> {
        self.run(Method::ListSharingUsers, "", || self.sharing())
    }

    fn list_requests(&self) -> Result<Vec<AccessRequest>, Failure> {
        self.run(Method::ListRequests, "", || self.asked_for())
    }

    fn answer_request(&self, id: u64, granted: bool, seconds: Option<u64>) -> Result<(), Failure> {
        let subject = format!("{id} {}", if granted { "granted" } else { "refused" });
        self.change(Method::AnswerRequest, &subject, || self.answer(id, granted, seconds))
    }

    fn maintain(&self, by: Option<u64>) -> Result<MaintenanceReport, Failure> {
        let by = by.map_or_else(now, |by| i64::try_from(by).unwrap_or(i64::MAX));
        self.run(Method::Maintain, &by.to_string(), || self.admin.gate.maintain(by))
    }
}

/// What an application is told about itself: no facts of the file, and of a file that does not exist for it what it
/// would be told of one that is not there, so that it cannot ask what it may not see.
fn for_itself(explanation: Explanation) -> Result<Explanation, AdminError> {
    if explanation.errno == Some(Errno::ENOENT.name()) {
        return Err(AdminError::NoSuchFile { path: explanation.path, errno: Errno::ENOENT });
    }
    Ok(Explanation { facts: Vec::new(), ..explanation })
}

/// What an application becomes: the request, and where it is silent what is registered.
fn requested(
    request: &AppRequest,
    registered: &[ApplicationRecord],
) -> Result<ApplicationRecord, AdminError> {
    let name = names::package(&request.name)?;
    let before = registered.iter().find(|record| record.name == name);
    let permissions = request.permissions.as_deref().map(names::permissions).transpose()?;
    Ok(ApplicationRecord {
        app: request.uid.app(),
        target_sdk: request
            .target_sdk
            .or(before.map(|record| record.target_sdk))
            .unwrap_or(AppRequest::NEW_TARGET_SDK),
        permissions: permissions.or(before.map(|record| record.permissions)).unwrap_or(Permissions::empty()),
        name,
    })
}

fn app_record(record: &ApplicationRecord, ops: &[AppOp]) -> AppRecord {
    AppRecord {
        name: record.name.as_str().to_owned(),
        uid: Uid::new(record.app.raw()),
        target_sdk: record.target_sdk,
        permissions: names::permission_names(record.permissions),
        app_ops: switches::records(ops, &record.name),
    }
}

pub(super) fn audit_record(row: store::AuditRow) -> AuditRecord {
    let store::AuditRow { id, record } = row;
    AuditRecord {
        id: id.cast_unsigned(),
        time: record.time.cast_unsigned(),
        uid: record.uid,
        package: record.package.map(|package| package.as_str().to_owned()),
        operation: record.operation,
        path: String::from_utf8_lossy(&record.path).into_owned(),
        verdict: match record.verdict {
            store::AuditVerdict::Full => "full",
            store::AuditVerdict::Redacted => "redacted",
            store::AuditVerdict::Denied => "denied",
        }
        .to_owned(),
        errno: record.errno.map(|errno| errno.name()),
        rule: record.rule,
        count: record.count,
        context: record.context,
    }
}

fn unknown_application(name: &str) -> AdminError {
    AdminError::UnknownApplication { name: name.to_owned() }
}

/// What a caller is told of the store's answer.
pub(super) fn store_failed(error: StoreError) -> AdminError {
    match error {
        StoreError::UnknownApplication(name) => unknown_application(name.as_str()),
        other => AdminError::internal("use the database", chain(&other)),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
