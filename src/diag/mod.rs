//! What the daemon tells of itself: the log and the time in it, counters, and the ring of decisions that the audit is
//! written from.

#![forbid(unsafe_code)]

mod audit;
mod counters;
pub mod log;
mod utc;

pub use audit::{Decision, DecisionRing};
pub use counters::{Counter, Counters};
pub use utc::utc;
