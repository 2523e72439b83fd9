//! The keeper's own process.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result, bail};
use rustix::thread::CapabilitySet;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::wire::{self, Charge, Order};
use crate::daemon::confine;
use crate::fuse;

/// To mount, and to reach the mount point and the sockets wherever they are.
const CAPABILITIES: CapabilitySet = CapabilitySet::SYS_ADMIN.union(CapabilitySet::DAC_OVERRIDE);

/// Does what the daemon at the other end of the standard input orders, until that is gone.
///
/// # Errors
/// If this process was not started by a daemon, or cannot confine itself.
pub fn keep() -> Result<()> {
    outlive_signals()?;
    let link = io::stdin();
    let Ok(Some(Order::Begin(charge))) = wire::receive(&link) else {
        bail!("this is for the daemon to start; see `mediagate serve --help`");
    };
    // An ordinary user's keeper has no rights to give up, and runs a set-uid program.
    if charge.mounts {
        confine::keeper(CAPABILITIES)?;
    }
    wire::reply(&link, &Ok(None))?;
    while let Some(order) = wire::receive(&link)? {
        wire::reply(&link, &obeyed(&charge, &order))?;
    }
    Ok(())
}

/// Signals to the daemon's group end the daemon, which then needs its keeper.
fn outlive_signals() -> Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))
            .context("cannot set a signal aside")?;
    }
    Ok(())
}

fn obeyed(charge: &Charge, order: &Order) -> io::Result<Option<OwnedFd>> {
    match order {
        Order::Mount(inside) if charge.mounts => fuse::mount_below(&charge.mount, inside).map(Some),
        Order::Detach(inside) if charge.mounts => fuse::detach_below(&charge.mount, inside).map(|()| None),
        Order::Detach(inside) if inside.is_empty() => fuse::detach(&charge.mount).map(|()| None),
        Order::RemoveSockets => {
            charge.sockets.iter().try_for_each(wire::Socket::remove)?;
            Ok(None)
        }
        Order::Begin(_) | Order::Mount(_) | Order::Detach(_) => Err(rustix::io::Errno::PERM.into()),
    }
}
