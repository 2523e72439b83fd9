//! Decisions on their way to the audit table: a bounded ring, so that no request waits for the database.
//!
//! Who asks again and again for what it may not have fills neither the table nor the memory: the first refusal is told
//! at once, its repetitions as one record with their count when some time has passed.

#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Decisions that may wait; when more come before they are written, the oldest are lost and counted.
const WAITING: usize = 4096;
/// How long repetitions of a refusal are counted before they are told.
const TOGETHER: Duration = Duration::from_secs(10);
/// Different refusals whose repetitions are counted at a time; further ones are told one by one.
const COUNTED: usize = 1024;

/// One decision worth remembering.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Seconds since 1970.
    pub time: i64,
    /// Who asked.
    pub uid: u32,
    /// What for, as `check --op` names it.
    pub operation: &'static str,
    /// Path within the volume.
    pub path: String,
    /// The rule that determined it.
    pub rule: &'static str,
    /// The errno, if it was refused.
    pub errno: Option<i32>,
    /// Whether the redacted view was given.
    pub redacted: bool,
    /// How often it was made.
    pub count: u64,
}

/// What repetitions of a refusal have in common.
type Key = (u32, &'static str, String, &'static str);

/// A refusal that was told.
#[derive(Debug)]
struct Told {
    at: Instant,
    /// What came since, not told yet: the last of it, with the count.
    again: Option<Decision>,
}

/// The ring.
#[derive(Debug, Default)]
pub struct DecisionRing(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    decisions: VecDeque<Decision>,
    told: HashMap<Key, Told>,
    lost: u64,
}

impl Waiting {
    fn push(&mut self, decision: Decision) {
        if self.decisions.len() >= WAITING {
            self.decisions.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        self.decisions.push_back(decision);
    }

    /// Whether the decision repeats one that was told a short time ago: then it is counted.
    fn counts(&mut self, decision: &Decision) -> bool {
        let key = (decision.uid, decision.operation, decision.path.clone(), decision.rule);
        if let Some(told) = self.told.get_mut(&key).filter(|told| told.at.elapsed() < TOGETHER) {
            let before = told.again.as_ref().map_or(0, |again| again.count);
            let count = before.saturating_add(decision.count);
            told.again = Some(Decision { count, ..decision.clone() });
            return true;
        }
        if self.told.len() < COUNTED {
            let again = self.told.insert(key, Told { at: Instant::now(), again: None });
            again.and_then(|told| told.again).into_iter().for_each(|again| self.push(again));
        }
        false
    }

    /// Tells what was counted long enough, or everything.
    fn tell(&mut self, everything: bool) {
        let over = |told: &Told| everything || told.at.elapsed() >= TOGETHER;
        let mut again: Vec<Decision> =
            self.told.extract_if(|_, told| over(told)).filter_map(|(_, told)| told.again).collect();
        again.sort_by_key(|decision| decision.time);
        again.into_iter().for_each(|decision| self.push(decision));
    }
}

impl DecisionRing {
    /// Adds a decision; never waits for the database.
    pub fn push(&self, decision: Decision) {
        let mut waiting = self.0.lock();
        if decision.errno.is_none() || !waiting.counts(&decision) {
            waiting.push(decision);
        }
    }

    /// Takes what waits, and how many were lost since the last call.
    pub fn take(&self) -> (Vec<Decision>, u64) {
        self.taken(false)
    }

    /// The same at the end, with repetitions that would be counted on.
    pub fn finish(&self) -> (Vec<Decision>, u64) {
        self.taken(true)
    }

    fn taken(&self, everything: bool) -> (Vec<Decision>, u64) {
        let mut waiting = self.0.lock();
        waiting.tell(everything);
        let lost = std::mem::take(&mut waiting.lost);
        (waiting.decisions.drain(..).collect(), lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(uid: u32, path: &str) -> Decision {
        let (operation, rule) = ("read", "not-yours");
        let path = path.to_owned();
        Decision { time: 1, uid, operation, path, rule, errno: Some(13), redacted: false, count: 1 }
    }

    #[test]
    fn repeated_refusals_are_told_once_and_counted() {
        let ring = DecisionRing::default();
        for _ in 0..10_000 {
            ring.push(refusal(1, "/a"));
        }
        ring.push(refusal(2, "/a"));
        ring.push(Decision { errno: None, redacted: true, ..refusal(1, "/a") });
        ring.push(Decision { errno: None, redacted: true, ..refusal(1, "/a") });
        let (taken, lost) = ring.take();
        let counts: Vec<_> = taken.iter().map(|one| (one.uid, one.count, one.redacted)).collect();
        assert_eq!((counts, lost), (vec![(1, 1, false), (2, 1, false), (1, 1, true), (1, 1, true)], 0));
        let (rest, _) = ring.finish();
        assert_eq!(rest.iter().map(|one| (one.uid, one.count)).collect::<Vec<_>>(), [(1, 9_999)]);
        assert!(ring.finish().0.is_empty());
    }

    #[test]
    fn a_flood_of_different_refusals_is_bounded() {
        let ring = DecisionRing::default();
        for number in 0..20_000 {
            ring.push(refusal(1, &format!("/{number}")));
        }
        assert!(ring.0.lock().told.len() <= COUNTED);
        let (taken, lost) = ring.take();
        assert_eq!((taken.len(), lost), (WAITING, 20_000 - 4096));
    }
}
