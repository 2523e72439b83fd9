//! Rights to one file: its owner, the gallery of its kind, grants, readers; and what none of them has.

#![forbid(unsafe_code)]

use super::{FULL, REFUSED, Ruling};
use crate::policy::rights::Legacy;
use crate::policy::{Caller, DefaultDirectory, DenyReason, FileFacts, FileGrants, Operation, Place, State};

const FORBIDDEN: Option<Ruling> = Some(Ruling::Deny(DenyReason::Forbidden));

/// POLICY.md, main table: "owner: full, ok, –, ok, ok, yes". Where it may be moved to is not the owner's right.
pub(super) fn owner(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    (operation.uses_file() && caller.owns(facts)).then_some(FULL)?
}

/// POLICY.md, main table: "gallery, its kind: full, ok, ok in any existing top directory, ok, ok, yes".
pub(super) fn gallery(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let made = matches!(operation, Operation::Create | Operation::RenameTo)
        && matches!(facts.place, Place::Shared(_) | Place::Media { .. });
    ((made || operation.uses_file()) && caller.curates(facts)).then_some(FULL)?
}

/// POLICY.md, callers: "directories of them in DCIM, Pictures, Movies included". What lies in a directory is judged
/// by itself.
pub(super) fn gallery_directory(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let place = matches!(
        facts.place,
        Place::Shared(Some(DefaultDirectory::Dcim | DefaultDirectory::Pictures | DefaultDirectory::Movies))
    );
    let moved = matches!(
        operation,
        Operation::RenameFrom | Operation::RenameTo | Operation::Replace | Operation::SetTimes
    );
    (facts.directory && place && moved && !facts.hidden && caller.is_gallery()).then_some(FULL)?
}

/// POLICY.md, open: "Pending-by-name and trashed entries: owner, manager, gallery of the kind, shell, root; others
/// EACCES and not listed". The named ones have been answered before.
pub(super) fn unfinished(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if facts.state == State::Normal || !operation.uses_file() {
        return None;
    }
    not_yours(caller, facts, operation)
}

/// POLICY.md, main table: "write grantee: full, ok, ok, ok, ok (its own side), no".
pub(super) fn write_grant(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let used = operation.uses_file() && *operation != Operation::List;
    (used && caller.granted(facts, FileGrants::WRITE)).then_some(FULL)?
}

/// POLICY.md, main table: "legacy read: full, EACCES, EPERM, EACCES, EACCES, yes".
pub(super) fn legacy_read(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let read = operation.only_reads() || *operation == Operation::List;
    (read && !facts.directory && caller.legacy() == Some(Legacy::Read)).then_some(FULL)?
}

/// POLICY.md, main table: "legacy read" and "legacy with no permission: EACCES, EACCES, EPERM, EACCES, EACCES,
/// opendir EACCES". A directory counts as what is made and removed.
pub(super) fn legacy_refused(caller: &Caller, _: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let legacy = caller.legacy()?;
    match operation {
        Operation::Create => FORBIDDEN,
        Operation::MakeDirectory
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::RenameTo
        | Operation::Replace => REFUSED,
        Operation::OpenDirectory if legacy == Legacy::None => REFUSED,
        Operation::OpenDirectory
        | Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::Unlink
        | Operation::List
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => None,
    }
}

/// POLICY.md, main table: "read grantee: redacted, or full with AML", not listed.
pub(super) fn read_grant(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let reads = operation.only_reads() && caller.granted(facts, FileGrants::READ);
    reads.then(|| Ruling::Allow(caller.reading_view(facts)))
}

/// POLICY.md, main table: "selected reader, selected: redacted, or full with ACCESS_MEDIA_LOCATION", listed.
pub(super) fn selected(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let reads = operation.only_reads() || *operation == Operation::List;
    (reads && caller.selected(facts)).then(|| Ruling::Allow(caller.reading_view(facts)))
}

/// POLICY.md, main table: "reader, its kind: redacted, or full with ACCESS_MEDIA_LOCATION", listed.
pub(super) fn reader(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let reads = operation.only_reads() || *operation == Operation::List;
    (reads && caller.reads(facts)).then(|| Ruling::Allow(caller.reading_view(facts)))
}

/// POLICY.md, main table: "stranger: EACCES, EACCES, ok, EACCES, EPERM, no"; a legacy application's rename EACCES.
pub(super) fn not_yours(caller: &Caller, _: &FileFacts, operation: &Operation) -> Option<Ruling> {
    match operation {
        Operation::RenameFrom | Operation::Replace if caller.legacy().is_some() => REFUSED,
        Operation::RenameFrom | Operation::Replace => FORBIDDEN,
        Operation::Open { .. } | Operation::Unlink | Operation::List | Operation::SetTimes => REFUSED,
        Operation::Look
        | Operation::OpenRedacted { .. }
        | Operation::Create
        | Operation::MakeDirectory
        | Operation::RemoveDirectory
        | Operation::RenameTo
        | Operation::OpenDirectory
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => None,
    }
}
