//! The policy's tests: its tables line by line, a second implementation, laws, and the document.
//!
//! `table` and `operations` quote POLICY.md; `oracle` decides a second time in another style and `laws` compares the
//! two on random inputs; `names` has kinds, places and hiding; `document` holds docs/POLICY.md to the rules.

#![forbid(unsafe_code)]

mod document;
mod laws;
mod names;
mod operations;
mod oracle;
mod table;

use std::sync::Arc;

use super::*;
use crate::id::Uid;

/// The package of the callers here.
const OWN: &str = "org.example.own";
/// Another application's package.
const OTHER: &str = "org.example.other";

const READ: Operation = Operation::Open { read: true, write: false };
const WRITE: Operation = Operation::Open { read: false, write: true };

fn package(name: &str) -> PackageName {
    PackageName::new(name)
}

/// An application with this target SDK and these permissions.
fn app(target_sdk: u32, permissions: Permissions) -> Caller {
    let packages = vec![package("org.example.sibling"), package(OWN)];
    let application = Application { packages, target_sdk, permissions, denied: Permissions::empty() };
    Caller { uid: Uid::new(10_077), identity: Identity::Application(Arc::new(application)) }
}

fn modern(permissions: Permissions) -> Caller {
    app(34, permissions)
}

fn is(identity: Identity) -> Caller {
    Caller { uid: Uid::new(7), identity }
}

/// Another application's ordinary picture in DCIM.
fn picture() -> FileFacts {
    FileFacts {
        place: Place::Shared(Some(DefaultDirectory::Dcim)),
        directory: false,
        kind: Some(Kind::Image),
        hidden: false,
        portable: true,
        owner: Some(package(OTHER)),
        state: State::Normal,
        grants: FileGrants::empty(),
        of_other_user: false,
    }
}

/// Another application's file of this kind in Download.
fn download(kind: Kind) -> FileFacts {
    FileFacts { place: Place::Shared(Some(DefaultDirectory::Download)), kind: Some(kind), ..picture() }
}

fn directory(place: Place) -> FileFacts {
    FileFacts { place, directory: true, kind: None, owner: None, ..picture() }
}

/// A verdict as a test writes it: `full`, `redacted`, or the errno.
fn short(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow(_, Access { view: View::Full, .. }) => "full",
        Verdict::Allow(_, Access { view: View::Redacted, .. }) => "redacted",
        Verdict::Deny { reason, .. } => reason.errno().name(),
    }
}

fn says(caller: &Caller, facts: &FileFacts, operation: Operation) -> &'static str {
    short(decide(caller, facts, &operation))
}
