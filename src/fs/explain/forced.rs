//! What forced-redaction names answer.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::sync::Arc;

use super::walk::{Spot, Walk};
use super::{Answer, Explained, opens};
use crate::fs::forced::{REFUSED, number};
use crate::fs::{FsError, Volume, VolumeInode, VolumeKind};
use crate::lower::{FileName, fold};
use crate::policy::{Caller, Operation, Outcome, Verdict, View};

impl Volume {
    /// The answer for a path that leads to the directories of forced-redaction names; `None` for every other, and where
    /// the caller does not come so far.
    pub(super) fn explain_forced(
        &self,
        caller: &Caller,
        operation: Operation,
        path: &str,
    ) -> Result<Option<Explained>, FsError> {
        let mut names = path.split('/').filter(|name| !name.is_empty());
        let above = match self.settings.kind {
            VolumeKind::Users => names.next().unwrap_or(""),
            VolumeKind::Shared | VolumeKind::Private(_) => "",
        };
        let Some(first) = names.next().and_then(|first| FileName::parse(OsStr::new(first)).ok()) else {
            return Ok(None);
        };
        let Walk::To(Spot { inode: Some(root), .. }) = self.walk(caller, above)? else { return Ok(None) };
        let Some(user) = self.user_of_root(&root).filter(|_| self.is_reserved(&root, &first)) else {
            return Ok(None);
        };
        let facts = self.facts(&root)?;
        if matches!(self.judge(caller, &facts, (true, None), Operation::Look), Verdict::Deny { .. }) {
            return Ok(None);
        }
        let told = |answer| Ok(Some(self.told(caller.clone(), &facts, (true, None), answer)));
        let (second, third, more) = (names.next(), names.next(), names.next());
        let file = match (second.map(fold).as_deref(), third) {
            (None | Some("redacted"), None) => {
                let seen = self.judge(caller, &facts, (true, None), Operation::Look);
                return told(answer_of_directory(operation, seen));
            }
            (Some("redacted"), Some(third)) => {
                number(third).map(|row| self.forced_file(user, row)).transpose()?
            }
            (_, _) => None,
        };
        let Some(inode) = file.flatten() else {
            let makes = operation.makes() && more.is_none();
            return told(if makes { Answer::Policy(REFUSED) } else { Answer::Beside(Outcome::MISSING) });
        };
        self.explain_forced_file(caller, operation, &inode, more.is_some()).map(Some)
    }

    /// The answer for the forced-redaction name of a file, or for a name below it.
    fn explain_forced_file(
        &self,
        caller: &Caller,
        operation: Operation,
        inode: &Arc<VolumeInode>,
        below: bool,
    ) -> Result<Explained, FsError> {
        let look = self.forced_verdict(caller, inode, Operation::Look)?;
        let verdict = self.forced_verdict(caller, inode, operation)?;
        let answer = match look {
            Verdict::Deny { .. } if operation.makes() => Answer::Policy(REFUSED),
            Verdict::Deny { .. } => Answer::Policy(look),
            Verdict::Allow(..) if below => Answer::Beside(Outcome::NOT_DIRECTORY),
            Verdict::Allow(..) if operation.makes() => Answer::Beside(Outcome::EXISTS),
            Verdict::Allow(..) => match (operation, verdict) {
                (Operation::RemoveDirectory | Operation::OpenDirectory, _) => {
                    Answer::Beside(Outcome::NOT_DIRECTORY)
                }
                (Operation::Unlink | Operation::RenameFrom | Operation::Replace, _) => {
                    Answer::Policy(REFUSED)
                }
                (_, Verdict::Allow(_, access)) if opens(operation) && access.view == View::Redacted => {
                    return self.explain_redacted(caller.clone(), inode, verdict);
                }
                (_, verdict) => Answer::Policy(verdict),
            },
        };
        self.told_of(caller.clone(), inode, answer)
    }
}

/// The answer for one of the two directories, of which `seen` is what policy says to looking at it.
fn answer_of_directory(operation: Operation, seen: Verdict) -> Answer {
    match operation {
        Operation::Look | Operation::OpenDirectory | Operation::Open { write: false, .. } => {
            Answer::Policy(seen)
        }
        Operation::Open { write: true, .. } | Operation::Unlink => Answer::Beside(Outcome::IS_DIRECTORY),
        made if made.makes() && made != Operation::RenameTo => Answer::Beside(Outcome::EXISTS),
        _ => Answer::Policy(REFUSED),
    }
}
