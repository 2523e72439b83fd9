//! What the daemon tells of itself: counters, and the ring of decisions that the audit is written from.

#![forbid(unsafe_code)]

mod audit;
mod counters;

pub use audit::{Decision, DecisionRing};
pub use counters::{Counter, Counters};
