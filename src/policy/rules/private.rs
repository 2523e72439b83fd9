//! Private trees, other users, and the directories that hold a volume together.

#![forbid(unsafe_code)]

use super::{FULL, REFUSED, Ruling};
use crate::policy::{
    Caller, DenyReason, FileFacts, Operation, Permissions, Place, PrivateTree, Verdict, View, decide,
};

const PRIVATE: Option<Ruling> = Some(Ruling::Deny(DenyReason::Private));
const PRIVATE_CHANGE: Option<Ruling> = Some(Ruling::Deny(DenyReason::PrivateChange));
const MISPLACED: Option<Ruling> = Some(Ruling::Deny(DenyReason::Misplaced));

/// POLICY.md, redaction: "A forced-redaction name is redacted for everyone"; it names no file that can be written. It is
/// made of a number that anybody can guess, so that for one who may not read the file there is nothing of that name.
pub(super) fn forced_redaction(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let Operation::OpenRedacted { write } = operation else { return None };
    match decide(caller, facts, &Operation::Open { read: true, write: false }) {
        Verdict::Allow(..) if facts.directory => PRIVATE,
        Verdict::Allow(..) if *write => REFUSED,
        Verdict::Allow(..) => Some(Ruling::Allow(View::Redacted)),
        Verdict::Deny { .. } => PRIVATE,
    }
}

/// POLICY.md, private trees: "Another user's tree: EACCES at lookup and an empty listing".
pub(super) fn other_user(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if facts.place != Place::OtherUser {
        return None;
    }
    if *operation == Operation::OpenDirectory { FULL } else { Some(Ruling::Deny(DenyReason::OtherUser)) }
}

/// POLICY.md, private trees: another user's tree is not listed, so the directory that holds the trees is walked and
/// tells applications nothing.
pub(super) fn users(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if facts.place != Place::Users {
        return None;
    }
    match operation {
        Operation::Look => FULL,
        Operation::List | Operation::OpenDirectory if caller.is_shell() => FULL,
        Operation::List
        | Operation::OpenDirectory
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::Create
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::RenameTo
        | Operation::Replace
        | Operation::SetTimes => REFUSED,
    }
}

/// What else lies beside the trees is the system's, and no application's or shell's to know.
pub(super) fn beside_users(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if facts.place != Place::BesideUsers {
        return None;
    }
    if operation.makes_or_moves() { PRIVATE_CHANGE } else { PRIVATE }
}

/// POLICY.md, private trees: "Own package (any of the uid's): full".
pub(super) fn own(caller: &Caller, facts: &FileFacts, _: &Operation) -> Option<Ruling> {
    let Place::Private { package, .. } = &facts.place else { return None };
    caller.application().is_some_and(|application| application.has_directory(package)).then_some(FULL)?
}

/// POLICY.md, private trees: "The installer role reaches all of `Android/obb`".
pub(super) fn installer(caller: &Caller, facts: &FileFacts, _: &Operation) -> Option<Ruling> {
    let obb = matches!(facts.place, Place::Private { tree: PrivateTree::Obb, .. });
    (obb && caller.holds(Permissions::INSTALLER)).then_some(FULL)?
}

/// POLICY.md, callers: "shell: raw read and write of files; create, unlink, rename go through the rules".
pub(super) fn shell(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !caller.is_shell() || !matches!(facts.place, Place::Private { .. }) {
        return None;
    }
    match operation {
        Operation::Look | Operation::Open { .. } | Operation::List | Operation::OpenDirectory => FULL,
        Operation::OpenRedacted { .. }
        | Operation::Create
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::RenameTo
        | Operation::Replace
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => None,
    }
}

/// POLICY.md, private trees: "Not own: … ENOENT, existing or not; making, removing or renaming … EACCES; not listed
/// in its parent"; also for the manager.
pub(super) fn other(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !matches!(facts.place, Place::Private { .. }) {
        return None;
    }
    if operation.makes_or_moves() { PRIVATE_CHANGE } else { PRIVATE }
}

/// POLICY.md, private trees: "`.nomedia` directly below is visible".
pub(super) fn marker(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !matches!(facts.place, Place::PrivateMarker(_)) {
        return None;
    }
    match operation {
        Operation::Look | Operation::List => FULL,
        Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::OpenDirectory
        | Operation::SetTimes => REFUSED,
        Operation::Create
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::RenameTo
        | Operation::Replace
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => PRIVATE_CHANGE,
    }
}

/// POLICY.md, private trees: they are tested "before everything else, also for the manager"; so the directory that
/// holds them is seen and never changed. Reading its names is left to the rules of shared places.
pub(super) fn root_of_tree(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !matches!(facts.place, Place::PrivateRoot(_)) {
        return None;
    }
    match operation {
        Operation::Look | Operation::List => FULL,
        Operation::OpenDirectory => None,
        Operation::Open { .. } | Operation::OpenRedacted { .. } | Operation::SetTimes => REFUSED,
        Operation::Create
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::RenameTo
        | Operation::Replace
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => PRIVATE_CHANGE,
    }
}

/// POLICY.md, operations: rename "not `Android`, not to the volume root"; rmdir "none removed". `Android/media` is
/// kept like them, so that no application can take every other's directory away.
pub(super) fn protected(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !matches!(facts.place, Place::Root | Place::Android | Place::MediaRoot) {
        return None;
    }
    match operation {
        Operation::Create | Operation::RenameFrom | Operation::RenameTo | Operation::Replace => MISPLACED,
        Operation::Unlink | Operation::RemoveDirectory => REFUSED,
        Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::MakeDirectory
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => None,
    }
}

/// POLICY.md, private trees: "`Android/media/<package>`: full for its package".
pub(super) fn media_own(caller: &Caller, facts: &FileFacts, _: &Operation) -> Option<Ruling> {
    let Place::Media { package } = &facts.place else { return None };
    if facts.of_other_user {
        return None;
    }
    caller.application().is_some_and(|application| application.has_directory(package)).then_some(FULL)?
}
