//! The administration over a real socket, as real uids, through the Binder client and through the command line.
//!
//! Changing uid needs root: where the tests do not run as root, those that do so say it and pass.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test ends where something is not as it must be, and says what it skips"
)]

mod called;
mod command_line;
mod daemon;
mod rpc;

/// Whether the test can take on other uids; says so where it cannot.
fn can_change_uid(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped {test}: it needs root to act as other uids");
    }
    root
}
