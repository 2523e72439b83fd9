//! What the daemon may do once it serves: nothing beside, and nothing that it does not need.

#![cfg(target_arch = "x86_64")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod inject;
mod needs;
mod ordinary;
mod taken;
