//! OPENDIR and READDIR: the names that the caller may list, streamed.

#![forbid(unsafe_code)]

use super::forced;
use super::listing::Reader;
use super::open::{OpenRequest, Terms};
use super::{Context, Entry, FsError, Volume};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{HandleId, NodeId};
use crate::lower::FileName;
use crate::node::{Content, Handle};
use crate::policy::Operation;
use crate::store::NAMES;

/// One name of a listing as the kernel gets it.
#[derive(Debug)]
pub struct ListedDirectory<'a> {
    /// The name.
    pub name: &'a str,
    /// Inode number on the lower file system: the shown one in all but rare cases.
    pub ino: u64,
    /// Whether it is a directory.
    pub directory: bool,
    /// Where the listing goes on after it.
    pub next: u64,
}

/// One name of a listing with its node; `None` for `.` and `..`, which the kernel knows.
#[derive(Debug)]
pub struct PlusEntry<'v> {
    /// The name.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Inode number on the lower file system.
    pub ino: u64,
    /// Where the listing goes on after it.
    pub next: u64,
    /// The entry, counted once if the kernel takes it.
    pub entry: Option<Entry<'v>>,
}

impl Volume {
    /// OPENDIR.
    ///
    /// # Errors
    /// As policy or the lower file system answers.
    pub fn open_directory(&self, context: Context, id: NodeId) -> Result<HandleId, FsError> {
        self.counters.count(Counter::OpenDirectory);
        if let Some(directory) = forced::Directory::of(id) {
            return self.open_forced_directory(context, directory);
        }
        let node = self.node(id)?;
        let inode = node.inode();
        if !inode.is_directory() {
            return Err(FsError::Plain(Errno::ENOTDIR));
        }
        self.within_quota(context)?;
        self.outside_private_trees(context, inode, Operation::OpenDirectory)?;
        let (permit, access) = self.permit(context, inode, Operation::OpenDirectory)?;
        self.watch(inode);
        let stream = inode.descriptor(&self.nodes.descriptors)?.list()?;
        let terms = Terms::new(context, permit, access, OpenRequest::default());
        let content = Content::Directory(stream.into());
        Ok(self.handles.insert(Handle::new(node, context.uid, content, terms)))
    }

    /// READDIR: hands names from `offset` on to `take` until it answers `false`.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn read_directory(
        &self,
        context: Context,
        id: HandleId,
        offset: u64,
        mut take: impl FnMut(ListedDirectory<'_>) -> bool,
    ) -> Result<(), FsError> {
        self.counters.count(Counter::ReadDirectory);
        if forced::is_listing(id) {
            return Ok(());
        }
        let handle = self.handle(id)?;
        let reader = Reader::new(self, context, handle.inode())?;
        let Content::Directory(stream) = &handle.content else { return Err(FsError::Plain(Errno::ENOTDIR)) };
        let mut next = offset;
        loop {
            let some = stream.lock().some(next, NAMES)?;
            if some.is_empty() {
                return Ok(());
            }
            let shown = reader.shown(&some)?;
            let mut left = some.into_iter().zip(shown);
            while let Some((listed, shown)) = left.next() {
                let (from, after) = (next, listed.next);
                let taken = shown.is_none_or(|directory| {
                    take(ListedDirectory {
                        name: listed.name.as_str(),
                        ino: listed.ino,
                        directory,
                        next: listed.next,
                    })
                });
                if !taken {
                    let rest = left.map(|(listed, _)| listed);
                    stream.lock().put_back(from, std::iter::once(listed).chain(rest));
                    return Ok(());
                }
                next = after;
            }
        }
    }

    /// READDIRPLUS: like READDIR, with the entry of each name.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn read_directory_plus<'v>(
        &'v self,
        context: Context,
        id: HandleId,
        offset: u64,
        mut take: impl FnMut(PlusEntry<'v>) -> bool,
    ) -> Result<(), FsError> {
        if forced::is_listing(id) {
            return Ok(());
        }
        let handle = self.handle(id)?;
        let parent = handle.inode().clone();
        let caller = self.caller(context);
        self.read_directory(context, id, offset, |listed| {
            let name = FileName::parse(std::ffi::OsStr::new(listed.name)).ok();
            let entry = name.and_then(|name| {
                let (inode, stat) = self.listed_child(&parent, &name).ok()?;
                Some(self.as_spelled(self.entry(&caller, &inode, &stat).ok()?, &name))
            });
            let gone = entry.is_none() && !matches!(listed.name, "." | "..");
            gone || take(PlusEntry {
                name: listed.name.to_owned(),
                directory: listed.directory,
                ino: listed.ino,
                next: listed.next,
                entry,
            })
        })
    }
}
