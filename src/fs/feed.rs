//! What happens to entries, for those who observe them.
//!
//! A change leaves word here when it is done: where, and what was known of the entry then. Whom it may be told is
//! decided later, on the thread of whoever reads the feed, from the facts of that moment and the permissions of the
//! later one. While nobody observes, a change looks at one flag and leaves nothing.
//!
//! INVARIANT: nobody who changes an entry waits for those who observe it.
//! LOCK ORDER: nothing is locked while a feed is.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::facts::Facts;
use super::{Context, Volume, VolumeInode};
use crate::id::{Uid, VolumeId};
use crate::lower::FileName;
use crate::policy::{self, Caller, Kind, Operation, Verdict};

/// How many happenings wait to be read; when more come, all are lost, and that is told.
const WAITING: usize = 4096;

/// Where happenings wait to be told.
#[derive(Debug, Default)]
pub struct Feed {
    heard: AtomicBool,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    happenings: Vec<Happening>,
    lost: bool,
    woken: bool,
    ended: bool,
}

/// What a read of the feed answers.
#[derive(Debug)]
pub struct Heard {
    /// What happened, in order.
    pub happenings: Vec<Happening>,
    /// Whether more happened before that and is not known.
    pub lost: bool,
}

/// Something that happened to an entry of a volume.
#[derive(Debug)]
pub struct Happening {
    volume: VolumeId,
    what: What,
}

#[derive(Debug)]
enum What {
    Created(Spot),
    Changed(Spot),
    Removed(Spot),
    Renamed(Spot, Spot),
}

/// An entry as it was known.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    path: String,
    directory: bool,
    facts: Arc<Facts>,
    /// The kind of one that is no longer there, if it is known and may matter.
    kind: Option<Kind>,
    /// What stands there, unless it is no longer there.
    inode: Option<Arc<VolumeInode>>,
}

/// What somebody is told of it; paths are within the volume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What happened, as far as who is told could see it.
    pub what: ToldWhat,
    /// Whether it is a directory.
    pub directory: bool,
    /// The kind that its name tells.
    pub kind: Kind,
}

/// What happened to what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToldWhat {
    /// It came to be there.
    Created(String),
    /// Its content or its times are others.
    Changed(String),
    /// It is no longer there.
    Removed(String),
    /// It has another path, the second.
    Renamed(String, String),
}

impl Feed {
    /// Whether somebody observes.
    pub fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }

    /// From now on somebody observes, or nobody does.
    pub fn hear(&self, whether: bool) {
        let mut waiting = self.waiting.lock();
        self.heard.store(whether, Ordering::Release);
        if whether {
            self.arrived.notify_all();
        } else {
            (waiting.happenings, waiting.lost) = (Vec::new(), false);
        }
    }

    /// Something happened that is not known in detail.
    pub(super) fn lose(&self) {
        if self.is_heard() {
            let mut waiting = self.waiting.lock();
            (waiting.happenings, waiting.lost) = (Vec::new(), true);
            self.arrived.notify_all();
        }
    }

    fn push(&self, happening: Happening) {
        let mut waiting = self.waiting.lock();
        if waiting.happenings.len() >= WAITING {
            (waiting.happenings, waiting.lost) = (Vec::new(), true);
        }
        waiting.happenings.push(happening);
        self.arrived.notify_all();
    }

    /// Ends the waiting of whoever reads: there is something else to tell.
    pub fn wake(&self) {
        if self.is_heard() {
            self.waiting.lock().woken = true;
            self.arrived.notify_all();
        }
    }

    /// Nothing is read any more.
    pub fn end(&self) {
        self.waiting.lock().ended = true;
        self.arrived.notify_all();
    }

    /// Waits for something to happen, `longest` at most, and as long as nobody observes; `None` at the end.
    pub fn wait(&self, longest: Duration) -> Option<Heard> {
        let mut waiting = self.waiting.lock();
        while !waiting.ended && !self.is_heard() {
            self.arrived.wait(&mut waiting);
        }
        if !waiting.ended && waiting.happenings.is_empty() && !waiting.lost && !waiting.woken {
            let _timeout = self.arrived.wait_for(&mut waiting, longest);
        }
        let happenings = std::mem::take(&mut waiting.happenings);
        let lost = std::mem::take(&mut waiting.lost);
        waiting.woken = false;
        (!waiting.ended).then_some(Heard { happenings, lost })
    }
}

impl Happening {
    /// The volume.
    pub fn volume(&self) -> VolumeId {
        self.volume
    }
}

impl Volume {
    /// Has what happens in this volume told there, too.
    #[must_use]
    pub fn told_in(self, feed: Arc<Feed>) -> Volume {
        Volume { feed, ..self }
    }

    /// What is told of an entry as long as it is there, before it is removed or renamed; `None` while nobody observes.
    pub(super) fn leaving(&self, inode: &Arc<VolumeInode>) -> Option<Spot> {
        if !self.feed.is_heard() {
            return None;
        }
        let spot = self.spot(inode)?;
        let known = || self.kind_last_seen(inode, &spot.facts).or_else(|| self.kind(inode, &spot.facts).ok());
        let kind = if self.is_concealable(inode) { known() } else { None };
        Some(Spot { kind, inode: None, ..spot })
    }

    fn spot(&self, inode: &Arc<VolumeInode>) -> Option<Spot> {
        // What has no name any more cannot be told of.
        inode.link()?;
        let facts = self.facts(inode).ok()?;
        let (path, directory) = (self.path_of(inode), inode.is_directory());
        Some(Spot { path, directory, facts, kind: None, inode: Some(inode.clone()) })
    }

    fn tell(&self, what: impl FnOnce() -> Option<What>) {
        if self.feed.is_heard()
            && let Some(what) = what()
        {
            self.feed.push(Happening { volume: self.id, what });
        }
    }

    /// An entry came to be there.
    pub(super) fn tell_created(&self, inode: &Arc<VolumeInode>) {
        self.tell(|| self.spot(inode).map(What::Created));
    }

    /// A file was written to, or has other times.
    pub(super) fn tell_changed(&self, inode: &Arc<VolumeInode>) {
        self.tell(|| self.spot(inode).map(What::Changed));
    }

    /// An entry is no longer there; it was as [`Volume::leaving`] told.
    pub(super) fn tell_removed(&self, left: Option<Spot>) {
        self.tell(|| left.map(What::Removed));
    }

    /// An entry is somewhere else; it was as [`Volume::leaving`] told.
    pub(super) fn tell_renamed(&self, left: Option<Spot>, inode: &Arc<VolumeInode>) {
        self.tell(|| left.zip(self.spot(inode)).map(|(left, spot)| What::Renamed(left, spot)));
    }

    /// Beneath the mount something came to have a name, or nothing has it any more.
    pub(super) fn tell_named(&self, directory: &Arc<VolumeInode>, name: &FileName, there: bool) {
        if !self.feed.is_heard() {
        } else if there {
            if let Ok((inode, _)) = self.child(directory, name) {
                self.tell_created(&inode);
            }
        } else {
            self.tell_removed(self.left_beneath(directory, name));
        }
    }

    /// What is known of an entry that is gone: its name, and its row, which nobody looked at since.
    fn left_beneath(&self, parent: &Arc<VolumeInode>, name: &FileName) -> Option<Spot> {
        let above = self.facts(parent).ok()?;
        let mut facts = self.facts_of_name(&above, name, false, false);
        let row = above.row.and_then(|row| self.store.entry(row, name.as_str().as_bytes()).ok()).flatten();
        let directory = row.as_ref().is_some_and(|row| row.directory);
        if let Some(row) = row {
            facts = self.facts_of_name(&above, name, directory, false);
            self.take_row(&mut facts, &row).ok()?;
        }
        let (path, facts) = (self.path_below(parent, name), Arc::new(facts));
        Some(Spot { path, directory, facts, kind: None, inode: None })
    }

    /// More happened than can be told.
    pub(super) fn tell_lost(&self) {
        self.feed.lose();
    }

    /// The database's number of the volume.
    pub fn id(&self) -> VolumeId {
        self.id
    }

    /// What `uid` is told of something that happened in this volume; `None` if it could not see it.
    pub fn told_to(&self, uid: Uid, happening: &Happening) -> Option<Told> {
        let caller = self.caller(Context { uid, pid: 0 });
        let seen = |spot: &Spot| self.exists_for(&caller, spot).then(|| spot.path.clone());
        let (spot, what) = match &happening.what {
            What::Created(spot) => (spot, ToldWhat::Created(seen(spot)?)),
            What::Changed(spot) => (spot, ToldWhat::Changed(seen(spot)?)),
            What::Removed(spot) => (spot, ToldWhat::Removed(seen(spot)?)),
            What::Renamed(from, to) => match (seen(from), seen(to)) {
                (Some(before), Some(now)) => (to, ToldWhat::Renamed(before, now)),
                (Some(before), None) => (from, ToldWhat::Removed(before)),
                (None, Some(now)) => (to, ToldWhat::Created(now)),
                (None, None) => return None,
            },
        };
        Some(Told { what, directory: spot.directory, kind: spot.facts.named })
    }

    /// Whether the caller could see the entry, had it looked then with the permissions that it has now.
    fn exists_for(&self, caller: &Caller, spot: &Spot) -> bool {
        let Spot { directory, facts, kind, inode, .. } = spot;
        if *directory || !self.is_concealing() {
            let look = self.judge(caller, facts, (*directory, None), Operation::Look);
            return matches!(look, Verdict::Allow(..));
        }
        if self.is_elsewhere(caller, facts) {
            return false;
        }
        let seen = match inode {
            Some(inode) => self.verdict(caller, inode, facts, Operation::Look),
            None => {
                let known = self.for_policy(caller, facts, false, *kind);
                Ok(policy::decide_under(self.settings.visibility, caller, &known, &Operation::Look))
            }
        };
        matches!(seen, Ok(Verdict::Allow(..)))
    }
}
