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
use std::thread::JoinHandle;
use std::time::Duration;

use rsbinder::StatusCode;
use rsbinder::rpc::{FileDescriptorTransportMode, PeerIdentity, RpcServer};
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

/// The sockets, on which nobody answers yet; dropped, they are removed.
#[derive(Debug)]
pub(super) struct BoundSockets {
    servers: Vec<Bound>,
}

/// One socket.
struct Bound(Arc<RpcServer>);

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bound").field(&self.0.path()).finish()
    }
}

/// The sockets, being served; dropping it ends every connection and removes them, where the process may do so.
#[derive(Debug)]
pub(super) struct Sockets {
    served: Vec<(Bound, JoinHandle<()>)>,
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for (Bound(server), accepting) in self.served.drain(..) {
            server.stop_accepting();
            if accepting.join().is_err() {
                log::error!("the thread that accepts connections panicked");
            }
            server.terminate();
        }
    }
}

/// Checks that [`bind`] could bind `socket`, and changes nothing.
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

/// Binds `socket`, and beside it that of the administrators. The socket file of a dead daemon is replaced.
///
/// # Errors
/// [`ServeError`]; a live daemon's socket is left alone.
pub(super) fn bind(admin: &Arc<Admin>, socket: &Path) -> Result<BoundSockets, ServeError> {
    let everyone = |peer: &PeerIdentity| uid_of(peer).is_some();
    let roles = Arc::clone(admin);
    let administrators = move |peer: &PeerIdentity| uid_of(peer).is_some_and(|uid| roles.administers(uid));
    let beside = super::administrators_socket(socket);
    let servers = vec![listen(socket, everyone)?, listen(&beside, administrators)?];
    Ok(BoundSockets { servers })
}

/// Serves on sockets that are bound, on threads that have the rights which the calling thread has now.
///
/// # Errors
/// [`ServeError::Bind`]
pub(super) fn serve(services: &Services, bound: BoundSockets) -> Result<Sockets, ServeError> {
    for Bound(server) in &bound.servers {
        for (name, binder) in services.named(super::APPLICATION_SERVICE) {
            let socket = || server.path().unwrap_or(Path::new("")).to_owned();
            server.add_service(&name, binder).map_err(|status| bind_error(&socket(), status))?;
        }
    }
    let serve = |Bound(server): Bound| {
        let accepting = server.run_background();
        (Bound(server), accepting)
    };
    Ok(Sockets { served: bound.servers.into_iter().map(serve).collect() })
}

/// Binds `socket`, for those whom `admitted` lets connect.
fn listen(
    socket: &Path,
    admitted: impl Fn(&PeerIdentity) -> bool + Send + Sync + 'static,
) -> Result<Bound, ServeError> {
    prepare(socket)?;
    let server = RpcServer::setup_unix_server(socket).map_err(|status| bind_error(socket, status))?;
    server.set_android13plus(super::WIRE.get());
    server.set_max_threads(THREADS);
    server.set_max_connections(CONNECTIONS);
    server.set_idle_timeout(Some(IDLE));
    server.set_authorizer(admitted);
    // Descriptors go along with answers.
    server.set_supported_fd_modes(&[FileDescriptorTransportMode::Unix]);
    fs::set_permissions(socket, Permissions::from_mode(SOCKET_MODE))
        .map_err(|error| ServeError::Bind { socket: socket.to_owned(), cause: error.to_string() })?;
    Ok(Bound(server))
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
