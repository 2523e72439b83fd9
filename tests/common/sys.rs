//! System calls that no safe interface offers: mappings, splice, file handles.

#![expect(unsafe_code, reason = "the kernel reads and writes memory that these calls name")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Words of a file handle: length, type, and the largest content (MAX_HANDLE_SZ).
const HANDLE_WORDS: usize = 2 + 128 / 4;

/// A mapped file. Its bytes are copied in and out, so that others may change them at any time.
#[derive(Debug)]
pub(crate) struct Mapping {
    at: *mut u8,
    length: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and is touched by copying only.
unsafe impl Send for Mapping {}
// SAFETY: as above; what concurrent copies see of each other is for the tests to judge.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes to read them; `shared` or private.
    pub(crate) fn to_read(file: impl AsFd, length: usize, shared: bool) -> io::Result<Mapping> {
        let how = if shared { MapFlags::SHARED } else { MapFlags::PRIVATE };
        Mapping::new(file, length, ProtFlags::READ, how)
    }

    /// Maps the first `length` bytes, shared, to write them.
    pub(crate) fn to_write(file: impl AsFd, length: usize) -> io::Result<Mapping> {
        Mapping::new(file, length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED)
    }

    fn new(file: impl AsFd, length: usize, access: ProtFlags, how: MapFlags) -> io::Result<Mapping> {
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing of ours.
        let at = unsafe { mmap(ptr::null_mut(), length, access, how, file, 0) }?;
        Ok(Mapping { at: at.cast(), length })
    }

    /// The bytes from `offset` on.
    pub(crate) fn read(&self, offset: usize, length: usize) -> Vec<u8> {
        assert!(offset + length <= self.length, "within the mapping");
        let mut bytes = vec![0; length];
        // SAFETY: the range is mapped, as asserted, and `bytes` is as long and ours alone.
        unsafe { ptr::copy_nonoverlapping(self.at.add(offset), bytes.as_mut_ptr(), length) };
        bytes
    }

    /// Stores `bytes` at `offset`.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.length, "within the mapping");
        // SAFETY: the range is mapped to be written, as asserted; no reference to it exists.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.at.add(offset), bytes.len()) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nothing refers to the mapping: its bytes are only copied.
        let _ = unsafe { munmap(self.at.cast(), self.length) };
    }
}

/// `splice(2)` at the descriptors' own positions.
pub(crate) fn splice(from: impl AsFd, to: impl AsFd, length: usize) -> io::Result<usize> {
    let (from, to) = (from.as_fd().as_raw_fd(), to.as_fd().as_raw_fd());
    // SAFETY: null offsets are allowed, and both descriptors are open.
    let moved = unsafe { libc::splice(from, ptr::null_mut(), to, ptr::null_mut(), length, 0) };
    usize::try_from(moved).map_err(|_| io::Error::last_os_error())
}

/// `truncate(2)`: by name, so that no open of the caller's comes before it.
pub(crate) fn truncate(path: &Path, size: i64) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `path` is a string that ends in NUL.
    let done = unsafe { libc::truncate(path.as_ptr(), size) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// `name_to_handle_at(2)`
pub(crate) fn file_handle(path: &Path) -> io::Result<Vec<u32>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut handle = vec![0u32; HANDLE_WORDS];
    handle[0] = 128;
    let mut mount = 0;
    // SAFETY: `handle` has room for the header and the length that it announces; the others are valid pointers.
    let done = unsafe {
        libc::name_to_handle_at(libc::AT_FDCWD, path.as_ptr(), handle.as_mut_ptr().cast(), &raw mut mount, 0)
    };
    if done == 0 { Ok(handle) } else { Err(io::Error::last_os_error()) }
}

/// `open_by_handle_at(2)` for reading.
pub(crate) fn open_by_handle(mount: BorrowedFd<'_>, mut handle: Vec<u32>) -> io::Result<OwnedFd> {
    // SAFETY: the handle came from `file_handle`.
    let opened = unsafe {
        libc::open_by_handle_at(
            mount.as_raw_fd(),
            handle.as_mut_ptr().cast(),
            libc::O_RDONLY | libc::O_CLOEXEC,
        )
    };
    if opened < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel made this descriptor for us just now.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}
