//! Whether this process can mount at all, and with which program where it may not do so itself.

#![forbid(unsafe_code)]

use std::env;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::{FileType, Mode, OFlags, fstat, major, minor, open};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, capabilities};

use super::session::MountError;

/// Major and minor number of the device (Documentation/admin-guide/devices.txt).
const DEVICE: (u32, u32) = (10, 229);
/// Where fuser looks for the program when PATH does not lead to it.
const DIRECTORIES: [&str; 2] = ["/sbin", "/bin"];
const PROGRAMS: [&str; 2] = ["fusermount3", "fusermount"];

/// Checks that the kernel has FUSE for us and that something may mount.
///
/// # Errors
/// [`MountError::NoDevice`], [`MountError::NoProgram`]
pub fn available() -> Result<(), MountError> {
    let no_device = |error: Errno| MountError::NoDevice(error.into());
    let device = open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(no_device)?;
    if !is_device(&device).map_err(no_device)? {
        return Err(MountError::NoDevice(Errno::NODEV.into()));
    }
    let may_mount = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
    if may_mount || unmounting_program().is_some() { Ok(()) } else { Err(MountError::NoProgram) }
}

/// Whether a descriptor is of the FUSE device.
pub(super) fn is_device(descriptor: impl AsFd) -> Result<bool, Errno> {
    let found = fstat(descriptor)?;
    let device = FileType::from_raw_mode(found.st_mode) == FileType::CharacterDevice;
    Ok(device && (major(found.st_rdev), minor(found.st_rdev)) == DEVICE)
}

/// The set-uid program that mounts and unmounts for ordinary users, looked for where fuser looks for it.
pub(super) fn unmounting_program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("FUSERMOUNT_PATH") {
        return Some(PathBuf::from(named));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> =
        env::split_paths(&path).chain(DIRECTORIES.iter().map(PathBuf::from)).collect();
    PROGRAMS
        .iter()
        .flat_map(|program| directories.iter().map(move |directory| directory.join(program)))
        .find(|program| program.is_file())
}
