//! What differs between Android and plain Linux: where things are, and where the log goes.

#![forbid(unsafe_code)]

#[cfg(target_os = "android")]
mod android;
pub mod calls;
#[cfg(not(target_os = "android"))]
mod linux;

use std::path::PathBuf;

#[cfg(target_os = "android")]
use android as system;
#[cfg(not(target_os = "android"))]
use linux as system;

pub use system::{Supervisor, start_log};

/// Where the daemon keeps its database unless told otherwise.
pub fn state_directory() -> PathBuf {
    system::state_directory()
}

/// Where the daemon listens and clients look for it unless told otherwise.
pub fn socket() -> PathBuf {
    system::socket()
}
