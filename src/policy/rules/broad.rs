//! Callers whose rights do not depend on one file.

#![forbid(unsafe_code)]

use super::{FULL, REFUSED, Ruling};
use crate::policy::rights::Legacy;
use crate::policy::{Caller, DenyReason, FileFacts, Operation, Permissions, State};

/// POLICY.md, callers: "root, the daemon itself: raw, no check".
pub(super) fn root(caller: &Caller, _: &FileFacts, _: &Operation) -> Option<Ruling> {
    caller.is_root().then_some(FULL)?
}

/// POLICY.md, callers: "raw read and write of files; create, unlink, rename go through the rules as a full manager".
pub(super) fn shell(caller: &Caller, _: &FileFacts, _: &Operation) -> Option<Ruling> {
    caller.is_shell().then_some(FULL)?
}

/// POLICY.md, main table: "manager: full, ok, anywhere, ok, anywhere but private trees and `Android`, yes".
pub(super) fn manager(caller: &Caller, _: &FileFacts, _: &Operation) -> Option<Ruling> {
    caller.holds(Permissions::MANAGE_EXTERNAL_STORAGE).then_some(FULL)?
}

/// POLICY.md, main table: "legacy write: full, ok, anywhere, ok, ok, yes". Of unfinished entries the list under
/// "open" names no legacy application; one that is yet to be made is not guarded.
pub(super) fn legacy_write(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let guarded = facts.state != State::Normal && operation.uses_file();
    (!guarded && caller.legacy() == Some(Legacy::Write)).then_some(FULL)?
}

/// POLICY.md, callers: "unknown uid: stranger; never an internal error". A file that it made would belong to no
/// package, so it makes none.
pub(super) fn unknown(caller: &Caller, _: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let ruling = match operation {
        Operation::RenameFrom | Operation::RenameTo | Operation::Replace => {
            Some(Ruling::Deny(DenyReason::Forbidden))
        }
        Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::Create
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => REFUSED,
    };
    caller.is_unknown().then_some(ruling)?
}
