//! What stands before a service: calls that bring an object along are let in one by one.
//!
//! To take such an argument out of its parcel the library asks the object what it is called, and waits for the answer of
//! the process that it lives in. A process that does not answer holds the thread that serves the call; so of each uid one
//! such call is taken apart at a time, and few of all, and those who may not make it are refused before.

#![forbid(unsafe_code)]

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use rsbinder::{Caller, Parcel, Remotable, Result, SIBinder, StatusCode, TransactionCode};

use crate::admin::{Admin, AdminError, Failure};
use crate::id::Uid;

use super::service::{caller, refusal};
use super::wire::org::mediagate::IMediaGateAdmin::BnMediaGateAdmin;

/// How many such calls are taken apart at once: fewer than there are threads.
const MOST: usize = 3;

/// A service behind its door.
#[derive(Debug)]
pub(super) struct Door {
    service: SIBinder,
    admin: Arc<Admin>,
    /// The method that brings an object along.
    brings: TransactionCode,
    /// Whether only administrators may call it.
    administration: bool,
    inside: Mutex<Vec<Uid>>,
}

/// A call that was let in; dropped, the next one may.
struct Inside<'a> {
    door: &'a Door,
    uid: Uid,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let mut inside = self.door.inside.lock();
        if let Some(own) = inside.iter().position(|uid| *uid == self.uid) {
            inside.swap_remove(own);
        }
    }
}

impl Door {
    /// Before `service`, which is local.
    pub(super) fn before(
        service: SIBinder,
        admin: &Arc<Admin>,
        brings: TransactionCode,
        administration: bool,
    ) -> Door {
        Door { service, admin: Arc::clone(admin), brings, administration, inside: Mutex::default() }
    }

    /// Hands a call on.
    pub(super) fn pass(&self, code: TransactionCode, reader: &mut Parcel, reply: &mut Parcel) -> Result<()> {
        if code != self.brings {
            return self.forward(code, reader, reply);
        }
        let uid = caller().ok_or(StatusCode::PermissionDenied)?;
        match self.let_in(uid) {
            Ok(_inside) => self.forward(code, reader, reply),
            Err(failure) => reply.write(&refusal(failure)),
        }
    }

    fn let_in(&self, uid: Uid) -> std::result::Result<Inside<'_>, Failure> {
        if self.administration {
            self.admin.session(uid).may_follow_audit()?;
        }
        let mut inside = self.inside.lock();
        if inside.contains(&uid) || inside.len() >= MOST {
            return Err(AdminError::ObserversBegin.into());
        }
        inside.push(uid);
        Ok(Inside { door: self, uid })
    }

    fn forward(&self, code: TransactionCode, reader: &mut Parcel, reply: &mut Parcel) -> Result<()> {
        if let Some(Caller::Rpc(_)) = rsbinder::calling_caller() {
            return self.service.rpc_transact(code, reader, reply);
        }
        let service = self.service.as_transactable().ok_or(StatusCode::UnknownTransaction)?;
        service.transact(code, reader, reply)
    }
}

/// The service for administrators behind its door.
#[derive(Debug)]
pub(super) struct Administered(pub(super) Door);

impl Remotable for Administered {
    fn descriptor() -> &'static str {
        <BnMediaGateAdmin as Remotable>::descriptor()
    }

    fn on_transact(&self, code: TransactionCode, reader: &mut Parcel, reply: &mut Parcel) -> Result<()> {
        self.0.pass(code, reader, reply)
    }

    fn on_dump(&self, _writer: &mut dyn Write, _words: &[String]) -> Result<()> {
        Ok(())
    }
}
