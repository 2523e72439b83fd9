//! System calls that no safe interface offers.

#![expect(
    unsafe_code,
    reason = "leases, a thread's file-system user, a rule of Landlock: rustix has no calls for them"
)]

use std::io;
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

/// Lets this thread ask for files as this user and group. Its real, effective and saved user stay as they are, so that
/// the user may neither signal nor trace the thread. Whether the kernel did it.
pub(super) fn ask_for_files_as(user: u32, group: u32) -> bool {
    // No number of a user or group; asking for it changes nothing and tells what counts now (setfsuid(2)).
    let nobody = u32::MAX;
    // SAFETY: these calls take a number, touch no memory of ours and change this thread's credentials only.
    let [asked_group, asked_user] = unsafe {
        libc::setfsgid(group);
        libc::setfsuid(user);
        [libc::setfsgid(nobody), libc::setfsuid(nobody)]
    };
    asked_group.cast_unsigned() == group && asked_user.cast_unsigned() == user
}

/// `struct landlock_path_beneath_attr` (include/uapi/linux/landlock.h).
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: i32,
}

/// `LANDLOCK_RULE_PATH_BENEATH`
const PATH_BENEATH: libc::c_int = 1;

/// Adds to a ruleset of Landlock that these rights are had beneath a directory. It asks nothing of the directory, which
/// may be the root of a file system that nobody serves yet.
///
/// # Errors
/// EINVAL for rights that the ruleset is not about.
pub fn allow_beneath(ruleset: BorrowedFd<'_>, directory: BorrowedFd<'_>, rights: u64) -> io::Result<()> {
    let rule = PathBeneath { allowed_access: rights, parent_fd: directory.as_raw_fd() };
    let no_flags: libc::c_uint = 0;
    // SAFETY: the kernel reads one structure of this layout, which lives until the call returns; both descriptors are
    // open.
    let added = unsafe {
        let rule = std::ptr::from_ref(&rule);
        libc::syscall(libc::SYS_landlock_add_rule, ruleset.as_raw_fd(), PATH_BENEATH, rule, no_flags)
    };
    if added == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
