//! Serving the administration over Binder's RPC protocol on a Unix socket.
//!
//! Anyone may connect: the uid that the kernel reports for the connection decides what it may do. Connections are
//! bounded, so that applications cannot exhaust the daemon's threads; administrators have a socket of their own
//! beside the common one, so that applications cannot keep them out by taking every connection.

#![forbid(unsafe_code)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rsbinder::rpc::PeerIdentity;
use rsbinder::{ServerGuard, StatusCode};
use rustix::io::Errno;

use crate::admin::Admin;
use crate::id::Uid;

use super::service::Service;
use super::wire::org::mediagate::IMediaGate::BnMediaGate;
use super::wire::org::mediagate::IMediaGateAdmin::BnMediaGateAdmin;

/// Everyone may connect.
const SOCKET_MODE: u32 = 0o666;

/// Threads for one connection: a client makes one call at a time, or two while it follows the audit.
const THREADS: u32 = 2;

/// Connections of one socket at once; more wait.
const CONNECTIONS: usize = 64;

/// A connection that says nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(300);

/// Why the service could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another daemon answers there.
    #[error("another daemon serves {}: stop it with `mediagate --socket {} stop`", .0.display(), .0.display())]
    Live(PathBuf),
    /// Something that is not a socket is in the way.
    #[error("{} is not a socket: remove it or choose another path with --socket", .0.display())]
    Occupied(PathBuf),
    /// The directory of the socket is not there.
    #[error("the directory of the socket {} does not exist: make it or choose another path with --socket", .0.display())]
    NoDirectory(PathBuf),
    /// Binding the socket failed.
    #[error("cannot serve on the socket {}: {cause}", .socket.display())]
    Bind {
        /// Where.
        socket: PathBuf,
        /// Why.
        cause: String,
    },
}

/// A running service; dropping it ends every connection and removes the socket.
#[derive(Debug)]
#[must_use = "dropping it ends the service"]
pub struct Serving {
    guards: Vec<ServerGuard>,
    socket: PathBuf,
}

impl Serving {
    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        for guard in self.guards.drain(..) {
            guard.stop_and_join();
        }
    }
}

/// Checks that [`serve`] could serve on `socket`, and changes nothing.
///
/// # Errors
/// [`ServeError::Live`], [`ServeError::Occupied`], [`ServeError::NoDirectory`]
pub fn available(socket: &Path) -> Result<(), ServeError> {
    for path in [socket, &super::administrators_socket(socket)] {
        prepare(path)?;
        if answers(path) {
            return Err(ServeError::Live(socket.to_owned()));
        }
    }
    Ok(())
}

/// Whether somebody listens there; one who is too busy to accept does, too.
fn answers(socket: &Path) -> bool {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let probe = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    match probe.and_then(|probe| connect(&probe, &SocketAddrUnix::new(socket)?)) {
        Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS) => true,
        Err(_) => false,
    }
}

/// Serves `admin` on `socket`, and for administrators beside it. The socket file of a dead daemon is replaced.
///
/// # Errors
/// [`ServeError`]; a live daemon's socket is left alone.
pub fn serve(admin: Arc<Admin>, socket: &Path) -> Result<Serving, ServeError> {
    let mut serving = Serving { guards: Vec::new(), socket: socket.to_owned() };
    serving.guards.push(listen(&admin, socket, |_, _| true)?);
    let administrators = super::administrators_socket(socket);
    serving.guards.push(listen(&admin, &administrators, Admin::administers)?);
    Ok(serving)
}

/// Serves those whom `admitted` lets connect to `socket`.
fn listen(
    admin: &Arc<Admin>,
    socket: &Path,
    admitted: fn(&Admin, Uid) -> bool,
) -> Result<ServerGuard, ServeError> {
    prepare(socket)?;
    let guard = spawn(admin, socket, admitted).map_err(|status| bind_error(socket, status))?;
    fs::set_permissions(socket, Permissions::from_mode(SOCKET_MODE))
        .map_err(|error| ServeError::Bind { socket: socket.to_owned(), cause: error.to_string() })?;
    Ok(guard)
}

fn spawn(
    admin: &Arc<Admin>,
    socket: &Path,
    admitted: fn(&Admin, Uid) -> bool,
) -> Result<ServerGuard, StatusCode> {
    let service = Service::new(Arc::clone(admin));
    let admin = Arc::clone(admin);
    rsbinder::serve(super::address(socket))?
        .with(|options| {
            options.threads = Some(THREADS);
            options.max_connections = Some(CONNECTIONS);
            options.idle_timeout = Some(IDLE);
            options.authorizer =
                Some(Box::new(move |peer| uid_of(peer).is_some_and(|uid| admitted(&admin, uid))));
        })
        .add(super::ADMIN_SERVICE, BnMediaGateAdmin::new_binder(service.clone()).as_binder())?
        .add(super::APPLICATION_SERVICE, BnMediaGate::new_binder(service).as_binder())?
        .spawn()
}

/// The uid that the kernel reports for a connection; no other kind of identity is served.
fn uid_of(peer: &PeerIdentity) -> Option<Uid> {
    match peer {
        PeerIdentity::Local { uid, .. } => Some(Uid::new(*uid)),
        _ => None,
    }
}

/// Names what is in the way before the library sees it.
fn prepare(socket: &Path) -> Result<(), ServeError> {
    use std::os::unix::fs::FileTypeExt;
    if socket.parent().is_some_and(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) {
        return Err(ServeError::NoDirectory(socket.to_owned()));
    }
    match fs::symlink_metadata(socket) {
        Ok(found) if !found.file_type().is_socket() => Err(ServeError::Occupied(socket.to_owned())),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn bind_error(socket: &Path, status: StatusCode) -> ServeError {
    match status {
        StatusCode::Errno(code) if code.abs() == libc::EADDRINUSE => ServeError::Live(socket.to_owned()),
        other => ServeError::Bind { socket: socket.to_owned(), cause: format!("{other:?}") },
    }
}
