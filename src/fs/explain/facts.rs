//! Where each fact is known from.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::{Answer, Explained, Fact};
use crate::fs::facts::Facts;
use crate::fs::lookup::view_name;
use crate::fs::{FsError, Volume, VolumeInode, now};
use crate::lower::fold;
use crate::policy::{Caller, Identity, Kind, State, Verdict};

impl Volume {
    /// The answer about an entry that is there.
    pub(super) fn told_of(
        &self,
        caller: Caller,
        inode: &Arc<VolumeInode>,
        answer: Answer,
    ) -> Result<Explained, FsError> {
        let facts = self.facts(inode)?;
        let directory = inode.is_directory();
        let (kind, kind_source) = match self.kind_and_source(inode, &facts) {
            _ if directory => (None, "a directory has none".to_owned()),
            // It is not the answer's business that somebody changes the file just now.
            Err(FsError::Changing) => (None, "the content changes just now".to_owned()),
            found => found.map(|(kind, source)| (Some(kind), source))?,
        };
        let mut told = self.told(caller, &facts, (directory, kind), answer);
        told.sources.retain(|(name, _)| !matches!(*name, "kind" | "directory" | "hidden"));
        told.sources.push(("kind", kind_source));
        told.sources.push(("directory", "the lower file system".to_owned()));
        if let Some(source) = self.source_of_hiding(inode)? {
            told.sources.push(("hidden", source));
        }
        let writers = inode.sharing().writers.to_string();
        Ok(told.with("open for writing", writers, "open handles"))
    }

    /// The answer about an entry of which these facts are known.
    pub(super) fn told(
        &self,
        caller: Caller,
        facts: &Facts,
        (directory, kind): (bool, Option<Kind>),
        answer: Answer,
    ) -> Explained {
        let remembered = facts.row.map_or_else(|| "there is no row".to_owned(), |row| format!("row {row}"));
        let sources = vec![
            ("place", self.source_of_place(&caller, facts)),
            ("directory", "the operation".to_owned()),
            ("kind", "the name; there is no content".to_owned()),
            ("hidden", "no name on the path begins with a dot, no .nomedia".to_owned()),
            ("name is portable", "the name".to_owned()),
            ("owner", remembered),
            (
                "state",
                match facts.row {
                    Some(row) => format!("the name and row {row}"),
                    None => "the name".to_owned(),
                },
            ),
            ("grants", self.source_of_grant(&caller, facts)),
        ];
        let known = self.for_policy(&caller, facts, directory, kind);
        let id = facts.row.map_or_else(|| "none".to_owned(), |row| row.to_string());
        let mut further = vec![Fact { name: "entry id", value: id, source: "the database".to_owned() }];
        if let Answer::Policy(Verdict::Allow(_, access)) = answer {
            let (value, source) = (view_name(access.view).to_owned(), format!("rule {}", access.rule.0));
            further.push(Fact { name: "view", value, source });
        }
        Explained { answer, caller, facts: known, sources, further }
    }

    fn source_of_place(&self, caller: &Caller, facts: &Facts) -> String {
        match self.is_foreign_place(caller, facts) {
            true => format!("uid {} is of another user than the volume ({})", caller.uid, self.settings.user),
            false => "the path".to_owned(),
        }
    }

    fn source_of_grant(&self, caller: &Caller, facts: &Facts) -> String {
        let (Identity::Application(application), Some(row)) = (&caller.identity, facts.row) else {
            return "grants are for applications and files with a row".to_owned();
        };
        let (snapshot, now) = (self.store.snapshot(), now());
        let holds = |expires: Option<i64>| expires.is_none_or(|expires| now < expires);
        let told: Vec<String> = snapshot
            .grants(row)
            .iter()
            .filter(|grant| application.is(&grant.package))
            .map(|grant| match grant.expires {
                None => format!("grant {}, until it is revoked", grant.id),
                Some(expires) if holds(Some(expires)) => format!("grant {}, expires at {expires}", grant.id),
                Some(expires) => format!("grant {}, expired at {expires}", grant.id),
            })
            .collect();
        if told.is_empty() { "no grant for this file".to_owned() } else { told.join("; ") }
    }

    fn kind_and_source(&self, inode: &Arc<VolumeInode>, facts: &Facts) -> Result<(Kind, String), FsError> {
        let before = inode.known.content.lock().clone();
        let seen = self.seen(inode, facts, false)?;
        let fresh = before.is_none_or(|before| !Arc::ptr_eq(&before, &seen));
        let when = if fresh { "looked at now" } else { "as it was seen in this version" };
        Ok((Kind::agree(facts.named, seen.content), format!("the name and the content, {when}")))
    }

    /// Where the plan of the file's present version comes from; asked before it is made.
    pub(super) fn source_of_plan(
        &self,
        inode: &Arc<VolumeInode>,
        facts: &Facts,
    ) -> Result<&'static str, FsError> {
        let version = inode.descriptor(&self.nodes.descriptors)?.stat()?.version;
        let kept = inode.known.content.lock().clone();
        if kept.is_some_and(|seen| seen.version == version && seen.plan.is_some()) {
            return Ok("the plan kept for this version");
        }
        Ok(match facts.row.and_then(|row| self.saved_plan(row, version)) {
            Some(_) => "the plan stored for this version",
            None => "the content, planned now",
        })
    }

    /// The highest entry on the path that hides it, and by what.
    fn source_of_hiding(&self, inode: &Arc<VolumeInode>) -> Result<Option<String>, FsError> {
        let mut hiding = None;
        let mut next = Some(inode.clone());
        while let Some(inode) = next {
            if !self.facts(&inode)?.hidden {
                break;
            }
            next = inode.link().map(|link| link.parent);
            hiding = Some(inode);
        }
        let Some(hiding) = hiding else { return Ok(None) };
        let path = self.path_of(&hiding);
        let name = path.rsplit('/').next().unwrap_or_default();
        let folded = fold(name);
        let shown = if hiding.is_directory() { folded.as_str() } else { State::of_name(&folded).1 };
        Ok(Some(match shown.starts_with('.') {
            true => format!("the name {name} of {path}"),
            false => format!(".nomedia in {path}"),
        }))
    }
}
