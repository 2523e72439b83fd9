//! How much of what the system has the daemon takes: descriptors.

#![forbid(unsafe_code)]

use rustix::process::{Resource, Rlimit};

/// Descriptors kept free for what is not a node: handles, database, sockets.
const RESERVED: u64 = 512;

/// Raises the limit of open files as far as it goes.
pub(super) fn raise() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if rustix::process::setrlimit(Resource::Nofile, raised).is_err() {
        log::warn!("the limit of open files stays at {}", limit.current.unwrap_or(u64::MAX));
    }
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
