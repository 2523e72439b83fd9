//! The same work on many things, on several processors.

#![forbid(unsafe_code)]

use std::thread;

use parking_lot::Mutex;

/// More threads than this would take the machine from those who use it.
const MOST: usize = 4;
/// Fewer things than this for each thread are not worth starting it.
const WORTH: usize = 8;

/// Takes things from the list and works on them until none is left or there is `enough`; the answers come in no
/// particular order. The calling thread works, too, so that this goes on where no other can be started.
pub(super) fn in_parallel<T: Send, R: Send>(
    (things, threads): (&mut Vec<T>, usize),
    work: impl Fn(T) -> R + Sync,
    enough: impl Fn() -> bool + Sync,
) -> Vec<R> {
    let threads = threads.min(MOST).min(things.len() / WORTH);
    let (things, done) = (Mutex::new(things), Mutex::new(Vec::new()));
    let go_on = || {
        // At least one thing is worked on, so that a caller who comes again makes progress.
        let mut mine = Vec::new();
        loop {
            let Some(thing) = things.lock().pop() else { break };
            mine.push(work(thing));
            if enough() {
                break;
            }
        }
        done.lock().append(&mut mine);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            if thread::Builder::new().name("scan".to_owned()).spawn_scoped(scope, go_on).is_err() {
                break;
            }
        }
        go_on();
    });
    done.into_inner()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn everything_is_worked_on_once() {
        let mut things: Vec<u32> = (0..1000).collect();
        let done = in_parallel((&mut things, 2), |thing| thing + 1, || false);
        assert!(things.is_empty());
        assert_eq!(done.len(), 1000);
        assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), (1..=1000).collect());
    }

    #[test]
    fn what_is_left_when_there_is_enough_stays_in_the_list() {
        let mut things: Vec<u32> = (0..1000).collect();
        let count = AtomicUsize::new(0);
        let work = |thing| {
            count.fetch_add(1, Ordering::Relaxed);
            thing
        };
        let done = in_parallel((&mut things, MOST + 1), work, || count.load(Ordering::Relaxed) >= 10);
        assert!((10..10 + MOST).contains(&done.len()), "{}", done.len());
        assert_eq!(things.len() + done.len(), 1000);
        assert!(!in_parallel((&mut things, 0), |thing| thing, || true).is_empty());
    }

    #[test]
    fn nothing_is_no_work() {
        assert!(in_parallel((&mut Vec::<u32>::new(), 2), |thing| thing, || false).is_empty());
    }
}
