//! Observers as the administration knows them: their calls, and their deaths.

#![forbid(unsafe_code)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rsbinder::{
    BinderResult, Caller, DeathRecipient, Interface as _, SIBinder, StatusCode, Strong, WIBinder,
};

use crate::admin::{AuditRecord, Ended, Hearer, MediaEvent, Taken};

use super::convert::Carried;
use super::rpc;
use super::wire::org::mediagate::IAuditObserver::IAuditObserver;
use super::wire::org::mediagate::IMediaObserver::IMediaObserver;

/// A way of calling an observer.
type Call<E> = Box<dyn Fn(&[E]) -> BinderResult<()> + Send>;

/// One observer.
struct Remote<E> {
    binder: SIBinder,
    call: Call<E>,
    /// Whether its session would be taken for idle if nothing were said for long.
    session: bool,
    /// Alive as long as its death is to be heard of.
    gone: Arc<Gone>,
}

/// An observer of changes, of the transaction that this thread is serving.
pub(super) fn of_changes(observer: &Strong<dyn IMediaObserver>) -> Box<dyn Hearer<MediaEvent>> {
    let told = observer.clone();
    let call = move |events: &[MediaEvent]| told.happened(&events.to_vec().pack());
    remote(observer.as_binder(), Box::new(call))
}

/// An observer of the audit, of the transaction that this thread is serving.
pub(super) fn of_the_audit(observer: &Strong<dyn IAuditObserver>) -> Box<dyn Hearer<AuditRecord>> {
    let told = observer.clone();
    let call = move |records: &[AuditRecord]| told.decided(&records.to_vec().pack());
    remote(observer.as_binder(), Box::new(call))
}

fn remote<E: 'static>(binder: SIBinder, call: Call<E>) -> Box<dyn Hearer<E>> {
    let session = matches!(rsbinder::calling_caller(), Some(Caller::Rpc(_)));
    Box::new(Remote { binder, call, session, gone: Arc::default() })
}

impl<E> Hearer<E> for Remote<E> {
    fn begin(&mut self, ended: Ended) -> Taken {
        self.gone = Arc::new(Gone(OnceLock::from(ended)));
        match self.binder.link_to_death_arc(&self.gone) {
            Ok(()) => self.tell(&[]),
            Err(status) => taken(Err(status)),
        }
    }

    fn tell(&self, events: &[E]) -> Taken {
        taken((self.call)(events).map_err(|status| status.transaction_error()))
    }

    fn silence(&self) -> Option<Duration> {
        self.session.then_some(rpc::IDLE / 3)
    }
}

impl<E> Drop for Remote<E> {
    /// A client that begins and ends observers again and again leaves nothing behind with its binder.
    fn drop(&mut self) {
        if let Err(status) = self.binder.unlink_to_death_arc(&self.gone) {
            log::debug!("the death of an observer was not waited for: {status:?}");
        }
    }
}

/// What a call's end means. A process that has no room for more calls fails them.
fn taken(called: Result<(), StatusCode>) -> Taken {
    match called {
        Ok(()) => Taken::Yes,
        Err(StatusCode::FailedTransaction | StatusCode::NoMemory) => Taken::NotNow,
        Err(status) => {
            log::debug!("an observer cannot be told any more: {status:?}");
            Taken::Gone
        }
    }
}

/// Whom to tell of an observer's death.
#[derive(Debug, Default)]
struct Gone(OnceLock<Ended>);

impl DeathRecipient for Gone {
    fn binder_died(&self, _who: &WIBinder) {
        if let Some(ended) = self.0.get() {
            ended.tell();
        }
    }
}
