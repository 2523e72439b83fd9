//! System calls that no safe interface offers.

#![expect(unsafe_code, reason = "leases: rustix has no call for them")]

use std::os::fd::{AsRawFd, BorrowedFd};

/// include/uapi/asm-generic/fcntl.h; libc does not have it on every target.
const F_SETSIG: libc::c_int = 10;

/// Whether anybody has the file open for writing, or mapped to be written, by whatever way; also true where the
/// kernel cannot tell.
///
/// A lease for reading is granted only while nobody has (fcntl(2), "Leases"). It is given back at once; a writer that
/// opens the file in between waits for that, and the signal which announces it is one that is ignored by default.
pub(super) fn is_open_for_writing(file: BorrowedFd<'_>) -> bool {
    let control = |command, argument: libc::c_int| {
        // SAFETY: these commands take a number and touch no memory of ours; the descriptor is open.
        unsafe { libc::fcntl(file.as_raw_fd(), command, argument) }
    };
    if control(F_SETSIG, libc::SIGURG) != 0 || control(libc::F_SETLEASE, libc::F_RDLCK) != 0 {
        return true;
    }
    control(libc::F_SETLEASE, libc::F_UNLCK);
    false
}
