//! Removing what expired: at the start, once a day when nobody is busy, and when an administrator asks.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::gate::DaemonGate;
use super::volumes::Volumes;
use crate::admin::{AdminError, Gate as _, MaintainedEntry, MaintenanceReport};
use crate::diag::{Counter, Counters};
use crate::fs::{Expiry, VolumeKind};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// So long nobody asked for anything: the volume is idle.
const QUIET: Duration = Duration::from_secs(60);
/// How often an idle time is waited for before the maintenance is done anyway.
const WAITS: usize = 120;

/// Removes what expired by `now` (seconds since 1970) from every volume.
///
/// # Errors
/// [`AdminError::Internal`]
pub(super) fn run(volumes: &Volumes, now: i64) -> Result<MaintenanceReport, AdminError> {
    let mut report = MaintenanceReport::default();
    for mounted in volumes.all() {
        // Private trees are their packages' own: nothing in them is pending or trashed.
        if !matches!(mounted.volume.settings().kind, VolumeKind::Private(_)) {
            let done = mounted.volume.remove_expired(now, |path, outcome| add(&mut report, path, outcome));
            done.map_err(|error| AdminError::internal("remove what expired", error))?;
            // What was removed is gone for everyone when this returns.
            mounted.volume.await_expiries();
        }
    }
    Ok(report)
}

/// The same, after files that were put on the lower file system from outside were found. While a scan runs already,
/// that one finds them, and what it has not come to yet is for the next maintenance.
///
/// # Errors
/// [`AdminError::Internal`]
pub(super) fn find_and_run(gate: &DaemonGate, now: i64) -> Result<MaintenanceReport, AdminError> {
    match gate.scan(None, false) {
        Ok(_) | Err(AdminError::ScanRuns { .. }) => run(gate.volumes(), now),
        Err(error) => Err(error),
    }
}

fn add(report: &mut MaintenanceReport, path: &str, outcome: Expiry) {
    let (count, name, new_name) = match outcome {
        Expiry::Removed => (&mut report.removed, "removed", None),
        Expiry::Extended(name) => (&mut report.extended, "extended", Some(name)),
        Expiry::Busy => (&mut report.busy, "busy", None),
        Expiry::Failed(reason) => {
            log::warn!("{path:?} expired and stays: {reason}");
            (&mut report.failed, "failed", None)
        }
    };
    *count = count.saturating_add(1);
    log::info!("expired: {path:?} {name}");
    if report.entries.len() < MaintenanceReport::NAMED {
        let path = path.trim_start_matches('/').to_owned();
        report.entries.push(MaintainedEntry { outcome: name.to_owned(), path, new_name });
    }
}

/// Does it now and every day for as long as the process lives.
pub(super) fn keep(gate: Arc<DaemonGate>, counters: Arc<Counters>) -> Result<()> {
    std::thread::Builder::new().name("maintenance".to_owned()).spawn(move || {
        said(&run(gate.volumes(), now()));
        loop {
            std::thread::sleep(DAY);
            await_quiet(&counters);
            said(&find_and_run(&gate, now()));
        }
    })?;
    Ok(())
}

fn said(done: &Result<MaintenanceReport, AdminError>) {
    match done {
        Ok(MaintenanceReport { removed, extended, busy, failed, .. }) => {
            log::debug!("maintenance: {removed} removed, {extended} extended, {busy} busy, {failed} failed");
        }
        Err(error) => log::error!("{error}"),
    }
}

fn await_quiet(counters: &Counters) {
    let requests =
        || Counter::ALL.iter().fold(0u64, |sum, counter| sum.wrapping_add(counters.value(*counter)));
    for _ in 0..WAITS {
        let before = requests();
        std::thread::sleep(QUIET);
        if requests() == before {
            return;
        }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
