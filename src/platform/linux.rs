//! Plain Linux: the directories of the file-system hierarchy for root, those of the XDG base directory
//! specification for everybody else.

#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use crate::diag::log::{Settings, StderrLog};

/// The log of this process; `log` wants it for ever.
static LOG: OnceLock<StderrLog> = OnceLock::new();

/// Root's daemon.
const SYSTEM_SOCKET: &str = "/run/mediagate.sock";
const SYSTEM_STATE: &str = "/var/lib/mediagate";

/// `/var/lib/mediagate` for root, else `$XDG_STATE_HOME/mediagate` (`~/.local/state/mediagate`).
pub(super) fn state_directory() -> PathBuf {
    if is_root() {
        return PathBuf::from(SYSTEM_STATE);
    }
    let home = || directory("HOME").map(|home| home.join(".local/state"));
    directory("XDG_STATE_HOME")
        .or_else(home)
        .map_or_else(|| PathBuf::from(SYSTEM_STATE), |state| state.join("mediagate"))
}

/// `/run/mediagate.sock`; for a user that is not root `$XDG_RUNTIME_DIR/mediagate.sock`, unless only the former is
/// there.
pub(super) fn socket() -> PathBuf {
    let system = PathBuf::from(SYSTEM_SOCKET);
    let own = directory("XDG_RUNTIME_DIR").map(|runtime| runtime.join("mediagate.sock"));
    match own {
        Some(own) if !is_root() && (own.exists() || !system.exists()) => own,
        Some(_) | None => system,
    }
}

/// Sends the log to the standard error, as systemd's journal wants it where that reads it, from the level in `MEDIAGATE_LOG` on.
///
/// # Errors
/// A second start, or a level that is none; the text is for a person.
pub fn start_log() -> Result<(), String> {
    let settings = Settings::from_environment()?;
    log::set_logger(LOG.get_or_init(|| StderrLog::new(settings, journal_reads())))
        .map_err(|error| error.to_string())?;
    log::set_max_level(settings.level());
    Ok(())
}

pub(super) fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    let itself = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(pidfd_getfd(itself, number, PidfdGetfdFlags::empty())?)
}

/// Whether the standard error is what systemd connected with its journal: the variable has the numbers of its device and
/// inode (systemd.exec(5)).
fn journal_reads() -> bool {
    let Some(stream) = env::var_os("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|found| stream.to_str() == Some(&format!("{}:{}", found.st_dev, found.st_ino)))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An absolute directory of the environment; the XDG specification says to ignore relative ones.
fn directory(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
