//! Changes that somebody makes beneath the mount: entries that appear, vanish, are replaced or written to.
//!
//! Every directory of which an entry was looked up is watched. News of a name make the kernel ask for the name again
//! (the entry expires; it is never dropped, because mounts and working directories would go with it), news of content
//! make it drop what it holds of the file, and a `.nomedia` has all facts gathered again. Directories past the bound
//! of watches, and news that do not fit into a queue, wait until what the kernel caches is [`CACHED`] old.
//!
//! Changes that are made through the volume come as news too. Those of names are announced ([`Volume::own_change`]) and
//! skipped; content that a writer left is known by its version.
//!
//! INVARIANT: a directory is watched before its entries are looked at, so that no change falls in between.
//! LOCK ORDER: nothing is locked while `watched`, `own` or the queue is.

#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::kernel::Notice;
use super::spelling::is_nomedia;
use super::{CACHED, Volume, VolumeInode};
use crate::diag::Counter;
use crate::lower::{FileName, News, PathFd, Stat, WatchId, Watcher, Woken};
use crate::policy::View;

/// How long news gather before they are followed: what changes often is looked at this often.
const GATHER: Duration = Duration::from_millis(20);
/// How many names are followed at once; the rest stays in the kernel's queue.
const AT_ONCE: usize = 16_384;
/// How often lost news are made up for at most: everything is asked for again then.
const REGAIN: Duration = Duration::from_secs(1);

/// What is watched, and which news are expected.
#[derive(Debug)]
pub(super) struct Outside {
    watcher: Watcher,
    /// How many directories may be watched.
    most: AtomicUsize,
    /// Whether a directory had to go without a watch.
    partial: AtomicBool,
    watched: Mutex<HashMap<WatchId, Weak<VolumeInode>>>,
    own: Mutex<Own>,
}

/// News that are of our own making. A change is news by the time it is done: what did not come with all news that there
/// were after it does not come at all, and must not be taken for the change that somebody else makes next.
#[derive(Debug, Default)]
struct Own {
    expected: HashMap<(WatchId, FileName), Announced>,
    /// How often all news were fetched.
    round: u64,
}

#[derive(Debug, Default)]
struct Announced {
    count: u32,
    /// Changes of the name that are being made.
    making: u32,
    /// The round in which the last of them was done.
    done: u64,
}

/// A watched directory; dropped with its inode, it is watched no longer.
#[derive(Debug)]
pub(super) struct Watch {
    outside: Arc<Outside>,
    id: WatchId,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.outside.watched.lock();
        // The same directory may be watched for a younger inode by now.
        if watched.get(&self.id).is_some_and(|inode| inode.strong_count() == 0) {
            watched.remove(&self.id);
            self.outside.watcher.remove(self.id);
        }
    }
}

impl Outside {
    /// A watcher of at most so many directories; `None`, with a warning, where there is none to be had.
    pub(super) fn new(most: usize) -> Option<Arc<Outside>> {
        let watcher = match Watcher::new() {
            Ok(watcher) => watcher,
            Err(error) => {
                log::warn!("changes beneath the mount are noticed after {CACHED:?} only: {error}");
                return None;
            }
        };
        Some(Arc::new(Outside {
            watcher,
            most: most.into(),
            partial: AtomicBool::new(false),
            watched: Mutex::default(),
            own: Mutex::default(),
        }))
    }

    fn add(self: &Arc<Self>, fd: &PathFd, directory: &Arc<VolumeInode>) -> Option<Watch> {
        let mut watched = self.watched.lock();
        if watched.len() >= self.most.load(Ordering::Relaxed) {
            self.partial.store(true, Ordering::Relaxed);
            return None;
        }
        match self.watcher.add(fd) {
            Ok(id) => {
                watched.insert(id, Arc::downgrade(directory));
                Some(Watch { outside: self.clone(), id })
            }
            Err(error) => {
                self.partial.store(true, Ordering::Relaxed);
                if error.raw_os_error() == Some(libc::ENOSPC) {
                    log::warn!("no more than {} directories can be watched", watched.len());
                    self.most.store(watched.len(), Ordering::Relaxed);
                }
                None
            }
        }
    }

    fn directory(&self, id: WatchId) -> Option<Arc<VolumeInode>> {
        self.watched.lock().get(&id).and_then(Weak::upgrade)
    }

    fn announce(&self, names: &[(WatchId, FileName)], each: u32) {
        let mut own = self.own.lock();
        for name in names {
            let announced = own.expected.entry(name.clone()).or_default();
            announced.count = announced.count.saturating_add(each);
            announced.making = announced.making.saturating_add(1);
        }
    }

    /// The change is made, or was not.
    fn announced(&self, names: &[(WatchId, FileName)], each: u32, made: bool) {
        let mut own = self.own.lock();
        let Own { expected, round } = &mut *own;
        for name in names {
            let Some(announced) = expected.get_mut(name) else { continue };
            announced.making = announced.making.saturating_sub(1);
            announced.done = *round;
            if !made {
                announced.count = announced.count.saturating_sub(each);
            }
        }
    }

    /// How many of `count` news are of our own making; they are expected no longer.
    fn take_own(&self, name: &(WatchId, FileName), count: u32) -> u32 {
        let mut own = self.own.lock();
        let Some(announced) = own.expected.get_mut(name) else { return 0 };
        let taken = announced.count.min(count);
        announced.count = announced.count.saturating_sub(taken);
        taken
    }

    /// All news are about to be fetched; the number of this round.
    fn begin_round(&self) -> u64 {
        let mut own = self.own.lock();
        own.round = own.round.saturating_add(1);
        own.round
    }

    /// All news that there were at the beginning of the round were followed.
    fn end_round(&self, round: u64) {
        self.own
            .lock()
            .expected
            .retain(|_, announced| announced.making > 0 || (announced.count > 0 && announced.done >= round));
    }
}

/// News that are followed together.
#[derive(Debug, Default)]
struct Batch {
    named: HashMap<(WatchId, FileName), u32>,
    written: HashSet<(WatchId, FileName)>,
    moved: HashSet<WatchId>,
    lost: bool,
}

impl Batch {
    fn take(&mut self, news: News) -> bool {
        match news {
            News::Named(watch, name) => {
                let count = self.named.entry((watch, name)).or_default();
                *count = count.saturating_add(1);
            }
            News::Written(watch, name) => {
                self.written.insert((watch, name));
            }
            News::Moved(watch) => {
                self.moved.insert(watch);
            }
            News::Lost => self.lost = true,
        }
        !self.is_full()
    }

    fn is_full(&self) -> bool {
        self.named.len().max(self.written.len()) >= AT_ONCE
    }
}

impl Volume {
    /// Has a directory watched from now on. What was known of it may be older than the watch and is gathered again.
    pub(super) fn watch(&self, directory: &Arc<VolumeInode>) {
        let Some(outside) = &self.outside else { return };
        if directory.known.watch.get().is_some() {
            return;
        }
        let Ok(fd) = directory.descriptor(&self.nodes.descriptors) else { return };
        if let Some(watch) = outside.add(&fd, directory)
            && directory.known.watch.set(watch).is_ok()
        {
            self.renew_facts(directory);
        }
    }

    /// Makes a change of names on the lower file system. The news of it, `each` for every name, are not followed.
    pub(super) fn own_change<T>(
        &self,
        ends: &[(&VolumeInode, &FileName)],
        each: u32,
        change: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(outside) = &self.outside else { return change() };
        let watched = |(directory, name): &(&VolumeInode, &FileName)| {
            Some((directory.known.watch.get()?.id, (*name).clone()))
        };
        let names: Vec<_> = ends.iter().filter_map(watched).collect();
        outside.announce(&names, each);
        let done = change();
        outside.announced(&names, each, done.is_ok());
        done
    }

    /// Follows what happens beneath the mount, until [`Volume::stop_notices`]. Runs on a thread of its own.
    pub fn watch_outside(&self) {
        let Some(outside) = self.outside.clone() else { return };
        let mut regained = None::<Instant>;
        let mut lost = false;
        loop {
            let longest = if lost { REGAIN } else { CACHED };
            match outside.watcher.wait(longest) {
                Ok(Woken::Stopped) => return,
                Ok(Woken::News | Woken::Late) => {}
                Err(error) => return log::error!("changes beneath the mount go unnoticed: {error}"),
            }
            let (mut batch, round) = (Batch::default(), outside.begin_round());
            if let Err(error) = outside.watcher.read(|news| batch.take(news)) {
                return log::error!("changes beneath the mount go unnoticed: {error}");
            }
            lost |= std::mem::take(&mut batch.lost);
            if lost && regained.is_none_or(|at| at.elapsed() >= REGAIN) {
                self.counters.count(Counter::NewsLost);
                self.forget_facts();
                self.expire_all();
                self.tell_lost();
                (lost, regained) = (false, Some(Instant::now()));
            }
            let all = !batch.is_full();
            self.follow_news(&outside, batch);
            if all {
                outside.end_round(round);
            }
            if outside.partial.load(Ordering::Relaxed) && self.facts_are_old() {
                self.forget_facts();
            }
            outside.watcher.pause(GATHER);
        }
    }

    /// Whether facts that no watch keeps up to date were gathered [`CACHED`] ago.
    fn facts_are_old(&self) -> bool {
        let mut renewed = self.renewed.lock();
        let old = renewed.elapsed() >= CACHED;
        if old {
            *renewed = Instant::now();
        }
        old
    }

    /// Ends [`Volume::watch_outside`] and [`Volume::send_expiries`].
    pub(super) fn stop_watching(&self) {
        self.expiries.stop();
        if let Some(outside) = &self.outside {
            outside.watcher.stop();
        }
    }

    fn follow_news(&self, outside: &Outside, batch: Batch) {
        let mut touched = HashMap::new();
        for (entry, count) in batch.named {
            if outside.take_own(&entry, count) < count
                && let Some(directory) = outside.directory(entry.0)
            {
                self.counters.count(Counter::OutsideChange);
                self.named_outside(&directory, &entry.1);
                touched.insert(entry.0, directory);
            }
        }
        for directory in touched.values() {
            self.expire_attributes(directory);
        }
        for (watch, name) in batch.written {
            if let Some(directory) = outside.directory(watch) {
                self.written_below(&directory, &name);
            }
        }
        for directory in batch.moved.into_iter().filter_map(|watch| outside.directory(watch)) {
            self.moved_outside(&directory);
        }
    }

    /// A name means something else than before.
    fn named_outside(&self, directory: &Arc<VolumeInode>, name: &FileName) {
        if is_nomedia(name) {
            self.forget_facts();
        }
        let stat = self.stat_below(directory, name);
        let there = stat.is_some();
        // A file that is known has been moved here, with what is known of it. Others are met when they are looked up.
        if stat.is_some_and(|stat| self.nodes.inode_of(&stat.identity).is_some()) {
            let _found = self.child(directory, name);
        }
        self.expire(directory, name);
        self.expire_other_spellings(directory, name);
        self.tell_named(directory, name, there);
    }

    fn stat_below(&self, directory: &Arc<VolumeInode>, name: &FileName) -> Option<Stat> {
        directory.descriptor(&self.nodes.descriptors).ok()?.child(name).ok()?.stat().ok()
    }

    /// What lies under a name was written to or has other attributes.
    pub(super) fn written_below(&self, directory: &Arc<VolumeInode>, name: &FileName) {
        let Some(stat) = self.stat_below(directory, name) else { return };
        match self.nodes.inode_of(&stat.identity) {
            Some(inode) if inode.is_directory() => self.expire_attributes(&inode),
            Some(inode) => self.written_outside(&inode),
            None => {}
        }
    }

    /// The file has another version than the one in which a writer of ours left it.
    fn written_outside(&self, inode: &Arc<VolumeInode>) {
        // The end of a writer and a rename move the version and note it: not between the two.
        // LOCK ORDER: `moves`, then an inode's sharing.
        let still = self.moves.read();
        if inode.link().is_none() {
            // Removed since it was found by its name, which moved the version too.
            return;
        }
        let sharing = inode.sharing();
        let now = inode.descriptor(&self.nodes.descriptors).and_then(|fd| fd.stat());
        let Ok(version) = now.map(|stat| stat.version) else { return };
        if inode.known.left.lock().replace(version) == Some(version) {
            return;
        }
        drop(still);
        // While one of ours writes, nothing that was seen is trusted anyway, and its end is followed.
        let ours = sharing.writers > 0;
        if sharing.trusting > 0 && !ours {
            self.tell_who_holds(inode);
        }
        drop(sharing);
        self.expire_attributes(inode);
        if !ours {
            self.counters.count(Counter::OutsideChange);
            self.changed(inode);
            self.tell_changed(inode);
        }
    }

    /// A directory lies elsewhere. If that place is not known, nothing is known of what is below it either.
    fn moved_outside(&self, directory: &Arc<VolumeInode>) {
        let _still = self.moves.read();
        if let Some(link) = directory.link()
            && !self.leads_to(&link, directory)
        {
            directory.set_link(None);
            self.renew_facts(directory);
            self.forget_facts();
        }
    }

    pub(super) fn expire_attributes(&self, inode: &VolumeInode) {
        if let Some(node) = self.nodes.known(inode, View::Full) {
            // Without a receiver there is no kernel to tell.
            let _sent = self.notices.send(Notice::Attributes(node.id()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_announced_and_is_no_news_is_not_expected_for_long() {
        let scratch = tempfile::tempdir().unwrap();
        let outside = Outside::new(1).unwrap();
        let watch = outside.watcher.add(&PathFd::root(scratch.path()).unwrap()).unwrap();
        let name = (watch, FileName::parse(std::ffi::OsStr::new("a")).unwrap());
        let names = [name.clone()];
        outside.announce(&names, 2);
        let during = outside.begin_round();
        outside.end_round(during);
        outside.announced(&names, 2, true);
        outside.end_round(during);
        assert_eq!(outside.take_own(&name, 1), 1, "it may come yet");
        outside.announce(&names, 2);
        outside.announced(&names, 2, false);
        let after = outside.begin_round();
        assert_eq!(outside.take_own(&name, 1), 1, "one of two came");
        outside.announce(&names, 1);
        outside.end_round(after);
        assert_eq!(outside.take_own(&name, 3), 1, "a change that is being made");
        outside.announced(&names, 1, true);
        outside.end_round(outside.begin_round());
        assert_eq!(outside.take_own(&name, 1), 0);
        assert!(outside.own.lock().expected.is_empty());
    }
}
