//! A descriptor of `/dev/fuse` that whoever started this process has opened and mounted with.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{OwnedFd, RawFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::available::is_device;
use super::session::MountError;
use crate::platform;

/// A duplicate of the descriptor with this number. The number itself stays open until the process ends; nothing says
/// who else in this process may use it.
///
/// # Errors
/// [`MountError::Given`], if there is no such descriptor or it is not of `/dev/fuse`.
pub fn given(number: u32) -> Result<OwnedFd, MountError> {
    let cannot = |cause: io::Error| MountError::Given { number, cause: cause.to_string() };
    let refused = |cause: Errno| cannot(cause.into());
    let raw = RawFd::try_from(number).map_err(|_| refused(Errno::BADF))?;
    let device = platform::duplicate(raw).map_err(cannot)?;
    if !is_device(&device).map_err(refused)? {
        return Err(MountError::Given { number, cause: "it is not of /dev/fuse".to_owned() });
    }
    // A thread that waits for requests is to sleep, not to be told that there are none.
    let flags = fcntl_getfl(&device).map_err(refused)?;
    fcntl_setfl(&device, flags - OFlags::NONBLOCK).map_err(refused)?;
    Ok(device)
}
