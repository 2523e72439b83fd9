//! What the daemon tells of itself: the log and the time in it.

#![forbid(unsafe_code)]

pub mod log;
mod utc;

pub use utc::utc;
