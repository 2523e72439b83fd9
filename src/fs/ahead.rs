//! Plans made ahead: when the last writer of a file is gone and the file has rested, so that the first reader who must not
//! see all of it does not wait for its plan.
//!
//! Nothing rests on it: a plan that was not made ahead is made by whoever needs it first.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::{FsError, Volume, VolumeInode, VolumeKind};
use crate::lower::Identity;
use crate::policy::Content;

/// How many files may wait for their plan; past it they are left to their readers.
const QUEUED: usize = 1024;

/// Files to look into when they have rested. Each waits once.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// A file that the kernel forgets meanwhile is not kept for it.
    files: HashMap<Identity, (Instant, Weak<VolumeInode>)>,
    over: bool,
}

impl Ahead {
    fn push(&self, inode: &Arc<VolumeInode>, due: Instant) {
        let mut waiting = self.waiting.lock();
        if waiting.files.len() < QUEUED || waiting.files.contains_key(&inode.identity()) {
            waiting.files.insert(inode.identity(), (due, Arc::downgrade(inode)));
            self.ready.notify_one();
        }
    }

    fn stop(&self) {
        self.waiting.lock().over = true;
        self.ready.notify_one();
    }

    /// Waits for the next file whose time has come; `None` when there will be no more.
    fn next(&self) -> Option<Weak<VolumeInode>> {
        let mut waiting = self.waiting.lock();
        while !waiting.over {
            let first = waiting.files.iter().map(|(identity, (due, _))| (*due, *identity)).min();
            match first {
                None => self.ready.wait(&mut waiting),
                Some((due, identity)) if due <= Instant::now() => {
                    return waiting.files.remove(&identity).map(|(_, inode)| inode);
                }
                Some((due, _)) => {
                    let _timeout = self.ready.wait_until(&mut waiting, due);
                }
            }
        }
        None
    }
}

impl Volume {
    /// The last writer of a file is gone: its plan is to be made when it has rested.
    pub(super) fn plan_later(&self, inode: &Arc<VolumeInode>) {
        // Whoever may read in a private tree sees all of it.
        if !matches!(self.settings.kind, VolumeKind::Private(_)) {
            self.ahead.push(inode, Instant::now() + self.settings.rest);
        }
    }

    /// Makes plans ahead, until [`Volume::stop_notices`]. Runs on a thread of its own.
    pub fn plan_ahead(&self) {
        while let Some(inode) = self.ahead.next() {
            let Some(inode) = inode.upgrade() else { continue };
            if let Err(error) = self.plan_now(&inode) {
                log::debug!("no plan was made ahead for {}: {error}", self.path_of(&inode));
            }
        }
    }

    /// Nothing is looked into ahead any more.
    pub(super) fn stop_planning(&self) {
        self.ahead.stop();
    }

    /// Whether a file waits for its plan.
    #[cfg(test)]
    pub(super) fn plans_wait(&self) -> bool {
        !self.ahead.waiting.lock().files.is_empty()
    }

    fn plan_now(&self, inode: &Arc<VolumeInode>) -> Result<(), FsError> {
        // A writer that came meanwhile leaves a plan to make when it goes.
        if inode.link().is_none() || inode.sharing().writers > 0 {
            return Ok(());
        }
        let facts = self.facts(inode)?;
        match self.seen(inode, &facts, false)?.content {
            Content::Image | Content::Video | Content::Audio => self.seen(inode, &facts, true).map(drop),
            Content::Empty | Content::Unrecognised | Content::NotMedia => Ok(()),
        }
    }
}
