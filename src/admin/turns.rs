//! How many calls one uid has under way: a few callers that are slow do not take the service from all others.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use parking_lot::Mutex;

use super::AdminError;
use crate::id::Uid;

/// Calls of one uid at once; the others are refused, not queued.
const MOST: usize = 2;

/// The calls that are under way.
#[derive(Debug, Default)]
pub(super) struct Turns {
    running: Mutex<HashMap<Uid, usize>>,
}

/// One call; dropped at its end.
#[derive(Debug)]
#[must_use = "dropping it ends the call"]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    uid: Uid,
}

impl Turns {
    /// Begins a call of `uid`.
    ///
    /// # Errors
    /// [`AdminError::TooMany`]
    pub(super) fn begin(&self, uid: Uid) -> Result<Turn<'_>, AdminError> {
        let mut running = self.running.lock();
        let count = running.entry(uid).or_default();
        if *count >= MOST {
            return Err(AdminError::TooMany { caller: uid, most: MOST });
        }
        *count += 1;
        Ok(Turn { turns: self, uid })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut running = self.turns.running.lock();
        if let Some(count) = running.get_mut(&self.uid) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                running.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_uid_has_its_own_calls_and_gets_them_back() {
        let turns = Turns::default();
        let [one, other] = [10_001, 10_002].map(Uid::new);
        let (first, _second) = (turns.begin(one).unwrap(), turns.begin(one).unwrap());
        assert!(matches!(turns.begin(one), Err(AdminError::TooMany { .. })));
        assert!(turns.begin(other).is_ok());
        drop(first);
        assert!(turns.begin(one).is_ok());
        assert_eq!(turns.running.lock().len(), 1, "nothing is kept of who has no call");
    }
}
