//! The way to an entry as the kernel would go it for the caller, one directory after the other.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::sync::Arc;

use super::{Answer, Explained};
use crate::error::Errno;
use crate::fs::facts::Facts;
use crate::fs::lookup::elsewhere;
use crate::fs::{FsError, Volume, VolumeInode};
use crate::lower::{FileName, NameError};
use crate::policy::{self, Caller, Kind, Operation, Outcome, Place, Verdict};

/// Where a path ends.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// The directory and the name in it; `None` for the volume's root.
    pub(super) link: Option<(Arc<VolumeInode>, FileName)>,
    /// What stands there.
    pub(super) inode: Option<Arc<VolumeInode>>,
    /// Whether anything can have the name; if not, it is only the nearest one.
    nameable: bool,
}

/// How far the caller comes.
#[derive(Debug)]
pub(super) enum Walk {
    /// To the end.
    To(Spot),
    /// To a directory that it may not enter, or that is none.
    Stopped(Box<Explained>),
}

impl Volume {
    /// Walks to the end of `path`, where something may be or not.
    pub(super) fn walk(&self, caller: &Caller, path: &str) -> Result<Walk, FsError> {
        let mut spot = Spot { link: None, inode: Some(self.nodes.root().inode().clone()), nameable: true };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let (name, nameable) = nearest(OsStr::new(name))?;
            let directory = match self.enter(caller, &spot)? {
                Ok(directory) => directory,
                Err(stopped) => return Ok(Walk::Stopped(Box::new(stopped))),
            };
            let inode = match self.child(&directory, &name) {
                _ if !nameable => None,
                Ok((inode, _)) => Some(inode),
                Err(error) if error.errno() == Errno::ENOENT => None,
                Err(error) => return Err(error),
            };
            spot = Spot { link: Some((directory, name)), inode, nameable };
        }
        Ok(Walk::To(spot))
    }

    /// The directory at `spot`, if the caller may walk into it; else the answer to everything below it.
    fn enter(&self, caller: &Caller, spot: &Spot) -> Result<Result<Arc<VolumeInode>, Explained>, FsError> {
        let facts = match &spot.inode {
            Some(inode) => self.facts(inode)?,
            None => Arc::new(self.facts_of_spot(spot, true, false)?),
        };
        let directory = spot.inode.as_ref().is_none_or(|inode| inode.is_directory());
        // The root needs no lookup: everybody stands there already.
        let look = self.judge(caller, &facts, (directory, None), Operation::Look);
        let answer = match (&spot.inode, look) {
            (_, Verdict::Deny { .. }) if spot.link.is_some() => Answer::Policy(look),
            (Some(inode), _) if directory => return Ok(Ok(inode.clone())),
            (Some(_), _) => Answer::Beside(Outcome::NOT_DIRECTORY),
            (None, _) => Answer::Beside(Outcome::MISSING),
        };
        Ok(Err(self.told(caller.clone(), &facts, (directory, None), answer)))
    }

    /// The facts of an entry that is not there or is about to be; `made` if a new name is given to it.
    pub(super) fn facts_of_spot(&self, spot: &Spot, directory: bool, made: bool) -> Result<Facts, FsError> {
        let Some((parent, name)) = &spot.link else {
            return Ok((*self.facts(self.nodes.root().inode())?).clone());
        };
        let above = self.facts(parent)?;
        if !made {
            return Ok(self.facts_of_name(&above, name, directory, false));
        }
        let mut facts = self.facts_to_be(&above, name, directory);
        facts.portable = spot.nameable && name.is_portable();
        Ok(facts)
    }

    /// What policy says of facts that are known, where the content is not looked at.
    pub(in crate::fs) fn judge(
        &self,
        caller: &Caller,
        facts: &Facts,
        (directory, kind): (bool, Option<Kind>),
        operation: Operation,
    ) -> Verdict {
        if self.is_elsewhere(caller, facts) {
            return elsewhere(operation);
        }
        policy::decide(caller, &self.for_policy(caller, facts, directory, kind), &operation)
    }

    /// Whether nothing that the caller may know of is there.
    pub(super) fn is_foreign_place(&self, caller: &Caller, facts: &Facts) -> bool {
        matches!(self.for_policy(caller, facts, false, None).place, Place::OtherUser)
    }
}

/// The name, or the nearest one to what can be none; and whether it can.
fn nearest(raw: &OsStr) -> Result<(FileName, bool), NameError> {
    match FileName::parse(raw) {
        Err(NameError::TooLong | NameError::NotUnicode) => Ok((FileName::resembling(raw)?, false)),
        parsed => Ok((parsed?, true)),
    }
}
