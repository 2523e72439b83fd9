//! What the daemon may do, and no more.

#![forbid(unsafe_code)]

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit};
use rustix::thread::CapabilitySet;

/// Descriptors kept free for what is not a node: handles, database, sockets.
const RESERVED: u64 = 512;

/// Raises the limit of open files as far as it goes and gives up the right to keep set-id bits.
///
/// With CAP_FSETID the lower file system would leave set-uid and set-gid bits on a file that an application writes
/// to; without it they are stripped, as for every other writer. Threads inherit it, so this comes first.
pub(super) fn settle() -> Result<()> {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if rustix::process::setrlimit(Resource::Nofile, raised).is_err() {
        log::warn!("the limit of open files stays at {}", limit.current.unwrap_or(u64::MAX));
    }
    let mut sets = rustix::thread::capabilities(None).context("cannot read the process's capabilities")?;
    sets.effective.remove(CapabilitySet::FSETID);
    sets.permitted.remove(CapabilitySet::FSETID);
    sets.inheritable.remove(CapabilitySet::FSETID);
    rustix::thread::set_capabilities(None, sets).context("cannot give up CAP_FSETID")
}

/// How many files one uid may hold open through a volume: a quarter of what the daemon can.
pub(super) fn handles_per_uid() -> usize {
    let limit = rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(1 << 20);
    usize::try_from(limit / 4).unwrap_or(1 << 18).max(64)
}

/// How many descriptors the nodes of all volumes may hold.
pub(super) fn descriptors() -> usize {
    let limit = rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(1 << 20);
    usize::try_from(limit.saturating_sub(RESERVED) / 2).unwrap_or(1 << 19).clamp(64, 1 << 17)
}
