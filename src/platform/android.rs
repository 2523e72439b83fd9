//! Android: init makes the directories (`mediagate.rc`), logd takes the log.

#![expect(unsafe_code, reason = "rustix has no call here that duplicates a descriptor by its number")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::path::PathBuf;

use crate::diag::log::Settings;

/// The database's directory.
pub(super) fn state_directory() -> PathBuf {
    PathBuf::from("/data/misc/mediagate")
}

/// The socket's place beside those that init makes.
pub(super) fn socket() -> PathBuf {
    PathBuf::from("/dev/socket/mediagate")
}

/// Sends the log to logd, from the level in `MEDIAGATE_LOG` on.
///
/// # Errors
/// A level that is none; the text is for a person.
pub fn start_log() -> Result<(), String> {
    let settings = Settings::from_environment()?;
    android_logger::init_once(
        android_logger::Config::default().with_tag("mediagate").with_max_level(settings.level()),
    );
    Ok(())
}

pub(super) fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the command takes a number, touches no memory of ours and refuses what is no descriptor.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel made this descriptor for us just now.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

pub(super) fn prepare_duplicates() -> io::Result<()> {
    Ok(())
}

/// Init wants to be told nothing.
#[derive(Debug)]
pub struct Supervisor;

impl Supervisor {
    /// Init.
    ///
    /// # Errors
    /// None.
    pub fn find() -> io::Result<Supervisor> {
        Ok(Supervisor)
    }

    /// Init does not ask.
    pub fn ready(&self) {}

    /// Init sees it end.
    pub fn stopping(&self) {}
}

/// What Android's C library calls was never seen; there SELinux confines the daemon.
pub mod calls {
    /// No list is this system's.
    pub const KNOWN: bool = false;

    /// Of the daemon.
    pub const SERVING: &[i64] = &[];

    /// About the daemon itself.
    pub const OWN: &[i64] = &[];

    /// Of the process that mounts for it.
    pub const KEEPING: &[i64] = &[];
}
