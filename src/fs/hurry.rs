//! Which requests may take long: those whose thread nobody else waits for.
//!
//! Looking into a file reads up to hundreds of megabytes of it and waits for who writes to it. A thread that serves
//! everybody begins each request hurried; where it would have to look into a file the request ends with
//! [`FsError::TakesLong`], and is served again by a thread of its own.
//!
//! INVARIANT: a request that ended so has changed nothing and is in no count and no audit.

#![forbid(unsafe_code)]

use std::cell::Cell;

use super::{FsError, Volume};
use crate::diag::Counter;

thread_local! {
    static HURRIED: Cell<bool> = const { Cell::new(false) };
}

/// Ends the hurry, also where what was done in it panics.
struct Hurry;

impl Drop for Hurry {
    fn drop(&mut self) {
        HURRIED.set(false);
    }
}

/// Does what must not take long: requests in it end with [`FsError::TakesLong`] where they would.
pub fn hurried<T>(work: impl FnOnce() -> T) -> T {
    HURRIED.set(true);
    let _hurry = Hurry;
    work()
}

/// Something that takes long is about to be done.
///
/// # Errors
/// [`FsError::TakesLong`] on a thread that is hurried.
pub(super) fn may_take_long() -> Result<(), FsError> {
    if HURRIED.get() { Err(FsError::TakesLong) } else { Ok(()) }
}

impl Volume {
    /// Counts a request, unless it is to be served again.
    pub(super) fn counting<T>(&self, counter: Counter, done: Result<T, FsError>) -> Result<T, FsError> {
        if !matches!(done, Err(FsError::TakesLong)) {
            self.counters.count(counter);
        }
        done
    }
}
