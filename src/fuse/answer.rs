//! Encoding answers: what `fs` gave, as fuser's replies.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::time::Duration;

use fuser::{
    Errno, FileHandle, FopenFlags, Generation, INodeNo, ReplyCreate, ReplyData, ReplyDirectoryPlus,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, ReplyXattr, Request,
};

use super::adapter::Adapter;
use super::backing::{self, CreatedAnswer};
use super::translate::{attributes, context, nameless, new_name, node, shorter};
use crate::diag::Counter;
use crate::error::Errno as Refused;
use crate::fs::{
    Attributes, Created, Entry, FsError, Opened, OpenedIo, Operation, PlusEntry, Volume, hurried,
};

/// An error with what caused it.
struct Causes<'e>(&'e FsError);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)?;
        // The error's own text has that of its first cause.
        let first = std::error::Error::source(self.0);
        let causes = std::iter::successors(first.and_then(|first| first.source()), |cause| cause.source());
        causes.into_iter().try_for_each(|cause| write!(out, ": {cause}"))
    }
}

/// Where an error is logged and counted: once, here.
fn report(volume: &Volume, operation: &'static str, error: &FsError) -> Errno {
    if error.is_failure() {
        volume.counters().count(Counter::Failed);
        log::error!("{operation} failed: {}", Causes(error));
    } else {
        log::debug!("{operation}: {error}");
    }
    Errno::from_i32(error.errno().raw())
}

/// Who answers for a volume.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'v>(pub(super) &'v Volume);

impl Adapter {
    pub(super) fn answer(&self) -> Answer<'_> {
        Answer(&self.volume)
    }

    /// See [`report`].
    pub(super) fn report(&self, operation: &'static str, error: &FsError) -> Errno {
        report(&self.volume, operation, error)
    }

    /// Serves a request here, where others wait, if that is soon done, else aside: `serve` gives the reply back then.
    pub(super) fn soon<R: Send + 'static>(
        &self,
        request: &Request,
        reply: R,
        serve: impl Fn(Answer<'_>, R) -> Option<R> + Send + 'static,
    ) {
        let Some(reply) = hurried(|| serve(self.answer(), reply)) else { return };
        let volume = self.volume.clone();
        // A reply that comes back here is dropped, which answers EIO.
        self.lane.serve(request.uid(), move || drop(serve(Answer(&volume), reply)));
    }

    /// Serves what may take long beside the threads that serve everybody.
    pub(super) fn aside(
        &self,
        (operation, request): (&'static str, &Request),
        reply: ReplyEmpty,
        work: impl FnOnce(&Volume) -> Result<(), FsError> + Send + 'static,
    ) {
        let volume = self.volume.clone();
        self.lane.serve(request.uid(), move || match work(&volume) {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(report(&volume, operation, &error)),
        });
    }

    /// The same for what answers how much was written.
    pub(super) fn write_aside(
        &self,
        (operation, request): (&'static str, &Request),
        reply: ReplyWrite,
        work: impl FnOnce(&Volume) -> Result<usize, FsError> + Send + 'static,
    ) {
        let volume = self.volume.clone();
        self.lane.serve(request.uid(), move || match work(&volume) {
            Ok(count) => reply.written(u32::try_from(count).unwrap_or(u32::MAX)),
            Err(error) => reply.error(report(&volume, operation, &error)),
        });
    }

    /// The answer to what is refused to everyone.
    pub(super) fn refuse(
        &self,
        operation: &'static str,
        request: &Request,
        ino: INodeNo,
        errno: Refused,
    ) -> Errno {
        let reached = self.volume.reach(context(request), node(ino));
        self.report(operation, &reached.err().unwrap_or(FsError::Plain(errno)))
    }

    /// Answers with a directory that is no node.
    pub(super) fn directory(
        &self,
        operation: &'static str,
        shown: Result<Attributes, FsError>,
        reply: ReplyEntry,
    ) {
        match shown {
            Ok(shown) => reply.entry(&shown.cached, &attributes(&shown), Generation(0)),
            Err(error) => reply.error(self.report(operation, &error)),
        }
    }

    /// Answers who wants to make what nobody may.
    pub(super) fn refused(
        &self,
        called: &'static str,
        request: &Request,
        (parent, raw): (INodeNo, &OsStr),
        operation: Operation,
        reply: ReplyEntry,
    ) {
        let refused = new_name(&self.volume, request, (parent, raw), operation)
            .and_then(|name| self.volume.refuse_special(context(request), node(parent), &name, operation));
        let Err(error) = refused;
        reply.error(self.report(called, &error));
    }
}

impl Answer<'_> {
    fn report(self, operation: &'static str, error: &FsError) -> Errno {
        report(self.0, operation, error)
    }

    pub(super) fn entry(self, operation: &'static str, entry: Result<Entry<'_>, FsError>, reply: ReplyEntry) {
        match entry {
            Ok(Entry { node, attributes: shown, generation, cached }) => {
                let attr = attributes(&shown);
                node.give_to_kernel();
                reply.entry_with_ttls(&shown.cached, &cached, &attr, Generation(generation));
            }
            Err(error) => reply.error(self.report(operation, &error)),
        }
    }

    pub(super) fn opened(self, opened: Result<Opened, FsError>, reply: ReplyOpen) {
        match opened {
            Ok(opened) => {
                let flags = open_flags(&opened.io);
                let handle = FileHandle(opened.handle.raw());
                match &opened.io {
                    OpenedIo::Passthrough(file) => backing::opened(reply, handle, flags, file),
                    OpenedIo::Cached { .. } => reply.opened(handle, flags),
                }
            }
            Err(error) => reply.error(self.report("open", &error)),
        }
    }

    pub(super) fn created(self, created: Result<Created<'_>, FsError>, reply: ReplyCreate) {
        let Created { entry, opened } = match created {
            Ok(created) => created,
            Err(error) => return reply.error(self.report("create", &error)),
        };
        let attr = attributes(&entry.attributes);
        let cached = shorter(entry.cached, entry.attributes.cached);
        entry.node.give_to_kernel();
        let answer = CreatedAnswer {
            cached: &cached,
            attributes: &attr,
            generation: Generation(entry.generation),
            handle: FileHandle(opened.handle.raw()),
            flags: open_flags(&opened.io),
        };
        match &opened.io {
            OpenedIo::Passthrough(file) => backing::created(reply, &answer, file),
            OpenedIo::Cached { .. } => {
                reply.created(&cached, &attr, answer.generation, answer.handle, answer.flags);
            }
        }
    }

    pub(super) fn empty(self, operation: &'static str, done: Result<(), FsError>, reply: ReplyEmpty) {
        match done {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(self.report(operation, &error)),
        }
    }

    pub(super) fn xattr(self, value: Result<Vec<u8>, FsError>, size: u32, reply: ReplyXattr) {
        match value {
            Ok(value) if size == 0 => reply.size(u32::try_from(value.len()).unwrap_or(u32::MAX)),
            Ok(value) if value.len() > size as usize => reply.error(Errno::ERANGE),
            Ok(value) => reply.data(&value),
            Err(error) => reply.error(self.report("getxattr", &error)),
        }
    }

    pub(super) fn read(self, bytes: Result<&[u8], FsError>, reply: ReplyData) {
        match bytes {
            Ok(bytes) => reply.data(bytes),
            Err(error) => reply.error(self.report("read", &error)),
        }
    }
}

/// Answers, unless that takes long: the reply is given back then.
pub(super) fn unless_long<T, R>(
    done: Result<T, FsError>,
    reply: R,
    answer: impl FnOnce(Result<T, FsError>, R),
) -> Option<R> {
    if matches!(done, Err(FsError::TakesLong)) {
        return Some(reply);
    }
    answer(done, reply);
    None
}

/// No FLUSH at close: nothing waits for it. Passthrough's own bit is added by the reply.
pub(super) fn open_flags(io: &OpenedIo) -> FopenFlags {
    match io {
        OpenedIo::Passthrough(_) | OpenedIo::Cached { keep: false } => FopenFlags::FOPEN_NOFLUSH,
        OpenedIo::Cached { keep: true } => FopenFlags::FOPEN_NOFLUSH | FopenFlags::FOPEN_KEEP_CACHE,
    }
}

/// Adds a name with its node; tells whether there was no room for it.
pub(super) fn add_plus(reply: &mut ReplyDirectoryPlus, listed: PlusEntry<'_>) -> bool {
    let PlusEntry { name, directory, ino, next, entry } = listed;
    let Some(Entry { node, attributes: shown, generation, cached }) = entry else {
        // `.` and `..`: number 0 would end the listing, and the kernel takes no node for them.
        let attr = nameless(ino, directory);
        return reply.add(INodeNo(ino), next, name, &Duration::ZERO, &attr, Generation(0));
    };
    let attr = attributes(&shown);
    let ttl = shorter(cached, shown.cached);
    let full = reply.add(attr.ino, next, name, &ttl, &attr, Generation(generation));
    if !full {
        node.give_to_kernel();
    }
    full
}
