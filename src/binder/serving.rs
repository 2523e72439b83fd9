//! On which transports the services are called, and what becomes of them at the end.
//!
//! The same two objects are served on every transport.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;

use rsbinder::{Binder, Interface as _, SIBinder};

use crate::admin::{Admin, TransportRecord};

use super::called::Called;
use super::door::{Administered, Door};
use super::kernel::{self, Registered};
use super::rpc::{self, BoundSockets, Sockets};
use super::service::Service;
use super::wire::org::mediagate::IMediaGate::BnMediaGate;
use super::wire::org::mediagate::IMediaGateAdmin::{BnMediaGateAdmin, transactions};

/// On which transports to serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transports {
    /// The socket of Binder's RPC protocol; `None` serves on none.
    pub socket: Option<PathBuf>,
    /// Whether to serve through the kernel's driver.
    pub kernel: Kernel,
    /// The name of the service for applications in the service manager.
    pub service: String,
}

/// Whether to serve through the kernel's driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kernel {
    /// Not at all.
    No,
    /// If there is one that can be used.
    Perhaps,
    /// Without it nothing is served.
    Needed,
}

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
    /// There is no driver.
    #[error(
        "there is no Binder driver ({}): load the kernel module binder_linux, or serve with --binder rpc",
        super::kernel::DRIVERS.join(", ")
    )]
    NoDriver,
    /// The driver is there and cannot be used.
    #[error("cannot use the Binder driver {driver}: {cause}")]
    Driver {
        /// Its path.
        driver: &'static str,
        /// Why.
        cause: String,
    },
    /// The service manager does not take a service.
    #[error("cannot register {name} with the service manager: {cause}")]
    Register {
        /// The service.
        name: String,
        /// Why.
        cause: String,
    },
    /// The transport's thread cannot be started.
    #[error("cannot start a thread that serves: {0}")]
    Thread(std::io::Error),
}

/// The two services, each with its name.
pub(super) type Named = [(String, SIBinder); 2];

/// The two services.
#[derive(Clone, Debug)]
pub(super) struct Services {
    application: SIBinder,
    administration: SIBinder,
}

impl Services {
    fn new(admin: &Arc<Admin>) -> Services {
        let service = Service::new(Arc::clone(admin));
        let application = BnMediaGate::new_binder(service.clone()).as_binder();
        let application = Called::binder(application, admin);
        let administration = BnMediaGateAdmin::new_binder(service).as_binder();
        let door = Door::before(administration, admin, transactions::r#observeAudit, true);
        let administration = Binder::new_with_features(Administered(door), super::features()).as_binder();
        Services { application, administration }
    }

    /// Each with its name, where that for applications is called `service`.
    pub(super) fn named(&self, service: &str) -> Named {
        let administration = format!("{service}{}", super::ADMINISTRATION);
        [(service.to_owned(), self.application.clone()), (administration, self.administration.clone())]
    }
}

/// The services, being served; dropping it ends every connection, removes the socket and takes the names back from
/// the service manager.
#[derive(Debug)]
#[must_use = "dropping it ends the service"]
pub struct Serving {
    _sockets: Option<Sockets>,
    _registered: Option<Registered>,
}

/// Checks that [`bind`] and [`serve`] could serve, and changes nothing.
///
/// # Errors
/// [`ServeError::Live`], [`ServeError::Occupied`], [`ServeError::NoDirectory`], [`ServeError::NoDriver`]
pub fn available(transports: &Transports) -> Result<(), ServeError> {
    if transports.kernel == Kernel::Needed {
        kernel::driver().ok_or(ServeError::NoDriver)?;
    }
    transports.socket.as_deref().map_or(Ok(()), rpc::available)
}

/// The services, about to be served.
#[derive(Debug)]
pub struct Bound {
    sockets: Option<BoundSockets>,
    socket: Option<PathBuf>,
    /// Whether it is needed, and whether the driver is open.
    kernel: Option<(Kernel, Result<(), ServeError>)>,
    /// The name of the service for applications in the service manager.
    service: String,
}

impl Bound {
    /// The sockets that were made.
    pub fn sockets(&self) -> Vec<PathBuf> {
        let socket = self.socket.iter();
        socket.flat_map(|socket| [socket.clone(), super::administrators_socket(socket)]).collect()
    }
}

/// Makes the sockets of `admin` and opens the driver; nobody answers there yet.
///
/// # Errors
/// [`ServeError`]; then there are none.
pub fn bind(admin: &Arc<Admin>, transports: &Transports) -> Result<Bound, ServeError> {
    let Transports { socket, kernel, service } = transports.clone();
    let sockets = socket.as_deref().map(|socket| rpc::bind(admin, socket)).transpose()?;
    let kernel = match kernel {
        Kernel::No => None,
        Kernel::Needed => Some((Kernel::Needed, Ok(kernel::open()?))),
        Kernel::Perhaps => Some((Kernel::Perhaps, kernel::open())),
    };
    Ok(Bound { sockets, socket, kernel, service })
}

/// Serves `admin`, which is told of each transport how it stands, on threads that have the rights which the calling
/// thread has now.
///
/// # Errors
/// [`ServeError`]; then nothing is served.
pub fn serve(admin: &Arc<Admin>, bound: Bound) -> Result<Serving, ServeError> {
    let services = Services::new(admin);
    let Bound { sockets, socket, kernel, service } = bound;
    let named = || services.named(&service);
    let sockets = sockets.map(|sockets| rpc::serve(&services, sockets)).transpose()?;
    if let Some(socket) = socket {
        admin.announce(TransportRecord {
            name: "rpc".to_owned(),
            address: socket.display().to_string(),
            serving: true,
            why_not: None,
        });
    }
    let registered = match kernel {
        None => None,
        Some((Kernel::Needed, opened)) => Some(opened.and_then(|()| kernel::serve(admin, named()))?),
        Some((_, opened)) => match opened.and_then(|()| kernel::serve(admin, named())) {
            Ok(registered) => Some(registered),
            Err(error) => {
                if !matches!(error, ServeError::NoDriver) {
                    log::warn!("not served through the kernel: {error}");
                }
                admin.announce(kernel::not_served(&named(), error.to_string()));
                None
            }
        },
    };
    Ok(Serving { _sockets: sockets, _registered: registered })
}
