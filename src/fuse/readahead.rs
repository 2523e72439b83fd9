//! How far the kernel reads ahead of an application in a file that is served from here.

#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

/// In KiB, and the largest request of ours. With the kernel's own 128 KiB a request is answered before the next is
/// sent, so one of the two sides always waits; a file that is passed through has the read-ahead of its own file system.
const READ_AHEAD_KIB: u32 = 1024;

/// AT_STATX_DONT_SYNC (statx(2)), which rustix does not name for every system.
pub(super) const WITHOUT_ASKING: AtFlags = AtFlags::from_bits_retain(0x4000);

/// Raises the read-ahead of the mount.
///
/// # Errors
/// If this user may not: the file belongs to root. Reading is slower then, and works.
pub(super) fn raise(mount: &Path) -> io::Result<()> {
    // Without attributes to be told, the kernel answers by itself; only the device is wanted.
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | WITHOUT_ASKING;
    let status = statx(CWD, mount, flags, StatxFlags::empty())?;
    let device = format!("/sys/class/bdi/{}:{}/read_ahead_kb", status.stx_dev_major, status.stx_dev_minor);
    fs::write(device, READ_AHEAD_KIB.to_string())
}
