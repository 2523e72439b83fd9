//! `scan`: indexing on demand.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::time::Instant;

use super::volumes::Volumes;
use crate::admin::{AdminError, ScanReport};
use crate::error::Errno;
use crate::lower::{FileName, PathFd};
use crate::scan::{Progress, ScanFailure, ScanOptions, scan};
use crate::store::Store;

/// Indexes below `path`, or the whole shared volume; private trees have no index.
pub(super) fn run(
    volumes: &Volumes,
    store: &Store,
    path: Option<&str>,
    full: bool,
) -> Result<ScanReport, AdminError> {
    let named = path.unwrap_or_default();
    let outside = || AdminError::OutsideVolumes { path: named.to_owned() };
    let (mounted, below) = volumes.locate(named).ok_or_else(outside)?;
    if !mounted.inside.is_empty() {
        return Err(private(named));
    }
    let names = below.split('/').filter(|name| !name.is_empty());
    let below: Vec<_> = names
        .map(|name| FileName::parse(OsStr::new(name)))
        .collect::<Result<_, _>>()
        .map_err(|error| AdminError::NoSuchFile { path: named.to_owned(), errno: error.errno() })?;
    let started = Instant::now();
    let volume = &mounted.volume;
    let root =
        PathFd::root(volume.lower()).map_err(|error| AdminError::internal("open the volume", error))?;
    let progress = Progress::default();
    let outcome = scan(
        &root,
        volume.root_row(),
        store,
        &below,
        ScanOptions { full, users: volumes.common().options.users },
        &progress,
    );
    // Rows were made and changed: what was known of entries is gathered again.
    for mounted in volumes.all() {
        mounted.volume.forget_facts();
    }
    let done = outcome.map_err(|failure| refused(named, failure))?;
    Ok(ScanReport {
        files: done.files,
        directories: done.directories,
        changed: done.changed,
        removed: done.removed,
        failed: done.failed,
        milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
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
