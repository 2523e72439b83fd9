//! Bad input, bad surroundings, and ends: one clear line that names the thing and the remedy, the right exit status,
//! and nothing half done.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod attempt;
#[path = "../common/mod.rs"]
mod common;
mod database;
mod directories;
mod ends;
mod input;
mod surroundings;
