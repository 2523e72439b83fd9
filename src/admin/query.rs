//! Finding files: a walk through the mount as the caller, so that it finds what the caller may see and nothing else.
//!
//! A walk goes through directories before what lies behind them in the order of names. It ends after a page of files, or
//! after it has looked at so many entries, and the next one goes on behind the last path that this one met: nothing is
//! kept between calls, and no call is longer for a larger volume.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use crate::id::Uid;
use crate::policy::{Mark, State};

use super::{AdminError, FilePage, FileQuery, Files, FoundFile, ListedFile};

/// The most files of a page.
pub(super) const PAGE_MAX: usize = 500;
/// The most entries that one call looks at.
const LOOKED_MAX: usize = 5_000;
/// How many entries are asked for at a time.
const CHUNK: usize = 1_024;
/// How deep directories are walked.
const DEEPEST: usize = 256;

pub(super) const KINDS: [&str; 7] = ["image", "video", "audio", "playlist", "subtitle", "document", "other"];
const STATES: [(&str, State); 3] =
    [("normal", State::Normal), ("pending", State::Pending), ("trashed", State::Trashed)];

/// One call's walk.
pub(super) struct Walk<'a> {
    files: &'a dyn Files,
    uid: Uid,
    query: &'a FileQuery,
    states: Vec<State>,
    directory: String,
    limit: usize,
    looked: usize,
    last: String,
    page: FilePage,
}

impl<'a> Walk<'a> {
    /// Checks what is asked for.
    pub(super) fn new(files: &'a dyn Files, uid: Uid, query: &'a FileQuery) -> Result<Walk<'a>, AdminError> {
        let invalid =
            |what, value: &str, remedy| AdminError::Invalid { what, value: value.to_owned(), remedy };
        if let Some(kind) = query.kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            let remedy = "it is image, video, audio, playlist, subtitle, document or other";
            return Err(invalid("kind", kind, remedy));
        }
        let state = |name: &String| {
            let known = STATES.iter().find(|(known, _)| known == name).map(|(_, state)| *state);
            known.ok_or_else(|| invalid("state", name, "it is normal, pending or trashed"))
        };
        let mut states = query.states.iter().map(state).collect::<Result<Vec<_>, _>>()?;
        if states.is_empty() {
            states.push(State::Normal);
        }
        let limit = usize::try_from(query.limit).unwrap_or(PAGE_MAX);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(invalid("limit", &query.limit.to_string(), "a page has 1 to 500 files"));
        }
        let directory = files.inside(&query.directory)?;
        let page = FilePage::default();
        Ok(Walk { files, uid, query, states, directory, limit, looked: 0, last: String::new(), page })
    }

    /// The page.
    pub(super) fn page(mut self) -> Result<FilePage, AdminError> {
        let directory = self.directory.clone();
        let after = self.query.after.clone();
        if self.below(&directory, "", Some(after.as_str()).filter(|after| !after.is_empty()), 0)?.is_break() {
            self.page.next = Some(self.last);
        }
        Ok(self.page)
    }

    /// Walks a directory; `inner` is its path below the one that is asked for, with a slash behind it, and `after` what
    /// is behind that in the path after which to go on.
    fn below(
        &mut self,
        directory: &str,
        inner: &str,
        after: Option<&str>,
        depth: usize,
    ) -> Result<ControlFlow<()>, AdminError> {
        let (first, rest) = match after.map(|after| (after, after.split_once('/'))) {
            Some((_, Some((name, rest)))) => (Some(name), Some(rest)),
            Some((name, None)) => (Some(name), None),
            None => (None, None),
        };
        let mut from = first.map(str::to_owned);
        let mut resumed = true;
        loop {
            let listed = self.files.list(self.uid, directory, from.as_deref(), CHUNK)?;
            let last = listed.last().filter(|_| listed.len() == CHUNK).map(|entry| entry.name.clone());
            for entry in &listed {
                let again = from.as_ref() == Some(&entry.name);
                // It ended the chunk before.
                if again && !resumed {
                    continue;
                }
                let into = if again { rest } else { None };
                if self.entry((directory, inner), entry, (again, into), depth)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if last.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
            (from, resumed) = (last, false);
        }
    }

    /// One entry; `met` says that it was met by the call before, `into` where that one had come in it.
    fn entry(
        &mut self,
        (directory, inner): (&str, &str),
        entry: &ListedFile,
        (met, into): (bool, Option<&str>),
        depth: usize,
    ) -> Result<ControlFlow<()>, AdminError> {
        let path = format!("{inner}{}", entry.name);
        if !met {
            if self.looked >= LOOKED_MAX || self.page.files.len() >= self.limit {
                return Ok(ControlFlow::Break(()));
            }
            self.looked += 1;
            self.last.clone_from(&path);
        }
        let whole =
            if directory.is_empty() { entry.name.clone() } else { format!("{directory}/{}", entry.name) };
        if !entry.directory {
            if !met {
                self.page.files.extend(self.found(whole, entry));
            }
            return Ok(ControlFlow::Continue(()));
        }
        if depth >= DEEPEST {
            return Ok(ControlFlow::Continue(()));
        }
        match self.below(&whole, &format!("{path}/"), into, depth + 1) {
            // A directory that is listed and may not be read, or that is gone, holds nothing for the caller.
            Err(AdminError::File { .. }) => Ok(ControlFlow::Continue(())),
            walked => walked,
        }
    }

    /// A file, if it is one that is asked for.
    fn found(&self, path: String, entry: &ListedFile) -> Option<FoundFile> {
        let kind = entry.kind.clone()?;
        let state = Mark::of(&entry.name).map_or(State::Normal, |mark| mark.state);
        let name = STATES.iter().find(|(_, known)| *known == state).map(|(name, _)| *name)?;
        let FileQuery { kinds, since, before, .. } = self.query;
        let asked = self.states.contains(&state)
            && (kinds.is_empty() || kinds.contains(&kind))
            && since.is_none_or(|since| entry.modified >= since)
            && before.is_none_or(|before| entry.modified < before);
        asked.then(|| FoundFile {
            path,
            kind,
            state: name.to_owned(),
            size: entry.size,
            modified: entry.modified,
        })
    }
}
