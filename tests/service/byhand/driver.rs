//! The kernel's Binder driver itself (linux/android/binder.h): open, map, exchange commands.

#![expect(unsafe_code, reason = "the driver reads and writes memory that these calls name")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// `BINDER_WRITE_READ`.
const WRITE_READ: libc::c_ulong = 0xc030_6201;
/// How much the driver may deliver at a time.
const MAPPED: usize = 256 << 10;

/// `struct binder_write_read`.
#[repr(C)]
struct WriteRead {
    write_size: u64,
    write_consumed: u64,
    write_buffer: u64,
    read_size: u64,
    read_consumed: u64,
    read_buffer: u64,
}

/// One opening of the driver.
#[derive(Debug)]
pub(crate) struct Driver {
    file: OwnedFd,
    mapped: *mut libc::c_void,
}

impl Driver {
    pub(crate) fn open() -> Driver {
        let file = File::options().read(true).write(true).open("/dev/binder").expect("the Binder driver");
        // SAFETY: a new mapping at a place that the kernel chooses; it is unmapped once, when this is dropped.
        let mapped = unsafe { mmap(ptr::null_mut(), MAPPED, ProtFlags::READ, MapFlags::PRIVATE, &file, 0) };
        Driver { file: file.into(), mapped: mapped.expect("the driver can be mapped") }
    }

    /// Hands the driver commands and takes what it returns; waits for something unless `wait` says not to. The commands
    /// behind one that failed are left.
    pub(crate) fn exchange(&self, commands: &mut Vec<u8>, wait: bool) -> io::Result<Vec<u8>> {
        let mut returned = vec![0u8; if wait { 4096 } else { 0 }];
        let mut both = WriteRead {
            write_size: commands.len() as u64,
            write_consumed: 0,
            write_buffer: commands.as_ptr() as u64,
            read_size: returned.len() as u64,
            read_consumed: 0,
            read_buffer: returned.as_mut_ptr() as u64,
        };
        // SAFETY: the structure and both buffers that it names live until the call has returned, with these sizes; what
        // the commands point to is kept by the caller.
        let done = unsafe { libc::ioctl(self.file.as_raw_fd(), WRITE_READ, &raw mut both) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        let taken = usize::try_from(both.write_consumed).expect("it is no more than was handed over");
        commands.drain(..taken);
        returned.truncate(usize::try_from(both.read_consumed).expect("it is no more than was asked for"));
        Ok(returned)
    }

    /// Bytes that the driver delivered.
    pub(crate) fn delivered(&self, address: u64, size: u64) -> Vec<u8> {
        let start = address.checked_sub(self.mapped as u64).expect("it lies in the mapping");
        assert!(start + size <= MAPPED as u64, "it lies in the mapping");
        let mut bytes = vec![0u8; usize::try_from(size).expect("it fits")];
        // SAFETY: checked above to lie in the mapping, which the driver keeps unchanged until the buffer is freed.
        unsafe { ptr::copy_nonoverlapping(address as *const u8, bytes.as_mut_ptr(), bytes.len()) };
        bytes
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and nothing borrows from it.
        let _ = unsafe { munmap(self.mapped, MAPPED) };
    }
}
