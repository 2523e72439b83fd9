//! Asking policy, and remembering what it answered.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::facts::Facts;
use super::lookup::elsewhere;
use super::{Context, FsError, Volume, VolumeInode, now};
use crate::diag::{Counter, Decision};
use crate::lower::FileName;
use crate::policy::{self, Access, Caller, DenyReason, Kind, Operation, Permit, Verdict, View, Visibility};

/// An entry that is to be made.
#[derive(Debug)]
pub(super) struct Prospect {
    pub(super) parent: Arc<VolumeInode>,
    pub(super) name: FileName,
    pub(super) directory: bool,
    /// The kind that it will have.
    pub(super) kind: Option<Kind>,
    pub(super) facts: Facts,
}

impl Volume {
    /// The entry `name` of `parent` as it would be.
    pub(super) fn prospect(
        &self,
        parent: &Arc<VolumeInode>,
        name: &FileName,
        directory: bool,
    ) -> Result<Prospect, FsError> {
        let mut facts = self.facts_to_be(&*self.facts(parent)?, name, directory);
        facts.portable = name.is_portable();
        let kind = (!directory).then_some(facts.named);
        Ok(Prospect { parent: parent.clone(), name: name.clone(), directory, kind, facts })
    }

    /// Policy's answer for a file that exists.
    pub(super) fn permit(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<(Permit, Access), FsError> {
        self.permit_under(self.settings.visibility, context, inode, operation)
    }

    /// The same for an entry below a directory that is moved. One errno for what the caller may not move, whether it
    /// could list it or not.
    pub(super) fn permit_below_moved(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<(Permit, Access), FsError> {
        self.permit_under(Visibility::Shared, context, inode, operation)
    }

    fn permit_under(
        &self,
        visibility: Visibility,
        context: Context,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<(Permit, Access), FsError> {
        let caller = self.caller(context);
        let facts = self.facts(inode)?;
        let verdict = self.verdict_under(visibility, &caller, inode, &facts, operation)?;
        self.record(context, operation, verdict, || self.path_of(inode));
        enforce(verdict)
    }

    /// The verdict on a file that exists. The content is looked at only if the answer could depend on it: an
    /// unknown kind never leads to the full view, so a full view needs no kind.
    pub(super) fn verdict(
        &self,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        facts: &Facts,
        operation: Operation,
    ) -> Result<Verdict, FsError> {
        self.verdict_under(self.settings.visibility, caller, inode, facts, operation)
    }

    pub(super) fn verdict_under(
        &self,
        visibility: Visibility,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        facts: &Facts,
        operation: Operation,
    ) -> Result<Verdict, FsError> {
        let directory = inode.is_directory();
        let mut known = self.for_policy(caller, facts, directory, None);
        let verdict = policy::decide_under(visibility, caller, &known, &operation);
        let depends = match verdict {
            Verdict::Allow(_, access) => access.view != View::Full,
            Verdict::Deny { .. } => true,
        };
        if directory || !depends {
            return Ok(verdict);
        }
        // What the content tells can only confirm the name's kind or make the file a document.
        let mut of_kind = |kind| {
            known.kind = Some(kind);
            policy::decide_under(visibility, caller, &known, &operation)
        };
        let (named, contradicted) = (of_kind(facts.named), of_kind(Kind::Document));
        if named == contradicted {
            return Ok(named);
        }
        let kind = match self.kind(inode, facts) {
            Err(FsError::Changing) if operation == Operation::Look => {
                self.kind_last_seen(inode, facts).ok_or(FsError::Changing)?
            }
            kind => kind?,
        };
        Ok(of_kind(kind))
    }

    /// Policy's answer for an entry that is to be made: its facts come from its name.
    pub(super) fn permit_new(
        &self,
        context: Context,
        prospect: &Prospect,
        operation: Operation,
    ) -> Result<Permit, FsError> {
        self.not_reserved(context, (&prospect.parent, &prospect.name), operation)?;
        let caller = self.caller(context);
        let verdict = if self.is_elsewhere(&caller, &prospect.facts) {
            elsewhere(operation)
        } else {
            let known = self.for_policy(&caller, &prospect.facts, prospect.directory, prospect.kind);
            policy::decide(&caller, &known, &operation)
        };
        self.record(context, operation, verdict, || self.path_below(&prospect.parent, &prospect.name));
        Ok(enforce(verdict)?.0)
    }

    /// Refusals and redacted opens go to the audit; what is allowed in full is counted only.
    pub(super) fn record(
        &self,
        context: Context,
        operation: Operation,
        verdict: Verdict,
        path: impl Fn() -> String,
    ) {
        let (rule, errno, redacted) = match verdict {
            Verdict::Deny { reason, rule } => {
                self.counters.count(Counter::Denied);
                (rule, Some(FsError::Denied { reason, rule }.errno().raw()), false)
            }
            Verdict::Allow(_, access) if access.view == View::Redacted => (access.rule, None, true),
            Verdict::Allow(..) => return,
        };
        if matches!(operation, Operation::Look | Operation::List) {
            return;
        }
        self.decisions.push(Decision {
            time: now(),
            uid: context.uid.raw(),
            operation: operation.name(),
            path: path(),
            rule: rule.0,
            errno,
            redacted,
            count: 1,
        });
    }

    /// A refusal that the content makes goes to the audit too.
    pub(super) fn record_opaque(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        operation: Operation,
        error: &FsError,
    ) {
        if matches!(error, FsError::Opaque(_)) {
            let verdict = Verdict::Deny { reason: DenyReason::Opaque, rule: policy::OPAQUE };
            self.record(context, operation, verdict, || self.path_of(inode));
        }
    }

    /// The path of a name within the volume, for people.
    pub(super) fn path_below(&self, parent: &Arc<VolumeInode>, name: &FileName) -> String {
        format!("{}/{}", self.path_of(parent).trim_end_matches('/'), name.as_str())
    }

    /// The path within the volume, for people: it is never resolved.
    pub(super) fn path_of(&self, inode: &Arc<VolumeInode>) -> String {
        let mut names = Vec::new();
        let mut next = inode.link();
        while let Some(link) = next {
            names.push(link.name.as_str().to_owned());
            next = link.parent.link();
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }
}

/// Turns a refusal into the error that carries it.
pub(super) fn enforce(verdict: Verdict) -> Result<(Permit, Access), FsError> {
    match verdict {
        Verdict::Allow(permit, access) => Ok((permit, access)),
        Verdict::Deny { reason, rule } => Err(FsError::Denied { reason, rule }),
    }
}
