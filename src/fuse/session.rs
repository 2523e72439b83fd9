//! Mounting, the threads that serve, and unmounting.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use fuser::{Config, MountOption, SessionACL};
use rustix::mount::UnmountFlags;

use super::adapter::Adapter;
use super::available::{available, unmounting_program};
use super::backing::{KernelLink, probe};
use super::lane::Lane;
use super::readahead;
use crate::fs::Volume;
use crate::lower::PathFd;

/// How many dead mounts on top of each other are cleared.
const STACKED: usize = 16;
/// File system types (statfs(2)) that are themselves stacked on another.
const OVERLAYFS: u64 = 0x794c_7630;
const ECRYPTFS: u64 = 0xf15f;
const FUSE: u64 = 0x6573_5546;

/// What goes on beside the requests, until the volume's notices are stopped.
type Beside = fn(&Volume);
/// The threads that do so.
const BESIDE: [(&str, Beside); 4] = [
    ("notices", Volume::send_notices),
    ("expiries", Volume::send_expiries),
    ("outside", Volume::watch_outside),
    ("plans", Volume::plan_ahead),
];

/// How to mount.
#[derive(Clone, Copy, Debug)]
pub struct MountOptions {
    /// Threads that serve requests.
    pub threads: usize,
    /// Whether other users than the daemon's may walk in.
    pub others: bool,
    /// Whether the kernel checks modes itself, on top of the daemon.
    pub check_modes: bool,
}

/// Why a volume could not be mounted.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The kernel has no FUSE for us.
    #[error(
        "cannot open /dev/fuse: {0}; load the kernel module fuse, and let this user read and write the device"
    )]
    NoDevice(io::Error),
    /// This user may not mount, and the program that mounts for ordinary users is not there.
    #[error("this user may not mount: install fusermount3 (package fuse3), or run as root")]
    NoProgram,
    /// mount(2) or fusermount3 refused.
    #[error(
        "cannot mount on {mount}: {}; mounting takes root (CAP_SYS_ADMIN), or fusermount3 with its set-uid bit",
        one_line(.cause)
    )]
    Refused {
        /// Where.
        mount: PathBuf,
        /// What it said.
        cause: io::Error,
    },
    /// The descriptor that was handed over cannot be served.
    #[error(
        "descriptor {number} cannot be served: {cause}; whoever starts the daemon has to open /dev/fuse as that \
         descriptor and to mount with fd={number}, and nobody else may have served it"
    )]
    Given {
        /// Its number.
        number: u32,
        /// Why.
        cause: String,
    },
    /// A thread could not be started, or a descriptor not be duplicated.
    #[error("cannot start serving {mount}: {cause}")]
    Start {
        /// Where.
        mount: PathBuf,
        /// What went wrong.
        cause: io::Error,
    },
}

impl MountError {
    /// The same of a descriptor that was handed over.
    #[must_use]
    pub fn of_descriptor(self, number: u32) -> MountError {
        match self {
            MountError::Refused { cause, .. } => MountError::Given { number, cause: cause.to_string() },
            other => other,
        }
    }
}

/// A mounted volume whose requests nobody answers yet: who asks for something there waits.
#[derive(Debug)]
pub struct Mounted {
    mount: PathBuf,
    volume: Arc<Volume>,
    session: fuser::Session<Adapter>,
}

impl Mounted {
    /// Mounts a volume, at `device` if somebody has mounted it there already; nothing serves it yet.
    ///
    /// # Errors
    /// [`MountError`]; then nothing is mounted, unless somebody else did.
    pub fn new(
        volume: Arc<Volume>,
        mount: &Path,
        options: MountOptions,
        device: Option<OwnedFd>,
    ) -> Result<Mounted, MountError> {
        let adapter = adapter(&volume);
        let refused = |cause| MountError::Refused { mount: mount.to_owned(), cause };
        let config = config(options);
        let session = match device {
            Some(device) => fuser::Session::from_fd(adapter, device, config.acl, config),
            None => {
                available()?;
                fuser::Session::new(adapter, mount, &config)
            }
        };
        let session = session.map_err(refused)?;
        // Only now: the kernel sets its own when it is answered for the first time.
        if let Err(error) = readahead::raise(mount) {
            log::debug!("the read-ahead of {} stays as it is: {error}", mount.display());
        }
        if let Ok(root) = PathFd::root(volume.lower())
            && let Err(reason) = probe(session.as_fd(), root)
        {
            volume.refuse_passthrough(reason);
        }
        Ok(Mounted { mount: mount.to_owned(), volume, session })
    }

    /// Serves it on threads of its own, which have the rights that the calling thread has now.
    ///
    /// # Errors
    /// [`MountError::Start`]
    pub fn serve(self) -> Result<Session, MountError> {
        let Mounted { mount, volume, session } = self;
        let start = |cause| MountError::Start { mount: mount.clone(), cause };
        let device = session.as_fd().try_clone_to_owned().map_err(start)?;
        volume.connect(Arc::new(KernelLink::new(device, session.notifier())));
        let beside = BESIDE.iter().map(|(name, work)| {
            let volume = volume.clone();
            std::thread::Builder::new().name((*name).to_owned()).spawn(move || work(&volume))
        });
        let beside = beside.collect::<io::Result<_>>().map_err(start)?;
        let serving = std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || session.run())
            .map_err(start)?;
        Ok(Session { mount, volume, serving, beside })
    }
}

/// A mounted volume that is being served.
#[derive(Debug)]
pub struct Session {
    mount: PathBuf,
    volume: Arc<Volume>,
    serving: JoinHandle<io::Result<()>>,
    beside: Vec<JoinHandle<()>>,
}

impl Session {
    /// Where it is mounted.
    pub fn mount(&self) -> &Path {
        &self.mount
    }

    /// The volume.
    pub fn volume(&self) -> &Arc<Volume> {
        &self.volume
    }

    /// Waits until the mount is gone and the last open file closed.
    ///
    /// # Errors
    /// What ended the session, if it was not the unmount.
    pub fn join(self) -> io::Result<()> {
        let ended =
            self.serving.join().unwrap_or_else(|_| Err(io::Error::other("a serving thread panicked")));
        self.volume.stop_notices();
        for thread in self.beside {
            if thread.join().is_err() {
                log::error!("a thread that notifies the kernel panicked");
            }
        }
        ended
    }
}

fn adapter(volume: &Arc<Volume>) -> Adapter {
    let stack_depth = stack_depth(volume.lower());
    Adapter { volume: volume.clone(), stack_depth, lane: Lane::default() }
}

/// fusermount3 ends its answer with a line feed.
fn one_line(cause: &io::Error) -> String {
    cause.to_string().trim().replace('\n', ", ")
}

fn config(options: MountOptions) -> Config {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("mediagate".to_owned()),
        MountOption::Subtype("mediagate".to_owned()),
        MountOption::NoDev,
        MountOption::NoSuid,
        MountOption::NoAtime,
    ];
    if options.check_modes {
        config.mount_options.push(MountOption::DefaultPermissions);
    }
    config.acl = if options.others { SessionACL::All } else { SessionACL::Owner };
    config.n_threads = Some(options.threads);
    // A clone that dies with its process would abort the requests that were read through it.
    config.clone_fd = false;
    config
}

/// On a plain file system ours is the first that is stacked; on a stacked one it is the second, the kernel's last.
fn stack_depth(lower: &Path) -> u32 {
    let stacked = rustix::fs::statfs(lower)
        .ok()
        .and_then(|fs| u64::try_from(fs.f_type).ok())
        .is_some_and(|kind| matches!(kind, OVERLAYFS | ECRYPTFS | FUSE));
    if stacked { 2 } else { 1 }
}

/// Takes the mount out of the name space; what is open goes on being served until it is closed.
///
/// # Errors
/// If nothing is mounted there or the user may not unmount.
pub fn detach(mount: &Path) -> io::Result<()> {
    match rustix::mount::unmount(mount, UnmountFlags::DETACH) {
        Err(rustix::io::Errno::PERM) => {
            let program = unmounting_program().ok_or(rustix::io::Errno::PERM)?;
            let status =
                std::process::Command::new(program).args(["-u", "-z", "-q", "--"]).arg(mount).status()?;
            if status.success() { Ok(()) } else { Err(io::Error::other(format!("fusermount -u: {status}"))) }
        }
        other => Ok(other?),
    }
}

/// Clears what an earlier daemon left mounted when it died; tells how many mounts that were.
///
/// `stat` is no detector of a dead mount, because the kernel may answer it from its cache; statfs is not cached.
///
/// # Errors
/// If the mount is dead but cannot be cleared.
pub fn clear_dead_mount(mount: &Path) -> io::Result<usize> {
    for cleared in 0..STACKED {
        match rustix::fs::statvfs(mount) {
            Err(rustix::io::Errno::NOTCONN | rustix::io::Errno::CONNABORTED) => detach(mount)?,
            _ => return Ok(cleared),
        }
    }
    Err(io::Error::other("too many dead mounts on top of each other"))
}
