//! The kernel's side of a mount: its table of backing files and its notifications, over the session's descriptor.
//!
//! The only file here with `unsafe`: an ioctl, and fuser's way to answer with an id that it did not make.

#![expect(unsafe_code, reason = "the ioctl that closes a backing id, and fuser's wrapper of an id")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use fuser::{
    BackingId, FileAttr, FileHandle, FopenFlags, Generation, INodeNo, Notifier, ReplyCreate, ReplyOpen,
};
use rustix::ioctl::{Setter, opcode};
use std::time::Duration;

use crate::fs::Kernel;
use crate::id::NodeId;
use crate::lower::FileName;
use crate::node::{Backing, BackingDevice};

/// `FUSE_DEV_IOC_BACKING_CLOSE` (include/uapi/linux/fuse.h).
const BACKING_CLOSE: rustix::ioctl::Opcode = opcode::write::<u32>(229, 2);
/// `FUSE_NOTIFY_INVAL_ENTRY`
const INVAL_ENTRY: i32 = 3;
/// `FUSE_EXPIRE_ONLY`
const EXPIRE_ONLY: u32 = 1;
/// Bytes before the name of a notification of an entry.
const HEADER: usize = 32;

/// The session's descriptor, from outside the session's threads.
#[derive(Debug)]
pub(super) struct KernelLink {
    device: OwnedFd,
    notifier: Notifier,
}

impl KernelLink {
    pub(super) fn new(device: OwnedFd, notifier: Notifier) -> KernelLink {
        KernelLink { device, notifier }
    }
}

impl BackingDevice for KernelLink {
    fn open_backing(&self, file: BorrowedFd<'_>) -> io::Result<u32> {
        BackingId::create_raw(&self.device, file)
    }

    fn close_backing(&self, id: u32) {
        // SAFETY: the ioctl reads one u32 and touches no memory of ours; the id came from `open_backing` of the same
        // device and is closed once, by the drop of its only owner.
        let closed = unsafe { rustix::ioctl::ioctl(&self.device, Setter::<BACKING_CLOSE, u32>::new(id)) };
        if let Err(error) = closed {
            log::debug!("backing {id} of descriptor {} was gone already: {error}", self.device.as_raw_fd());
        }
    }
}

impl Kernel for KernelLink {
    fn invalidate(&self, node: NodeId) {
        // ENOENT: the kernel has forgotten the inode, so it holds nothing of it.
        if let Err(error) = self.notifier.inval_inode(INodeNo(node.raw()), 0, 0)
            && error.raw_os_error() != Some(libc::ENOENT)
        {
            log::warn!("the kernel did not drop the pages of node {node}: {error}");
        }
    }

    fn expire_attributes(&self, node: NodeId) {
        // A negative offset leaves the pages alone. ENOENT: the kernel has forgotten the inode.
        if let Err(error) = self.notifier.inval_inode(INodeNo(node.raw()), -1, 0)
            && error.raw_os_error() != Some(libc::ENOENT)
        {
            log::warn!("the kernel did not drop the attributes of node {node}: {error}");
        }
    }

    fn expire(&self, parent: NodeId, name: &FileName) {
        // ENOENT: the kernel has no such entry; ENOTDIR: no such directory any more.
        if let Err(error) = rustix::io::write(&self.device, &expiry(parent, name))
            && !matches!(error, rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR)
        {
            log::warn!("the kernel did not let an entry of node {parent} expire: {error}");
        }
    }

    fn as_backing_device(self: Arc<Self>) -> Arc<dyn BackingDevice> {
        self
    }
}

/// `FUSE_NOTIFY_INVAL_ENTRY` with `FUSE_EXPIRE_ONLY` (include/uapi/linux/fuse.h), which fuser has no call for:
/// `fuse_out_header`, `fuse_notify_inval_entry_out`, the name and a NUL.
fn expiry(parent: NodeId, name: &FileName) -> Vec<u8> {
    let name = name.as_str().as_bytes();
    let whole = u32::try_from(HEADER + name.len() + 1).unwrap_or(0);
    let length = u32::try_from(name.len()).unwrap_or(0);
    let mut message = Vec::with_capacity(HEADER + name.len() + 1);
    message.extend(whole.to_ne_bytes());
    message.extend(INVAL_ENTRY.to_ne_bytes());
    message.extend(0u64.to_ne_bytes()); // the unique number of a notification
    message.extend(parent.raw().to_ne_bytes());
    message.extend(length.to_ne_bytes());
    message.extend(EXPIRE_ONLY.to_ne_bytes());
    message.extend(name);
    message.push(0);
    message
}

/// Answers OPEN with passthrough.
pub(super) fn opened(reply: ReplyOpen, handle: FileHandle, flags: FopenFlags, backing: &Backing) {
    // SAFETY: the id is open and belongs to this session, because `backing` owns it; the wrapper is turned back into
    // the number below, so that it never closes it.
    let wrapped = unsafe { reply.wrap_backing(backing.id()) };
    reply.opened_passthrough(handle, flags, &wrapped);
    wrapped.into_raw();
}

/// What CREATE answers besides the backing.
pub(super) struct CreatedAnswer<'a> {
    pub(super) cached: &'a Duration,
    pub(super) attributes: &'a FileAttr,
    pub(super) generation: Generation,
    pub(super) handle: FileHandle,
    pub(super) flags: FopenFlags,
}

/// Answers CREATE with passthrough.
pub(super) fn created(reply: ReplyCreate, answer: &CreatedAnswer<'_>, backing: &Backing) {
    // SAFETY: as in `opened`.
    let wrapped = unsafe { reply.wrap_backing(backing.id()) };
    let CreatedAnswer { cached, attributes, generation, handle, flags } = answer;
    reply.created_passthrough(cached, attributes, *generation, *handle, *flags, &wrapped);
    wrapped.into_raw();
}

/// Asks the kernel whether it would register a file for us: a directory is refused as such only after the privilege
/// was checked.
pub(super) fn probe(device: BorrowedFd<'_>, directory: impl AsFd) -> Result<(), String> {
    match BackingId::create_raw(device, directory).map_err(|error| error.raw_os_error()) {
        Ok(_) | Err(Some(libc::EISDIR | libc::EINVAL | libc::EOPNOTSUPP)) => Ok(()),
        Err(Some(libc::EPERM)) => {
            Err("the daemon lacks CAP_SYS_ADMIN in the initial user namespace".to_owned())
        }
        Err(Some(libc::ENOTTY)) => Err("the kernel is older than 6.9".to_owned()),
        Err(other) => Err(format!("the kernel refuses backing files (errno {})", other.unwrap_or_default())),
    }
}
