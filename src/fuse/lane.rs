//! Requests that may take long, on threads of their own: who waits for a disk, or moves a large tree, holds up nobody
//! who looks up a name.
//!
//! It does not know what the requests are. The threads are few and come and go; no uid has more than a share of them,
//! so that who sends many such requests waits for itself.

#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

/// Threads at most.
const THREADS: usize = 64;
/// How many of them serve one uid at most.
const SHARE: usize = 4;
/// How long a thread waits for more.
const REST: Duration = Duration::from_secs(5);

type Task = Box<dyn FnOnce() + Send>;

/// The threads of one mount.
#[derive(Debug, Default)]
pub(super) struct Lane(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(u32, Task)>,
    running: HashMap<u32, usize>,
    threads: usize,
    idle: usize,
    over: bool,
}

impl fmt::Debug for Queue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Queue")
            .field("waiting", &self.waiting.len())
            .field("running", &self.running)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Queue {
    fn may_run(&self, uid: u32) -> bool {
        self.running.get(&uid).is_none_or(|running| *running < SHARE)
    }

    /// The first that may run now.
    fn next(&mut self) -> Option<(u32, Task)> {
        let first = self.waiting.iter().position(|(uid, _)| self.may_run(*uid))?;
        let (uid, task) = self.waiting.remove(first)?;
        *self.running.entry(uid).or_default() += 1;
        Some((uid, task))
    }

    fn ended(&mut self, uid: u32) {
        if let Some(running) = self.running.get_mut(&uid) {
            *running -= 1;
            if *running == 0 {
                self.running.remove(&uid);
            }
        }
    }
}

impl Lane {
    /// Has a request of this uid served as soon as there is a thread for it.
    pub(super) fn serve(&self, uid: u32, task: impl FnOnce() + Send + 'static) {
        let mut queue = self.0.queue.lock();
        queue.waiting.push_back((uid, Box::new(task)));
        // One that was called already may not have come yet.
        if queue.idle >= queue.waiting.len() {
            self.0.ready.notify_one();
        } else if queue.threads < THREADS && queue.may_run(uid) {
            queue.threads += 1;
            let shared = self.0.clone();
            let started = std::thread::Builder::new().name("lane".to_owned()).spawn(move || shared.work());
            if let Err(error) = started {
                log::warn!("cannot start a thread for what takes long: {error}");
                // It is served here then, and whatever else waits.
                drain(&mut queue);
                queue.threads -= 1;
            }
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.queue.lock().over = true;
        self.0.ready.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        let mut queue = self.queue.lock();
        loop {
            drain(&mut queue);
            if queue.over {
                break;
            }
            queue.idle += 1;
            let waited = self.ready.wait_for(&mut queue, REST);
            queue.idle -= 1;
            if waited.timed_out() && queue.waiting.is_empty() {
                break;
            }
        }
        queue.threads -= 1;
    }
}

/// Serves what waits, as long as there is something that may run.
fn drain(queue: &mut MutexGuard<'_, Queue>) {
    while let Some((uid, task)) = queue.next() {
        let ended = MutexGuard::unlocked(queue, || catch_unwind(AssertUnwindSafe(task)));
        if ended.is_err() {
            log::error!("a request that takes long ended in a panic");
        }
        queue.ended(uid);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Requests of a uid that do not end before they are let go; each tells when it began.
    fn held(lane: &Lane, uid: u32, count: usize) -> (Receiver<()>, Vec<Sender<()>>) {
        let (begun, begins) = channel();
        let ends = (0..count).map(|_| {
            let (begun, (end, wait)) = (begun.clone(), channel());
            lane.serve(uid, move || {
                begun.send(()).unwrap();
                let _let_go = wait.recv();
            });
            end
        });
        (begins, ends.collect())
    }

    #[test]
    fn one_uid_does_not_hold_up_another() {
        let lane = Lane::default();
        let (begins, ends) = held(&lane, 1, 3 * SHARE);
        for _ in 0..SHARE {
            begins.recv_timeout(PATIENCE).unwrap();
        }
        let (other, _held) = held(&lane, 2, 1);
        other.recv_timeout(PATIENCE).unwrap();
        assert!(begins.try_recv().is_err(), "it has more than its share");
        drop(ends);
        for _ in SHARE..3 * SHARE {
            begins.recv_timeout(PATIENCE).unwrap();
        }
    }

    #[test]
    fn what_ends_in_a_panic_takes_no_place() {
        let lane = Lane::default();
        for _ in 0..2 * THREADS {
            lane.serve(1, || std::panic::resume_unwind(Box::new(())));
        }
        let (begins, _held) = held(&lane, 1, SHARE);
        for _ in 0..SHARE {
            begins.recv_timeout(PATIENCE).unwrap();
        }
    }

    #[test]
    fn threads_end_with_the_lane() {
        let lane = Lane::default();
        let shared = Arc::downgrade(&lane.0);
        let (begins, ends) = held(&lane, 1, 1);
        begins.recv_timeout(PATIENCE).unwrap();
        drop((lane, ends));
        let deadline = std::time::Instant::now() + PATIENCE;
        while shared.upgrade().is_some_and(|shared| shared.queue.lock().threads > 0) {
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
    }
}
