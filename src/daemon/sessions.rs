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
use super::volumes::{Mounted, Volumes};
use crate::config::ServeOptions;
use crate::fs::{Volume, VolumeKind};
use crate::fuse::{self, MountOptions, Session};
use crate::id::Uid;

/// How often a stop looks whether the last file was closed.
const POLL: Duration = Duration::from_millis(5);

/// The mounts, being served; dropped, they are taken out of the name space.
#[derive(Debug)]
pub(super) struct Sessions {
    served: Vec<Served>,
    /// Somebody else mounted, and unmounts.
    given: bool,
    /// What this daemon is about to unmount itself.
    leaving: Arc<Mutex<HashSet<PathBuf>>>,
}

/// A mount and the thread that waits for its end.
#[derive(Debug)]
struct Served {
    mount: PathBuf,
    volume: Arc<Volume>,
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

/// Mounts every volume, the private ones inside the shared one; or serves the only one through a descriptor that
/// somebody else has mounted with.
pub(super) fn mount(volumes: &Volumes, given: Option<OwnedFd>, stop: &Sender<Stop>) -> Result<Sessions> {
    let mut sessions = Sessions { served: Vec::new(), given: given.is_some(), leaving: Arc::default() };
    let (all, options) = (volumes.all(), &volumes.common().options);
    match (all.as_slice(), given, options.fuse_fd) {
        ([only], Some(device), Some(number)) => {
            let (volume, how) = (only.volume.clone(), how(only, options)?);
            let session = Session::start_given(volume, &only.mount, how, (number, device))?;
            tell(&session, true);
            sessions.serve(session, stop.clone())?;
        }
        _ => sessions.add(&all, options, stop)?,
    }
    Ok(sessions)
}

fn how(mounted: &Mounted, options: &ServeOptions) -> Result<MountOptions> {
    let settings = mounted.volume.settings();
    Ok(MountOptions {
        threads: usize::try_from(options.threads.get())?,
        others: settings.own == Uid::ROOT || options.fuse_fd.is_some(),
        check_modes: matches!(settings.kind, VolumeKind::Private(_)),
    })
}

/// Says what this mount cannot do.
fn tell(session: &Session, root: bool) {
    let mount = session.mount().display();
    if let Err(reason) = session.volume().passthrough() {
        log::warn!("{mount}: no passthrough, the daemon serves every read and write: {reason}");
    }
    if !root {
        log::warn!(
            "{mount}: mounted as an ordinary user: only this user may walk in, and it sees everything"
        );
    }
}

impl Sessions {
    /// Mounts these volumes, each inside one that is mounted.
    pub(super) fn add(
        &mut self,
        volumes: &[Mounted],
        options: &ServeOptions,
        stop: &Sender<Stop>,
    ) -> Result<()> {
        for mounted in volumes {
            let how = how(mounted, options)?;
            let session = Session::start(mounted.volume.clone(), &mounted.mount, how)?;
            tell(&session, mounted.volume.settings().own == Uid::ROOT);
            self.serve(session, stop.clone())?;
        }
        Ok(())
    }

    /// Takes these volumes out of the name space, the innermost first.
    pub(super) fn remove(&mut self, volumes: &[Mounted]) {
        for mounted in volumes.iter().rev() {
            self.detach(&mounted.mount);
        }
        self.served.retain(|served| !served.is_over());
    }

    fn serve(&mut self, session: Session, stop: Sender<Stop>) -> Result<()> {
        let (mount, volume) = (session.mount().to_owned(), session.volume().clone());
        let shared = !matches!(session.volume().settings().kind, VolumeKind::Private(_));
        let (name, leaving) = (mount.clone(), self.leaving.clone());
        let waiting = std::thread::Builder::new().name("unmounted".to_owned()).spawn(move || {
            if let Err(error) = session.join() {
                log::error!("serving {} ended: {error}", name.display());
            }
            if shared {
                // Nobody listens any more once the daemon stops.
                let _sent = stop.send(Stop::Unmounted);
            } else if !leaving.lock().remove(&name) {
                log::warn!("{} is no longer mounted: what is private there is out of reach", name.display());
            }
        })?;
        self.served.push(Served { mount, volume, waiting });
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
            log::warn!(
                "files of {} are still open: they answer ENOTCONN from now on",
                served.mount.display()
            );
        }
        self.served.clear();
    }

    fn detach_all(&self) {
        let own = self.served.iter().rev().filter(|served| !self.given && !served.is_over());
        for served in own {
            self.detach(&served.mount);
        }
    }

    fn detach(&self, mount: &Path) {
        self.leaving.lock().insert(mount.to_owned());
        if let Err(error) = fuse::detach(mount) {
            self.leaving.lock().remove(mount);
            log::warn!("cannot unmount {}: {error}", mount.display());
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.detach_all();
    }
}
