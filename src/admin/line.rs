//! Lines to those who asked to be told of things: each a bounded queue and a thread that empties it.
//!
//! Whoever has something to tell puts it into the queue and goes on. A hearer that is slow has its own queue run over,
//! one that is gone takes its queue along, and neither is noticed by anybody else.
//!
//! LOCK ORDER: the lines, then a line; nothing else is locked while a line is.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::AdminError;
use crate::id::Uid;

/// How much waits in a line.
const WAITING: usize = 1024;
/// How much is told at a time, in events and in their bytes: one call must fit into what a slow client has room for.
const BATCH: (usize, usize) = (64, 64 * 1024);
/// How long a hearer that takes nothing now is left alone: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// What became of something that was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It was taken.
    Yes,
    /// There is no room for it now.
    NotNow,
    /// Nobody hears any more.
    Gone,
}

/// Who asked to be told of things.
pub trait Hearer<E>: Send {
    /// Begins, with whom to tell when the hearer is gone; anything but [`Taken::Yes`] is the end.
    fn begin(&mut self, ended: Ended) -> Taken;
    /// Tells of some things; of none, to be heard of again.
    fn tell(&self, events: &[E]) -> Taken;
    /// After how long a silence it has to be told of nothing; `None` where silence is no matter.
    fn silence(&self) -> Option<Duration>;
}

/// Whom to tell that a hearer is gone.
pub struct Ended(Box<dyn Fn() + Send + Sync>);

impl Ended {
    /// It is gone.
    pub fn tell(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ended")
    }
}

/// Something that is told.
pub(super) trait Event: Clone + Send + 'static {
    /// About how many bytes it takes.
    fn weight(&self) -> usize;
}

/// One line.
#[derive(Debug)]
pub(super) struct Line<E, W> {
    id: u64,
    pub(super) uid: Uid,
    /// What its hearer wants to be told of.
    pub(super) wants: W,
    queue: Mutex<Queue<E>>,
    moved: Condvar,
}

#[derive(Debug)]
struct Queue<E> {
    events: VecDeque<E>,
    closed: bool,
}

enum Next<E> {
    Events(Vec<E>),
    Silence,
    Closed,
}

impl<E: Event, W> Line<E, W> {
    /// Adds an event. In a line that is full everything that waits gives way to `lost`.
    pub(super) fn push(&self, event: E, lost: impl FnOnce() -> E) {
        let mut queue = self.queue.lock();
        if queue.events.len() >= WAITING {
            queue.events.clear();
            queue.events.push_back(lost());
        }
        queue.events.push_back(event);
        self.moved.notify_all();
    }

    /// Everything that waits gives way to `lost`.
    pub(super) fn lose(&self, lost: E) {
        let mut queue = self.queue.lock();
        queue.events.clear();
        queue.events.push_back(lost);
        self.moved.notify_all();
    }

    /// How many events fit in.
    pub(super) fn room(&self) -> usize {
        WAITING.saturating_sub(self.queue.lock().events.len())
    }

    fn close(&self) {
        self.queue.lock().closed = true;
        self.moved.notify_all();
    }

    fn is_closed(&self) -> bool {
        self.queue.lock().closed
    }

    fn next(&self, silence: Option<Duration>) -> Next<E> {
        let until = silence.map(|silence| Instant::now() + silence);
        let mut queue = self.queue.lock();
        while queue.events.is_empty() && !queue.closed {
            match until {
                None => self.moved.wait(&mut queue),
                Some(until) if self.moved.wait_until(&mut queue, until).timed_out() => break,
                Some(_) => {}
            }
        }
        if queue.closed {
            return Next::Closed;
        }
        let mut weight = 0usize;
        let fits = |event: &&E| {
            weight = weight.saturating_add(event.weight());
            weight <= BATCH.1
        };
        let fitting = queue.events.iter().take(BATCH.0).take_while(fits).count();
        // One that is too heavy for any batch goes by itself.
        let count = fitting.max(1).min(queue.events.len());
        match count {
            0 => Next::Silence,
            _ => Next::Events(queue.events.drain(..count).collect()),
        }
    }

    /// Waits for so long, or until the line is closed.
    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut queue = self.queue.lock();
        while !queue.closed && !self.moved.wait_until(&mut queue, until).timed_out() {}
    }

    /// Tells of everything until the line is closed or nobody hears any more.
    fn run(&self, hearer: &dyn Hearer<E>) {
        loop {
            let events = match self.next(hearer.silence()) {
                Next::Events(events) => events,
                Next::Silence => Vec::new(),
                Next::Closed => return,
            };
            let mut pause = PAUSE.0;
            loop {
                match hearer.tell(&events) {
                    Taken::Yes => break,
                    Taken::Gone => return,
                    Taken::NotNow => self.pause(pause),
                }
                if self.is_closed() {
                    return;
                }
                pause = pause.saturating_mul(2).min(PAUSE.1);
            }
        }
    }
}

/// Called with whether there is a line, whenever that may have changed.
type Changed = Box<dyn Fn(bool) + Send + Sync>;

/// All lines of a kind.
pub(super) struct Lines<E, W> {
    most_of_uid: usize,
    most: usize,
    kept: Mutex<Kept<E, W>>,
    changed: Changed,
}

#[derive(Debug)]
struct Kept<E, W> {
    /// The number of the last one.
    last: u64,
    all: Vec<Arc<Line<E, W>>>,
}

impl<E, W> fmt::Debug for Lines<E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("most", &self.most).finish_non_exhaustive()
    }
}

impl<E: Event, W: Send + Sync + 'static> Lines<E, W> {
    /// At most so many of one uid, and so many of all.
    pub(super) fn new((most_of_uid, most): (usize, usize), changed: Changed) -> Arc<Lines<E, W>> {
        let kept = Mutex::new(Kept { last: 0, all: Vec::new() });
        Arc::new(Lines { most_of_uid, most, kept, changed })
    }

    /// A line to `hearer` from now on; its number.
    ///
    /// # Errors
    /// [`AdminError::TooManyObservers`], [`AdminError::NotHeard`], [`AdminError::Internal`]
    pub(super) fn add(
        self: &Arc<Self>,
        uid: Uid,
        wants: W,
        mut hearer: Box<dyn Hearer<E>>,
    ) -> Result<u64, AdminError> {
        let line = self.reserve(uid, wants)?;
        let gone = Arc::downgrade(&line);
        let ended = Ended(Box::new(move || {
            if let Some(line) = gone.upgrade() {
                line.close();
            }
        }));
        let reserved = Reserved { lines: self.clone(), line: Arc::downgrade(&line) };
        if hearer.begin(ended) != Taken::Yes {
            return Err(AdminError::NotHeard { caller: uid });
        }
        let (id, told) = (line.id, line);
        let run = move || {
            let _reserved = reserved;
            told.run(&*hearer);
        };
        let started = thread::Builder::new().name("observer".to_owned()).spawn(run);
        started.map(|_| id).map_err(|error| AdminError::internal("start a thread for an observer", error))
    }

    fn reserve(&self, uid: Uid, wants: W) -> Result<Arc<Line<E, W>>, AdminError> {
        let mut kept = self.kept.lock();
        let own = kept.all.iter().filter(|line| line.uid == uid).count();
        for (there, most) in [(own, self.most_of_uid), (kept.all.len(), self.most)] {
            if there >= most {
                return Err(AdminError::TooManyObservers { caller: uid, most });
            }
        }
        kept.last = kept.last.saturating_add(1);
        let queue = Mutex::new(Queue { events: VecDeque::new(), closed: false });
        let line = Arc::new(Line { id: kept.last, uid, wants, queue, moved: Condvar::new() });
        kept.all.push(line.clone());
        (self.changed)(true);
        Ok(line)
    }

    /// Ends a line of `uid`; whether others have one of that number is not told.
    ///
    /// # Errors
    /// [`AdminError::UnknownObserver`]
    pub(super) fn end(&self, uid: Uid, id: u64) -> Result<(), AdminError> {
        let of_uid = |line: &&Arc<Line<E, W>>| line.id == id && line.uid == uid && !line.is_closed();
        let found = self.kept.lock().all.iter().find(of_uid).cloned();
        found.map(|line| line.close()).ok_or(AdminError::UnknownObserver { id })
    }

    /// Ends all.
    pub(super) fn end_all(&self) {
        self.all().iter().for_each(|line| line.close());
    }

    /// Those that there are.
    pub(super) fn all(&self) -> Vec<Arc<Line<E, W>>> {
        self.kept.lock().all.clone()
    }
}

/// A line's place among those that are counted; dropped, it is free again.
struct Reserved<E: Event, W: Send + Sync + 'static> {
    lines: Arc<Lines<E, W>>,
    line: Weak<Line<E, W>>,
}

impl<E: Event, W: Send + Sync + 'static> Drop for Reserved<E, W> {
    fn drop(&mut self) {
        let mut kept = self.lines.kept.lock();
        kept.all.retain(|line| !std::ptr::eq(Arc::as_ptr(line), self.line.as_ptr()));
        (self.lines.changed)(!kept.all.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    impl Event for u32 {
        fn weight(&self) -> usize {
            usize::try_from(*self).unwrap()
        }
    }

    /// Takes one batch whenever it is let.
    struct Slow {
        told: Sender<Vec<u32>>,
        lets: Receiver<Taken>,
        ended: Option<Ended>,
    }

    impl Hearer<u32> for Slow {
        fn begin(&mut self, ended: Ended) -> Taken {
            self.ended = Some(ended);
            self.lets.recv().unwrap()
        }

        fn tell(&self, events: &[u32]) -> Taken {
            let taken = self.lets.recv().unwrap_or(Taken::Gone);
            if taken == Taken::Yes {
                self.told.send(events.to_vec()).unwrap();
            }
            taken
        }

        fn silence(&self) -> Option<Duration> {
            None
        }
    }

    struct World {
        lines: Arc<Lines<u32, ()>>,
        any: Arc<AtomicBool>,
    }

    impl World {
        fn new() -> World {
            let any = Arc::new(AtomicBool::new(false));
            let told = any.clone();
            World {
                lines: Lines::new((2, 3), Box::new(move |there| told.store(there, Ordering::SeqCst))),
                any,
            }
        }

        #[expect(clippy::type_complexity, reason = "the two ends of a test's channels")]
        fn add(
            &self,
            uid: u32,
            begins: Taken,
        ) -> Result<(u64, Receiver<Vec<u32>>, Sender<Taken>), AdminError> {
            let ((told, heard), (lets, waits)) = (channel(), channel());
            lets.send(begins).unwrap();
            let hearer = Box::new(Slow { told, lets: waits, ended: None });
            Ok((self.lines.add(Uid::new(uid), (), hearer)?, heard, lets))
        }

        fn push(&self, event: u32) {
            self.lines.all().iter().for_each(|line| line.push(event, || 0));
        }

        fn await_none(&self) {
            while self.any.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            assert!(self.lines.all().is_empty());
        }
    }

    #[test]
    fn a_line_that_is_full_has_lost_everything_that_waited() {
        let world = World::new();
        let (_, heard, lets) = world.add(1, Taken::Yes).unwrap();
        world.push(1);
        // It is being told of the first, so that the others wait.
        lets.send(Taken::NotNow).unwrap();
        while world.lines.all()[0].room() < WAITING {
            thread::yield_now();
        }
        let most = u32::try_from(WAITING).unwrap();
        (2..most + 2).for_each(|event| world.push(event));
        world.push(9);
        lets.send(Taken::Yes).unwrap();
        lets.send(Taken::Yes).unwrap();
        assert_eq!([heard.recv().unwrap(), heard.recv().unwrap()], [vec![1], vec![0, 9]]);
        drop(lets);
        world.push(10);
        world.await_none();
    }

    #[test]
    fn batches_are_bounded() {
        let world = World::new();
        let (_, heard, lets) = world.add(1, Taken::Yes).unwrap();
        let heavy = u32::try_from(BATCH.1).unwrap();
        world.push(heavy + 1);
        while world.lines.all()[0].room() < WAITING {
            thread::yield_now();
        }
        for event in [heavy - 1, 1, 1].into_iter().chain(std::iter::repeat_n(0, 100)) {
            world.push(event);
        }
        let lengths = || {
            lets.send(Taken::Yes).unwrap();
            heard.recv().unwrap().len()
        };
        assert_eq!([lengths(), lengths(), lengths(), lengths()], [1, 2, 64, 37]);
    }

    #[test]
    fn lines_are_counted_and_end_for_their_own_uid_only() {
        let world = World::new();
        assert!(matches!(world.add(1, Taken::Gone), Err(AdminError::NotHeard { .. })));
        assert!(!world.any.load(Ordering::SeqCst));
        let (first, _heard, _lets) = world.add(1, Taken::Yes).unwrap();
        let second = world.add(1, Taken::Yes).unwrap();
        assert!(matches!(world.add(1, Taken::Yes), Err(AdminError::TooManyObservers { most: 2, .. })));
        let third = world.add(2, Taken::Yes).unwrap();
        assert!(matches!(world.add(3, Taken::Yes), Err(AdminError::TooManyObservers { most: 3, .. })));
        assert!(matches!(world.lines.end(Uid::new(2), first), Err(AdminError::UnknownObserver { .. })));
        world.lines.end(Uid::new(1), first).unwrap();
        assert!(world.lines.end(Uid::new(1), first).is_err(), "it has ended");
        drop((second, third));
        world.lines.end_all();
        world.await_none();
    }
}
