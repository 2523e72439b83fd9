//! `scan`: indexing on demand, one at a time.
//!
//! A scan belongs to the daemon, not to the client that began it: it goes on when that one is gone, others can ask how
//! far it is, and end it.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::volumes::{Common, Volumes};
use crate::admin::{AdminError, ScanProgress, ScanReport};
use crate::error::Errno;
use crate::lower::{FileName, PathFd};
use crate::scan::{Progress, ScanFailure, ScanOptions, scan};
use crate::store::Store;

/// The scan that runs, if one does.
#[derive(Debug, Default)]
pub(super) struct Index {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    /// Whether the daemon is about to end.
    closed: bool,
}

#[derive(Clone, Debug)]
struct Running {
    progress: Arc<Progress>,
    started: Instant,
}

/// Gives up the place of the scan that runs.
struct Turn<'a>(&'a Index);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state.lock().running = None;
    }
}

impl Index {
    /// Indexes below `path`, or the whole shared volume; private trees have no index.
    ///
    /// # Errors
    /// [`AdminError::ScanRuns`] while another scan runs; what [`index`] says.
    pub(super) fn run(
        &self,
        volumes: &Volumes,
        store: &Store,
        path: Option<&str>,
        full: bool,
    ) -> Result<ScanReport, AdminError> {
        let (_turn, running) = self.begin()?;
        index(volumes, store, (path.unwrap_or_default(), full), &running)
    }

    fn begin(&self) -> Result<(Turn<'_>, Running), AdminError> {
        let mut state = self.state.lock();
        if let Some(running) = &state.running {
            return Err(AdminError::ScanRuns { files: running.progress.so_far().files });
        }
        let running = Running { progress: Arc::default(), started: Instant::now() };
        if state.closed {
            running.progress.cancel();
        }
        state.running = Some(running.clone());
        Ok((Turn(self), running))
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Option<ScanProgress> {
        let running = self.state.lock().running.clone()?;
        let done = running.progress.so_far();
        Some(ScanProgress {
            files: done.files,
            directories: done.directories,
            read: done.read,
            failed: done.failed,
            milliseconds: running.milliseconds(),
        })
    }

    /// Ends it soon; tells whether there is one.
    pub(super) fn cancel(&self) -> bool {
        let state = self.state.lock();
        state.running.iter().for_each(|running| running.progress.cancel());
        state.running.is_some()
    }

    /// Ends it soon, and each that begins from now on.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.cancel();
    }
}

impl Running {
    fn milliseconds(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn index(
    volumes: &Volumes,
    store: &Store,
    (path, full): (&str, bool),
    running: &Running,
) -> Result<ScanReport, AdminError> {
    let outside = || AdminError::OutsideVolumes { path: path.to_owned() };
    let (mounted, below) = volumes.locate(path).ok_or_else(outside)?;
    if !mounted.inside.is_empty() {
        return Err(private(path));
    }
    let names = below.split('/').filter(|name| !name.is_empty());
    let below: Vec<_> = names
        .map(|name| FileName::parse(OsStr::new(name)))
        .collect::<Result<_, _>>()
        .map_err(|error| AdminError::NoSuchFile { path: path.to_owned(), errno: error.errno() })?;
    let volume = &mounted.volume;
    let root =
        PathFd::root(volume.lower()).map_err(|error| AdminError::internal("open the volume", error))?;
    let Common { options, processors, .. } = volumes.common();
    let options = ScanOptions { full, users: options.users, hide: options.hide, threads: *processors };
    let outcome = scan(&root, volume.root_row(), store, &below, options, &running.progress);
    // Rows were made and changed: what was known of entries is gathered again.
    for mounted in volumes.all() {
        mounted.volume.forget_facts();
    }
    let done = outcome.map_err(|failure| refused(path, failure))?;
    Ok(ScanReport {
        files: done.files,
        directories: done.directories,
        read: done.read,
        changed: done.changed,
        removed: done.removed,
        failed: done.failed,
        milliseconds: running.milliseconds(),
        cancelled: done.cancelled,
    })
}

fn refused(path: &str, failure: ScanFailure) -> AdminError {
    match failure {
        ScanFailure::NotFound { .. } => {
            AdminError::NoSuchFile { path: path.to_owned(), errno: Errno::ENOENT }
        }
        ScanFailure::Private { .. } => private(path),
        failure @ (ScanFailure::Lower { .. } | ScanFailure::Store(_)) => {
            AdminError::internal("scan", anyhow::Error::new(failure).root_cause())
        }
    }
}

fn private(path: &str) -> AdminError {
    AdminError::Invalid {
        what: "path",
        value: path.to_owned(),
        remedy: "it is private to an application, and private trees have no index; name another place",
    }
}
