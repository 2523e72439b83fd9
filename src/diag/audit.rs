//! Decisions on their way to the audit table: a bounded ring, so that no request waits for the database.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Decisions that may wait; when more come before they are written, the oldest are lost and counted.
const WAITING: usize = 4096;

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
}

/// The ring.
#[derive(Debug, Default)]
pub struct DecisionRing(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    decisions: VecDeque<Decision>,
    lost: u64,
}

impl DecisionRing {
    /// Adds a decision; never waits for the database.
    pub fn push(&self, decision: Decision) {
        let mut waiting = self.0.lock();
        if waiting.decisions.len() >= WAITING {
            waiting.decisions.pop_front();
            waiting.lost = waiting.lost.saturating_add(1);
        }
        waiting.decisions.push_back(decision);
    }

    /// Takes what waits, and how many were lost since the last call.
    pub fn take(&self) -> (Vec<Decision>, u64) {
        let mut waiting = self.0.lock();
        let lost = std::mem::take(&mut waiting.lost);
        (waiting.decisions.drain(..).collect(), lost)
    }
}
