//! Binder: the interfaces of `aidl/` served to applications and to the system, and their client.
//!
//! There are two transports: the kernel's Binder driver, and Binder's RPC protocol on a Unix socket. This is the only
//! place that names `rsbinder`. It translates and does not think: what a call does and who may make it is `admin`'s.
//!
//! INVARIANT: the uid that a call is made as is the one that the kernel reported for the transaction or the connection.

#![forbid(unsafe_code)]

mod application;
mod called;
mod client;
mod convert;
mod descriptors;
mod door;
mod hearers;
mod kernel;
mod observing;
mod request;
mod rpc;
mod service;
mod serving;
mod wire;

use std::path::{Path, PathBuf};

use rsbinder::entry::uri::{WireProfile, WireVersion};
use rsbinder::{BinderFeatures, Endpoint, Uri};

pub use client::Client;
pub use observing::Observation;
pub use serving::{Bound, Kernel, ServeError, Serving, Transports, available, bind, serve};

/// The name of the service for applications, on a socket and, unless it is told another one, in the service manager.
const APPLICATION_SERVICE: &str = "mediagate";

/// The name of the service for administrators beside it.
const ADMIN_SERVICE: &str = "mediagate.admin";

/// What makes the one name of the other.
const ADMINISTRATION: &str = ".admin";

/// What our objects ask of the kernel's driver: to tell what a caller is for SELinux.
fn features() -> BinderFeatures {
    let mut features = BinderFeatures::default();
    features.set_requesting_sid = true;
    features
}

/// The socket that only administrators may use, beside the common one.
fn administrators_socket(socket: &Path) -> PathBuf {
    let mut name = socket.as_os_str().to_owned();
    name.push(".admin");
    PathBuf::from(name)
}

/// The protocol that is spoken on a socket: that of Android 16.
const WIRE: WireVersion = WireVersion::V2;

/// The address of a socket, and the protocol spoken there.
fn address(socket: &Path) -> Uri {
    Uri::new(Endpoint::unix(socket)).with_wire(WireProfile::Android13Plus(WIRE))
}
