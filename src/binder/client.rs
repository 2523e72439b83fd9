//! The client that the command line uses.

#![forbid(unsafe_code)]

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use rsbinder::rpc::RpcSession;
use rsbinder::{ExceptionCode, Status as BinderStatus, StatusCode, Strong};

use crate::admin::{
    Administration, AppOpRecord, AppRecord, AppRequest, AuditQuery, AuditRecord, Code, Dump, Explanation,
    Failure, GrantRecord, GrantRequest, MaintenanceReport, ScanProgress, ScanReport, SharingUsers, Status,
};
use crate::id::{GrantId, Uid, UserId};

use super::convert::Carried;
use super::wire::org::mediagate::IMediaGate::IMediaGate;
use super::wire::org::mediagate::IMediaGateAdmin::IMediaGateAdmin;

/// How long a daemon may take to answer before it counts as not reachable.
const ANSWER: Duration = Duration::from_secs(30);

/// A connection to the daemon.
pub struct Client {
    socket: PathBuf,
    session: Option<RpcSession>,
    admin: Strong<dyn IMediaGateAdmin>,
    application: Strong<dyn IMediaGate>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the daemon that serves `socket`.
    ///
    /// # Errors
    /// [`Code::Unreachable`] with the remedy.
    pub fn connect(socket: &Path) -> Result<Client, Failure> {
        let alone =
            may_administer(socket).then(|| open(&super::administrators_socket(socket)).ok()).flatten();
        match alone {
            Some(connection) => Client::over(&connection, socket),
            None => open(socket).and_then(|connection| Client::over(&connection, socket)),
        }
        .map_err(|_| unreachable_at(socket))
    }

    fn over(connection: &rsbinder::Client, socket: &Path) -> Result<Client, StatusCode> {
        Ok(Client {
            socket: socket.to_owned(),
            session: connection.session().cloned(),
            admin: connection.get::<dyn IMediaGateAdmin>(super::ADMIN_SERVICE)?,
            application: connection.get::<dyn IMediaGate>(super::APPLICATION_SERVICE)?,
        })
    }

    /// What would happen if this process did `operation` to `path` now: what an application asks.
    ///
    /// # Errors
    /// As [`Administration::check`].
    pub fn check_self(&self, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure> {
        self.received(self.application.check(operation, path, to))
    }

    /// How long the next calls may take; `None` is as long as it takes.
    fn wait_at_most(&self, time: Option<Duration>) {
        if let Some(session) = &self.session {
            session.set_timeout(time);
        }
    }

    /// Decodes an answer.
    fn received<T: Carried<W>, W>(&self, answer: Result<W, BinderStatus>) -> Result<T, Failure> {
        answer.map(T::unpack).map_err(|status| self.failed(&status))
    }

    fn failed(&self, status: &BinderStatus) -> Failure {
        match status.exception_code() {
            ExceptionCode::ServiceSpecific => Failure {
                code: Code::of_number(status.service_specific_error()),
                text: status.message().unwrap_or("the daemon gave no reason").to_owned(),
            },
            _ if lost(status.transaction_error()) => unreachable_at(&self.socket),
            _ => Failure {
                code: Code::Internal,
                text: format!("the daemon's answer is not valid: {status:?}"),
            },
        }
    }
}

/// Whether the status says that the connection is gone.
fn lost(status: StatusCode) -> bool {
    matches!(status, StatusCode::DeadObject | StatusCode::FailedTransaction | StatusCode::TimedOut)
}

/// Whether the daemon would take this process for an administrator: then the socket of their own is worth a try.
fn may_administer(socket: &Path) -> bool {
    let own = Uid::new(rustix::process::geteuid().as_raw());
    let of_daemon = || fs::metadata(socket).is_ok_and(|found| found.uid() == own.raw());
    [Uid::ROOT, Uid::SHELL, Uid::SYSTEM].contains(&own) || of_daemon()
}

fn open(socket: &Path) -> Result<rsbinder::Client, StatusCode> {
    rsbinder::Client::open_with(super::address(socket), |options, _| options.timeout = Some(ANSWER))
}

fn unreachable_at(socket: &Path) -> Failure {
    Failure {
        code: Code::Unreachable,
        text: format!(
            "the daemon is not reachable at {}: start it with `mediagate serve --lower DIR --mount DIR`, or name \
             its socket with --socket",
            socket.display()
        ),
    }
}

impl Administration for Client {
    fn list_applications(&self) -> Result<Vec<AppRecord>, Failure> {
        self.received(self.admin.listApplications())
    }

    fn set_applications(&self, requests: &[AppRequest]) -> Result<u32, Failure> {
        let applications: Vec<_> = requests.iter().cloned().map(Carried::pack).collect();
        self.received(self.admin.setApplications(&applications))
    }

    fn remove_application(&self, name: &str) -> Result<(), Failure> {
        self.admin.removeApplication(name).map_err(|status| self.failed(&status))
    }

    fn grant_permission(&self, name: &str, permission: &str) -> Result<(), Failure> {
        self.admin.grantPermission(name, permission).map_err(|status| self.failed(&status))
    }

    fn revoke_permission(&self, name: &str, permission: &str) -> Result<(), Failure> {
        self.admin.revokePermission(name, permission).map_err(|status| self.failed(&status))
    }

    fn add_grant(&self, request: &GrantRequest) -> Result<GrantRecord, Failure> {
        self.received(self.admin.addGrant(&request.clone().pack()))
    }

    fn list_grants(&self) -> Result<Vec<GrantRecord>, Failure> {
        self.received(self.admin.listGrants())
    }

    fn revoke_grant(&self, id: GrantId) -> Result<(), Failure> {
        self.admin.revokeGrant(id.raw()).map_err(|status| self.failed(&status))
    }

    fn check(&self, uid: Uid, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure> {
        self.received(self.admin.check(uid.pack(), operation, path, to))
    }

    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, Failure> {
        self.wait_at_most(None);
        let report = self.received(self.admin.scan(path, full));
        self.wait_at_most(Some(ANSWER));
        report
    }

    /// Asks over a connection of its own: this one may be waiting for a scan.
    fn scan_progress(&self) -> Result<Option<ScanProgress>, Failure> {
        let beside = Client::connect(&self.socket)?;
        beside.received(beside.admin.scanProgress())
    }

    fn cancel_scan(&self) -> Result<bool, Failure> {
        self.received(self.admin.cancelScan())
    }

    fn dump(&self, section: &str) -> Result<Dump, Failure> {
        self.received(self.admin.dumpState(section))
    }

    fn query_audit(&self, query: &AuditQuery) -> Result<Vec<AuditRecord>, Failure> {
        self.received(self.admin.queryAudit(&query.clone().pack()))
    }

    fn status(&self) -> Result<Status, Failure> {
        self.received(self.admin.status())
    }

    fn stop(&self) -> Result<(), Failure> {
        self.admin.stop().map_err(|status| self.failed(&status))
    }

    fn set_app_op(&self, name: &str, op: &str, mode: &str) -> Result<(), Failure> {
        self.admin.setAppOp(name, op, mode).map_err(|status| self.failed(&status))
    }

    fn list_app_ops(&self, name: &str) -> Result<Vec<AppOpRecord>, Failure> {
        self.received(self.admin.listAppOps(name))
    }

    fn share_users(&self, one: UserId, other: UserId) -> Result<(), Failure> {
        self.admin.shareUsers(one.pack(), other.pack()).map_err(|status| self.failed(&status))
    }

    fn unshare_users(&self, one: UserId, other: UserId) -> Result<(), Failure> {
        self.admin.unshareUsers(one.pack(), other.pack()).map_err(|status| self.failed(&status))
    }

    fn list_sharing_users(&self) -> Result<Vec<SharingUsers>, Failure> {
        self.received(self.admin.listSharingUsers())
    }

    fn maintain(&self, now: Option<u64>) -> Result<MaintenanceReport, Failure> {
        self.wait_at_most(None);
        let report = self.received(self.admin.maintain(now.pack()));
        self.wait_at_most(Some(ANSWER));
        report
    }
}
