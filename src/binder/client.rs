//! The client that the command line uses.

#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use rsbinder::rpc::{FileDescriptorTransportMode, RpcSession};
use rsbinder::{Endpoint, ExceptionCode, FromIBinder, Status as BinderStatus, StatusCode, Strong};

use crate::admin::{
    AccessRequest, Administration, AppOpRecord, AppRecord, AppRequest, Application, AuditQuery, AuditRecord,
    Code, Dump, Explanation, Failure, FilePage, FileQuery, GrantRecord, GrantRequest, MaintenanceReport,
    OpenMode, PendingFile, ScanProgress, ScanReport, SharingUsers, Status,
};
use crate::id::{GrantId, Uid, UserId};

use super::application;
use super::convert::Carried;
use super::wire::org::mediagate::IMediaGate::IMediaGate;
use super::wire::org::mediagate::IMediaGateAdmin::IMediaGateAdmin;

/// How long a daemon may take to answer before it counts as not reachable.
const ANSWER: Duration = Duration::from_secs(30);

/// Where a client found the daemon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// On this socket.
    Socket(PathBuf),
    /// Through the kernel's driver.
    Kernel,
}

/// A connection to the daemon.
pub struct Client {
    pub(super) place: Place,
    pub(super) session: Option<RpcSession>,
    pub(super) admin: Strong<dyn IMediaGateAdmin>,
    pub(super) application: Strong<dyn IMediaGate>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the daemon that serves `socket`, or if none does to the one that serves through the kernel's driver.
    ///
    /// # Errors
    /// [`Code::Unreachable`] with the remedy.
    pub fn find(socket: &Path) -> Result<Client, Failure> {
        Client::connect(socket).or_else(|failed| Client::connect_kernel().map_err(|_| failed))
    }

    /// Connects to the daemon that serves `socket`.
    ///
    /// # Errors
    /// [`Code::Unreachable`] with the remedy.
    pub fn connect(socket: &Path) -> Result<Client, Failure> {
        Client::connect_with(socket, 0)
    }

    /// The same, with so many connections on which the daemon calls back.
    pub(super) fn connect_with(socket: &Path, incoming: u32) -> Result<Client, Failure> {
        let place = || Place::Socket(socket.to_owned());
        let administrators = || open(&super::administrators_socket(socket), incoming).ok();
        match may_administer(socket).then(administrators).flatten() {
            Some(connection) => Client::over(&connection, place()),
            None => open(socket, incoming).and_then(|connection| Client::over(&connection, place())),
        }
        .map_err(|_| place().unreachable())
    }

    /// Connects to the daemon that is registered with the kernel's service manager.
    ///
    /// # Errors
    /// [`Code::Unreachable`] with the remedy.
    pub fn connect_kernel() -> Result<Client, Failure> {
        super::kernel::driver().ok_or_else(|| Place::Kernel.unreachable())?;
        rsbinder::Client::open(Endpoint::kernel())
            .and_then(|connection| Client::over(&connection, Place::Kernel))
            .map_err(|_| Place::Kernel.unreachable())
    }

    fn over(connection: &rsbinder::Client, place: Place) -> Result<Client, StatusCode> {
        Ok(Client {
            place,
            session: connection.session().cloned(),
            admin: service(connection, super::ADMIN_SERVICE)?,
            application: service(connection, super::APPLICATION_SERVICE)?,
        })
    }

    /// How long the next calls may take; `None` is as long as it takes.
    fn wait_at_most(&self, time: Option<Duration>) {
        if let Some(session) = &self.session {
            session.set_timeout(time);
        }
    }

    /// Decodes an answer.
    pub(super) fn received<T: Carried<W>, W>(&self, answer: Result<W, BinderStatus>) -> Result<T, Failure> {
        answer.map(T::unpack).map_err(|status| self.failed(&status))
    }

    fn failed(&self, status: &BinderStatus) -> Failure {
        match status.exception_code() {
            ExceptionCode::ServiceSpecific => Failure {
                code: Code::of_number(status.service_specific_error()),
                text: status.message().unwrap_or("the daemon gave no reason").to_owned(),
            },
            _ if lost(status.transaction_error()) => self.place.unreachable(),
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

fn open(socket: &Path, incoming: u32) -> Result<rsbinder::Client, StatusCode> {
    rsbinder::Client::open_with(super::address(socket), |options, _| {
        options.timeout = Some(ANSWER);
        options.fd_mode = Some(FileDescriptorTransportMode::Unix);
        options.incoming_connections = (incoming > 0).then_some(incoming);
    })
}

/// A service that is there now.
fn service<T: FromIBinder + ?Sized>(
    connection: &rsbinder::Client,
    name: &str,
) -> Result<Strong<T>, StatusCode> {
    connection.try_get(name)?.ok_or(StatusCode::NameNotFound)
}

impl Place {
    fn unreachable(&self) -> Failure {
        let place = match self {
            Place::Socket(socket) => format!("at {}", socket.display()),
            Place::Kernel => "through the kernel's Binder driver".to_owned(),
        };
        Failure {
            code: Code::Unreachable,
            text: format!(
                "the daemon is not reachable {place}: start it with `mediagate serve --lower DIR --mount DIR`, or \
                 name its socket with --socket"
            ),
        }
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

    /// Asks over a connection of its own, where calls wait for each other: this one may be waiting for a scan.
    fn scan_progress(&self) -> Result<Option<ScanProgress>, Failure> {
        match &self.place {
            Place::Socket(socket) => {
                let beside = Client::connect(socket)?;
                beside.received(beside.admin.scanProgress())
            }
            Place::Kernel => self.received(self.admin.scanProgress()),
        }
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

    fn list_requests(&self) -> Result<Vec<AccessRequest>, Failure> {
        self.received(self.admin.listRequests())
    }

    fn answer_request(&self, id: u64, granted: bool, seconds: Option<u64>) -> Result<(), Failure> {
        let answered = self.admin.answerRequest(id.pack(), granted, seconds.pack());
        answered.map_err(|status| self.failed(&status))
    }

    fn maintain(&self, now: Option<u64>) -> Result<MaintenanceReport, Failure> {
        self.wait_at_most(None);
        let report = self.received(self.admin.maintain(now.pack()));
        self.wait_at_most(Some(ANSWER));
        report
    }
}

impl Application for Client {
    fn check_self(&self, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure> {
        self.received(self.application.check(operation, path, to))
    }

    fn open(&self, path: &str, mode: OpenMode) -> Result<OwnedFd, Failure> {
        let opened = self.application.open(path, application::mode_bits(mode));
        opened.map(OwnedFd::from).map_err(|status| self.failed(&status))
    }

    fn create_pending(&self, path: &str) -> Result<PendingFile, Failure> {
        let made = self.application.createPending(path).map_err(|status| self.failed(&status))?;
        let incomplete =
            || Failure { code: Code::Internal, text: "the daemon's answer is without the file".to_owned() };
        application::pending_arrived(made).ok_or_else(incomplete)
    }

    fn publish(&self, path: &str) -> Result<String, Failure> {
        self.received(self.application.publish(path))
    }

    fn trash(&self, path: &str) -> Result<String, Failure> {
        self.received(self.application.trash(path))
    }

    fn restore(&self, path: &str) -> Result<String, Failure> {
        self.received(self.application.restore(path))
    }

    fn remove_file(&self, path: &str) -> Result<(), Failure> {
        self.application.remove(path).map_err(|status| self.failed(&status))
    }

    fn query(&self, query: &FileQuery) -> Result<FilePage, Failure> {
        self.received(self.application.query(&query.clone().pack()))
    }

    fn redacted_path(&self, path: &str) -> Result<String, Failure> {
        self.received(self.application.redactedPath(path))
    }

    fn request_access(&self, paths: &[String], write: bool) -> Result<u64, Failure> {
        self.received(self.application.requestAccess(paths, write))
    }

    fn request_state(&self, id: u64) -> Result<String, Failure> {
        self.received(self.application.requestState(id.pack()))
    }

    fn cancel_request(&self, id: u64) -> Result<(), Failure> {
        self.application.cancelRequest(id.pack()).map_err(|status| self.failed(&status))
    }
}
