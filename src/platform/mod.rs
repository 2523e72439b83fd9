//! What differs between Android and plain Linux: where things are, where the log goes, and which system calls the
//! libraries have.

#[cfg(target_os = "android")]
mod android;
#[cfg(not(target_os = "android"))]
pub mod calls;
#[cfg(not(target_os = "android"))]
mod linux;

use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;

#[cfg(target_os = "android")]
use android as system;
#[cfg(not(target_os = "android"))]
use linux as system;

#[cfg(target_os = "android")]
pub use android::calls;
pub use system::{Supervisor, start_log};

/// Where the daemon keeps its database unless told otherwise.
pub fn state_directory() -> PathBuf {
    system::state_directory()
}

/// Where the daemon listens and clients look for it unless told otherwise.
pub fn socket() -> PathBuf {
    system::socket()
}

/// A duplicate of the descriptor of this process that has this number.
///
/// The number may be anybody's, so this is for numbers only that came into the process from outside and are known to
/// be meant for the caller.
///
/// # Errors
/// If there is no such descriptor, or no room for another one.
pub fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    system::duplicate(number)
}

/// Takes what [`duplicate`] needs, before the process is confined.
///
/// # Errors
/// If the kernel has no descriptors of processes (before Linux 5.6).
pub fn prepare_duplicates() -> io::Result<()> {
    system::prepare_duplicates()
}
