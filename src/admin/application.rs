//! What an application may do for itself, as its clients see it and as one caller uses it.
//!
//! Nothing is decided here: files are reached as the caller through the mount, where policy answers.

#![forbid(unsafe_code)]

use std::os::fd::OwnedFd;

use crate::policy::{Mark, State};

use super::query::Walk;
use super::session::Session;
use super::{
    AdminError, Administration as _, AuditQuery, AuditRecord, Explanation, Failure, FilePage, FileQuery,
    Hearer, MediaEvent, Method, ObserverFilter, OpenMode, PendingFile, now,
};

/// How long a pending file stays, in seconds: 7 days.
const PENDING: i64 = 7 * 24 * 60 * 60;
/// How long a trashed file stays, in seconds: 30 days.
const TRASHED: i64 = 30 * 24 * 60 * 60;

/// Every call answers a [`Failure`] with a code and a text for a person.
#[expect(clippy::missing_errors_doc, reason = "stated once, for all methods, on the trait")]
pub trait Application {
    /// What would happen if the caller did `operation` to `path` now; `to` is the new path of a rename.
    fn check_self(&self, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure>;
    /// Opens a file, exactly as the caller would by itself through the mount.
    fn open(&self, path: &str, mode: OpenMode) -> Result<OwnedFd, Failure>;
    /// Makes a file that others do not see until it is published as `path`.
    fn create_pending(&self, path: &str) -> Result<PendingFile, Failure>;
    /// Gives a pending file its own name; returns its path.
    fn publish(&self, path: &str) -> Result<String, Failure>;
    /// Puts a file into the trash; returns its path there.
    fn trash(&self, path: &str) -> Result<String, Failure>;
    /// Takes a file out of the trash; returns its path.
    fn restore(&self, path: &str) -> Result<String, Failure>;
    /// Removes a file for good.
    fn remove_file(&self, path: &str) -> Result<(), Failure>;
    /// Some of the files that the caller may read.
    fn query(&self, query: &FileQuery) -> Result<FilePage, Failure>;
    /// A path by which anybody who may read the file reads it without its private parts.
    fn redacted_path(&self, path: &str) -> Result<String, Failure>;
    /// Asks for access to files of others; returns the request's number.
    fn request_access(&self, paths: &[String], write: bool) -> Result<u64, Failure>;
    /// `waiting`, `granted` or `refused`.
    fn request_state(&self, id: u64) -> Result<String, Failure>;
    /// Withdraws a request.
    fn cancel_request(&self, id: u64) -> Result<(), Failure>;
}

impl Session<'_> {
    /// Has `hearer` told of changes that the caller may see, and of what is given to it and taken from it; returns the
    /// observer's number.
    ///
    /// # Errors
    /// A [`Failure`] as of [`Application`].
    pub fn observe(
        &self,
        filter: &ObserverFilter,
        hearer: Box<dyn Hearer<MediaEvent>>,
    ) -> Result<u64, Failure> {
        self.own(Method::Observe, &filter.directory, || self.observed(filter, hearer))
    }

    /// Ends an observer of the caller.
    ///
    /// # Errors
    /// A [`Failure`] as of [`Application`].
    pub fn end_observer(&self, id: u64) -> Result<(), Failure> {
        self.own(Method::EndObserver, &id.to_string(), || self.admin().observers.end(self.uid(), id))
    }

    /// Has `hearer` told of what the audit records and `query` lets through; returns the line's number.
    ///
    /// # Errors
    /// A [`Failure`] as of [`Administration`](super::Administration).
    pub fn follow_audit(
        &self,
        query: &AuditQuery,
        hearer: Box<dyn Hearer<AuditRecord>>,
    ) -> Result<u64, Failure> {
        self.run(Method::FollowAudit, "", || self.followed(query, hearer))
    }

    /// Whether the caller may call [`Session::follow_audit`] at all.
    ///
    /// # Errors
    /// A [`Failure`] as of [`Administration`](super::Administration).
    pub fn may_follow_audit(&self) -> Result<(), Failure> {
        self.run(Method::FollowAudit, "", || Ok(()))
    }

    /// Ends a line of the caller that [`Session::follow_audit`] began.
    ///
    /// # Errors
    /// A [`Failure`] as of [`Administration`](super::Administration).
    pub fn end_auditor(&self, id: u64) -> Result<(), Failure> {
        self.run(Method::EndAuditor, &id.to_string(), || self.admin().auditors.end(self.uid(), id))
    }
}

/// The directory of a path, with the slash, and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rfind('/').map_or(("", path), |slash| path.split_at(slash + 1))
}

impl Session<'_> {
    fn marked(&self, path: &str, state: State) -> Result<String, AdminError> {
        let inside = self.files().inside(path)?;
        let (directory, name) = split(&inside);
        let mark = Mark::of(name).filter(|mark| mark.state == state);
        let remedy = match state {
            State::Pending => "name a file that is pending",
            State::Trashed => "name a file that is in the trash",
            State::Normal => "name a file that is neither pending nor in the trash",
        };
        let Some(mark) = mark else {
            return Err(AdminError::Invalid { what: "path", value: path.to_owned(), remedy });
        };
        self.files().rename(self.uid(), &inside, mark.plain())?;
        Ok(format!("{directory}{}", mark.plain()))
    }

    /// Where a file is that is not marked, and where it is when it is put into a state.
    fn with_mark(&self, path: &str, state: State, seconds: i64) -> Result<(String, String, i64), AdminError> {
        let inside = self.files().inside(path)?;
        let (directory, name) = split(&inside);
        if name.is_empty() || Mark::of(name).is_some() {
            let remedy = "name a file that is neither pending nor in the trash";
            return Err(AdminError::Invalid { what: "path", value: path.to_owned(), remedy });
        }
        let expires = now().saturating_add(seconds);
        Ok((inside.clone(), format!("{directory}{}", Mark::put(state, expires, name)), expires))
    }

    fn pending(&self, path: &str) -> Result<PendingFile, AdminError> {
        let (_, path, expires) = self.with_mark(path, State::Pending, PENDING)?;
        let file = self.files().create(self.uid(), &path)?;
        Ok(PendingFile { path, expires: expires.cast_unsigned(), file })
    }

    fn trashed(&self, path: &str) -> Result<String, AdminError> {
        let (inside, path, _) = self.with_mark(path, State::Trashed, TRASHED)?;
        self.files().rename(self.uid(), &inside, split(&path).1)?;
        Ok(path)
    }

    /// The name is told to who may read the file: the number in it tells that there is one.
    fn forced(&self, path: &str) -> Result<String, AdminError> {
        let read = OpenMode { read: true, ..OpenMode::default() };
        drop(self.files().open(self.uid(), path, read)?);
        let row = self.gate().entry_of(path)?;
        let inside = self.files().inside(path)?;
        let ending = split(&inside).1.rsplit_once('.').map(|(_, ending)| format!(".{ending}"));
        let tree = self.gate().tree_of(&inside);
        Ok(format!("{tree}.mediagate/redacted/{row}{}", ending.unwrap_or_default()))
    }
}

impl Application for Session<'_> {
    fn check_self(&self, operation: &str, path: &str, to: Option<&str>) -> Result<Explanation, Failure> {
        self.check(self.uid(), operation, path, to)
    }

    fn open(&self, path: &str, mode: OpenMode) -> Result<OwnedFd, Failure> {
        self.own(Method::Open, path, || self.files().open(self.uid(), path, mode))
    }

    fn create_pending(&self, path: &str) -> Result<PendingFile, Failure> {
        self.own(Method::CreatePending, path, || self.pending(path))
    }

    fn publish(&self, path: &str) -> Result<String, Failure> {
        self.own(Method::Publish, path, || self.marked(path, State::Pending))
    }

    fn trash(&self, path: &str) -> Result<String, Failure> {
        self.own(Method::Trash, path, || self.trashed(path))
    }

    fn restore(&self, path: &str) -> Result<String, Failure> {
        self.own(Method::Restore, path, || self.marked(path, State::Trashed))
    }

    fn remove_file(&self, path: &str) -> Result<(), Failure> {
        self.own(Method::RemoveFile, path, || self.files().remove(self.uid(), path))
    }

    fn query(&self, query: &FileQuery) -> Result<FilePage, Failure> {
        self.own(Method::Query, &query.directory, || Walk::new(self.files(), self.uid(), query)?.page())
    }

    fn redacted_path(&self, path: &str) -> Result<String, Failure> {
        self.own(Method::RedactedPath, path, || self.forced(path))
    }

    fn request_access(&self, paths: &[String], write: bool) -> Result<u64, Failure> {
        self.own(Method::RequestAccess, "", || self.ask_for(paths, write))
    }

    fn request_state(&self, id: u64) -> Result<String, Failure> {
        self.own(Method::RequestState, &id.to_string(), || self.stands(id))
    }

    fn cancel_request(&self, id: u64) -> Result<(), Failure> {
        self.own(Method::CancelRequest, &id.to_string(), || self.withdraw(id))
    }
}
