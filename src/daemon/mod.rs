//! The daemon: wiring, start and stop.
//!
//! A start either serves everything or leaves nothing behind. A stop takes the mounts out of the name space at once
//! and serves what is open until its last close.

#![forbid(unsafe_code)]

mod audit;
mod check;
mod files;
mod gate;
mod index;
mod maintenance;
mod observers;
mod packages;
mod privileges;
mod sessions;
mod undo;
mod users;
mod volumes;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::admin::Admin;
use crate::config::{BinderMode, ServeOptions};
use crate::diag::{Counters, DecisionRing};
use crate::id::Uid;
use crate::store::Store;
use crate::{admin, binder, fuse, platform};
use gate::DaemonGate;
use undo::Undo;
pub(crate) use volumes::REST;
use volumes::{Common, Volumes};

/// The database's name in the state directory.
const DATABASE: &str = "mediagate.db";
/// How long a stop waits for files that are still open before it leaves them to the kernel.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM, SIGINT, `stop` or an unmount.
///
/// # Errors
/// One line that names what is wrong and the remedy; then nothing is mounted.
pub fn serve(options: &ServeOptions) -> Result<()> {
    platform::start_log().map_err(anyhow::Error::msg)?;
    let given = device(options)?;
    let transports = transports(options);
    binder::available(&transports)?;
    let applications = options.apps.as_deref().map(admin::read_applications).transpose()?;
    let own = Uid::new(rustix::process::geteuid().as_raw());
    privileges::settle()?;
    let mut undo = Undo::default();
    let store = Arc::new(open_store(&options.state, &mut undo)?);
    let counters = Arc::new(Counters::default());
    let decisions = Arc::new(DecisionRing::default());
    let common = Common {
        options: options.clone(),
        own,
        store: store.clone(),
        counters: counters.clone(),
        decisions: decisions.clone(),
        feed: Arc::default(),
    };
    let volumes = Volumes::open(common, &mut undo)?;
    let (stop, stopped) = channel();
    let counted = counters.clone();
    let gate = Arc::new(DaemonGate::new(volumes, store.clone(), counters, options, stop.clone()));
    let admin = administration(&gate, &store, own);
    if let (Some(path), Some(applications)) = (&options.apps, applications) {
        packages::register(path, &applications, &admin, own)?;
    }
    let serving = binder::serve(&admin, &transports)?;
    on_signal(stop.clone())?;
    let sessions = Arc::new(Mutex::new(Some(sessions::mount(gate.volumes(), given, &stop)?)));
    if options.users && own == Uid::ROOT && options.fuse_fd.is_none() {
        users::follow(gate.clone(), sessions.clone(), stop.clone())?;
    }
    let audit = audit::Writer::start(admin.clone(), store, decisions, own)?;
    let teller = observers::Teller::start(admin.clone(), gate.clone())?;
    maintenance::keep(gate.clone(), counted)?;
    undo.keep();
    log::info!("serving {} at {}", options.lower.display(), options.mount.display());
    let reason = wait(&stopped);
    log::info!("stopping: {reason}");
    gate.end_scans();
    teller.stop();
    drop(serving);
    let sessions = sessions.lock().take();
    if let Some(sessions) = sessions {
        sessions.stop(PATIENCE, &stopped);
    }
    audit.stop();
    Ok(())
}

/// The administration, whose observers are told of what happens in the volumes.
fn administration(gate: &Arc<DaemonGate>, store: &Arc<Store>, own: Uid) -> Arc<Admin> {
    let feed = gate.volumes().common().feed.clone();
    Arc::new(Admin::new(store.clone(), gate.clone(), own).observing(feed))
}

/// The device that was handed over, or `None` after a look whether this daemon can mount; it comes before anything is
/// open that could be taken for what was handed over.
fn device(options: &ServeOptions) -> Result<Option<OwnedFd>> {
    let Some(number) = options.fuse_fd else {
        check::mount_point(&options.mount, &options.lower)?;
        fuse::available()?;
        return Ok(None);
    };
    let given = fuse::given(number)?;
    check::apart(&options.mount, &options.lower)?;
    Ok(Some(given))
}

fn transports(options: &ServeOptions) -> binder::Transports {
    let (socket, kernel) = match options.binder {
        BinderMode::Auto => (true, binder::Kernel::Perhaps),
        BinderMode::Kernel => (false, binder::Kernel::Needed),
        BinderMode::Rpc => (true, binder::Kernel::No),
        BinderMode::Off => (false, binder::Kernel::No),
    };
    let service = options.service.clone();
    binder::Transports { socket: socket.then(|| options.socket.clone()), kernel, service }
}

fn open_store(state: &Path, undo: &mut Undo) -> Result<Store> {
    use std::os::unix::fs::DirBuilderExt;
    let database = state.join(DATABASE);
    // SQLite's own files beside it (sqlite.org/tempfiles.html).
    for suffix in ["", "-wal", "-shm"] {
        undo.about_to_make(&state.join(format!("{DATABASE}{suffix}")));
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state).with_context(|| {
        format!("cannot make the state directory {}: choose another one with --state DIR", state.display())
    })?;
    Ok(Store::open(&database)?)
}

/// What ends the daemon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// A signal.
    Signal,
    /// `mediagate stop`.
    Asked,
    /// Somebody unmounted a volume.
    Unmounted,
}

fn wait(stopped: &Receiver<Stop>) -> &'static str {
    match stopped.recv() {
        Ok(Stop::Signal) => "signal",
        Ok(Stop::Asked) => "asked by an administrator",
        Ok(Stop::Unmounted) | Err(_) => "unmounted",
    }
}

fn on_signal(stop: Sender<Stop>) -> Result<()> {
    let mut signals =
        signal_hook::iterator::Signals::new([SIGTERM, SIGINT]).context("cannot wait for signals")?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _signal in signals.forever() {
            // One more during a stop ends the waiting for open files; after it nobody listens.
            let _sent = stop.send(Stop::Signal);
        }
    })?;
    Ok(())
}
