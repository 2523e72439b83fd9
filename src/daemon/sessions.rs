//! The mounts of one daemon, from mounting to the last close.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::Mutex;

use super::Stop;
use super::keeper::Keeper;
use super::volumes::Mounted;
use crate::config::ServeOptions;
use crate::fs::{Volume, VolumeKind};
use crate::fuse::{self, MountError, MountOptions, Session};

/// How often a stop looks whether the last file was closed.
const POLL: Duration = Duration::from_millis(5);

/// The mounts, being served; dropped, they are taken out of the name space.
#[derive(Debug)]
pub(super) struct Sessions {
    keeper: Arc<Keeper>,
    served: Vec<Served>,
    /// Somebody else mounted, and unmounts.
    given: bool,
    /// What this daemon is about to unmount itself.
    leaving: Arc<Mutex<HashSet<String>>>,
}

/// A mount that is being served.
#[derive(Debug)]
struct Served {
    mount: PathBuf,
    /// Where in the shared volume.
    inside: String,
    volume: Arc<Volume>,
    /// Waits for its end.
    waiting: JoinHandle<()>,
}

impl Served {
    fn is_over(&self) -> bool {
        self.waiting.is_finished()
    }

    fn has_open_files(&self) -> bool {
        !self.is_over() && self.volume.sizes().1 > 0
    }
}

/// A volume that is mounted, and that nobody serves yet; dropped, it is unmounted.
#[derive(Debug)]
pub(super) struct Unserved {
    session: fuse::Mounted,
    point: Point,
}

/// Something is mounted there; dropped, it is no more.
#[derive(Debug)]
struct Point {
    keeper: Arc<Keeper>,
    /// Where in the shared volume; `None` for what is to stay.
    inside: Option<String>,
}

impl Drop for Point {
    fn drop(&mut self) {
        if let Some(inside) = &self.inside
            && let Err(error) = self.keeper.detach(inside)
        {
            log::warn!("a mount that is not served is left: {error}");
        }
    }
}

fn how(mounted: &Mounted, options: &ServeOptions, others: bool) -> Result<MountOptions> {
    Ok(MountOptions {
        threads: usize::try_from(options.threads.get())?,
        others,
        check_modes: matches!(mounted.volume.settings().kind, VolumeKind::Private(_)),
    })
}

/// Says what this mount cannot do.
fn tell(session: &Session, privileged: bool) {
    let mount = session.mount().display();
    if let Err(reason) = session.volume().passthrough() {
        log::warn!("{mount}: no passthrough, the daemon serves every read and write: {reason}");
    }
    if !privileged {
        log::warn!(
            "{mount}: mounted as an ordinary user: only this user may walk in, and it sees everything"
        );
    }
}

impl Sessions {
    /// None yet.
    pub(super) fn new(keeper: Arc<Keeper>, given: bool) -> Sessions {
        Sessions { keeper, served: Vec::new(), given, leaving: Arc::default() }
    }

    /// Takes a volume that somebody else has mounted with this descriptor, which they call by its number.
    pub(super) fn take_over(
        &self,
        mounted: &Mounted,
        options: &ServeOptions,
        (number, device): (u32, OwnedFd),
    ) -> Result<Unserved> {
        let point = Point { keeper: self.keeper.clone(), inside: None };
        let (volume, how) = (mounted.volume.clone(), how(mounted, options, true)?);
        let session = fuse::Mounted::new(volume, &mounted.mount, how, Some(device));
        let session = session.map_err(|error| error.of_descriptor(number))?;
        Ok(Unserved { session, point })
    }

    /// Mounts a volume, inside one that is served or as the first.
    pub(super) fn mount(&self, mounted: &Mounted, options: &ServeOptions) -> Result<Unserved> {
        let refused = |cause| MountError::Refused { mount: mounted.mount.clone(), cause };
        let device = self.keeper.mount(&mounted.inside).map_err(refused)?;
        // What it mounts itself fuser unmounts itself.
        let inside = device.is_some().then(|| mounted.inside.clone());
        let mut point = Point { keeper: self.keeper.clone(), inside };
        let how = how(mounted, options, device.is_some())?;
        let session = fuse::Mounted::new(mounted.volume.clone(), &mounted.mount, how, device)?;
        point.inside = Some(mounted.inside.clone());
        Ok(Unserved { session, point })
    }

    /// Serves what is mounted, with the rights that this thread has now.
    pub(super) fn serve(&mut self, unserved: Unserved, stop: &Sender<Stop>) -> Result<()> {
        let Unserved { session, mut point } = unserved;
        let session = session.serve()?;
        tell(&session, self.given || self.keeper.mounts());
        let inside = point.inside.take().unwrap_or_default();
        self.wait(session, inside, stop.clone())
    }

    /// Mounts these volumes, each inside one that is mounted.
    pub(super) fn add(
        &mut self,
        volumes: &[Mounted],
        options: &ServeOptions,
        stop: &Sender<Stop>,
    ) -> Result<()> {
        volumes.iter().try_for_each(|mounted| self.serve(self.mount(mounted, options)?, stop))
    }

    /// Takes these volumes out of the name space, the innermost first.
    pub(super) fn remove(&mut self, volumes: &[Mounted]) {
        for mounted in volumes.iter().rev() {
            self.detach(&mounted.mount, &mounted.inside);
        }
        self.served.retain(|served| !served.is_over());
    }

    fn wait(&mut self, session: Session, inside: String, stop: Sender<Stop>) -> Result<()> {
        let (mount, volume) = (session.mount().to_owned(), session.volume().clone());
        let shared = !matches!(session.volume().settings().kind, VolumeKind::Private(_));
        let (name, leaving, key) = (mount.clone(), self.leaving.clone(), inside.clone());
        let waiting = std::thread::Builder::new().name("unmounted".to_owned()).spawn(move || {
            if let Err(error) = session.join() {
                log::error!("serving {} ended: {error}", name.display());
            }
            if shared {
                // Nobody listens any more once the daemon stops.
                let _sent = stop.send(Stop::Unmounted);
            } else if !leaving.lock().remove(&key) {
                log::warn!("{} is no longer mounted: what is private there is out of reach", name.display());
            }
        })?;
        self.served.push(Served { mount, inside, volume, waiting });
        Ok(())
    }

    /// Takes the mounts out of the name space and waits until what is open is closed: `patience` at most, and not
    /// when another signal comes. A mount that is somebody else's stays, and is served as long.
    pub(super) fn stop(mut self, patience: Duration, stops: &Receiver<Stop>) {
        self.detach_all();
        let end = Instant::now() + patience;
        let given = self.given;
        let open =
            || self.served.iter().filter(|one| if given { one.has_open_files() } else { !one.is_over() });
        while open().next().is_some() && Instant::now() < end {
            if stops.recv_timeout(POLL) == Ok(Stop::Signal) {
                break;
            }
        }
        for served in open() {
            let mount = served.mount.display();
            log::warn!("files of {mount} are still open: they answer ENOTCONN from now on");
        }
        self.served.clear();
    }

    fn detach_all(&self) {
        let own = self.served.iter().rev().filter(|served| !self.given && !served.is_over());
        for served in own {
            self.detach(&served.mount, &served.inside);
        }
    }

    fn detach(&self, mount: &Path, inside: &str) {
        self.leaving.lock().insert(inside.to_owned());
        if let Err(error) = self.keeper.detach(inside) {
            self.leaving.lock().remove(inside);
            log::warn!("cannot unmount {}: {error}", mount.display());
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.detach_all();
    }
}
