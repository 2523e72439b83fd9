//! What may be walked, made and moved where, apart from rights to files.

#![forbid(unsafe_code)]

use super::private::{installer, own};
use super::{FULL, REFUSED, Ruling};
use crate::policy::{
    Caller, DefaultDirectory, DenyReason, FileFacts, Kind, Operation, Place, Verdict, View, decide,
};

/// POLICY.md, operations: lookup and stat in shared places are "visible to all". The view is the one that an open
/// for reading would get; a directory has one for everyone.
pub(super) fn look(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if *operation != Operation::Look {
        return None;
    }
    if facts.directory {
        return FULL;
    }
    match decide(caller, facts, &Operation::Open { read: true, write: false }) {
        Verdict::Allow(_, access) => Some(Ruling::Allow(access.view)),
        Verdict::Deny { .. } => Some(Ruling::Allow(View::Redacted)),
    }
}

/// POLICY.md, operations: "name valid (no `" * / : < > ? \ |`, no control characters …; else EPERM)", for create,
/// mkdir and the new name of a rename. What is private to others is judged before the name.
pub(super) fn bad_name(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let private =
        matches!(facts.place, Place::Private { .. } | Place::PrivateRoot(_) | Place::PrivateMarker(_));
    let own = || own(caller, facts, operation).or_else(|| installer(caller, facts, operation)).is_some();
    let bad = operation.makes() && !facts.portable && (!private || own());
    bad.then_some(Ruling::Deny(DenyReason::Misplaced))
}

/// POLICY.md, operations: "mknod of anything else, symlink, link: EPERM", whoever asks. Who may not make a file there
/// because the place is not its own is told that and no more.
pub(super) fn special_file(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !operation.makes_special() {
        return None;
    }
    let reason = match decide(caller, facts, &Operation::Create) {
        Verdict::Deny { reason: reason @ (DenyReason::PrivateChange | DenyReason::OtherUser), .. } => reason,
        Verdict::Deny { .. } | Verdict::Allow(..) => DenyReason::Misplaced,
    };
    Some(Ruling::Deny(reason))
}

/// POLICY.md, operations: of top-level directories "none removed"; rename "not a default top-level directory".
/// Another one cannot be removed by renaming either.
pub(super) fn top_directory_fixed(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if !facts.directory || !matches!(facts.place, Place::Top(_)) {
        return None;
    }
    match operation {
        Operation::RenameFrom | Operation::Replace => Some(Ruling::Deny(DenyReason::Misplaced)),
        Operation::RemoveDirectory => REFUSED,
        Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::Create
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RenameTo
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => None,
    }
}

/// POLICY.md, operations: readdir gives "names the caller may list, directories included unless private to another".
pub(super) fn walk(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let listed = facts.directory && *operation == Operation::List;
    (listed || *operation == Operation::OpenDirectory).then_some(FULL)?
}

/// POLICY.md, operations: mkdir, "top level: only the 12 default names may be made (any case): EACCES".
pub(super) fn top_directory(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    if *operation != Operation::MakeDirectory {
        return None;
    }
    match facts.place {
        Place::Top(Some(_)) => FULL,
        Place::Top(None) | Place::Root | Place::Android => REFUSED,
        Place::Shared(_)
        | Place::AndroidOther
        | Place::MediaRoot
        | Place::Media { .. }
        | Place::PrivateRoot(_)
        | Place::PrivateMarker(_)
        | Place::Private { .. }
        | Place::Users
        | Place::BesideUsers
        | Place::OtherUser => None,
    }
}

/// POLICY.md, operations: mkdir and rmdir "elsewhere in shared places ok, then the lower errno"; a directory is
/// renamed if "every entry below" may be.
pub(super) fn directory(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let place = &facts.place;
    let allowed = match operation {
        Operation::MakeDirectory => {
            matches!(place, Place::Shared(_) | Place::AndroidOther | Place::MediaRoot | Place::Media { .. })
        }
        Operation::RemoveDirectory => {
            matches!(place, Place::Shared(_) | Place::AndroidOther | Place::Media { .. })
        }
        Operation::RenameFrom | Operation::Replace => facts.directory && matches!(place, Place::Shared(_)),
        Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::Create
        | Operation::Unlink
        | Operation::RenameTo
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => false,
    };
    allowed.then_some(FULL)?
}

/// POLICY.md, operations: "directory accepts the kind". An own `Android/media` directory has been answered before.
pub(super) fn accepted_kind(_: &Caller, facts: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let Place::Shared(Some(directory)) = facts.place else { return None };
    let accepted = match operation {
        Operation::Create => accepts(directory, facts.kind),
        Operation::RenameTo => facts.directory || accepts(directory, facts.kind),
        Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::Replace
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => false,
    };
    accepted.then_some(FULL)?
}

/// POLICY.md, operations: "Elsewhere and the root: nothing (EPERM)".
pub(super) fn misplaced(_: &Caller, _: &FileFacts, operation: &Operation) -> Option<Ruling> {
    let places = matches!(operation, Operation::Create | Operation::RenameTo);
    places.then_some(Ruling::Deny(DenyReason::Misplaced))
}

/// POLICY.md, operations: "Kinds a directory accepts from applications without broad rights".
fn accepts(directory: DefaultDirectory, kind: Option<Kind>) -> bool {
    let one_of = |kinds: &[Kind]| kind.is_some_and(|kind| kinds.contains(&kind));
    match directory {
        DefaultDirectory::Alarms
        | DefaultDirectory::Audiobooks
        | DefaultDirectory::Notifications
        | DefaultDirectory::Podcasts
        | DefaultDirectory::Recordings
        | DefaultDirectory::Ringtones => one_of(&[Kind::Audio]),
        DefaultDirectory::Music => one_of(&[Kind::Audio, Kind::Playlist, Kind::Subtitle]),
        DefaultDirectory::Movies => one_of(&[Kind::Video, Kind::Playlist, Kind::Subtitle]),
        DefaultDirectory::Dcim | DefaultDirectory::Pictures => one_of(&[Kind::Image, Kind::Video]),
        DefaultDirectory::Documents | DefaultDirectory::Download => true,
    }
}
