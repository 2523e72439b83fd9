//! The administration: one transport-free API for applications, permissions, grants, questions and the daemon's
//! state.
//!
//! Binder serves it and the command line is its client. It decides who may call what (`access`), keeps what is
//! asked in the store, and asks the serving part for the rest through [`Gate`]. It knows no transport and prints
//! nothing.
//!
//! INVARIANT: nothing is read or changed before the caller was admitted.
//! INVARIANT: after a change of applications, permissions or grants the serving part is told.

#![forbid(unsafe_code)]

mod access;
mod api;
mod application;
mod auditors;
mod error;
mod explanation;
mod files;
mod gate;
mod import;
mod line;
mod names;
mod observers;
mod query;
mod records;
mod requests;
mod session;
mod switches;
#[cfg(test)]
mod tests;
mod turns;

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::fs::Feed;
use crate::id::Uid;
use crate::store::{self, Store};

pub use access::Method;
pub use api::Administration;
pub use application::Application;
pub use error::{AdminError, Code, Failure};
pub use explanation::{kind_name, view_name};
pub use files::*;
pub use gate::{Asked, Gate};
pub use import::{ImportError, ImportFileError, ImportFormat, parse_applications, read_applications};
pub use line::{Ended, Hearer, Taken};
pub use names::{operation_list, permission_names, role, role_list, section_names};
pub use records::*;
pub use session::Session;

use access::Roles;
use auditors::Auditors;
use observers::Observers;
use requests::Requests;
use turns::Turns;

/// How many audit records the store keeps.
pub const AUDIT_KEPT: u32 = 100_000;

/// The administration of one daemon.
pub struct Admin {
    store: Arc<Store>,
    gate: Arc<dyn Gate>,
    roles: Roles,
    /// Held from reading what is registered to writing what it becomes.
    registration: Mutex<()>,
    transports: Mutex<Vec<TransportRecord>>,
    turns: Turns,
    requests: Requests,
    observers: Observers,
    auditors: Arc<Auditors>,
    own: Uid,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl Admin {
    /// Over the store and the serving part of a daemon that runs as `own`.
    pub fn new(store: Arc<Store>, gate: Arc<dyn Gate>, own: Uid) -> Admin {
        let (registration, transports) = (Mutex::default(), Mutex::default());
        let (roles, turns, requests) = (Roles::new(own), Turns::default(), Requests::default());
        let (observers, auditors) = (Observers::new(Arc::default()), auditors::none());
        Admin { store, gate, roles, registration, transports, turns, requests, observers, auditors, own }
    }

    /// The same, whose observers are told of what is read from `feed`.
    #[must_use]
    pub fn observing(self, feed: Arc<Feed>) -> Admin {
        Admin { observers: Observers::new(feed), ..self }
    }

    /// Notes how a transport stands; what was known of it before is replaced.
    pub fn announce(&self, transport: TransportRecord) {
        let mut all = self.transports.lock();
        all.retain(|known| known.name != transport.name);
        all.push(transport);
        all.sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// The transports that were announced, by name.
    fn transports(&self) -> Vec<TransportRecord> {
        self.transports.lock().clone()
    }

    /// The administration as `caller` may use it; the uid is the one that the kernel reported.
    pub fn session(&self, caller: Uid) -> Session<'_> {
        self.session_of(caller, None)
    }

    /// The same, where the kernel reported what the caller is for SELinux, too. It decides nothing here: whether the
    /// caller may call at all the kernel's policy has decided. The audit keeps it.
    pub fn session_of(&self, caller: Uid, context: Option<String>) -> Session<'_> {
        Session::new(self, caller, context)
    }

    /// Whether `uid` may use every method.
    pub fn administers(&self, uid: Uid) -> bool {
        self.roles.administers(uid)
    }

    /// Runs a method: guard, logic, audit.
    ///
    /// `about` is the uid that the method tells of, where it tells of one; `subject` is what the audit names.
    fn run<T>(
        &self,
        session: &Session<'_>,
        (method, about): (Method, Option<Uid>),
        subject: &str,
        logic: impl FnOnce() -> Result<T, AdminError>,
    ) -> Result<T, Failure> {
        let caller = session.uid();
        let admitted = self.roles.admit(caller, method, about);
        let refused = admitted.is_err();
        let result = admitted.and_then(|()| logic());
        if refused || method.changes() {
            self.record(session, method, subject, refused);
        }
        result.map_err(|error| {
            match error.code() {
                Code::Internal => log::error!("uid {caller}: {method} {subject}: {error}"),
                Code::Refused
                | Code::NotFound
                | Code::Invalid
                | Code::Busy
                | Code::Limit
                | Code::Exists
                | Code::FileSystem
                | Code::Unreachable => {
                    log::debug!("uid {caller}: {method} {subject}: {error}");
                }
            }
            error.into()
        })
    }

    /// Adds a call to the audit; a store that cannot take it is logged, the call itself stands.
    fn record(&self, session: &Session<'_>, method: Method, subject: &str, refused: bool) {
        let caller = session.uid();
        let record = store::AuditRecord {
            time: now(),
            uid: caller,
            package: None,
            operation: method.to_string(),
            path: subject.as_bytes().to_vec(),
            verdict: if refused { store::AuditVerdict::Denied } else { store::AuditVerdict::Full },
            errno: refused.then_some(crate::error::Errno::EPERM),
            rule: "administration".to_owned(),
            count: 1,
            context: session.context().map(str::to_owned),
        };
        if let Err(error) = self.store.append_audit(&[record], AUDIT_KEPT) {
            log::error!("cannot record in the audit that uid {caller} did {method} {subject}: {error}");
        }
    }
}

/// Seconds since 1970; 0 for a clock that stands before.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}
