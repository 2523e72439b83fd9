//! The daemon's own look at a file: to sniff what it is and to plan what to hide.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::SeekFrom;

use super::Stat;
use super::data::read_fully;

/// A file opened for reading whose bytes go to scanners, never to a caller.
#[derive(Debug)]
pub struct Inspection {
    fd: OwnedFd,
    stat: Stat,
}

impl Inspection {
    pub(super) fn new(fd: OwnedFd) -> io::Result<Inspection> {
        let stat = super::path::stat_of(fd.as_fd())?;
        Ok(Inspection { fd, stat })
    }

    /// The attributes when it was opened.
    pub fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The attributes now.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn stat_now(&self) -> io::Result<Stat> {
        super::path::stat_of(self.fd.as_fd())
    }

    /// Waits for every `write(2)` that has begun on the file.
    ///
    /// Seeking for data takes the inode's lock (ext4, f2fs, btrfs, tmpfs; xfs locks each read itself), which a
    /// write holds from before it sets the modification time until its last byte is in place.
    pub fn settle(&self) {
        // ENXIO (a file without data) and EINVAL (no such seek) leave nothing to wait for.
        let _position = rustix::fs::seek(&self.fd, SeekFrom::Data(0));
    }

    /// Whether anybody has the file open for writing, or mapped to be written, on the lower file system. A mapping
    /// outlives the handle that it was made with: by passthrough it belongs to the lower file.
    pub fn is_open_for_writing(&self) -> bool {
        super::sys::is_open_for_writing(self.fd.as_fd())
    }

    /// Fills as much of `buffer` as the file has from `offset` on; returns the bytes read.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        read_fully(self.fd.as_fd(), buffer, offset)
    }
}
