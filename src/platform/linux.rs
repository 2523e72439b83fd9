//! Plain Linux: the directories of the file-system hierarchy for root, those of the XDG base directory
//! specification for everybody else.

#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use crate::diag::log::{Settings, StderrLog};

/// The log of this process; `log` wants it for ever.
static LOG: OnceLock<StderrLog> = OnceLock::new();

/// Root's daemon; that of the service, which is not root, has a directory of its own.
const SYSTEM_SOCKET: &str = "/run/mediagate.sock";
const SERVICE_SOCKET: &str = "/run/mediagate/mediagate.sock";
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

/// `/run/mediagate/mediagate.sock` where there is such a directory, else `/run/mediagate.sock`; for a user that is not root `$XDG_RUNTIME_DIR/mediagate.sock`, unless only the former is
/// there.
pub(super) fn socket() -> PathBuf {
    let service = PathBuf::from(SERVICE_SOCKET);
    let has_directory = service.parent().is_some_and(Path::is_dir);
    let system = if has_directory { service } else { PathBuf::from(SYSTEM_SOCKET) };
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
    Ok(pidfd_getfd(itself()?, number, PidfdGetfdFlags::empty())?)
}

pub(super) fn prepare_duplicates() -> io::Result<()> {
    itself().map(drop)
}

/// This process. Once it is confined it may not ask for a process any more.
fn itself() -> io::Result<&'static OwnedFd> {
    static ITSELF: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(itself) = ITSELF.get() {
        return Ok(itself);
    }
    let itself = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(ITSELF.get_or_init(|| itself))
}

/// Whether the standard error is what systemd connected with its journal: the variable has the numbers of its device and
/// inode (systemd.exec(5)).
fn journal_reads() -> bool {
    let Some(stream) = env::var_os("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|found| stream.to_str() == Some(&format!("{}:{}", found.st_dev, found.st_ino)))
}

/// Who started the daemon and wants to be told when it serves (sd_notify(3)); there need not be anybody.
#[derive(Debug)]
pub struct Supervisor(Option<UnixDatagram>);

impl Supervisor {
    /// Reaches the supervisor that the environment names.
    ///
    /// # Errors
    /// If it does not listen there.
    pub fn find() -> io::Result<Supervisor> {
        let Some(address) = env::var_os("NOTIFY_SOCKET") else { return Ok(Supervisor(None)) };
        let address = match address.as_bytes().split_first() {
            Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        Ok(Supervisor(Some(socket)))
    }

    /// Tells it that everything is served.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// Tells it that the daemon is about to end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, what: &str) {
        if let Some(Err(error)) = self.0.as_ref().map(|socket| socket.send(what.as_bytes())) {
            log::warn!("cannot tell the supervisor {what}: {error}");
        }
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An absolute directory of the environment; the XDG specification says to ignore relative ones.
fn directory(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
