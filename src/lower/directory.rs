//! A directory's listing, streamed from the lower file system with its own offsets.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
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
///
/// What was fetched and not taken is kept for a read that goes on from there: some hundred entries at most.
#[derive(Debug)]
pub struct DirectoryStream {
    fd: OwnedFd,
    /// Fetched and not taken yet.
    ahead: VecDeque<ListedEntry>,
    /// Where the first of `ahead` was listed.
    position: u64,
}

impl DirectoryStream {
    pub(super) fn new(fd: OwnedFd) -> DirectoryStream {
        DirectoryStream { fd, ahead: VecDeque::new(), position: 0 }
    }

    /// Brings the directory itself to the medium.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// Up to `most` entries from `offset` on; none at the end of the listing.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn some(&mut self, offset: u64, most: usize) -> io::Result<Vec<ListedEntry>> {
        // A listing that begins anew shows what is there now.
        if offset == 0 || self.position != offset {
            self.go_to(offset)?;
        }
        while self.ahead.is_empty() {
            if !self.fetch()? {
                break;
            }
        }
        let count = most.min(self.ahead.len());
        let some: Vec<_> = self.ahead.drain(..count).collect();
        if let Some(last) = some.last() {
            self.position = last.next;
        }
        Ok(some)
    }

    /// Takes entries back that were not used: what was listed from `offset` on, in order.
    pub fn put_back(&mut self, offset: u64, entries: impl DoubleEndedIterator<Item = ListedEntry>) {
        let mut next = None;
        for entry in entries.rev() {
            // Somebody else read on meanwhile: they are fetched again.
            if next.is_none() && entry.next != self.position {
                return;
            }
            next = Some(entry.next);
            self.ahead.push_front(entry);
        }
        if next.is_some() {
            self.position = offset;
        }
    }

    /// Hands the entries from `offset` on to `take` until it answers `false` or the listing ends.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn read_from(&mut self, offset: u64, mut take: impl FnMut(ListedEntry) -> bool) -> io::Result<()> {
        let mut next = offset;
        loop {
            let mut some = self.some(next, usize::MAX)?.into_iter();
            if some.len() == 0 {
                return Ok(());
            }
            while let Some(entry) = some.next() {
                let (from, after) = (next, entry.next);
                if !take(entry.clone()) {
                    self.put_back(from, std::iter::once(entry).chain(some));
                    return Ok(());
                }
                next = after;
            }
        }
    }

    /// Fetches entries behind those that were fetched; `false` at the end.
    fn fetch(&mut self) -> io::Result<bool> {
        let mut buffer = vec![MaybeUninit::<u8>::uninit(); BUFFER];
        let mut entries = RawDir::new(&self.fd, &mut buffer);
        let mut any = false;
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let next = entry.next_entry_cookie();
            any = true;
            if let Some(name) = ListedName::parse(entry.file_name().to_bytes()) {
                self.ahead.push_back(ListedEntry {
                    name,
                    ino: entry.ino(),
                    kind: kind(entry.file_type()),
                    next,
                });
            }
            if entries.is_buffer_empty() {
                break;
            }
        }
        Ok(any)
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.ahead.clear();
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
