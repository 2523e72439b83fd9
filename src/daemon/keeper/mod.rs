//! The process that mounts and unmounts for the daemon.
//!
//! The daemon confines itself once it serves, and what is confined may not change mounts. So it starts this program
//! again, before anything of others is read, and tells it where the volume is mounted. After that the keeper takes
//! three orders and no more: mount a volume at a place below that mount point, take such a mount away, and remove the
//! daemon's sockets. It ends with the daemon; what is mounted then stays as the daemon left it.

#![forbid(unsafe_code)]

mod process;
mod wire;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;

pub use process::keep;
use wire::{Charge, Order, Socket};

/// How the keeper's process is called.
pub(crate) const COMMAND: &str = "keep-mounts";

/// The keeper, as its daemon sees it; dropped, it ends.
#[derive(Debug)]
pub(super) struct Keeper {
    /// One order at a time; `None` once it is to end.
    link: Mutex<Option<OwnedFd>>,
    process: Mutex<Child>,
    /// Whether it may mount: an ordinary user's daemon has a set-uid program do so.
    mounts: bool,
}

impl Keeper {
    /// Starts the keeper of what is going to be mounted at `mount`, an absolute path without links.
    pub(super) fn start(mount: &Path, sockets: &[PathBuf], mounts: bool) -> Result<Keeper> {
        let (ours, its) = wire::pair().context("cannot make a pair of sockets")?;
        let process = Command::new("/proc/self/exe")
            .arg(COMMAND)
            .stdin(Stdio::from(its))
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start the process that keeps the mounts")?;
        let keeper = Keeper { link: Mutex::new(Some(ours)), process: Mutex::new(process), mounts };
        let sockets = sockets.iter().filter_map(|path| Socket::at(path)).collect();
        let charge = Charge { mount: mount.to_owned(), sockets, mounts };
        keeper.order(&Order::Begin(charge)).context("the process that keeps the mounts does not start")?;
        Ok(keeper)
    }

    /// Whether it mounts; else the daemon is an ordinary user's.
    pub(super) fn mounts(&self) -> bool {
        self.mounts
    }

    /// Mounts at `inside` below the mount point, and returns where that is served; `None` where the daemon has to mount
    /// by itself.
    pub(super) fn mount(&self, inside: &str) -> io::Result<Option<OwnedFd>> {
        if !self.mounts {
            return Ok(None);
        }
        let device = self.order(&Order::Mount(inside.to_owned()))?;
        device.map(Some).ok_or_else(|| io::Error::other("the keeper of the mounts sent no descriptor"))
    }

    /// Takes the mount at `inside` out of the name space.
    pub(super) fn detach(&self, inside: &str) -> io::Result<()> {
        self.order(&Order::Detach(inside.to_owned())).map(drop)
    }

    /// Removes the daemon's sockets.
    pub(super) fn remove_sockets(&self) -> io::Result<()> {
        self.order(&Order::RemoveSockets).map(drop)
    }

    fn order(&self, order: &Order) -> io::Result<Option<OwnedFd>> {
        let link = self.link.lock();
        let link = link.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        wire::send(link, order)?;
        wire::answer(link)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // After a start that failed they are still there.
        if let Err(error) = self.remove_sockets() {
            log::debug!("the sockets are left: {error}");
        }
        drop(self.link.lock().take());
        if let Err(error) = self.process.lock().wait() {
            log::debug!("the keeper of the mounts was gone already: {error}");
        }
    }
}
