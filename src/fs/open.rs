//! OPEN and RELEASE: which view, which I/O mode.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::content::LOOKS;
use super::decide::enforce;
use super::{Context, FsError, Notice, Volume, VolumeHandle, VolumeInode, VolumeNode, now};
use crate::diag::{Counter, Decision};
use crate::error::Errno;
use crate::id::{HandleId, NodeId};
use crate::lower::{DataFd, OpenHow};
use crate::node::{Backing, Content, Handle, Mapped, Sharing};
use crate::policy::{Access, Operation, Permit, View};
use crate::redact::Plan;

/// How many idle backings are kept; past it all idle ones are let go.
const IDLE_BACKINGS: u64 = 16_384;

/// What a caller wants to open a file for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenRequest {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Each write goes to the end.
    pub append: bool,
    /// Empty it first; a write, whatever the access mode says.
    pub truncate: bool,
    /// Each write is on the medium when it returns.
    pub sync: bool,
}

impl OpenRequest {
    pub(super) fn operation(self) -> Operation {
        Operation::Open { read: self.read, write: self.write || self.truncate }
    }

    pub(super) fn how(self) -> OpenHow {
        OpenHow {
            read: self.read,
            write: self.write,
            append: self.append,
            truncate: self.truncate,
            sync: self.sync,
        }
    }
}

/// On what terms a file was opened.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub(super) permit: Permit,
    /// The view and the rule.
    pub access: Access,
    /// What for.
    pub request: OpenRequest,
    /// Seconds since 1970.
    pub since: i64,
    /// The process that opened it.
    pub pid: u32,
}

impl Terms {
    pub(super) fn new(context: Context, permit: Permit, access: Access, request: OpenRequest) -> Terms {
        Terms { permit, access, request, since: now(), pid: context.pid }
    }
}

/// What OPEN answers.
#[derive(Debug)]
pub struct Opened {
    /// The handle.
    pub handle: HandleId,
    /// Who does the I/O.
    pub io: OpenedIo,
}

/// Who does the I/O of an open.
#[derive(Clone, Debug)]
pub enum OpenedIo {
    /// The kernel, through this backing.
    Passthrough(Arc<Backing>),
    /// The daemon, through the page cache of the node; with `keep` the pages of earlier opens still stand.
    Cached {
        /// See above.
        keep: bool,
    },
}

impl Volume {
    /// OPEN.
    ///
    /// # Errors
    /// ESTALE if the node is not the caller's view: the kernel looks the name up again; else as policy or the lower
    /// file system answers.
    pub fn open(&self, context: Context, id: NodeId, request: OpenRequest) -> Result<Opened, FsError> {
        self.counting(Counter::Open, self.open_by_node(context, id, request))
    }

    fn open_by_node(&self, context: Context, id: NodeId, request: OpenRequest) -> Result<Opened, FsError> {
        let node = self.node(id)?;
        if node.inode().is_directory() {
            return Err(FsError::Plain(Errno::EISDIR));
        }
        self.still_named(node.inode())?;
        let operation = self.operation_on(&node, request.operation());
        self.outside_private_trees(context, node.inode(), operation)?;
        let opened = self.opening(context, node.inode(), operation, |permit, access| {
            self.open_node(context, &node, Terms::new(context, permit, access, request), None)
        });
        if matches!(opened, Err(FsError::StaleView)) {
            self.counters.count(Counter::StaleView);
        }
        opened
    }

    /// Does what policy allows by an open, and records the answer unless the request is to be served again.
    pub(super) fn opening<T>(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        operation: Operation,
        work: impl FnOnce(Permit, Access) -> Result<T, FsError>,
    ) -> Result<T, FsError> {
        let caller = self.caller(context);
        let verdict = self.verdict(&caller, inode, &*self.facts(inode)?, operation)?;
        let done = enforce(verdict).and_then(|(permit, access)| work(permit, access));
        if !matches!(done, Err(FsError::TakesLong)) {
            self.record(context, operation, verdict, || self.path_of(inode));
        }
        done
    }

    /// Looks into a file that is about to be opened by one who must not see the private parts, while nothing is
    /// locked. Whether it changes too fast for that.
    fn look_ahead(&self, inode: &Arc<VolumeInode>) -> Result<bool, FsError> {
        if self.is_written(inode, &mut inode.sharing())? {
            return Ok(false);
        }
        match self.seen(inode, &*self.facts(inode)?, true) {
            Ok(_) => Ok(false),
            Err(FsError::Changing) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Opens a node on terms that policy gave; `fresh` is the descriptor of a file that was made just now.
    pub(super) fn open_node(
        &self,
        context: Context,
        node: &Arc<VolumeNode>,
        terms: Terms,
        mut fresh: Option<DataFd>,
    ) -> Result<Opened, FsError> {
        self.within_quota(context)?;
        let mut changing = false;
        for _ in 0..LOOKS {
            match self.open_looked(context, node, terms, fresh.take(), changing) {
                Err(FsError::TakesLong) => changing = self.look_ahead(node.inode())?,
                opened => return opened,
            }
        }
        Err(FsError::Changing)
    }

    /// The same; [`FsError::TakesLong`] if the file has to be looked into before.
    fn open_looked(
        &self,
        context: Context,
        node: &Arc<VolumeNode>,
        terms: Terms,
        fresh: Option<DataFd>,
        changing: bool,
    ) -> Result<Opened, FsError> {
        let inode = node.inode();
        // Held until the handle counts: a reader is given passthrough only while nobody can write.
        let mut sharing = inode.sharing();
        let filtered = match (terms.access.view, node.view()) {
            (View::Full, View::Full) => false,
            (View::Full, View::Redacted) => return Err(FsError::StaleView),
            (View::Redacted, view) => self
                .is_filtered(inode, view, &mut sharing, changing)
                .inspect_err(|error| self.record_opaque(context, inode, terms.request.operation(), error))?,
        };
        if filtered && (terms.request.write || terms.request.truncate) {
            return Err(FsError::Plain(Errno::EACCES));
        }
        let (content, io) =
            if filtered { self.open_filtered(node, terms)? } else { self.open_full(node, terms, fresh)? };
        if terms.request.write {
            sharing.writers = sharing.writers.saturating_add(1);
            if sharing.trusting > 0 {
                self.tell_who_holds(inode);
            }
        }
        if terms.access.view == View::Redacted && matches!(content, Content::Passthrough { .. }) {
            sharing.trusting = sharing.trusting.saturating_add(1);
        }
        drop(sharing);
        if terms.request.write || terms.request.truncate {
            self.changed(inode);
        }
        let handle = self.handles.insert(Handle::new(node.clone(), context.uid, content, terms));
        Ok(Opened { handle, io })
    }

    /// No application may take the descriptors that all others are served with.
    pub(super) fn within_quota(&self, context: Context) -> Result<(), FsError> {
        let raw = context.uid == crate::id::Uid::ROOT || context.uid == self.settings.own;
        if raw || self.handles.held_by(context.uid) < self.settings.handles_per_uid {
            return Ok(());
        }
        Err(FsError::Plain(Errno::EMFILE))
    }

    /// Whether a caller who must not see the private parts is served filtered bytes on a node of this view.
    fn is_filtered(
        &self,
        inode: &Arc<VolumeInode>,
        view: View,
        sharing: &mut Sharing,
        changing: bool,
    ) -> Result<bool, FsError> {
        if self.is_written(inode, sharing)? {
            return if view == View::Redacted { Ok(true) } else { Err(FsError::StaleView) };
        }
        let seen = match self.seen_before(inode, true)? {
            Some(seen) => seen,
            // Reads decide: they hold the bytes that they plan for.
            None if changing => {
                inode.known.hides.store(true, Ordering::Relaxed);
                return if view == View::Redacted { Ok(true) } else { Err(FsError::StaleView) };
            }
            // Who closes the file waits for this lock, so nothing is looked into here.
            None => return Err(FsError::TakesLong),
        };
        match seen.plan.as_deref() {
            Some(Plan::Clean) if view == View::Redacted => Ok(true),
            // What is given to the kernel cannot be taken back, and who wrote a moment ago may write again.
            Some(Plan::Clean) if self.is_restless(inode) => Err(FsError::StaleView),
            Some(Plan::Clean) => Ok(false),
            Some(Plan::Ranges(_)) if view == View::Redacted => Ok(true),
            Some(Plan::Ranges(_)) => Err(FsError::StaleView),
            Some(Plan::Opaque(reason)) => Err(FsError::Opaque(reason.clone())),
            None => Err(FsError::Plain(Errno::EIO)),
        }
    }

    /// Whether somebody may change the bytes without moving the version: through a handle, or through a mapping that
    /// outlived one.
    pub(super) fn is_written(
        &self,
        inode: &Arc<VolumeInode>,
        sharing: &mut Sharing,
    ) -> Result<bool, FsError> {
        if sharing.writers > 0 || sharing.mapped == Mapped::No {
            return Ok(sharing.writers > 0);
        }
        let inspection = inode.descriptor(&self.nodes.descriptors)?.inspect()?;
        let before = std::mem::replace(&mut sharing.mapped, mapped(inspection.is_open_for_writing()));
        if (before, sharing.mapped) == (Mapped::Yes, Mapped::No) {
            self.seal(inode);
        }
        Ok(sharing.mapped == Mapped::Yes)
    }

    /// Whether the file's two views differ, as far as is known.
    pub(super) fn has_two_views(&self, inode: &VolumeInode) -> bool {
        let sharing = inode.sharing();
        sharing.writers > 0
            || sharing.mapped == Mapped::Yes
            || inode.known.hides.load(Ordering::Relaxed)
            || self.is_restless(inode)
    }

    fn is_restless(&self, inode: &VolumeInode) -> bool {
        self.restless.lock().holds(&inode.identity(), self.settings.rest)
    }

    fn open_filtered(&self, node: &VolumeNode, terms: Terms) -> Result<(Content, OpenedIo), FsError> {
        self.counters.count(Counter::OpenedRedacted);
        let descriptor = node.inode().descriptor(&self.nodes.descriptors)?;
        let data = descriptor.reopen(terms.request.how(), terms.permit)?;
        let version = data.stat()?.version;
        let keep = node.cached.lock().replace(version) == Some(version);
        Ok((Content::Filtered(Arc::new(data)), OpenedIo::Cached { keep }))
    }

    fn open_full(
        &self,
        node: &Arc<VolumeNode>,
        terms: Terms,
        fresh: Option<DataFd>,
    ) -> Result<(Content, OpenedIo), FsError> {
        let mut io = node.io();
        let passthrough = if io.opens > 0 { io.passthrough } else { self.wants_passthrough() };
        let backing = match (passthrough, &io.backing) {
            (true, Some(backing)) => Some(backing.clone()),
            (true, None) => self.register(node)?,
            (false, _) => None,
        };
        let data = match fresh {
            Some(data) => Some(data),
            // The kernel leaves truncation to the daemon, and a served file needs a descriptor.
            None if backing.is_none() || terms.request.truncate => {
                let how =
                    OpenHow { write: terms.request.write || terms.request.truncate, ..terms.request.how() };
                Some(node.inode().descriptor(&self.nodes.descriptors)?.reopen(how, terms.permit)?)
            }
            // The kernel opens the lower file, and answers EIO where it cannot.
            None if terms.request.write => {
                node.inode().descriptor(&self.nodes.descriptors)?.may_be_written(terms.request.append)?;
                None
            }
            None => None,
        };
        io.opens = io.opens.saturating_add(1);
        io.passthrough = backing.is_some();
        match (backing, data) {
            (Some(backing), _) => {
                self.counters.count(Counter::OpenedPassthrough);
                io.backing = Some(backing.clone());
                let content = Content::Passthrough { backing: backing.clone(), data: Default::default() };
                Ok((content, OpenedIo::Passthrough(backing)))
            }
            (None, Some(data)) => {
                self.counters.count(Counter::OpenedServed);
                Ok((Content::Served(Arc::new(data)), OpenedIo::Cached { keep: false }))
            }
            (None, None) => Err(FsError::Plain(Errno::EIO)),
        }
    }

    fn wants_passthrough(&self) -> bool {
        self.settings.passthrough && self.no_passthrough.lock().is_none()
    }

    /// Registers the lower file with the kernel. If the kernel refuses, the file is served: slower, never an error.
    fn register(&self, node: &VolumeNode) -> Result<Option<Arc<Backing>>, FsError> {
        let Some(kernel) = self.kernel.get() else { return Ok(None) };
        let descriptor = node.inode().descriptor(&self.nodes.descriptors)?;
        let device = kernel.clone().as_backing_device();
        match Backing::open(&device, std::os::fd::AsFd::as_fd(&*descriptor)) {
            Ok(backing) => {
                self.counters.count(Counter::BackingOpened);
                if self.counters.value(Counter::BackingOpened).is_multiple_of(IDLE_BACKINGS) {
                    self.drop_idle_backings(node.id());
                }
                Ok(Some(Arc::new(backing)))
            }
            Err(error) => {
                log::warn!("the kernel grants no passthrough on {}: {error}", self.lower.display());
                *self.no_passthrough.lock() = Some(error.to_string());
                Ok(None)
            }
        }
    }

    pub(super) fn drop_idle_backings(&self, but: NodeId) {
        for (node, _) in self.nodes.all() {
            // One that is in use is not idle, and its opener may be waiting for the node that this one holds.
            if node.id() != but
                && let Some(mut io) = node.try_io()
                && io.opens == 0
            {
                io.backing = None;
            }
        }
    }

    /// RELEASE.
    pub fn release(&self, id: HandleId) {
        self.counters.count(Counter::Release);
        let Some(handle) = self.handles.remove(id) else { return };
        let inode = handle.inode();
        if handle.terms.access.view == View::Redacted && matches!(handle.content, Content::Passthrough { .. })
        {
            let mut sharing = inode.sharing();
            sharing.trusting = sharing.trusting.saturating_sub(1);
        }
        if !matches!(handle.content, Content::Filtered(_) | Content::Directory(_)) {
            let mut io = handle.node.io();
            io.opens = io.opens.saturating_sub(1);
        }
        if handle.terms.request.write {
            let mut sharing = inode.sharing();
            let last = sharing.writers == 1;
            if last {
                self.seal(inode);
            }
            sharing.writers = sharing.writers.saturating_sub(1);
            if let Content::Passthrough { data, .. } = &handle.content {
                data.lock().take();
                let inspection = inode.descriptor(&self.nodes.descriptors).and_then(|fd| fd.inspect());
                let written = inspection.map_or(true, |inspection| inspection.is_open_for_writing());
                sharing.mapped = mapped(written);
            }
            self.changed(inode);
            drop(sharing);
            self.tell_changed(inode);
            if last {
                self.plan_later(inode);
            }
        }
    }

    /// The last writer is gone: no plan that was made while it could write is good any more. Stores through a shared
    /// mapping need not move the modification time, so the version is moved for them.
    fn seal(&self, inode: &Arc<VolumeInode>) {
        *inode.known.content.lock() = None;
        let moved = inode.descriptor(&self.nodes.descriptors).and_then(|fd| fd.move_version());
        if let Err(error) = moved {
            log::debug!("the version of {} was not moved: {error}", self.path_of(inode));
        }
        self.note_left(inode);
    }

    /// What is there now is our own doing: it is no news when the lower file system tells of it.
    pub(super) fn note_left(&self, inode: &Arc<VolumeInode>) {
        let now = inode.descriptor(&self.nodes.descriptors).and_then(|fd| fd.stat());
        *inode.known.left.lock() = now.ok().map(|stat| stat.version);
    }

    /// Somebody may write to a file that the kernel serves to readers who were given it because it held nothing to
    /// hide. That cannot be taken back; the audit tells who they are, so that the system can end them.
    pub(super) fn tell_who_holds(&self, inode: &Arc<VolumeInode>) {
        for (_, handle) in self.handles.all() {
            let given = matches!(handle.content, Content::Passthrough { .. })
                && handle.terms.access.view == View::Redacted;
            if given && Arc::ptr_eq(handle.inode(), inode) {
                self.decisions.push(Decision {
                    time: now(),
                    uid: handle.uid.raw(),
                    operation: "hold",
                    path: self.path_of(inode),
                    rule: "held-while-written",
                    errno: None,
                    redacted: false,
                    count: 1,
                });
            }
        }
    }

    /// The content may be another from now on.
    pub(super) fn changed(&self, inode: &VolumeInode) {
        inode.known.changes.fetch_add(1, Ordering::AcqRel);
        self.restless.lock().note(inode.identity());
        self.invalidate_redacted(inode);
    }

    /// The redacted view's cached pages and attributes may be of an older content.
    pub(super) fn invalidate_redacted(&self, inode: &VolumeInode) {
        for node in self.nodes.known_redacted(inode) {
            *node.cached.lock() = None;
            // The receiver lives as long as the volume is served; without it there is no kernel to tell.
            let _sent = self.notices.send(Notice::Invalidate(node.id()));
        }
    }

    pub(super) fn handle(&self, id: HandleId) -> Result<Arc<VolumeHandle>, FsError> {
        self.handles.find(id).ok_or(FsError::UnknownHandle(id))
    }
}

fn mapped(written: bool) -> Mapped {
    if written { Mapped::Yes } else { Mapped::No }
}
