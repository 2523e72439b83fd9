//! Observing as a client does it: a connection of its own, on which the daemon calls back.

#![forbid(unsafe_code)]

use std::fmt;

use rsbinder::{BinderResult, Interface, ProcessState};

use crate::admin::{AuditQuery, AuditRecord, Failure, MediaEvent, ObserverFilter};

use super::client::{Client, Place};
use super::convert::Carried;
use super::wire::org::mediagate as aidl;
use super::wire::org::mediagate::IAuditObserver::{BnAuditObserver, IAuditObserver};
use super::wire::org::mediagate::IMediaObserver::{BnMediaObserver, IMediaObserver};

/// What is done with what an observer is told of.
type Told<E> = Box<dyn Fn(Vec<E>) + Send + Sync>;

/// A [`Told`] as a service.
struct Listener<E>(Told<E>);

impl<E: 'static> Interface for Listener<E> {}

impl IMediaObserver for Listener<MediaEvent> {
    fn happened(&self, events: &[aidl::MediaEvent::MediaEvent]) -> BinderResult<()> {
        (self.0)(events.iter().map(event).collect());
        Ok(())
    }
}

impl IAuditObserver for Listener<AuditRecord> {
    fn decided(&self, records: &[aidl::AuditRecord::AuditRecord]) -> BinderResult<()> {
        (self.0)(records.iter().map(record).collect());
        Ok(())
    }
}

/// What arrived, which the generated type does not let be taken or copied.
fn event(wire: &aidl::MediaEvent::MediaEvent) -> MediaEvent {
    MediaEvent {
        what: wire.what.clone(),
        path: wire.path.clone(),
        new_path: wire.newPath.clone(),
        directory: wire.directory,
        kind: wire.kind.clone(),
        id: u64::unpack(wire.id),
        detail: wire.detail.clone(),
    }
}

fn record(wire: &aidl::AuditRecord::AuditRecord) -> AuditRecord {
    AuditRecord {
        id: u64::unpack(wire.id),
        time: u64::unpack(wire.time),
        uid: Carried::unpack(wire.uid),
        package: wire.packageName.clone(),
        operation: wire.operation.clone(),
        path: wire.path.clone(),
        verdict: wire.verdict.clone(),
        errno: wire.errno.clone(),
        rule: wire.rule.clone(),
        count: u64::unpack(wire.count),
        context: wire.context.clone(),
    }
}

/// What is observed as long as this is kept.
#[must_use = "dropping it ends it"]
pub struct Observation {
    id: u64,
    client: Client,
    audit: bool,
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation")
            .field("id", &self.id)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}

impl Observation {
    /// The number by which the daemon knows it.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        // It may have ended, with the daemon, too.
        let _ended = match self.audit {
            true => self.client.admin.endAuditObserver(self.id.pack()),
            false => self.client.application.endObserver(self.id.pack()),
        };
        if let Some(session) = &self.client.session {
            session.close_session();
        }
    }
}

impl Client {
    /// A connection like this one on which the daemon may call.
    fn called_back(&self) -> Result<Client, Failure> {
        match &self.place {
            Place::Socket(socket) => Client::connect_with(socket, 1),
            Place::Kernel => {
                ProcessState::start_thread_pool();
                Client::connect_kernel()
            }
        }
    }

    /// Has `told` called with changes that this process may see, on a thread of the library.
    ///
    /// # Errors
    /// As a call of [`Application`](crate::admin::Application).
    pub fn observe(
        &self,
        filter: &ObserverFilter,
        told: impl Fn(Vec<MediaEvent>) + Send + Sync + 'static,
    ) -> Result<Observation, Failure> {
        let client = self.called_back()?;
        let observer = BnMediaObserver::new_binder(Listener(Box::new(told)));
        let ObserverFilter { directory, kinds } = filter.clone();
        let filter = aidl::ObserverFilter::ObserverFilter { directory, kinds };
        let id = client.received(client.application.observe(&observer, &filter));
        client.observing(id, false)
    }

    /// Has `told` called with what the audit records, on a thread of the library.
    ///
    /// # Errors
    /// As a call of [`Administration`](crate::admin::Administration).
    pub fn observe_audit(
        &self,
        query: &AuditQuery,
        told: impl Fn(Vec<AuditRecord>) + Send + Sync + 'static,
    ) -> Result<Observation, Failure> {
        let client = self.called_back()?;
        let observer = BnAuditObserver::new_binder(Listener(Box::new(told)));
        let id = client.received(client.admin.observeAudit(&observer, &query.clone().pack()));
        client.observing(id, true)
    }

    fn observing(self, id: Result<u64, Failure>, audit: bool) -> Result<Observation, Failure> {
        match id {
            Ok(id) => Ok(Observation { id, client: self, audit }),
            Err(failure) => {
                // The threads that serve calls would keep the session for ever.
                if let Some(session) = &self.session {
                    session.close_session();
                }
                Err(failure)
            }
        }
    }
}
