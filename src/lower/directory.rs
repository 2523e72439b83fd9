//! A directory's listing, streamed from the lower file system with its own offsets.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{FileType, RawDir, SeekFrom};

use super::{FileKind, FileName};

/// Bytes of entries that are fetched at once.
const BUFFER: usize = 32 << 10;

/// What a listing names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ListedName {
    /// `.`
    Current,
    /// `..`
    Parent,
    /// An entry.
    Entry(FileName),
}

impl ListedName {
    fn parse(raw: &[u8]) -> Option<ListedName> {
        match raw {
            b"." => Some(ListedName::Current),
            b".." => Some(ListedName::Parent),
            name => FileName::parse(OsStr::from_bytes(name)).ok().map(ListedName::Entry),
        }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        match self {
            ListedName::Current => ".",
            ListedName::Parent => "..",
            ListedName::Entry(name) => name.as_str(),
        }
    }
}

/// One name of a listing.
#[derive(Clone, Debug)]
pub struct ListedEntry {
    /// The name.
    pub name: ListedName,
    /// Inode number on the lower file system.
    pub ino: u64,
    /// What it is, as far as the listing says.
    pub kind: Option<FileKind>,
    /// Where the listing goes on after it; opaque, stable while the directory is open.
    pub next: u64,
}

/// An open directory. Names that could not be served (not UTF-8) are left out.
#[derive(Debug)]
pub struct DirectoryStream {
    fd: OwnedFd,
    position: u64,
}

impl DirectoryStream {
    pub(super) fn new(fd: OwnedFd) -> DirectoryStream {
        DirectoryStream { fd, position: 0 }
    }

    /// Brings the directory itself to the medium.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// Hands the entries from `offset` on to `take` until it answers `false` or the listing ends.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn read_from(&mut self, offset: u64, mut take: impl FnMut(ListedEntry) -> bool) -> io::Result<()> {
        if self.position != offset {
            self.go_to(offset)?;
        }
        let mut buffer = vec![MaybeUninit::<u8>::uninit(); BUFFER];
        let mut entries = RawDir::new(&self.fd, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let next = entry.next_entry_cookie();
            let listed = ListedName::parse(entry.file_name().to_bytes()).map(|name| ListedEntry {
                name,
                ino: entry.ino(),
                kind: kind(entry.file_type()),
                next,
            });
            if listed.is_some_and(|listed| !take(listed)) {
                // The descriptor stands behind the whole buffer; the next read starts from where it is told.
                self.position = u64::MAX;
                return Ok(());
            }
            self.position = next;
        }
        Ok(())
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        rustix::fs::seek(&self.fd, SeekFrom::Start(offset))?;
        self.position = offset;
        Ok(())
    }
}

fn kind(file_type: FileType) -> Option<FileKind> {
    match file_type {
        FileType::RegularFile => Some(FileKind::Regular),
        FileType::Directory => Some(FileKind::Directory),
        FileType::Unknown => None,
        _ => Some(FileKind::Special),
    }
}
