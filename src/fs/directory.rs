//! OPENDIR and READDIR: the names that the caller may list, streamed.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::facts::Facts;
use super::forced;
use super::open::{OpenRequest, Terms};
use super::{Context, Entry, FsError, Volume, VolumeInode};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{HandleId, NodeId};
use crate::lower::{FileKind, FileName, ListedEntry, ListedName};
use crate::node::{Content, Handle};
use crate::policy::{self, Caller, DenyReason, Identity, Kind, Operation, Place, Verdict};

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
        if forced::Directory::of(id).is_some() {
            return Ok(self.open_forced_directory());
        }
        let node = self.node(id)?;
        let inode = node.inode();
        if !inode.is_directory() {
            return Err(FsError::Plain(Errno::ENOTDIR));
        }
        self.within_quota(context)?;
        self.outside_private_trees(&self.caller(context), &*self.facts(inode)?, DenyReason::Private)?;
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
        let mut failed = None;
        stream.lock().read_from(offset, |listed| match reader.shown(&listed) {
            Ok(None) => true,
            Ok(Some(shown)) => take(ListedDirectory {
                name: listed.name.as_str(),
                ino: listed.ino,
                directory: shown,
                next: listed.next,
            }),
            Err(error) => {
                failed = Some(error);
                false
            }
        })?;
        failed.map_or(Ok(()), Err)
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
                let (inode, stat) = self.child(&parent, &name).ok()?;
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

/// Who lists which directory.
#[derive(Debug)]
struct Reader<'v> {
    volume: &'v Volume,
    caller: Caller,
    directory: Arc<VolumeInode>,
    facts: Arc<Facts>,
}

impl<'v> Reader<'v> {
    fn new(
        volume: &'v Volume,
        context: Context,
        directory: &Arc<VolumeInode>,
    ) -> Result<Reader<'v>, FsError> {
        Ok(Reader {
            volume,
            caller: volume.caller(context),
            directory: directory.clone(),
            facts: volume.facts(directory)?,
        })
    }

    /// Whether the name is shown; then, whether it is a directory.
    fn shown(&self, listed: &ListedEntry) -> Result<Option<bool>, FsError> {
        let name = match &listed.name {
            ListedName::Current | ListedName::Parent => return Ok(Some(true)),
            ListedName::Entry(name) => name,
        };
        let kind = match listed.kind {
            Some(kind) => kind,
            None => match self.volume.child(&self.directory, name) {
                Ok((inode, _)) => inode.kind(),
                Err(_) => return Ok(None),
            },
        };
        let directory = match kind {
            FileKind::Directory => true,
            FileKind::Regular => false,
            FileKind::Special => return Ok(None),
        };
        Ok(self.may_list(name, directory)?.then_some(directory))
    }

    fn may_list(&self, name: &FileName, directory: bool) -> Result<bool, FsError> {
        if self.volume.is_reserved(&self.directory, name) {
            return Ok(false);
        }
        if matches!(self.caller.identity, Identity::Root) {
            return Ok(true);
        }
        let volume = self.volume;
        let named = volume.facts_of_name(&self.facts, name, directory, false);
        if !volume.is_private() && matches!(named.place, Place::Private { .. }) {
            return Ok(false);
        }
        let list = |facts: &Facts, kind: Option<Kind>| {
            let known = volume.for_policy(&self.caller, facts, directory, kind);
            matches!(policy::decide(&self.caller, &known, &Operation::List), Verdict::Allow(..))
        };
        if list(&named, None) {
            return Ok(true);
        }
        // What is known only from the row (owner, grants) or from the content may still allow it.
        let Ok((inode, _)) = volume.child(&self.directory, name) else { return Ok(false) };
        let facts = volume.facts(&inode)?;
        if list(&facts, None) {
            return Ok(true);
        }
        if directory || !list(&facts, Some(facts.named)) {
            return Ok(false);
        }
        Ok(volume.kind(&inode, &facts).is_ok_and(|kind| list(&facts, Some(kind))))
    }
}
