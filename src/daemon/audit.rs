//! The thread beside the requests: it writes decisions to the audit table, a batch at a time, and keeps the database's
//! log short.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

use crate::admin::{AUDIT_KEPT, Admin};
use crate::diag::{Decision, DecisionRing};
use crate::error::Errno;
use crate::id::Uid;
use crate::policy::Identity;
use crate::store::{AuditRecord, AuditVerdict, Snapshot, Store};

/// How long a decision waits at most before it is written.
const DELAY: Duration = Duration::from_millis(200);
/// Rounds from one tidying of the database's log to the next.
const TIDY: u32 = 25;

/// The thread that writes.
#[derive(Debug)]
pub(super) struct Writer {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Begins to write what comes into the ring.
    pub(super) fn start(
        admin: Arc<Admin>,
        store: Arc<Store>,
        decisions: Arc<DecisionRing>,
        own: Uid,
    ) -> Result<Writer> {
        let (end, ended) = channel::<()>();
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || {
            for round in 1u32.. {
                let last = !matches!(ended.recv_timeout(DELAY), Err(RecvTimeoutError::Timeout));
                let taken = if last { decisions.finish() } else { decisions.take() };
                write(&store, taken, own);
                admin.tell_auditors();
                if (last || round.is_multiple_of(TIDY))
                    && let Err(error) = store.tidy()
                {
                    log::warn!("cannot tidy up the database: {error}");
                }
                if last {
                    return;
                }
            }
        })?;
        Ok(Writer { end, thread })
    }

    /// Writes what is left and ends.
    pub(super) fn stop(self) {
        drop(self.end);
        if self.thread.join().is_err() {
            log::error!("the audit's thread panicked");
        }
    }
}

fn write(store: &Store, (waiting, lost): (Vec<Decision>, u64), own: Uid) {
    if lost > 0 {
        log::warn!("{lost} decisions came too fast for the audit and are not in it");
    }
    if waiting.is_empty() {
        return;
    }
    let snapshot = store.snapshot();
    let records: Vec<_> = waiting.iter().map(|decision| record(decision, &snapshot, own)).collect();
    if let Err(error) = store.append_audit(&records, AUDIT_KEPT) {
        log::error!("cannot write the audit: {error}");
    }
}

fn record(decision: &Decision, snapshot: &Snapshot, own: Uid) -> AuditRecord {
    let uid = Uid::new(decision.uid);
    let package = match snapshot.identity(uid, own) {
        Identity::Application(application) => application.packages.first().cloned(),
        Identity::Root | Identity::Shell | Identity::Unknown => None,
    };
    AuditRecord {
        time: decision.time,
        uid,
        package,
        operation: decision.operation.to_owned(),
        path: decision.path.as_bytes().to_vec(),
        verdict: verdict(decision),
        errno: decision.errno.map(Errno::new),
        rule: decision.rule.to_owned(),
        count: decision.count,
        context: None,
    }
}

fn verdict(decision: &Decision) -> AuditVerdict {
    match (decision.errno, decision.redacted) {
        (Some(_), _) => AuditVerdict::Denied,
        (None, true) => AuditVerdict::Redacted,
        (None, false) => AuditVerdict::Full,
    }
}
