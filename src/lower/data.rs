//! An open file's content.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FallocateFlags, OFlags, SeekFrom};

use super::Stat;

/// How to open a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenHow {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// Empty it first.
    pub truncate: bool,
    /// Every write is on the medium when it returns (`O_SYNC`).
    pub sync: bool,
}

impl OpenHow {
    pub(super) fn flags(self) -> OFlags {
        let mut flags = match (self.read, self.write) {
            (_, false) => OFlags::RDONLY,
            (false, true) => OFlags::WRONLY,
            (true, true) => OFlags::RDWR,
        };
        flags.set(OFlags::APPEND, self.append);
        flags.set(OFlags::TRUNC, self.truncate);
        flags.set(OFlags::SYNC, self.sync);
        flags
    }
}

/// A descriptor with content; made only on a permit.
#[derive(Debug)]
pub struct DataFd(OwnedFd);

impl DataFd {
    pub(super) fn new(fd: OwnedFd) -> DataFd {
        DataFd(fd)
    }

    /// Fills as much of `buffer` as the file has from `offset` on; returns the bytes read.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        read_fully(self.0.as_fd(), buffer, offset)
    }

    /// Writes all of `data` at `offset` (at the end, if the file was opened to append).
    ///
    /// # Errors
    /// The lower file system's own, if nothing could be written.
    pub fn write_at(&self, data: &[u8], offset: u64) -> io::Result<usize> {
        let mut written = 0usize;
        while let Some(rest) = data.get(written..).filter(|rest| !rest.is_empty()) {
            match rustix::io::pwrite(&self.0, rest, offset.saturating_add(written as u64)) {
                Ok(0) => break,
                Ok(count) => written = written.saturating_add(count),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) if written > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(written)
    }

    /// The attributes now.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn stat(&self) -> io::Result<Stat> {
        super::path::stat_of(self.0.as_fd())
    }

    /// Changes the size.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn truncate(&self, size: u64) -> io::Result<()> {
        Ok(rustix::fs::ftruncate(&self.0, size)?)
    }

    /// Brings the content (and, without `data_only`, the attributes) to the medium.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn sync(&self, data_only: bool) -> io::Result<()> {
        let done = if data_only { rustix::fs::fdatasync(&self.0) } else { rustix::fs::fsync(&self.0) };
        Ok(done?)
    }

    /// `fallocate(2)` with the kernel's mode bits.
    ///
    /// # Errors
    /// EOPNOTSUPP for unknown bits; else the lower file system's own.
    pub fn allocate(&self, mode: u32, offset: u64, length: u64) -> io::Result<()> {
        let mode = FallocateFlags::from_bits(mode).ok_or(rustix::io::Errno::OPNOTSUPP)?;
        Ok(rustix::fs::fallocate(&self.0, mode, offset, length)?)
    }

    /// `lseek(2)` for data or holes.
    ///
    /// # Errors
    /// ENXIO beyond the end; else the lower file system's own.
    pub fn seek(&self, offset: u64, hole: bool) -> io::Result<u64> {
        let whence = if hole { SeekFrom::Hole(offset) } else { SeekFrom::Data(offset) };
        Ok(rustix::fs::seek(&self.0, whence)?)
    }

    /// Copies within the lower file system.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn copy_to(&self, offset: u64, to: &DataFd, to_offset: u64, length: u64) -> io::Result<usize> {
        let (mut from_at, mut to_at) = (offset, to_offset);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(rustix::fs::copy_file_range(&self.0, Some(&mut from_at), &to.0, Some(&mut to_at), length)?)
    }
}

impl AsFd for DataFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

pub(super) fn read_fully(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0usize;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(fd, rest, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}
