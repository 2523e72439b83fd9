//! The serving part as the administration sees it.

#![forbid(unsafe_code)]

use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::Stop;
use super::files::MountedFiles;
use super::index::Index;
use super::volumes::{Mounted, Volumes};
use crate::admin::{
    AdminError, Asked, BackingRecord, Confinement, CounterRecord, Dump, Explanation, Fact, Files, Gate,
    HandleRecord, MaintenanceReport, NodeRecord, ScanProgress, ScanReport, Section, Status, VolumeRecord,
};
use crate::config::ServeOptions;
use crate::diag::{Counter, Counters};
use crate::error::Errno;
use crate::fs::{Answer, Explained, FsError};
use crate::id::{MediaId, NodeId, Uid};
use crate::policy::{DenyReason, Operation, Verdict};
use crate::store::Store;

/// The serving part of this process.
#[derive(Debug)]
pub(super) struct DaemonGate {
    volumes: Volumes,
    store: Arc<Store>,
    counters: Arc<Counters>,
    index: Index,
    files: MountedFiles,
    threads: u32,
    confinement: OnceLock<Confinement>,
    started: Instant,
    stop: parking_lot::Mutex<Sender<Stop>>,
}

impl DaemonGate {
    pub(super) fn new(
        volumes: Volumes,
        store: Arc<Store>,
        counters: Arc<Counters>,
        options: &ServeOptions,
        stop: Sender<Stop>,
    ) -> DaemonGate {
        let threads = options.threads.get();
        let (index, started) = (Index::default(), Instant::now());
        let files = MountedFiles::new(&options.mount);
        let confinement = OnceLock::new();
        DaemonGate {
            volumes,
            store,
            counters,
            index,
            files,
            threads,
            confinement,
            started,
            stop: stop.into(),
        }
    }

    /// Takes down how the daemon was confined.
    pub(super) fn confined(&self, confinement: Confinement) {
        let _first = self.confinement.set(confinement);
    }

    pub(super) fn volumes(&self) -> &Volumes {
        &self.volumes
    }

    /// Ends the scan that runs, if one does, and lets none begin.
    pub(super) fn end_scans(&self) {
        self.index.close();
    }

    fn locate<'p>(&self, path: &'p str) -> Result<(Mounted, &'p str), AdminError> {
        self.volumes.locate(path).ok_or_else(|| AdminError::OutsideVolumes { path: path.to_owned() })
    }

    fn nodes(&self) -> Vec<NodeRecord> {
        let of = |mounted: Mounted| {
            let mount = mounted.mount.display().to_string();
            let reports = mounted.volume.node_reports();
            reports.into_iter().map(move |node| NodeRecord {
                node: NodeId::new(node.id),
                mount: mount.clone(),
                path: node.path,
                view: node.view.to_owned(),
                lookup_count: node.lookups,
                handles: node.opens.into(),
            })
        };
        self.volumes.all().into_iter().flat_map(of).collect()
    }

    fn handles(&self) -> Vec<HandleRecord> {
        let of = |mounted: Mounted| mounted.volume.handle_reports();
        let record = |handle: crate::fs::HandleReport| HandleRecord {
            handle: handle.id.raw(),
            node: NodeId::new(handle.node),
            uid: Uid::new(handle.uid),
            pid: handle.pid,
            mode: handle.io.to_owned(),
            writes: handle.writes,
            path: handle.path,
        };
        self.volumes.all().into_iter().flat_map(of).map(record).collect()
    }

    fn backings(&self) -> Vec<BackingRecord> {
        let of = |mounted: Mounted| mounted.volume.node_reports();
        let record = |node: crate::fs::NodeReport| {
            Some(BackingRecord {
                backing: node.backing?,
                node: NodeId::new(node.id),
                handles: node.opens.into(),
                path: node.path,
            })
        };
        self.volumes.all().into_iter().flat_map(of).filter_map(record).collect()
    }

    fn counts(&self) -> Vec<CounterRecord> {
        let record = |counter: &Counter| CounterRecord {
            name: counter.name().to_owned(),
            value: self.counters.value(*counter),
        };
        Counter::ALL.iter().map(record).collect()
    }
}

/// An error of the serving part in the administration's words.
fn failure(path: &str, operation: &'static str, error: &FsError) -> AdminError {
    if let FsError::Name(_) = error {
        let remedy = "its parts are names of at most 255 bytes, without `.` and `..`";
        return AdminError::Invalid { what: "path", value: path.to_owned(), remedy };
    }
    match error.errno() {
        errno @ (Errno::ENOENT | Errno::ENOTDIR | Errno::EINVAL | Errno::ENAMETOOLONG | Errno::ELOOP) => {
            AdminError::NoSuchFile { path: path.to_owned(), errno }
        }
        _ => AdminError::internal(operation, error),
    }
}

/// A rename between two places, each a volume and a path in it.
fn explain_rename(
    uid: Uid,
    (one, from): (&Mounted, &str),
    (other, to): (&Mounted, &str),
    exchange: bool,
) -> Result<Explained, FsError> {
    if Arc::ptr_eq(&one.volume, &other.volume) {
        return one.volume.explain_rename(uid, from, to, exchange);
    }
    // Where a volume is mounted, its root is a name of the volume around it.
    for (mounted, path, operation) in [(one, from, Operation::RenameFrom), (other, to, Operation::Replace)] {
        if path.trim_matches('/').is_empty() {
            return mounted.volume.explain(uid, operation, path);
        }
    }
    match one.volume.explain_border(uid, from)? {
        (explained, true) => Ok(explained),
        (explained, false) => match other.volume.explain_border(uid, to)? {
            (stopped, true) => Ok(stopped),
            (_, false) => Ok(explained),
        },
    }
}

/// The answer in the administration's words.
fn told(explained: Explained, operation: Operation, path: &str) -> Explanation {
    let Explained { answer, caller, facts, sources, further } = explained;
    let (verdict, outcome) = match answer {
        Answer::Policy(verdict) => (verdict, None),
        Answer::Beside(outcome) => {
            (Verdict::Deny { reason: DenyReason::NoRule, rule: outcome.rule }, Some(outcome))
        }
    };
    let explanation = Explanation::of(&caller, operation, path, &facts, &verdict).from_sources(&sources);
    let mut explanation = outcome.iter().fold(explanation, Explanation::beside);
    let further = further.into_iter().map(|fact| Fact::new(fact.name, fact.value, &fact.source));
    explanation.facts.extend(further);
    explanation
}

impl Gate for DaemonGate {
    fn explain(&self, uid: Uid, asked: Asked<'_>, path: &str) -> Result<Explanation, AdminError> {
        let (mounted, rest) = self.locate(path)?;
        let failed = |error: FsError| failure(path, "explain", &error);
        match asked {
            Asked::Operation(operation) => {
                let explained = mounted.volume.explain(uid, operation, rest).map_err(failed)?;
                Ok(told(explained, operation, path))
            }
            Asked::Access(operation) => {
                let explained = mounted.volume.explain_access(uid, operation, rest).map_err(failed)?;
                let explanation = told(explained, operation, path);
                let operation = format!("{}{}", Asked::ACCESS, operation.name());
                Ok(Explanation { operation, ..explanation })
            }
            Asked::Rename { to } | Asked::Exchange { to } => {
                let exchange = matches!(asked, Asked::Exchange { .. });
                let target = self.locate(to)?;
                let explained = explain_rename(uid, (&mounted, rest), (&target.0, target.1), exchange);
                let explanation = told(explained.map_err(failed)?, Operation::RenameFrom, path);
                let name = if exchange { Asked::EXCHANGE } else { Asked::RENAME };
                Ok(Explanation { operation: name.to_owned(), ..explanation })
            }
        }
    }

    fn dump(&self, section: Section) -> Dump {
        Dump {
            nodes: section.has(Section::Nodes).then(|| self.nodes()),
            handles: section.has(Section::Handles).then(|| self.handles()),
            backings: section.has(Section::Backings).then(|| self.backings()),
            counters: section.has(Section::Counters).then(|| self.counts()),
            applications: None,
            grants: None,
        }
    }

    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, AdminError> {
        self.index.run(&self.volumes, &self.store, path, full)
    }

    fn scan_progress(&self) -> Option<ScanProgress> {
        self.index.progress()
    }

    fn cancel_scan(&self) -> bool {
        self.index.cancel()
    }

    fn maintain(&self, now: i64) -> Result<MaintenanceReport, AdminError> {
        super::maintenance::find_and_run(self, now)
    }

    fn entry_of(&self, path: &str) -> Result<MediaId, AdminError> {
        let (mounted, rest) = self.locate(path)?;
        mounted.volume.row_of(rest).map_err(|error| failure(path, "find the entry", &error))
    }

    fn tree_of(&self, path: &str) -> String {
        match path.split_once('/') {
            Some((user, _)) if self.volumes.common().options.users => format!("{user}/"),
            _ => String::new(),
        }
    }

    fn files(&self) -> &dyn Files {
        &self.files
    }

    fn status(&self) -> Status {
        let all = self.volumes.all();
        let sizes: Vec<_> = all.iter().map(|mounted| mounted.volume.sizes()).collect();
        let volume = |mounted: &Mounted| {
            let passthrough = mounted.volume.passthrough();
            VolumeRecord {
                lower: mounted.volume.lower().display().to_string(),
                mount: mounted.mount.display().to_string(),
                passthrough: passthrough.is_ok(),
                why_not: passthrough.err(),
            }
        };
        Status {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: self.started.elapsed().as_secs(),
            threads: self.threads,
            nodes: sizes.iter().map(|(nodes, _)| *nodes as u64).sum(),
            handles: sizes.iter().map(|(_, handles)| *handles as u64).sum(),
            backings: self.backings().len() as u64,
            volumes: all.iter().map(volume).collect(),
            transports: Vec::new(),
            confinement: self.confinement.get().cloned().unwrap_or_default(),
        }
    }

    fn stop(&self) {
        // The daemon is stopping already when nobody listens.
        let _sent = self.stop.lock().send(Stop::Asked);
    }

    fn policy_changed(&self) {
        for mounted in self.volumes.all() {
            mounted.volume.forget_facts();
        }
    }
}
