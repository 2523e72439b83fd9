//! `check`: the verdict on an entry for a caller, with every fact that it rests on, without touching anything.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::facts::Facts;
use super::lookup::view_name;
use super::{Context, FsError, Volume, VolumeInode};
use crate::error::Errno;
use crate::id::{MediaId, Uid};
use crate::lower::{FileName, fold};
use crate::policy::{self, Caller, FileFacts, Operation, Verdict, View};
use crate::redact::Plan;
use crate::store::{EntryName, NewEntry};

/// The answer of `check`.
#[derive(Debug)]
pub struct Explained {
    /// What policy answers.
    pub verdict: Verdict,
    /// Who it was asked for.
    pub caller: Caller,
    /// The facts of the entry, as policy takes them.
    pub facts: FileFacts,
    /// What else bears on the answer: a name and a value each.
    pub further: Vec<Fact>,
    /// The content cannot be made safe for this caller: the reason.
    pub opaque: Option<String>,
    /// Nothing is there: what policy allows fails with ENOENT, unless it makes the entry.
    pub missing: bool,
}

/// One thing that is known, and what it is known from.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

impl Volume {
    /// What the operation would answer for `uid` at `path` (within the volume, from its root). Where nothing is, the
    /// verdict is that of the place.
    ///
    /// # Errors
    /// For a path that no volume could have; else the lower file system's own.
    pub fn explain(&self, uid: Uid, operation: Operation, path: &str) -> Result<Explained, FsError> {
        let caller = self.caller(Context { uid, pid: 0 });
        match self.resolve(path) {
            Ok(inode) => self.explain_file(caller, &inode, operation),
            Err(error) if matches!(error.errno(), Errno::ENOENT | Errno::ENOTDIR) => {
                self.explain_place(caller, operation, path)
            }
            Err(error) => Err(error),
        }
    }

    fn explain_file(
        &self,
        caller: Caller,
        inode: &Arc<VolumeInode>,
        operation: Operation,
    ) -> Result<Explained, FsError> {
        let facts = self.facts(inode)?;
        let verdict = self.verdict(&caller, inode, &facts, operation)?;
        let kind = if inode.is_directory() { None } else { Some(self.kind(inode, &facts)?) };
        let known = self.for_policy(&caller, &facts, inode.is_directory(), kind);
        let (further, opaque) = self.further(inode, &facts, verdict)?;
        Ok(Explained { verdict, caller, facts: known, further, opaque, missing: false })
    }

    fn explain_place(&self, caller: Caller, operation: Operation, path: &str) -> Result<Explained, FsError> {
        let mut facts = self.facts(self.nodes.root().inode())?;
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        let mut directory = true;
        let makes = matches!(operation, Operation::Create | Operation::MakeDirectory | Operation::RenameTo);
        while let Some(name) = names.next() {
            let name = FileName::parse(std::ffi::OsStr::new(name))?;
            directory = names.peek().is_some()
                || matches!(operation, Operation::MakeDirectory | Operation::RemoveDirectory);
            facts = Arc::new(match (names.peek(), makes) {
                (None, true) => self.facts_to_be(&facts, &name, directory),
                (Some(_), _) | (None, false) => self.facts_of_name(&facts, &name, directory, false),
            });
        }
        let kind = (!directory).then_some(facts.named);
        let known = self.for_policy(&caller, &facts, directory, kind);
        let verdict = policy::decide(&caller, &known, &operation);
        Ok(Explained { verdict, caller, facts: known, further: Vec::new(), opaque: None, missing: true })
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
            expires: None,
            file: stat.identity.file,
            version: Some(super::content::stored(stat.version)),
            created: super::now(),
        })?;
        self.renew_facts(&inode);
        Ok(row)
    }

    fn further(
        &self,
        inode: &Arc<VolumeInode>,
        facts: &Facts,
        verdict: Verdict,
    ) -> Result<(Vec<Fact>, Option<String>), FsError> {
        let mut further = vec![
            Fact { name: "entry id", value: facts.row.map_or("none".to_owned(), |row| row.to_string()) },
            Fact { name: "open for writing", value: inode.sharing().writers.to_string() },
        ];
        let mut opaque = None;
        if let Verdict::Allow(_, access) = verdict {
            further.push(Fact { name: "view", value: view_name(access.view).to_owned() });
            if access.view == View::Redacted && !inode.is_directory() {
                let seen = self.seen(inode, facts, true)?;
                let (value, reason) = match seen.plan.as_deref() {
                    Some(Plan::Clean) => ("nothing to hide: passthrough".to_owned(), None),
                    Some(Plan::Ranges(patches)) => (format!("{} bytes hidden", patches.total()), None),
                    Some(Plan::Opaque(reason)) => {
                        ("cannot be made safe".to_owned(), Some(reason.to_string()))
                    }
                    None => ("unknown".to_owned(), None),
                };
                further.push(Fact { name: "content", value });
                opaque = reason;
            }
        }
        Ok((further, opaque))
    }
}
