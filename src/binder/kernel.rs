//! Serving through the kernel's Binder driver: the services are registered with the service manager, and registered
//! again when it was restarted.
//!
//! A service manager that is not there yet is waited for: the daemon serves files meanwhile. Its death is noticed by
//! asking it from time to time. A death notification would be quicker, but the library takes a service manager whose
//! death it was told of for dead for ever.

#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rsbinder::{ProcessState, StatusCode, hub};

use crate::admin::{Admin, TransportRecord};
use crate::platform;

use super::serving::{Named, ServeError};

/// Where the driver may be; the first that is there counts.
pub(super) const DRIVERS: [&str; 2] = ["/dev/binderfs/binder", "/dev/binder"];

/// How many threads the kernel may ask for, besides the first one.
const THREADS: u32 = 7;

/// How often the service manager is asked whether it still knows the services.
const ASK: Duration = Duration::from_secs(5);

/// How often it is asked while it does not.
const RETRY: Duration = Duration::from_millis(250);

/// The driver of this machine.
pub(super) fn driver() -> Option<&'static str> {
    DRIVERS.into_iter().find(|path| Path::new(path).exists())
}

/// What is told of the transport when it does not serve.
pub(super) fn not_served(services: &Named, why: String) -> TransportRecord {
    TransportRecord { why_not: Some(why), ..standing(services) }
}

fn standing(services: &Named) -> TransportRecord {
    TransportRecord {
        name: "kernel".to_owned(),
        address: services.each_ref().map(|(name, _)| name.as_str()).join(", "),
        serving: false,
        why_not: None,
    }
}

/// The services' registration, kept up by a thread; dropping it takes the names back.
#[derive(Debug)]
pub(super) struct Registered {
    services: Named,
    end: Option<Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

/// Opens the driver; nothing comes through it yet.
///
/// # Errors
/// [`ServeError::NoDriver`], [`ServeError::Driver`]
pub(super) fn open() -> Result<(), ServeError> {
    let driver = driver().ok_or(ServeError::NoDriver)?;
    ProcessState::init(driver, THREADS)
        .map_err(|error| ServeError::Driver { driver, cause: error.to_string().trim_end().to_owned() })?;
    // What the library asks the system later it is answered from memory then: the process may be confined.
    let _known = rustix::param::page_size();
    platform::prepare_duplicates().map_err(|error| ServeError::Driver { driver, cause: error.to_string() })
}

/// Serves what comes through the driver that is open, and registers the services as soon as there is a service manager.
///
/// # Errors
/// [`ServeError::Register`], [`ServeError::Thread`]
pub(super) fn serve(admin: &Arc<Admin>, services: Named) -> Result<Registered, ServeError> {
    ProcessState::start_thread_pool();
    let first = register(&services);
    if let Err(Unregistered::Refused { name, cause }) = first {
        return Err(ServeError::Register { name, cause });
    }
    tell(admin, &services, &first);
    let (end, ended) = channel();
    let (admin, kept) = (Arc::clone(admin), services.clone());
    let keeper = std::thread::Builder::new()
        .name("registration".to_owned())
        .spawn(move || keep(&admin, &kept, first, &ended))
        .map_err(ServeError::Thread)?;
    Ok(Registered { services, end: Some(end), keeper: Some(keeper) })
}

impl Drop for Registered {
    fn drop(&mut self) {
        drop(self.end.take());
        if self.keeper.take().is_some_and(|keeper| keeper.join().is_err()) {
            log::error!("the thread that keeps the registration panicked");
        }
        for (name, binder) in &self.services {
            // A service manager may keep a name that somebody uses; it forgets it with this process at the latest.
            if let Err(status) = hub::try_unregister_service(name, binder) {
                log::debug!("the service manager keeps {name}: {status:?}");
            }
        }
    }
}

/// Why the services are not all registered.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Unregistered {
    /// Nobody manages services now.
    NoManager,
    /// The service manager does not take one of them.
    Refused { name: String, cause: String },
}

/// Registers what is not registered.
fn register(services: &Named) -> Result<(), Unregistered> {
    for (name, binder) in services {
        let refused = |cause: String| Unregistered::Refused { name: name.clone(), cause };
        match hub::try_get_service(name) {
            Ok(Some(found)) if !found.is_remote() => {}
            Ok(Some(_)) => return Err(refused("another process serves it".to_owned())),
            Ok(None) => hub::add_service(name, binder.clone()).map_err(|status| {
                if absent(status.transaction_error()) {
                    Unregistered::NoManager
                } else {
                    refused(status.to_string())
                }
            })?,
            Err(status) if absent(status) => return Err(Unregistered::NoManager),
            Err(status) => return Err(refused(format!("{status:?}"))),
        }
    }
    Ok(())
}

/// Whether a call of the service manager ended so because there is none.
fn absent(status: StatusCode) -> bool {
    matches!(status, StatusCode::DeadObject | StatusCode::FailedTransaction)
}

/// Keeps the services registered until `ended` is closed.
fn keep(admin: &Admin, services: &Named, first: Result<(), Unregistered>, ended: &Receiver<()>) {
    let mut last = first;
    loop {
        let pause = if last.is_ok() { ASK } else { RETRY };
        if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let now = register(services);
        if now != last {
            tell(admin, services, &now);
        }
        last = now;
    }
}

/// Says how the registration stands, in the log and to who asks for the status.
fn tell(admin: &Admin, services: &Named, stands: &Result<(), Unregistered>) {
    let why_not = match stands {
        Ok(()) => None,
        Err(Unregistered::NoManager) => Some("there is no service manager".to_owned()),
        Err(Unregistered::Refused { name, cause }) => Some(format!("{name}: {cause}")),
    };
    let standing = standing(services);
    match &why_not {
        None => log::info!("registered with the service manager: {}", standing.address),
        Some(why) => log::warn!("not registered with the service manager: {why}"),
    }
    admin.announce(TransportRecord { serving: why_not.is_none(), why_not, ..standing });
}
