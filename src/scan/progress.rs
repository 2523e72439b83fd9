//! How far a scan is, for others to read while it runs, and their way to end it.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a scan did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScanOutcome {
    /// Files that it met.
    pub files: u64,
    /// Directories that it listed.
    pub directories: u64,
    /// Files whose content it read; the others were known.
    pub read: u64,
    /// Rows that it made or changed.
    pub changed: u64,
    /// Rows that it removed because their file was gone.
    pub removed: u64,
    /// Files and directories that it could not read, or that did not keep still.
    pub failed: u64,
    /// Whether it was told to end before it was through.
    pub cancelled: bool,
}

/// The counters of one running scan.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) files: AtomicU64,
    pub(super) directories: AtomicU64,
    pub(super) read: AtomicU64,
    pub(super) changed: AtomicU64,
    pub(super) removed: AtomicU64,
    pub(super) failed: AtomicU64,
    /// Whether something that exists may not have been met.
    pub(super) incomplete: AtomicBool,
    cancelled: AtomicBool,
}

impl Progress {
    /// What the scan has done until now.
    pub fn so_far(&self) -> ScanOutcome {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ScanOutcome {
            files: count(&self.files),
            directories: count(&self.directories),
            read: count(&self.read),
            changed: count(&self.changed),
            removed: count(&self.removed),
            failed: count(&self.failed),
            cancelled: self.is_cancelled(),
        }
    }

    /// Ends the scan after the file that it is looking into; what it found is recorded.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the scan was told to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Adds `amount` to one of the counters.
pub(super) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}
