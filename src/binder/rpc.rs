//! Serving the administration over Binder's RPC protocol on a Unix socket.
//!
//! Anyone may connect: the uid that the kernel reports for the connection decides what it may do. Connections are
//! bounded, so that applications cannot exhaust the daemon's threads; administrators have a socket of their own
//! beside the common one, so that applications cannot keep them out by taking every connection.

#![forbid(unsafe_code)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rsbinder::rpc::{FileDescriptorTransportMode, PeerIdentity};
use rsbinder::{ServerGuard, StatusCode};
use rustix::io::Errno;

use crate::admin::Admin;
use crate::id::Uid;

use super::serving::{ServeError, Services};

/// Everyone may connect.
const SOCKET_MODE: u32 = 0o666;

/// Threads for one connection: a client makes one call at a time, or two while it follows the audit.
const THREADS: u32 = 2;

/// Connections of one socket at once; more wait.
const CONNECTIONS: usize = 64;

/// A connection that says nothing for so long is closed.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// The sockets, being served; dropping it ends every connection and removes them.
#[derive(Debug)]
pub(super) struct Sockets {
    guards: Vec<ServerGuard>,
}

impl Drop for Sockets {
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
pub(super) fn available(socket: &Path) -> Result<(), ServeError> {
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

/// Serves on `socket`, and for administrators beside it. The socket file of a dead daemon is replaced.
///
/// # Errors
/// [`ServeError`]; a live daemon's socket is left alone.
pub(super) fn serve(admin: &Arc<Admin>, services: &Services, socket: &Path) -> Result<Sockets, ServeError> {
    let mut sockets = Sockets { guards: Vec::new() };
    let everyone = Box::new(|peer: &PeerIdentity| uid_of(peer).is_some());
    sockets.guards.push(listen(services, socket, everyone)?);
    let roles = Arc::clone(admin);
    let administrators =
        Box::new(move |peer: &PeerIdentity| uid_of(peer).is_some_and(|uid| roles.administers(uid)));
    let beside = super::administrators_socket(socket);
    sockets.guards.push(listen(services, &beside, administrators)?);
    Ok(sockets)
}

/// Whom to let connect.
type Admitted = Box<dyn Fn(&PeerIdentity) -> bool + Send + Sync>;

/// Serves those whom `admitted` lets connect to `socket`.
fn listen(services: &Services, socket: &Path, admitted: Admitted) -> Result<ServerGuard, ServeError> {
    prepare(socket)?;
    let guard = spawn(services, socket, admitted).map_err(|status| bind_error(socket, status))?;
    fs::set_permissions(socket, Permissions::from_mode(SOCKET_MODE))
        .map_err(|error| ServeError::Bind { socket: socket.to_owned(), cause: error.to_string() })?;
    Ok(guard)
}

fn spawn(services: &Services, socket: &Path, admitted: Admitted) -> Result<ServerGuard, StatusCode> {
    let mut server = rsbinder::serve(super::address(socket))?.with(|options| {
        options.threads = Some(THREADS);
        options.max_connections = Some(CONNECTIONS);
        options.idle_timeout = Some(IDLE);
        options.authorizer = Some(admitted);
        // Descriptors go along with answers.
        options.fd_modes = Some(vec![FileDescriptorTransportMode::Unix]);
    });
    for (name, binder) in services.named(super::APPLICATION_SERVICE) {
        server = server.add(&name, binder)?;
    }
    server.spawn()
}

/// The uid that the kernel reports for a connection; no other kind of identity is served.
pub(super) fn uid_of(peer: &PeerIdentity) -> Option<Uid> {
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
