//! The decision: the first rule that speaks.
//!
//! INVARIANT: a [`Permit`] is made in this file only, and only where a rule allowed.

#![forbid(unsafe_code)]

use super::rules::{RULES, Ruling};
use super::{Access, Caller, DenyReason, FileFacts, Operation, Permit, RuleName, Verdict, View};

/// Rule name of a decision on which no rule spoke.
pub(super) const NO_RULE: RuleName = RuleName("no-rule");
/// Rule name of a refusal by `visibility = private`.
pub(super) const CONCEALED: RuleName = RuleName("concealed");

/// Decides on an entry of a volume with `visibility = shared`.
///
/// Of an operation of several parts each part is asked for by itself: a rename is [`Operation::RenameFrom`] with the
/// facts of the entry, [`Operation::RenameTo`] with its facts as they would be, and [`Operation::Replace`] with the
/// facts of an entry in the way; renaming a directory asks the first two also for every entry below it.
///
/// [`Access::view`] is the caller's view of the entry whatever the operation, so that `Look` tells which view a
/// lookup answers with; of a file that the caller may not read it is [`View::Redacted`].
pub fn decide(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Verdict {
    let (operation, forced) = effective(facts, *operation);
    let ruled = RULES.iter().find_map(|rule| Some((rule.name, (rule.judge)(caller, facts, &operation)?)));
    match ruled {
        Some((rule, Ruling::Allow(view))) => {
            Verdict::Allow(Permit(()), Access { view: if forced { View::Redacted } else { view }, rule })
        }
        Some((rule, Ruling::Deny(reason))) => Verdict::Deny { reason, rule },
        None => Verdict::Deny { reason: DenyReason::NoRule, rule: NO_RULE },
    }
}

/// Decides on an entry of a volume with `visibility = private`: what the caller could not list does not exist for
/// it, unless the decision allows. An entry that is yet to be made hides nothing.
pub fn decide_concealed(caller: &Caller, facts: &FileFacts, operation: &Operation) -> Verdict {
    let verdict = decide(caller, facts, operation);
    let listed = || matches!(decide(caller, facts, &Operation::List), Verdict::Allow(..));
    let denied = matches!(verdict, Verdict::Deny { .. });
    match operation {
        Operation::Look if !listed() => conceal(DenyReason::Private),
        Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
            if denied && !listed() =>
        {
            conceal(DenyReason::Private)
        }
        Operation::Unlink | Operation::RemoveDirectory | Operation::RenameFrom | Operation::Replace
            if denied && !listed() =>
        {
            conceal(DenyReason::PrivateChange)
        }
        Operation::Look
        | Operation::Open { .. }
        | Operation::OpenRedacted { .. }
        | Operation::List
        | Operation::OpenDirectory
        | Operation::SetTimes
        | Operation::Unlink
        | Operation::RemoveDirectory
        | Operation::RenameFrom
        | Operation::Replace
        | Operation::Create
        | Operation::MakeDirectory
        | Operation::RenameTo => verdict,
    }
}

fn conceal(reason: DenyReason) -> Verdict {
    Verdict::Deny { reason, rule: CONCEALED }
}

/// The operation that rules judge, and whether the view is forced to be redacted.
///
/// Opening a directory is what `access` asks: reading it is listing it, writing to it is making something in it, for
/// which its place is judged as that of a directory to be made. A forced-redaction name is judged as a plain read;
/// to write by it stays what it is.
fn effective(facts: &FileFacts, operation: Operation) -> (Operation, bool) {
    match operation {
        Operation::Open { write: true, .. } if facts.directory => (Operation::MakeDirectory, false),
        Operation::Open { write: false, .. } if facts.directory => (Operation::OpenDirectory, false),
        Operation::OpenRedacted { write: false } => (Operation::Open { read: true, write: false }, true),
        Operation::OpenRedacted { write: true }
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
        | Operation::SetTimes => (operation, false),
    }
}
