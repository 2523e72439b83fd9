//! What stands under a name, what its row says, and whether it has to be looked into.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::directory::Directory;
use super::look::{self, Looked};
use super::parallel::in_parallel;
use super::progress::add;
use super::record::{Found, expires};
use super::walk::Walk;
use super::{ScanFailure, is_indexed};
use crate::id::{Identity, MediaId};
use crate::lower::{ContentVersion, FileKind, FileName, PathFd, Stat, fold};
use crate::policy::{Kind, State};
use crate::redact::{self, Classes};
use crate::store::{self, Entry, PlanKey};

/// How long a row that disagrees with the lower file system is left in doubt: the daemon changes the file first and
/// the row right after it.
pub(super) const DOUBT: Duration = Duration::from_millis(50);
/// How often a name is met whose row changes meanwhile.
const MEETINGS: usize = 3;
/// Encoded plans that are held at once, in bytes, before they are recorded.
const PLANS_HELD: usize = 4 << 20;

/// What came of a name.
#[derive(Debug)]
enum Met {
    /// Nothing that has a row.
    Nothing,
    /// A file whose row stays as it is.
    File,
    /// A directory whose row stays as it is.
    Directory(MediaId),
    /// A file that has to be looked into, and recorded then.
    Unknown(Box<Unknown>),
    /// A directory that has to be recorded.
    New(Box<Found>),
    /// Something whose row is of another file, or was so a moment ago.
    Doubtful,
}

/// A file of which nothing is known, or nothing of its present version.
#[derive(Debug)]
struct Unknown {
    found: Found,
    /// Which file it was when it was met; [`Found::file`] may leave its number out.
    met: Identity,
    /// The kind that its name claims.
    named: Kind,
}

impl Walk<'_> {
    /// Looks at the entries of these names and records what is new.
    ///
    /// # Errors
    /// [`ScanFailure::Store`].
    pub(super) fn meet_all(
        &self,
        directory: &mut Directory,
        names: Vec<FileName>,
    ) -> Result<(), ScanFailure> {
        let mut doubtful = self.meet_some(directory, names, false)?;
        if !doubtful.is_empty() {
            thread::sleep(DOUBT);
        }
        for _ in 0..MEETINGS {
            if doubtful.is_empty() {
                return Ok(());
            }
            doubtful = self.meet_some(directory, doubtful, true)?;
        }
        for name in doubtful {
            self.cannot_reach(&directory.path_to(&name), &"its row does not keep still");
        }
        Ok(())
    }

    /// The same, but for the doubtful ones, which it answers with: those whose row is of another file, unless there was
    /// time enough for them, and those whose row changed while they were looked at.
    fn meet_some(
        &self,
        directory: &mut Directory,
        names: Vec<FileName>,
        waited: bool,
    ) -> Result<Vec<FileName>, ScanFailure> {
        let (mut found, mut unknown, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
        let mut rows = self.rows(directory, &names)?;
        for name in names {
            if self.progress.is_cancelled() {
                break;
            }
            let standing = rows.remove(name.as_str().as_bytes());
            match self.meet(directory, &name, standing, waited)? {
                Met::Nothing => {}
                Met::File => directory.met = directory.met.saturating_add(1),
                Met::Directory(row) => {
                    directory.met = directory.met.saturating_add(1);
                    directory.waiting.push((name, row));
                }
                Met::Unknown(new) => unknown.push(*new),
                Met::New(new) => found.push(*new),
                Met::Doubtful => doubtful.push(name),
            }
        }
        while !unknown.is_empty() {
            found.extend(self.look_into(directory, &mut unknown));
            self.find_elsewhere(&mut found)?;
            doubtful.extend(self.record(directory, std::mem::take(&mut found))?);
        }
        self.find_elsewhere(&mut found)?;
        doubtful.extend(self.record(directory, found)?);
        Ok(doubtful)
    }

    /// Looks into the first of them, until there is enough to be recorded.
    fn look_into(&self, directory: &mut Directory, unknown: &mut Vec<Unknown>) -> Vec<Found> {
        let beneath = directory.descriptor.as_ref().unwrap_or(self.root);
        let (hide, held) = (self.options.hide, AtomicUsize::new(0));
        let work = |new: Unknown| {
            let looked = new.look(beneath, hide);
            let plan = looked.as_ref().ok().and_then(|looked| looked.as_ref()?.plan.as_ref());
            held.fetch_add(plan.map_or(0, |plan| plan.plan.len()), Ordering::Relaxed);
            (new.found, looked)
        };
        let enough = || held.load(Ordering::Relaxed) > PLANS_HELD || self.progress.is_cancelled();
        let looked = in_parallel((unknown, self.options.threads), work, enough);
        if self.progress.is_cancelled() {
            unknown.clear();
        }
        looked.into_iter().filter_map(|(new, looked)| self.looked_into(directory, new, looked)).collect()
    }

    /// What is to be recorded of a file that was looked into, if anything.
    fn looked_into(
        &self,
        directory: &mut Directory,
        new: Found,
        looked: io::Result<Option<Looked>>,
    ) -> Option<Found> {
        add(&self.progress.read, 1);
        match looked {
            Ok(Some(looked)) => return Some(Found { looked: Some(looked), ..new }),
            Ok(None) => self.fail(&directory.path_to(&new.name), &"it changes all the time"),
            Err(error) => self.fail(&directory.path_to(&new.name), &error),
        }
        directory.met = directory.met.saturating_add(u64::from(new.standing.is_some()));
        None
    }

    /// The rows of these names.
    fn rows(
        &self,
        directory: &Directory,
        names: &[FileName],
    ) -> Result<HashMap<Vec<u8>, Entry>, ScanFailure> {
        let names: Vec<_> = names.iter().map(|name| name.as_str().as_bytes()).collect();
        let rows = self.store.entries_named(directory.row, &names)?;
        Ok(rows.into_iter().map(|row| (row.name.clone(), row)).collect())
    }

    fn meet(
        &self,
        directory: &Directory,
        name: &FileName,
        standing: Option<Entry>,
        waited: bool,
    ) -> Result<Met, ScanFailure> {
        let stat = match self.find(directory, name) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Met::Nothing),
            Err(error) => {
                self.cannot_reach(&directory.path_to(name), &error);
                return Ok(Met::Nothing);
            }
        };
        let is_directory = stat.kind == FileKind::Directory;
        let folded = fold(name.as_str());
        if !is_indexed(&directory.place.child(&folded, name.as_str(), is_directory)) {
            return Ok(Met::Nothing);
        }
        let standing = self.standing(standing, &stat)?;
        let own = standing.as_ref().filter(|row| is_row_of(row, &stat));
        if own.is_none() && standing.is_some() && !waited {
            return Ok(Met::Doubtful);
        }
        if let (Some(row), true) = (own, is_directory) {
            return Ok(Met::Directory(row.id));
        }
        let (file, links) = (self.lasting(&stat), stat.links);
        let new = Found { name: name.clone(), folded, file, links, standing, moved: None, looked: None };
        if is_directory { Ok(Met::New(Box::new(new))) } else { self.meet_file(&stat, new) }
    }

    /// What a row tells of a file by which it is recognised later.
    fn lasting(&self, stat: &Stat) -> Identity {
        if self.numbered { stat.identity } else { stat.identity.unnumbered() }
    }

    /// The row of that name; it tells its file if it is of this one.
    fn standing(&self, row: Option<Entry>, stat: &Stat) -> Result<Option<Entry>, ScanFailure> {
        let Some(mut row) = row else { return Ok(None) };
        if is_row_of(&row, stat) && row.is_incomplete(&stat.identity) {
            row.file = self.lasting(stat);
            self.store.complete(row.id, row.file)?;
        }
        Ok(Some(row))
    }

    /// The rows of those that stood elsewhere before, or under another spelling where case does not matter.
    fn find_elsewhere(&self, found: &mut [Found]) -> Result<(), ScanFailure> {
        // What has no lasting number is known by nothing but its place.
        let strange = found.iter().filter(|new| new.own().is_none() && !new.file.is_unnumbered());
        let strange: Vec<_> = strange.map(|new| new.file).collect();
        if strange.is_empty() {
            return Ok(());
        }
        let rows = self.store.entries_of_all(self.volume, &strange)?;
        for new in found.iter_mut().filter(|new| new.own().is_none()) {
            for row in rows.iter().filter(|row| row.file.is_certainly(&new.file)) {
                if self.follows(new, row)? {
                    new.moved = Some(row.clone());
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether the row goes where its file was met. A hard link is a name of its own.
    fn follows(&self, new: &Found, row: &Entry) -> Result<bool, ScanFailure> {
        let directory = new.looked.is_none();
        let free = directory || new.links == 1 || !self.leads_to(row, &new.file)?;
        Ok(row.directory == directory && row.parent.is_some() && free)
    }

    /// Whether the place of a row is still that of this file.
    fn leads_to(&self, row: &Entry, file: &Identity) -> Result<bool, ScanFailure> {
        let Some(path) = self.store.path_of(row.id)? else { return Ok(false) };
        let mut found: Option<PathFd> = None;
        for name in &path.names {
            let Ok(name) = FileName::parse(OsStr::from_bytes(name)) else { return Ok(false) };
            let Ok(child) = found.as_ref().unwrap_or(self.root).child(&name) else { return Ok(false) };
            found = Some(child);
        }
        let there = found.and_then(|found| found.stat().ok());
        Ok(there.is_some_and(|there| there.identity == *file))
    }

    /// The entry of that name; `None` for what is gone since it was listed and for what is never served.
    fn find(&self, directory: &Directory, name: &FileName) -> io::Result<Option<Stat>> {
        match directory.descriptor.as_ref().unwrap_or(self.root).stat_child(name) {
            Ok(stat) if stat.kind == FileKind::Special => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    pub(super) fn child(&self, directory: &Directory, name: &FileName) -> io::Result<(PathFd, Stat)> {
        let child = directory.descriptor.as_ref().unwrap_or(self.root).child(name)?;
        let stat = child.stat()?;
        Ok((child, stat))
    }

    fn meet_file(&self, met: &Stat, new: Found) -> Result<Met, ScanFailure> {
        add(&self.progress.files, 1);
        let named = Kind::of_extension(State::of_name(&new.folded).1);
        let own = new.standing.as_ref().filter(|row| is_row_of(row, met));
        if let Some(row) = own
            && !self.options.full
            && (row.expires == expires(new.name.as_str()) || row.state == State::Normal)
            && self.is_known(row, met.version, named)?
        {
            return Ok(Met::File);
        }
        Ok(Met::Unknown(Box::new(Unknown { found: new, met: met.identity, named })))
    }

    /// Whether nothing new can be learned from the content.
    ///
    /// A file that claims to be no medium and whose kind is what it claims needs no plan. (A document that turns out
    /// to be a medium keeps the kind document; the plan that it gets is made anew at need, not here.)
    fn is_known(&self, row: &Entry, version: ContentVersion, named: Kind) -> Result<bool, ScanFailure> {
        let version = stored(version);
        let Some(kind) = row.kind.filter(|_| row.version == Some(version)) else { return Ok(false) };
        if kind == named && !look::is_planned(named) {
            return Ok(true);
        }
        let key = PlanKey { entry: row.id, version, scanner: redact::plan_version(self.options.hide) };
        Ok(self.store.plan(&key)?.is_some())
    }

    /// The same as [`Walk::fail`] for what could not be visited: nothing is known to be gone from the volume then.
    pub(super) fn cannot_reach(&self, path: &str, reason: &dyn Display) {
        self.progress.incomplete.store(true, Ordering::Relaxed);
        self.fail(path, reason);
    }

    /// Counts and logs what cannot be read; the scan goes on.
    pub(super) fn fail(&self, path: &str, reason: &dyn Display) {
        add(&self.progress.failed, 1);
        log::warn!("the scan leaves out {path:?}: {reason}");
    }
}

/// Whether the row is of this file.
pub(super) fn is_row_of(row: &Entry, stat: &Stat) -> bool {
    row.is_of(&stat.identity, stat.kind == FileKind::Directory)
}

/// The same version in the database's vocabulary.
pub(super) fn stored(version: ContentVersion) -> store::ContentVersion {
    store::ContentVersion { size: version.size, mtime_ns: version.mtime_ns, ctime_ns: version.ctime_ns }
}

impl Unknown {
    fn look(&self, beneath: &PathFd, hide: Classes) -> io::Result<Option<Looked>> {
        let descriptor = beneath.child(&self.found.name)?;
        // Another file by now: it is met by the next scan.
        if descriptor.stat()?.identity != self.met {
            return Ok(None);
        }
        look::look(&descriptor, self.found.name.as_str(), self.named, hide)
    }
}
