//! The mounts of one daemon, from mounting to the last close.

#![forbid(unsafe_code)]

use std::collections::HashSet;
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
use crate::fs::VolumeKind;
use crate::fuse::{self, MountOptions, Session};
use crate::id::Uid;

/// How often a stop looks whether the last file was closed.
const POLL: Duration = Duration::from_millis(5);

/// The mounts, being served; dropped, they are taken out of the name space.
#[derive(Debug)]
pub(super) struct Sessions {
    served: Vec<(PathBuf, JoinHandle<()>)>,
    /// What this daemon is about to unmount itself.
    leaving: Arc<Mutex<HashSet<PathBuf>>>,
}

/// Mounts every volume, the private ones inside the shared one.
pub(super) fn mount(volumes: &Volumes, stop: &Sender<Stop>) -> Result<Sessions> {
    let mut sessions = Sessions { served: Vec::new(), leaving: Arc::default() };
    sessions.add(&volumes.all(), &volumes.common().options, stop)?;
    Ok(sessions)
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
            let private = matches!(mounted.volume.settings().kind, VolumeKind::Private(_));
            let root = mounted.volume.settings().own == Uid::ROOT;
            let how = MountOptions {
                threads: usize::try_from(options.threads.get())?,
                others: root,
                check_modes: private,
            };
            let session = Session::start(mounted.volume.clone(), &mounted.mount, how)?;
            tell(&session, root);
            self.serve(session, stop.clone())?;
        }
        Ok(())
    }

    /// Takes these volumes out of the name space, the innermost first.
    pub(super) fn remove(&mut self, volumes: &[Mounted]) {
        for mounted in volumes.iter().rev() {
            self.detach(&mounted.mount);
        }
        self.served.retain(|(_, waiting)| !waiting.is_finished());
    }

    fn serve(&mut self, session: Session, stop: Sender<Stop>) -> Result<()> {
        let mount = session.mount().to_owned();
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
        self.served.push((mount, waiting));
        Ok(())
    }

    /// Takes the mounts out of the name space and waits until what is open is closed: `patience` at most, and not
    /// when another signal comes.
    pub(super) fn stop(mut self, patience: Duration, stops: &Receiver<Stop>) {
        self.detach_all();
        let end = Instant::now() + patience;
        let open = || self.served.iter().filter(|(_, waiting)| !waiting.is_finished());
        while open().next().is_some() && Instant::now() < end {
            if stops.recv_timeout(POLL) == Ok(Stop::Signal) {
                break;
            }
        }
        for (mount, _) in open() {
            log::warn!("files of {} are still open: they answer ENOTCONN from now on", mount.display());
        }
        self.served.clear();
    }

    fn detach_all(&self) {
        for (mount, waiting) in self.served.iter().rev() {
            if !waiting.is_finished() {
                self.detach(mount);
            }
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
