//! `check`: what an operation would answer, with every fact that it rests on and where that is known from, without
//! touching anything.
//!
//! The questions are asked in the order in which the kernel and the file system ask them: each directory on the way,
//! the entry, then the policy. `walk` leads to the entry, `rename` asks for all of a rename, `facts` gathers what is
//! told.
//!
//! What depends on the moment is not foretold: a full or read-only lower file system, quotas, races.

#![forbid(unsafe_code)]

mod facts;
mod forced;
mod rename;
mod walk;

use std::sync::Arc;

use super::facts::Facts;
use super::{Context, FsError, Volume, VolumeInode};
use crate::error::Errno;
use crate::id::{MediaId, Uid};
use crate::lower::{FileName, fold};
use crate::policy::{
    Access, Caller, DenyReason, FileFacts, OPAQUE, Operation, Outcome, Place, RuleName, Verdict, View,
};
use crate::redact::Plan;
use crate::store::{EntryName, NewEntry};
use walk::{Spot, Walk};

/// What an operation would answer.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// What policy says.
    Policy(Verdict),
    /// What the kernel or the lower file system says.
    Beside(Outcome),
}

impl Answer {
    /// The symbolic errno of a refusal.
    pub fn errno(&self) -> Option<&'static str> {
        match self {
            Answer::Policy(Verdict::Allow(..)) => None,
            Answer::Policy(Verdict::Deny { reason, .. }) => Some(reason.errno().name()),
            Answer::Beside(outcome) => Some(outcome.errno),
        }
    }

    /// The rule that determined it, or the name of what is answered beside the policy.
    pub fn rule(&self) -> RuleName {
        match self {
            Answer::Policy(Verdict::Allow(_, access)) => access.rule,
            Answer::Policy(Verdict::Deny { rule, .. }) => *rule,
            Answer::Beside(outcome) => outcome.rule,
        }
    }
}

/// The answer of `check`.
#[derive(Debug)]
pub struct Explained {
    /// What would be answered.
    pub answer: Answer,
    /// Who it was asked for.
    pub caller: Caller,
    /// The facts of the entry, as policy takes them.
    pub facts: FileFacts,
    /// Where a fact of the entry is known from, by the fact's name.
    pub sources: Vec<(&'static str, String)>,
    /// What else bears on the answer.
    pub further: Vec<Fact>,
}

/// One thing that is known, and what it is known from.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Where it is known from.
    pub source: String,
}

impl Explained {
    fn with(mut self, name: &'static str, value: String, source: &str) -> Explained {
        self.further.push(Fact { name, value, source: source.to_owned() });
        self
    }

    fn is_allowed(&self) -> bool {
        self.answer.errno().is_none()
    }
}

impl Volume {
    /// What the operation would answer for `uid` at `path` (within the volume, from its root).
    ///
    /// # Errors
    /// For a path that no volume could have; else the lower file system's own.
    pub fn explain(&self, uid: Uid, operation: Operation, path: &str) -> Result<Explained, FsError> {
        let caller = self.caller(Context { uid, pid: 0 });
        if let Some(explained) = self.explain_forced(&caller, operation, path)? {
            return Ok(explained);
        }
        let spot = match self.walk(&caller, path)? {
            Walk::Stopped(stopped) => return Ok(*stopped),
            Walk::To(spot) => spot,
        };
        match (&spot.inode, operation) {
            (_, Operation::RenameTo) => self.explain_making(caller, &spot, operation),
            (None, _) if operation.makes() => self.explain_making(caller, &spot, operation),
            (Some(inode), _) if operation.makes() => self.explain_taken(caller, &spot, inode, operation),
            (Some(inode), _) => self.explain_use(caller, inode, operation),
            (None, _) => self.explain_nothing(caller, &spot, operation),
        }
    }

    /// What `access` would answer to the question whether `operation`, an open, would succeed: unlike an open, it may
    /// be asked of a directory also for writing.
    ///
    /// # Errors
    /// As [`Volume::explain`].
    pub fn explain_access(&self, uid: Uid, operation: Operation, path: &str) -> Result<Explained, FsError> {
        let caller = self.caller(Context { uid, pid: 0 });
        if let Some(told) = self.explain_forced(&caller, operation, path)? {
            let directory =
                matches!(told.answer, Answer::Beside(outcome) if outcome.rule == Outcome::IS_DIRECTORY.rule);
            let answer = if directory { Answer::Policy(super::forced::REFUSED) } else { told.answer };
            return Ok(Explained { answer, ..told });
        }
        let directory = match self.walk(&caller, path)? {
            Walk::To(Spot { inode: Some(inode), .. }) if inode.is_directory() => inode,
            Walk::To(_) | Walk::Stopped(_) => return self.explain(uid, operation, path),
        };
        let facts = self.facts(&directory)?;
        let look = self.judge(&caller, &facts, (true, None), Operation::Look);
        let answer = match look {
            Verdict::Deny { .. } => look,
            Verdict::Allow(..) => self.verdict(&caller, &directory, &facts, operation)?,
        };
        self.told_of(caller, &directory, Answer::Policy(answer))
    }

    /// Making an entry where there is none.
    fn explain_making(
        &self,
        caller: Caller,
        spot: &Spot,
        operation: Operation,
    ) -> Result<Explained, FsError> {
        let directory = match operation {
            Operation::MakeDirectory => true,
            Operation::RenameTo => spot.inode.as_ref().is_some_and(|inode| inode.is_directory()),
            _ => false,
        };
        let facts = self.facts_of_spot(spot, directory, true)?;
        let kind = (!directory).then_some(facts.named);
        let verdict = self.judge(&caller, &facts, (directory, kind), operation);
        Ok(self.told(caller, &facts, (directory, kind), Answer::Policy(verdict)))
    }

    /// Making an entry whose name is taken: the kernel answers by itself where it knows the name.
    fn explain_taken(
        &self,
        caller: Caller,
        spot: &Spot,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<Explained, FsError> {
        let facts = self.facts(inode)?;
        let look = self.look_at(&caller, inode, &facts)?;
        if matches!(look, Verdict::Deny { .. }) && !self.is_in_use(inode, &facts) {
            let making = self.explain_making(caller.clone(), spot, operation)?;
            // Where a free name would be taken, one that is taken unseen is not.
            return match look {
                Verdict::Deny { rule, .. } if making.is_allowed() => {
                    let refused = Verdict::Deny { reason: DenyReason::PrivateChange, rule };
                    self.told_of(caller, inode, Answer::Policy(refused))
                }
                Verdict::Deny { .. } | Verdict::Allow(..) => Ok(making),
            };
        }
        self.told_of(caller, inode, Answer::Beside(Outcome::EXISTS))
    }

    /// What is not there is not told from what may not be known.
    fn explain_nothing(&self, caller: Caller, spot: &Spot, _: Operation) -> Result<Explained, FsError> {
        let facts = self.facts_of_spot(spot, false, false)?;
        let look = self.judge(&caller, &facts, (false, None), Operation::Look);
        let answer = match look {
            Verdict::Deny { .. } => Answer::Policy(look),
            Verdict::Allow(..) => Answer::Beside(Outcome::MISSING),
        };
        Ok(self.told(caller, &facts, (false, Some(facts.named)), answer))
    }

    /// Whether what is there exists for the caller.
    fn look_at(&self, caller: &Caller, inode: &Arc<VolumeInode>, facts: &Facts) -> Result<Verdict, FsError> {
        if self.is_concealable(inode) {
            return self.sees(caller, inode);
        }
        Ok(self.judge(caller, facts, (inode.is_directory(), None), Operation::Look))
    }

    /// An operation on what is there.
    fn explain_use(
        &self,
        caller: Caller,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<Explained, FsError> {
        let facts = self.facts(inode)?;
        let look = self.look_at(&caller, inode, &facts)?;
        // Where the kernel checks modes it asks for the directory's attributes before it opens it.
        let looks =
            operation == Operation::Look || (operation == Operation::OpenDirectory && self.is_private());
        if matches!(look, Verdict::Deny { .. }) && (looks || !self.is_in_use(inode, &facts)) {
            return self.told_of(caller, inode, Answer::Policy(look));
        }
        if matches!(look, Verdict::Deny { .. }) && operation == Operation::SetTimes && self.is_private() {
            return self.told_of(caller, inode, Answer::Beside(Outcome::NOT_OWNER));
        }
        if let Some(outcome) = self.wrong_sort(inode, operation) {
            return self.told_of(caller, inode, Answer::Beside(outcome));
        }
        let verdict = self.verdict(&caller, inode, &facts, operation)?;
        let answer = match verdict {
            // The kernel, which checks modes there, asks first whose it is.
            Verdict::Deny { .. }
                if operation == Operation::SetTimes && matches!(facts.place, Place::Private { .. }) =>
            {
                Answer::Beside(Outcome::NOT_OWNER)
            }
            Verdict::Allow(..) if operation == Operation::RemoveDirectory && self.has_entries(inode)? => {
                Answer::Beside(Outcome::NOT_EMPTY)
            }
            Verdict::Allow(_, Access { view: View::Redacted, .. }) if opens(operation) => {
                return self.explain_redacted(caller, inode, verdict);
            }
            Verdict::Allow(..) | Verdict::Deny { .. } => Answer::Policy(verdict),
        };
        self.told_of(caller, inode, answer)
    }

    /// What the kernel refuses before anybody is asked.
    fn wrong_sort(&self, inode: &Arc<VolumeInode>, operation: Operation) -> Option<Outcome> {
        let root = Arc::ptr_eq(inode, self.nodes.root().inode());
        match (operation, inode.is_directory()) {
            (Operation::Unlink | Operation::Open { write: true, .. }, true) => Some(Outcome::IS_DIRECTORY),
            (Operation::RemoveDirectory | Operation::OpenDirectory, false) => Some(Outcome::NOT_DIRECTORY),
            (Operation::RemoveDirectory | Operation::RenameFrom | Operation::Replace, true) if root => {
                Some(Outcome::MOUNT_POINT)
            }
            _ => None,
        }
    }

    fn has_entries(&self, inode: &Arc<VolumeInode>) -> Result<bool, FsError> {
        let mut found = false;
        inode.descriptor(&self.nodes.descriptors)?.list()?.read_from(0, |listed| {
            found = matches!(listed.name, crate::lower::ListedName::Entry(_));
            !found
        })?;
        Ok(found)
    }

    /// Reading a file in the redacted view: what there is to hide, and whether it can be hidden.
    fn explain_redacted(
        &self,
        caller: Caller,
        inode: &Arc<VolumeInode>,
        verdict: Verdict,
    ) -> Result<Explained, FsError> {
        let facts = self.facts(inode)?;
        let source = self.source_of_plan(inode, &facts)?;
        let seen = self.seen(inode, &facts, true)?;
        let mut answer = Answer::Policy(verdict);
        let value = match seen.plan.as_deref() {
            Some(Plan::Clean) => "nothing to hide".to_owned(),
            Some(Plan::Ranges(patches)) => format!("{} bytes hidden", patches.total()),
            Some(Plan::Opaque(reason)) => {
                answer = Answer::Policy(Verdict::Deny { reason: DenyReason::Opaque, rule: OPAQUE });
                format!("cannot be made safe: {reason}")
            }
            None => "unknown".to_owned(),
        };
        Ok(self.told_of(caller, inode, answer)?.with("content", value, source))
    }

    /// The file that a path within the volume names, walked name by name.
    pub(super) fn resolve(&self, path: &str) -> Result<Arc<VolumeInode>, FsError> {
        let mut inode = self.nodes.root().inode().clone();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let name = FileName::parse(std::ffi::OsStr::new(name))?;
            inode = self.child(&inode, &name)?.0;
        }
        Ok(inode)
    }

    /// The row of a file or directory, made if there is none.
    ///
    /// # Errors
    /// ENOENT where the path leads nowhere; else the lower file system's or the database's own.
    pub fn row_of(&self, path: &str) -> Result<MediaId, FsError> {
        let inode = self.resolve(path)?;
        if inode.is_directory() {
            return self.directory_row(&inode);
        }
        if let Some(row) = self.facts(&inode)?.row {
            return Ok(row);
        }
        let link = inode.link().ok_or(FsError::Plain(Errno::ENOENT))?;
        let facts = self.facts(&inode)?;
        let stat = inode.descriptor(&self.nodes.descriptors)?.stat()?;
        let folded = fold(link.name.as_str());
        let row = self.store.record_found(&NewEntry {
            parent: self.directory_row(&link.parent)?,
            name: EntryName { bytes: link.name.as_str().as_bytes(), folded: folded.as_bytes() },
            directory: false,
            kind: Some(self.kind(&inode, &facts)?),
            owner: None,
            state: facts.state,
            expires: facts.expires(link.name.as_str()),
            file: self.lasting(stat.identity),
            version: Some(super::content::stored(stat.version)),
            created: super::now(),
        })?;
        self.renew_facts(&inode);
        Ok(row)
    }
}

fn opens(operation: Operation) -> bool {
    matches!(operation, Operation::Open { .. } | Operation::OpenRedacted { .. })
}
