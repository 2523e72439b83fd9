//! The decision: the first rule that speaks.
//!
//! INVARIANT: a [`Permit`] is made in this file only, and only where a rule allowed.

#![forbid(unsafe_code)]

use super::rules::{RULES, Ruling};
use super::{
    Access, Caller, DenyReason, FileFacts, FileGrants, Operation, Permit, Place, RuleName, State, Verdict,
};

/// Rule name of a decision on which no rule spoke.
pub(super) const NO_RULE: RuleName = RuleName("no-rule");
/// Rule name of a refusal by `visibility = private`.
pub(super) const CONCEALED: RuleName = RuleName("concealed");
/// Rule name of a refusal that the file's content makes: who may see it redacted only cannot be given it.
pub const OPAQUE: RuleName = RuleName("opaque");
/// Rule name of what is done with the directories of forced-redaction names.
pub const FORCED_DIRECTORY: RuleName = RuleName("forced-directory");
/// Rule name of what a shared volume answers where a private volume serves.
pub const ELSEWHERE: RuleName = RuleName("private-elsewhere");

/// Decides on an entry of a volume with `visibility = shared`.
///
/// Of an operation of several parts each part is asked for by itself: a rename is [`Operation::RenameFrom`] with the
/// facts of the entry, [`Operation::RenameTo`] with its facts as they would be, and [`Operation::Replace`] with the
/// facts of an entry in the way; renaming a directory asks the first two also for every entry below it.
///
/// [`Access::view`] is the caller's view of the entry whatever the operation, so that `Look` tells which view a
/// lookup answers with; of a file that the caller may not read it is [`View::Redacted`](super::View::Redacted).
pub fn decide(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Verdict {
    let asked = *operation;
    let operation = effective(facts, asked);
    // A directory that is written to has its name already.
    let named = (operation.makes() && !asked.makes()).then(|| FileFacts { portable: true, ..facts.clone() });
    let facts = named.as_ref().unwrap_or(facts);
    let ruled = RULES.iter().find_map(|rule| Some((rule.name, (rule.judge)(caller, facts, &operation)?)));
    match ruled {
        Some((rule, Ruling::Allow(view))) => Verdict::Allow(Permit(()), Access { view, rule }),
        Some((rule, Ruling::Deny(reason))) => Verdict::Deny { reason, rule },
        None => Verdict::Deny { reason: DenyReason::NoRule, rule: NO_RULE },
    }
}

/// Decides on an entry of a volume with `visibility = private`: what the caller could not list does not exist for
/// it, unless the decision allows. An entry that is yet to be made hides nothing. A file that the caller may read,
/// by a grant, may be looked at as well: it could not be opened by its name otherwise.
pub fn decide_concealed(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Verdict {
    let verdict = decide(caller, facts, operation);
    let concealable = match verdict {
        Verdict::Allow(..) => *operation == Operation::Look,
        Verdict::Deny { reason, .. } => match reason {
            DenyReason::Private | DenyReason::PrivateChange | DenyReason::OtherUser => false,
            DenyReason::Refused
            | DenyReason::Misplaced
            | DenyReason::Forbidden
            | DenyReason::Opaque
            | DenyReason::NoRule => !operation.makes(),
        },
    };
    let allowed = |wanted: Operation| matches!(decide(caller, facts, &wanted), Verdict::Allow(..));
    if !concealable || allowed(Operation::List) || allowed(Operation::Open { read: true, write: false }) {
        return verdict;
    }
    conceal(if operation.makes_or_moves() { DenyReason::PrivateChange } else { DenyReason::Private })
}

impl FileFacts {
    /// The facts with which an entry at `place`, in the same user's tree as this one, is moved by the fewest callers.
    /// What stands there already may have any name.
    pub(super) fn worst(&self, place: Place, directory: bool) -> FileFacts {
        FileFacts {
            place,
            directory,
            kind: None,
            hidden: true,
            owner: None,
            state: State::Trashed,
            portable: true,
            grants: FileGrants::empty(),
            of_other_user: self.of_other_user,
        }
    }
}

/// Whether the caller may move whatever lies below the directory `from` to below what it becomes, `to`: the move is
/// allowed even for an entry of which the worst is known. `false` decides nothing.
pub fn may_move_all(caller: &Caller, from: &FileFacts, to: &FileFacts) -> bool {
    let allows = |above: &FileFacts, operation| {
        above.place.below().is_some_and(|place| {
            [false, true].into_iter().all(|directory| {
                let worst = above.worst(place.clone(), directory);
                matches!(decide(caller, &worst, &operation), Verdict::Allow(..))
            })
        })
    };
    allows(from, Operation::RenameFrom) && allows(to, Operation::RenameTo)
}

fn conceal(reason: DenyReason) -> Verdict {
    Verdict::Deny { reason, rule: CONCEALED }
}

/// The operation that rules judge.
///
/// Opening a directory is what `access` asks: reading it is listing it, writing to it is making something in it, for
/// which its place is judged as that of a directory to be made; but in a private tree or another user's the question
/// stays one about reading.
fn effective(facts: &FileFacts, operation: Operation) -> Operation {
    let listable = facts.directory
        && !matches!(facts.place, Place::Private { .. } | Place::OtherUser | Place::BesideUsers);
    match operation {
        Operation::Open { write: true, .. } if listable => Operation::MakeDirectory,
        Operation::Open { write: false, .. } if listable => Operation::OpenDirectory,
        Operation::OpenRedacted { .. }
        | Operation::Open { .. }
        | Operation::Look
        | Operation::Create
        | Operation::MakeDirectory
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::RenameTo
        | Operation::Replace
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::MakeSpecial
        | Operation::MakeSymlink
        | Operation::MakeLink => operation,
    }
}
