//! The daemon: wiring, start and stop.
//!
//! A start either serves everything or leaves nothing behind. A stop takes the mounts out of the name space at once
//! and serves what is open until its last close.

#![forbid(unsafe_code)]

mod audit;
mod check;
mod confine;
mod files;
mod gate;
mod index;
mod keeper;
mod limits;
mod maintenance;
mod observers;
mod packages;
mod sessions;
mod undo;
mod users;
mod volumes;

use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::admin::Admin;
use crate::config::{BinderMode, ServeOptions};
use crate::diag::{Counters, DecisionRing};
use crate::id::Uid;
use crate::store::Store;
use crate::{admin, binder, fuse, platform};
use confine::Reach;
use gate::DaemonGate;
use keeper::Keeper;
pub use keeper::keep as keep_mounts;
use packages::Follower;
use sessions::Sessions;
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
    limits::raise();
    let mut undo = Undo::default();
    let (stop, stopped) = channel();
    let parts = Parts::assemble(options, stop.clone(), &mut undo)?;
    let packages = match (&options.apps, applications) {
        (Some(path), Some(applications)) => packages::register(path, &applications, &parts.admin, parts.own)?,
        _ => None,
    };
    let bound = binder::bind(&parts.admin, &transports)?;
    let signals = Signals::new([SIGTERM, SIGINT]).context("cannot wait for signals")?;
    let supervisor = platform::Supervisor::find().context("cannot reach the supervisor (NOTIFY_SOCKET)")?;
    let keeper = Arc::new(parts.keeper(&bound)?);
    let list = packages.as_ref().map(Follower::directory);
    let sessions = parts.mount((&keeper, given), list, &stop)?;
    on_signal(signals, stop.clone())?;
    packages.map(Follower::start).transpose()?;
    let serving = binder::serve(&parts.admin, bound)?;
    let sessions = Arc::new(Mutex::new(Some(sessions)));
    let Parts { own, store, counters, decisions, gate, admin } = parts;
    if options.users && gate.volumes().common().privileged && options.fuse_fd.is_none() {
        users::follow(gate.clone(), sessions.clone(), stop)?;
    }
    let audit = audit::Writer::start(admin.clone(), store, decisions, own)?;
    let teller = observers::Teller::start(admin, gate.clone())?;
    maintenance::keep(gate.clone(), counters)?;
    undo.keep();
    log::info!("serving {} at {}", options.lower.display(), options.mount.display());
    supervisor.ready();
    let reason = wait(&stopped);
    log::info!("stopping: {reason}");
    supervisor.stopping();
    gate.end_scans();
    teller.stop();
    drop(serving);
    if let Err(error) = keeper.remove_sockets() {
        log::warn!("the sockets are left: {error}");
    }
    let sessions = sessions.lock().take();
    if let Some(sessions) = sessions {
        sessions.stop(PATIENCE, &stopped);
    }
    audit.stop();
    Ok(())
}

/// What a daemon consists of, before it serves.
struct Parts {
    own: Uid,
    store: Arc<Store>,
    counters: Arc<Counters>,
    decisions: Arc<DecisionRing>,
    gate: Arc<DaemonGate>,
    admin: Arc<Admin>,
}

impl Parts {
    fn assemble(options: &ServeOptions, stop: Sender<Stop>, undo: &mut Undo) -> Result<Parts> {
        let own = Uid::new(rustix::process::geteuid().as_raw());
        let store = Arc::new(open_store(&options.state, undo)?);
        let counters = Arc::new(Counters::default());
        let decisions = Arc::new(DecisionRing::default());
        let common = Common {
            options: options.clone(),
            own,
            privileged: confine::may_mount(),
            store: store.clone(),
            counters: counters.clone(),
            decisions: decisions.clone(),
            feed: Arc::default(),
            processors: std::thread::available_parallelism().map_or(1, NonZero::get),
        };
        let volumes = Volumes::open(common, undo)?;
        let gate = Arc::new(DaemonGate::new(volumes, store.clone(), counters.clone(), options, stop));
        // Its observers are told of what happens in the volumes.
        let feed = gate.volumes().common().feed.clone();
        let admin = Arc::new(Admin::new(store.clone(), gate.clone(), own).observing(feed));
        Ok(Parts { own, store, counters, decisions, gate, admin })
    }

    /// Starts the process that mounts for this one.
    fn keeper(&self, bound: &binder::Bound) -> Result<Keeper> {
        let common = self.gate.volumes().common();
        let mount = std::fs::canonicalize(&common.options.mount)?;
        Keeper::start(&mount, &bound.sockets(), common.privileged)
    }

    /// Mounts everything and serves it. In between this thread is confined, with all that it starts from then on; the
    /// shared volume comes before, because Landlock has to know it, and the others after, because they are mounted
    /// inside it, where nobody comes before it is served.
    fn mount(
        &self,
        (keeper, given): (&Arc<Keeper>, Option<OwnedFd>),
        list: Option<&Path>,
        stop: &Sender<Stop>,
    ) -> Result<Sessions> {
        let volumes = self.gate.volumes();
        let options = &volumes.common().options;
        let all = volumes.all();
        let (shared, inner) = all.split_first().context("there is no volume")?;
        let mut sessions = Sessions::new(keeper.clone(), given.is_some());
        let mounted = match (given, options.fuse_fd) {
            (Some(device), Some(number)) => sessions.take_over(shared, options, (number, device))?,
            _ => sessions.mount(shared, options)?,
        };
        let reach = Reach { lower: volumes.lower(), mount: &options.mount, state: &options.state, list };
        self.gate.confined(confine::daemon(&reach)?);
        sessions.serve(mounted, stop)?;
        sessions.add(inner, options, stop)?;
        Ok(sessions)
    }
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

fn on_signal(mut signals: Signals, stop: Sender<Stop>) -> Result<()> {
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _signal in signals.forever() {
            // One more during a stop ends the waiting for open files; after it nobody listens.
            let _sent = stop.send(Stop::Signal);
        }
    })?;
    Ok(())
}
