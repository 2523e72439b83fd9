//! Requests of applications for access to others' files, until somebody who administers has answered them.
//!
//! A request is for the files that stood at its paths when it was made, whatever comes to stand there. Requests are kept
//! in memory: they end with the daemon, and their application asks again.

#![forbid(unsafe_code)]

use parking_lot::Mutex;

use crate::error::Errno;
use crate::id::{MediaId, Uid};
use crate::policy::{FileGrant, Identity, Operation, PackageName};
use crate::store::NewGrant;

use super::session::{Session, store_failed};
use super::{AccessRequest, AdminError, Asked, MediaEvent, names, now};

/// The most files of one request.
const FILES_MAX: usize = 100;
/// The most requests of one uid that are kept.
const OF_UID_MAX: usize = 8;
/// The most requests that are kept.
const MAX: usize = 1_024;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stands {
    Waiting,
    Granted,
    Refused,
}

impl Stands {
    fn name(self) -> &'static str {
        match self {
            Stands::Waiting => "waiting",
            Stands::Granted => "granted",
            Stands::Refused => "refused",
        }
    }
}

#[derive(Clone, Debug)]
struct Request {
    id: u64,
    uid: Uid,
    package: PackageName,
    mode: FileGrant,
    files: Vec<MediaId>,
    asked: i64,
    stands: Stands,
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The number of the last one.
    last: u64,
    all: Vec<Request>,
}

impl Kept {
    /// Keeps a request; where the uid has too many, the oldest that was answered goes.
    fn add(&mut self, mut request: Request) -> Result<u64, AdminError> {
        let uid = request.uid;
        if self.all.iter().filter(|kept| kept.uid == uid).count() >= OF_UID_MAX {
            let answered = |kept: &Request| kept.uid == uid && kept.stands != Stands::Waiting;
            let oldest = self.all.iter().position(answered);
            let oldest = oldest.ok_or(AdminError::TooManyRequests { caller: uid, most: OF_UID_MAX })?;
            self.all.remove(oldest);
        }
        if self.all.len() >= MAX {
            return Err(AdminError::TooManyRequests { caller: uid, most: MAX });
        }
        self.last += 1;
        request.id = self.last;
        self.all.push(request);
        Ok(self.last)
    }

    /// A request of this uid; whether others have one of that number is not told.
    fn of(&self, uid: Uid, id: u64) -> Result<usize, AdminError> {
        let found = self.all.iter().position(|kept| kept.id == id && kept.uid == uid);
        found.ok_or(AdminError::UnknownRequest { id })
    }
}

impl Session<'_> {
    pub(super) fn ask_for(&self, paths: &[String], write: bool) -> Result<u64, AdminError> {
        let (uid, count) = (self.uid(), paths.len());
        if !(1..=FILES_MAX).contains(&count) {
            let remedy = "a request is for 1 to 100 files";
            return Err(AdminError::Invalid { what: "number of files", value: count.to_string(), remedy });
        }
        let Identity::Application(application) = self.store().snapshot().identity(uid, Uid::ROOT) else {
            return Err(AdminError::NoApplication { caller: uid });
        };
        let package = application.packages.first().cloned();
        let package = package.ok_or(AdminError::NoApplication { caller: uid })?;
        let files = paths.iter().map(|path| self.wanted(path, write)).collect::<Result<_, _>>()?;
        let mode = if write { FileGrant::Write } else { FileGrant::Read };
        let (id, asked, stands) = (0, now(), Stands::Waiting);
        self.requests().kept.lock().add(Request { id, uid, package, mode, files, asked, stands })
    }

    /// The row of a file that exists for the caller.
    fn wanted(&self, path: &str, write: bool) -> Result<MediaId, AdminError> {
        let operation = Operation::Open { read: !write, write };
        let explained = self.gate().explain(self.uid(), Asked::Operation(operation), path)?;
        let failed = |errno| AdminError::File { operation: "ask for", path: path.to_owned(), errno };
        if explained.errno == Some(Errno::ENOENT.name()) {
            return Err(failed(Errno::ENOENT));
        }
        let row = self.gate().entry_of(path)?;
        let entry = self.store().entry_by_id(row).map_err(store_failed)?;
        if entry.is_none_or(|entry| entry.directory) {
            return Err(failed(Errno::EISDIR));
        }
        Ok(row)
    }

    pub(super) fn stands(&self, id: u64) -> Result<String, AdminError> {
        let kept = self.requests().kept.lock();
        let found = kept.of(self.uid(), id)?;
        let stands = kept.all.get(found).map(|request| request.stands.name());
        stands.map(str::to_owned).ok_or(AdminError::UnknownRequest { id })
    }

    pub(super) fn withdraw(&self, id: u64) -> Result<(), AdminError> {
        let mut kept = self.requests().kept.lock();
        let found = kept.of(self.uid(), id)?;
        kept.all.remove(found);
        Ok(())
    }

    /// Those that wait for an answer.
    pub(super) fn asked_for(&self) -> Result<Vec<AccessRequest>, AdminError> {
        let waiting: Vec<Request> = {
            let kept = self.requests().kept.lock();
            kept.all.iter().filter(|request| request.stands == Stands::Waiting).cloned().collect()
        };
        let record = |request: Request| {
            let paths = request.files.iter().map(|file| self.path_of(*file)).collect::<Result<_, _>>()?;
            Ok(AccessRequest {
                id: request.id,
                uid: request.uid,
                application: request.package.as_str().to_owned(),
                access: names::access_name(request.mode).to_owned(),
                paths,
                asked: request.asked.cast_unsigned(),
            })
        };
        waiting.into_iter().map(record).collect()
    }

    /// Grants what was asked for, all of it, for a time or until it is revoked; or refuses it.
    pub(super) fn answer(&self, id: u64, granted: bool, seconds: Option<u64>) -> Result<(), AdminError> {
        let mut kept = self.requests().kept.lock();
        let waiting = |request: &&mut Request| request.id == id && request.stands == Stands::Waiting;
        let request = kept.all.iter_mut().find(waiting).ok_or(AdminError::UnknownRequest { id })?;
        if granted {
            let time = now();
            let lasting = seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
            let expires = lasting.map(|seconds| time.saturating_add(seconds));
            let (package, mode) = (&request.package, request.mode);
            let grant = |entry: &MediaId| NewGrant {
                entry: *entry,
                package: package.clone(),
                mode,
                expires,
                granted: time,
            };
            let grants: Vec<_> = request.files.iter().map(grant).collect();
            self.store().add_grants(&grants).map_err(store_failed)?;
        }
        request.stands = if granted { Stands::Granted } else { Stands::Refused };
        let answered = MediaEvent {
            what: "answered".to_owned(),
            id,
            detail: request.stands.name().to_owned(),
            ..MediaEvent::default()
        };
        self.admin().observers.tell_uid(request.uid, &answered);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uid: u32) -> Request {
        let (package, mode) = (PackageName::new("org.example.a"), FileGrant::Read);
        let (files, stands) = (Vec::new(), Stands::Waiting);
        Request { id: 0, uid: Uid::new(uid), package, mode, files, asked: 0, stands }
    }

    #[test]
    fn one_uid_keeps_so_many_and_what_was_answered_makes_room() {
        let mut kept = Kept::default();
        let first = kept.add(request(1)).unwrap();
        for _ in 1..OF_UID_MAX {
            kept.add(request(1)).unwrap();
        }
        assert!(matches!(kept.add(request(1)), Err(AdminError::TooManyRequests { .. })));
        assert!(kept.add(request(2)).is_ok());
        kept.all[0].stands = Stands::Refused;
        let last = kept.add(request(1)).unwrap();
        assert!(kept.of(Uid::new(1), first).is_err() && kept.of(Uid::new(1), last).is_ok());
        assert!(kept.of(Uid::new(2), last).is_err(), "another's");
    }

    #[test]
    fn all_together_keep_so_many() {
        let mut kept = Kept::default();
        for number in 0..MAX {
            kept.add(request(u32::try_from(number).unwrap())).unwrap();
        }
        assert!(matches!(kept.add(request(99_999)), Err(AdminError::TooManyRequests { .. })));
    }
}
