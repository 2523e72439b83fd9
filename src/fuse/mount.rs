//! Mounting and unmounting for a daemon that may not do so itself any more: what is asked for may come from a daemon
//! that an attacker has taken over, which also answers for what lies below the mount.

#![forbid(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};

use super::readahead::WITHOUT_ASKING;

/// Beneath the mount point and through no link, so that a name never leads to what is not ours.
const CONFINED: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
/// What is mounted, and its type, in mountinfo.
const NAMES: (&str, &str) = ("mediagate", "fuse");
/// How often a resolution is tried again that a concurrent rename disturbed (openat2 answers EAGAIN).
const RETRIES: usize = 128;

/// Mounts a FUSE file system at `inside` below the mount point, or at the mount point itself where that is empty, and
/// returns the descriptor at which it is to be served. Inside, the kernel checks modes itself.
///
/// # Errors
/// The kernel's own.
pub fn mount_below(mount: &Path, inside: &str) -> io::Result<OwnedFd> {
    let point = resolve(mount, inside)?;
    let device = rustix::fs::openat(CWD, "/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let checked = if inside.is_empty() { "" } else { ",default_permissions" };
    let data = format!(
        "fd={},rootmode=40000,user_id={user},group_id={group},allow_other{checked}",
        device.as_raw_fd()
    );
    let data = CString::new(data).map_err(io::Error::other)?;
    let flags = MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOATIME;
    rustix::mount::mount(NAMES.0, opened(&point), NAMES.1, flags, data.as_c_str())?;
    Ok(device)
}

/// Takes what is mounted there out of the name space; what is open goes on being served until it is closed.
///
/// # Errors
/// EINVAL if nothing is mounted there; the kernel's own.
pub fn detach_below(mount: &Path, inside: &str) -> io::Result<()> {
    let point = resolve(mount, inside)?;
    // Of the attributes nothing is wanted that the daemon would have to be asked for.
    let flags = AtFlags::EMPTY_PATH | WITHOUT_ASKING;
    let found = rustix::fs::statx(&point, "", flags, StatxFlags::empty())?;
    if !found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
        return Err(Errno::INVAL.into());
    }
    Ok(rustix::mount::unmount(opened(&point), UnmountFlags::DETACH)?)
}

fn resolve(mount: &Path, inside: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::openat(CWD, mount, flags | OFlags::NOFOLLOW, Mode::empty())?;
    if inside.is_empty() {
        return Ok(root);
    }
    for _ in 0..RETRIES {
        match rustix::fs::openat2(&root, inside, flags, Mode::empty(), CONFINED) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
    Err(Errno::AGAIN.into())
}

/// The path of what a descriptor is of.
fn opened(descriptor: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", descriptor.as_raw_fd())
}
