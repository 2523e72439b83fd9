//! News of directories that somebody changes on the lower file system, by inotify.
//!
//! It does not tell who changed them: changes that were made through the volume come as well. A mapping that is written
//! to makes no news (inotify(7), "Limitations and caveats"), nor does a write before its file is closed: news of each
//! write would slow down every writer whom the kernel serves by itself.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

use super::{FileName, PathFd};

/// Bytes of news that are fetched at once.
const BUFFER: usize = 64 << 10;
/// A name has come to stand for something, or does so no longer.
const NAMED: ReadFlags =
    ReadFlags::CREATE.union(ReadFlags::DELETE).union(ReadFlags::MOVED_FROM).union(ReadFlags::MOVED_TO);
/// Content or attributes of an entry are others.
const WRITTEN: ReadFlags = ReadFlags::CLOSE_WRITE.union(ReadFlags::ATTRIB);
/// What is asked for.
const WATCHED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::EXCL_UNLINK);

/// One watched directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WatchId(i32);

/// What is news.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// The name stands for something else than before, or for nothing.
    Named(WatchId, FileName),
    /// What the name stands for was written and closed, or its attributes changed.
    Written(WatchId, FileName),
    /// The directory itself has another name or lies elsewhere.
    Moved(WatchId),
    /// News were lost.
    Lost,
}

/// What [`Watcher::wait`] woke up for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// There are news.
    News,
    /// Nothing came in time.
    Late,
    /// [`Watcher::stop`] was called.
    Stopped,
}

/// The watched directories of one volume.
#[derive(Debug)]
pub struct Watcher {
    inotify: OwnedFd,
    stop: OwnedFd,
}

impl Watcher {
    /// A watcher of nothing yet.
    ///
    /// # Errors
    /// If the user has too many of them or too many open files.
    pub fn new() -> io::Result<Watcher> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Watcher { inotify, stop })
    }

    /// How many directories a user may watch in all.
    pub fn most() -> Option<usize> {
        std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok()?.trim().parse().ok()
    }

    /// Watches a directory; the same directory always gets the same number.
    ///
    /// # Errors
    /// ENOSPC past the user's limit, EACCES without the right to list the directory.
    pub fn add(&self, directory: &PathFd) -> io::Result<WatchId> {
        // inotify takes a path only; this one leads to the very directory of the descriptor.
        let path = format!("/proc/self/fd/{}", directory.as_fd().as_raw_fd());
        Ok(WatchId(inotify::add_watch(&self.inotify, path, WATCHED)?))
    }

    /// Watches it no longer.
    pub fn remove(&self, watch: WatchId) {
        // A directory that is gone took its watch with it.
        let _gone = inotify::remove_watch(&self.inotify, watch.0);
    }

    /// Waits for news.
    ///
    /// # Errors
    /// If waiting is impossible.
    pub fn wait(&self, longest: Duration) -> io::Result<Woken> {
        let mut fds = [PollFd::new(&self.stop, PollFlags::IN), PollFd::new(&self.inotify, PollFlags::IN)];
        match poll(&mut fds, Some(&timespec(longest))) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [stop, news] = fds.map(|fd| !fd.revents().is_empty());
        Ok(match (stop, news) {
            (true, _) => Woken::Stopped,
            (false, true) => Woken::News,
            (false, false) => Woken::Late,
        })
    }

    /// Lets time pass in which news gather; ends early when [`Watcher::stop`] is called.
    pub fn pause(&self, time: Duration) {
        let mut fds = [PollFd::new(&self.stop, PollFlags::IN)];
        // Whatever disturbs it, the next wait tells.
        let _ended = poll(&mut fds, Some(&timespec(time)));
    }

    /// Hands the news that there are to `take`, until it answers `false`.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn read(&self, mut take: impl FnMut(News) -> bool) -> io::Result<()> {
        let mut buffer = vec![MaybeUninit::<u8>::uninit(); BUFFER];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut more = true;
        // What was fetched already is handed on in any case.
        while more || !reader.is_buffer_empty() {
            match reader.next() {
                Ok(event) => {
                    if let Some(news) = news(&event) {
                        more &= take(news);
                    }
                }
                Err(rustix::io::Errno::AGAIN) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Ends every [`Watcher::wait`] from now on.
    pub fn stop(&self) {
        // It cannot fail but for a counter at its end, and then nobody waits.
        let _written = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
    }
}

/// `None` for what is not served: names that are not UTF-8, and the end of a watch.
fn news(event: &inotify::Event<'_>) -> Option<News> {
    let (watch, what) = (WatchId(event.wd()), event.events());
    if what.contains(ReadFlags::QUEUE_OVERFLOW) {
        return Some(News::Lost);
    }
    if what.contains(ReadFlags::MOVE_SELF) {
        return Some(News::Moved(watch));
    }
    let name = FileName::parse(OsStr::from_bytes(event.file_name()?.to_bytes())).ok()?;
    if what.intersects(NAMED) {
        Some(News::Named(watch, name))
    } else if what.intersects(WRITTEN) {
        Some(News::Written(watch, name))
    } else {
        None
    }
}

fn timespec(time: Duration) -> Timespec {
    let tv_sec = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timespec { tv_sec, tv_nsec: time.subsec_nanos().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The news so far, each once.
    fn told(watcher: &Watcher) -> Vec<News> {
        let mut told = Vec::new();
        watcher
            .read(|news| {
                told.push(news);
                true
            })
            .unwrap();
        told
    }

    fn name(text: &str) -> FileName {
        FileName::parse(OsStr::new(text)).unwrap()
    }

    #[test]
    fn what_happens_in_a_watched_directory_is_told() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        let watcher = Watcher::new().unwrap();
        let watch = watcher.add(&PathFd::root(scratch.path()).unwrap()).unwrap();
        assert_eq!(watcher.wait(Duration::ZERO).unwrap(), Woken::Late);
        std::fs::write(at("a"), "content").unwrap();
        std::fs::rename(at("a"), at("b")).unwrap();
        assert_eq!(watcher.wait(Duration::ZERO).unwrap(), Woken::News);
        let (named, written) = (|n| News::Named(watch, name(n)), |n| News::Written(watch, name(n)));
        assert_eq!(told(&watcher), [named("a"), written("a"), named("a"), named("b")]);
        std::fs::remove_file(at("b")).unwrap();
        watcher.remove(watch);
        std::fs::write(at("c"), "").unwrap();
        assert_eq!(told(&watcher), [named("b")]);
    }

    #[test]
    fn a_directory_has_one_watch() {
        let scratch = tempfile::tempdir().unwrap();
        let watcher = Watcher::new().unwrap();
        let add = || watcher.add(&PathFd::root(scratch.path()).unwrap()).unwrap();
        assert_eq!(add(), add());
        std::fs::rename(scratch.path(), scratch.path().with_extension("moved")).unwrap();
        assert_eq!(told(&watcher), [News::Moved(add_moved(&watcher, scratch.path()))]);
        std::fs::rename(scratch.path().with_extension("moved"), scratch.path()).unwrap();
    }

    fn add_moved(watcher: &Watcher, path: &std::path::Path) -> WatchId {
        watcher.add(&PathFd::root(&path.with_extension("moved")).unwrap()).unwrap()
    }

    #[test]
    fn a_stop_ends_the_waiting() {
        let watcher = Watcher::new().unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| watcher.wait(Duration::from_secs(60)).unwrap());
            watcher.stop();
            assert_eq!(waiting.join().unwrap(), Woken::Stopped);
        });
        watcher.pause(Duration::from_secs(60));
    }
}
