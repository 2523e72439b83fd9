//! Entries that the kernel is to ask for again: it keeps names for a while and is told where one changed without it. An
//! entry expires; it is never dropped, because mounts and working directories below would go with it.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::{Volume, VolumeInode};
use crate::diag::Counter;
use crate::id::NodeId;
use crate::lower::FileName;
use crate::policy::View;

/// How many entries may wait for the kernel to be told; past it they are left to expire by themselves.
const QUEUED: usize = 65_536;
/// How long somebody waits for the kernel to be told of entries.
const PATIENCE: Duration = Duration::from_secs(1);

/// Entries that the kernel is to ask for again. Each waits once.
#[derive(Debug, Default)]
pub(super) struct Expiries {
    waiting: Mutex<Waiting>,
    ready: Condvar,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: HashSet<(NodeId, FileName)>,
    /// How many batches were taken to be told, and how many of these the kernel was told.
    taken: u64,
    told: u64,
    over: bool,
}

impl Expiries {
    fn push(&self, parent: NodeId, name: FileName) {
        let mut waiting = self.waiting.lock();
        if waiting.entries.len() < QUEUED {
            waiting.entries.insert((parent, name));
            self.ready.notify_one();
        }
    }

    pub(super) fn stop(&self) {
        self.waiting.lock().over = true;
        self.ready.notify_one();
        self.done.notify_all();
    }

    /// Waits for entries, of which the last ones were told; `None` when there will be no more.
    fn next(&self) -> Option<HashSet<(NodeId, FileName)>> {
        let mut waiting = self.waiting.lock();
        waiting.told = waiting.taken;
        self.done.notify_all();
        self.ready.wait_while(&mut waiting, |waiting| waiting.entries.is_empty() && !waiting.over);
        waiting.taken = waiting.taken.saturating_add(1);
        (!waiting.over).then(|| std::mem::take(&mut waiting.entries))
    }

    /// Waits until the kernel was told of everything that is in the queue now, at most so long.
    fn wait_until_told(&self, patience: Duration) {
        let mut waiting = self.waiting.lock();
        let last = waiting.taken.saturating_add(u64::from(!waiting.entries.is_empty()));
        let untold = |waiting: &mut Waiting| waiting.told < last && !waiting.over;
        // Past its patience the caller goes on: the kernel is told later then.
        let _timeout = self.done.wait_while_for(&mut waiting, untold, patience);
    }
}

impl Volume {
    /// The kernel is to ask for the entry at its next use, instead of when it is [`CACHED`] old.
    pub(super) fn expire(&self, parent: &VolumeInode, name: &FileName) {
        if self.expires.load(Ordering::Relaxed)
            && let Some(node) = self.nodes.known(parent, View::Full)
        {
            self.expiries.push(node.id(), name.clone());
        }
    }

    /// The kernel is to ask again for every entry and all attributes that it keeps, and drops redacted pages.
    pub fn expire_all(&self) {
        for (node, _) in self.nodes.all() {
            if let Some(link) = node.inode().link() {
                self.expire(&link.parent, &link.name);
            }
            match node.view() {
                View::Redacted => self.invalidate_redacted(node.inode()),
                View::Full => self.expire_attributes(node.inode()),
            }
        }
    }

    /// Waits until the kernel was told of every entry that it is to ask for again, for a second at most: it may have to
    /// wait for whoever reads the directory. Not for threads that serve requests.
    pub fn await_expiries(&self) {
        if self.expires.load(Ordering::Relaxed) && self.kernel.get().is_some() {
            self.expiries.wait_until_told(PATIENCE);
        }
    }

    /// The kernel knows how to let an entry expire.
    pub fn allow_expiry(&self) {
        self.expires.store(true, Ordering::Relaxed);
    }

    /// Tells the kernel of entries to ask for again, until [`Volume::stop_notices`]. Runs on a thread of its own: the
    /// kernel waits for everyone who reads the directory.
    pub fn send_expiries(&self) {
        while let Some(entries) = self.expiries.next() {
            for (parent, name) in entries {
                if let Some(kernel) = self.kernel.get() {
                    self.counters.count(Counter::Expired);
                    kernel.expire(parent, &name);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn who_waits_goes_on_when_everything_was_told() {
        let (queue, told) = (Expiries::default(), AtomicUsize::new(0));
        let name = |text: &str| FileName::parse(std::ffi::OsStr::new(text)).unwrap();
        std::thread::scope(|scope| {
            queue.push(NodeId::ROOT, name("a"));
            scope.spawn(|| {
                while let Some(entries) = queue.next() {
                    std::thread::sleep(Duration::from_millis(50));
                    told.fetch_add(entries.len(), Ordering::Relaxed);
                }
            });
            for round in 1..4 {
                queue.wait_until_told(Duration::from_secs(60));
                assert_eq!(told.load(Ordering::Relaxed), round);
                queue.push(NodeId::ROOT, name("a"));
            }
            queue.stop();
        });
    }

    #[test]
    fn nobody_waits_for_a_kernel_that_does_not_answer() {
        let queue = Expiries::default();
        queue.push(NodeId::ROOT, FileName::parse(std::ffi::OsStr::new("a")).unwrap());
        assert_eq!(queue.next().unwrap().len(), 1);
        queue.wait_until_told(Duration::from_millis(1));
        queue.stop();
        queue.wait_until_told(Duration::from_secs(3600));
        assert_eq!(queue.next(), None);
    }
}
