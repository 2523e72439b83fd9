//! Callers whose rights do not depend on one file.

#![forbid(unsafe_code)]

use super::{FULL, Ruling};
use crate::policy::rights::Legacy;
use crate::policy::{Caller, FileFacts, Operation, Permissions, State};

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
