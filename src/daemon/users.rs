//! Users who come and go while a volume of several is served: the private trees of each are mounted when its tree
//! appears on the lower file system, and unmounted when it is gone.
//!
//! Until they are mounted nothing of a tree's `Android/data` and `Android/obb` is served to anyone but root.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

use super::Stop;
use super::gate::DaemonGate;
use super::sessions::Sessions;
use super::undo::Undo;
use super::volumes::Volumes;
use crate::id::UserId;
use crate::lower::Identity;

/// Room for a few events; more are read in turn.
const EVENTS: usize = 4096;

/// How soon a user whose private trees could not be served is tried again; each time the wait doubles.
const SOON: Duration = Duration::from_millis(50);
/// How often that is tried (about 25 seconds in all); after that only when the directory changes.
const TRIES: u32 = 9;

/// The mounts, until the daemon stops.
pub(super) type Served = Arc<Mutex<Option<Sessions>>>;

/// Follows the users of a volume.
#[derive(Debug)]
struct Follower {
    gate: Arc<DaemonGate>,
    served: Served,
    stop: Sender<Stop>,
    /// Whose private trees are mounted, with the tree that they were mounted for.
    known: HashMap<UserId, Identity>,
    /// Whose private trees could not be mounted, with the tree and how often that was tried.
    failed: HashMap<UserId, (Identity, u32)>,
}

/// Watches the directory of the users' trees for as long as the process lives. Returns when the watch stands.
pub(super) fn follow(gate: Arc<DaemonGate>, served: Served, stop: Sender<Stop>) -> Result<()> {
    let watch = watch(gate.volumes())?;
    let (known, failed) = (HashMap::new(), HashMap::new());
    let mut follower = Follower { gate, served, stop, known, failed };
    std::thread::Builder::new().name("users".to_owned()).spawn(move || {
        loop {
            if let Err(error) = follower.catch_up() {
                log::error!("cannot follow the users of the volume: {error:#}");
            }
            if let Err(error) = next(&watch, follower.pause()) {
                log::error!("the users of the volume are no longer followed: {error}");
                return;
            }
        }
    })?;
    Ok(())
}

fn watch(volumes: &Volumes) -> Result<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC)?;
    let events = WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVED_FROM
        | WatchFlags::MOVED_TO
        | WatchFlags::ONLYDIR;
    inotify::add_watch(&watch, volumes.lower(), events)
        .with_context(|| format!("cannot watch {} for users", volumes.lower().display()))?;
    Ok(watch)
}

/// Waits until something changed, or for so long; what it was is looked up.
fn next(watch: &OwnedFd, longest: Option<Duration>) -> io::Result<()> {
    let longest = longest.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(watch, PollFlags::IN)], longest.as_ref()) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let mut buffer = [MaybeUninit::uninit(); EVENTS];
    let mut reader = Reader::new(watch, &mut buffer);
    loop {
        match reader.next().map(drop) {
            Ok(()) if reader.is_buffer_empty() => return Ok(()),
            Ok(()) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl Follower {
    fn catch_up(&mut self) -> Result<()> {
        let volumes = self.gate.volumes();
        let present: HashMap<_, _> =
            volumes.users()?.into_iter().map(|user| (user.number, user.tree)).collect();
        let mut served = self.served.lock();
        let Some(sessions) = served.as_mut() else { return Ok(()) };
        if self.known.is_empty() {
            self.known = mounted_at_start(volumes, &present);
        }
        for user in self.known.keys().copied().collect::<Vec<_>>() {
            if present.get(&user) != self.known.get(&user) {
                self.known.remove(&user);
                sessions.remove(&volumes.remove(user));
                log::info!("user {user} has left");
            }
        }
        self.failed.retain(|user, (tree, _)| present.get(user) == Some(tree));
        for (user, tree) in present {
            if self.known.contains_key(&user) {
                continue;
            }
            // One who fails keeps nobody else out.
            match come(volumes, sessions, user, &self.stop) {
                Ok(()) => {
                    self.failed.remove(&user);
                    self.known.insert(user, tree);
                    log::info!("user {user} has come");
                }
                Err(error) => {
                    let (_, tries) = self.failed.entry(user).or_insert((tree, 0));
                    *tries = tries.saturating_add(1);
                    log::error!("the private trees of user {user} cannot be served: {error:#}");
                }
            }
        }
        Ok(())
    }

    /// How long to wait for a change before those who failed are tried again.
    fn pause(&self) -> Option<Duration> {
        let waits = self.failed.values().filter(|(_, tries)| *tries < TRIES);
        waits.map(|(_, tries)| SOON * 2u32.saturating_pow(tries.saturating_sub(1))).min()
    }
}

/// Mounts the private trees of a user.
fn come(volumes: &Volumes, sessions: &mut Sessions, user: UserId, stop: &Sender<Stop>) -> Result<()> {
    let mut undo = Undo::default();
    let opened = volumes.private_of(user, &user.to_string(), &mut undo)?;
    for (mounted, before) in opened.iter().zip(0..) {
        if let Err(error) = sessions.add(std::slice::from_ref(mounted), &volumes.common().options, stop) {
            sessions.remove(opened.get(..before).unwrap_or_default());
            return Err(error);
        }
    }
    undo.keep();
    volumes.add(opened);
    Ok(())
}

/// The users whose private trees the start has mounted, with their trees of now.
fn mounted_at_start(volumes: &Volumes, present: &HashMap<UserId, Identity>) -> HashMap<UserId, Identity> {
    let private = |mounted: &super::volumes::Mounted| !mounted.inside.is_empty();
    let users = volumes.all().into_iter().filter(private).map(|mounted| mounted.volume.settings().user);
    users.filter_map(|user| Some((user, *present.get(&user)?))).collect()
}
