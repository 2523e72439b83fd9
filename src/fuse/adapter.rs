//! Decode, one call, encode.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, Errno, FileHandle, Filesystem, FopenFlags, INodeNo,
    InitFlags, IoctlFlags, KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen,
    ReplyStatfs, ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};

use super::answer::{add_plus, unless_long};
use super::lane::Lane;
use super::translate::{
    access, attributes, context, handle, kind, name, new_name, node, open_request, rename_mode, time,
};
use crate::error::Errno as Refused;
use crate::fs::{AttributeChange, Operation, Volume};
use crate::lower::Times;

/// Largest WRITE that the kernel may send, in bytes.
const MAX_WRITE: u32 = 1 << 20;
/// Requests that may wait at once in the background (readahead, release).
const MAX_BACKGROUND: u16 = 64;

/// One volume behind fuser.
#[derive(Debug)]
pub(super) struct Adapter {
    pub(super) volume: Arc<Volume>,
    /// How many file systems may be stacked below a backing file's own.
    pub(super) stack_depth: u32,
    /// Where requests are served that may take long.
    pub(super) lane: Lane,
}

thread_local! {
    /// Where READ collects bytes; kept because it is large.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Filesystem for Adapter {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let wanted = InitFlags::FUSE_PARALLEL_DIROPS
            | InitFlags::FUSE_ATOMIC_O_TRUNC
            | InitFlags::FUSE_ASYNC_DIO
            | InitFlags::FUSE_AUTO_INVAL_DATA
            | InitFlags::FUSE_HANDLE_KILLPRIV_V2;
        let plus = InitFlags::FUSE_DO_READDIRPLUS | InitFlags::FUSE_READDIRPLUS_AUTO;
        let wanted = if self.volume.lists_entries() { wanted | plus } else { wanted };
        let offered = wanted & config.capabilities();
        if config.capabilities().contains(InitFlags::FUSE_HAS_EXPIRE_ONLY) {
            self.volume.allow_expiry();
        }
        let _all = config.add_capabilities(offered);
        let passthrough = InitFlags::FUSE_PASSTHROUGH;
        if !config.capabilities().contains(passthrough) {
            self.volume.refuse_passthrough("the kernel does not offer it (Linux 6.9 does)".to_owned());
        } else if self.volume.passthrough().is_ok() {
            let _granted = config.add_capabilities(passthrough);
            if let Err(deepest) = config.set_max_stack_depth(self.stack_depth) {
                log::debug!("the kernel stacks at most {deepest} file systems");
            }
        }
        let _background = config.set_max_background(MAX_BACKGROUND);
        let _write = config.set_max_write(MAX_WRITE);
        Ok(())
    }

    fn lookup(&self, request: &Request, parent: INodeNo, raw: &OsStr, reply: ReplyEntry) {
        let name = name(raw);
        let forced = |name| self.volume.forced_directory(node(parent), name).transpose();
        if let Some(shown) = name.as_ref().ok().and_then(forced) {
            return self.directory("lookup", shown, reply);
        }
        let name = match name {
            Ok(name) => name,
            Err(error) => return reply.error(self.report("lookup", &error)),
        };
        let (context, parent) = (context(request), node(parent));
        self.soon(request, reply, move |answer, reply| {
            let entry = answer.0.lookup(context, parent, &name);
            unless_long(entry, reply, |entry, reply| answer.entry("lookup", entry, reply))
        });
    }

    fn forget(&self, _request: &Request, ino: INodeNo, count: u64) {
        self.volume.forget(node(ino), count);
    }

    fn getattr(&self, request: &Request, ino: INodeNo, fh: Option<FileHandle>, reply: ReplyAttr) {
        match self.volume.stat(context(request), node(ino), fh.map(handle)) {
            Ok(shown) => reply.attr(&shown.cached, &attributes(&shown)),
            Err(error) => reply.error(self.report("getattr", &error)),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let times = Times { accessed: atime.map(time), modified: mtime.map(time) };
        let change = AttributeChange { size, times };
        match self.volume.change_attributes(context(request), node(ino), fh.map(handle), change) {
            Ok(shown) => reply.attr(&shown.cached, &attributes(&shown)),
            Err(error) => reply.error(self.report("setattr", &error)),
        }
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        raw: &OsStr,
        mode: u32,
        _umask: u32,
        _rdev: u32,
        reply: ReplyEntry,
    ) {
        if mode & libc::S_IFMT != libc::S_IFREG {
            return self.refused("mknod", request, (parent, raw), Operation::MakeSpecial, reply);
        }
        let entry = new_name(&self.volume, request, (parent, raw), Operation::Create)
            .and_then(|name| self.volume.make_file(context(request), node(parent), &name));
        self.answer().entry("mknod", entry, reply);
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        raw: &OsStr,
        _mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        let entry = new_name(&self.volume, request, (parent, raw), Operation::MakeDirectory)
            .and_then(|name| self.volume.make_directory(context(request), node(parent), &name));
        self.answer().entry("mkdir", entry, reply);
    }

    fn unlink(&self, request: &Request, parent: INodeNo, raw: &OsStr, reply: ReplyEmpty) {
        let done =
            name(raw).and_then(|name| self.volume.remove(context(request), node(parent), &name, false));
        self.answer().empty("unlink", done, reply);
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, raw: &OsStr, reply: ReplyEmpty) {
        let done = name(raw).and_then(|name| self.volume.remove(context(request), node(parent), &name, true));
        self.answer().empty("rmdir", done, reply);
    }

    fn symlink(&self, request: &Request, parent: INodeNo, raw: &OsStr, _target: &Path, reply: ReplyEntry) {
        self.refused("symlink", request, (parent, raw), Operation::MakeSymlink, reply);
    }

    fn link(&self, request: &Request, ino: INodeNo, parent: INodeNo, raw: &OsStr, reply: ReplyEntry) {
        if let Err(error) = self.volume.reach(context(request), node(ino)) {
            return reply.error(self.report("link", &error));
        }
        self.refused("link", request, (parent, raw), Operation::MakeLink, reply);
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        raw: &OsStr,
        new_parent: INodeNo,
        new_raw: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let ends = || {
            let (from, mode) = (name(raw)?, rename_mode(flags)?);
            Ok((from, new_name(&self.volume, request, (new_parent, new_raw), Operation::RenameTo)?, mode))
        };
        let (from, to, mode) = match ends() {
            Ok(ends) => ends,
            Err(error) => return reply.error(self.report("rename", &error)),
        };
        let context = context(request);
        self.aside(("rename", request), reply, move |volume| {
            volume.rename(context, (node(parent), &from), (node(new_parent), &to), mode)
        });
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let (context, node, wanted) = (context(request), node(ino), open_request(flags));
        self.soon(request, reply, move |answer, reply| {
            let opened = answer.0.open(context, node, wanted);
            unless_long(opened, reply, |opened, reply| answer.opened(opened, reply))
        });
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        raw: &OsStr,
        _mode: u32,
        _umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let exclusive = flags & libc::O_EXCL != 0;
        let wanted = open_request(OpenFlags(flags));
        let name = match new_name(&self.volume, request, (parent, raw), Operation::Create) {
            Ok(name) => name,
            Err(error) => return reply.error(self.report("create", &error)),
        };
        let (context, parent) = (context(request), node(parent));
        self.soon(request, reply, move |answer, reply| {
            let created = answer.0.create(context, parent, &name, wanted, exclusive);
            unless_long(created, reply, |created, reply| answer.created(created, reply))
        });
    }

    fn read(
        &self,
        request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let size = size as usize;
        self.soon(request, reply, move |answer, reply| {
            BUFFER.with_borrow_mut(|buffer| {
                if buffer.len() < size {
                    buffer.resize(size, 0);
                }
                let target = buffer.get_mut(..size).unwrap_or_default();
                let read = answer.0.read(handle(fh), offset, target);
                let bytes = read.map(|count| target.get(..count).unwrap_or_default());
                unless_long(bytes, reply, |bytes, reply| answer.read(bytes, reply))
            })
        });
    }

    fn write(
        &self,
        _request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.volume.write(handle(fh), offset, data) {
            Ok(count) => reply.written(u32::try_from(count).unwrap_or(u32::MAX)),
            Err(error) => reply.error(self.report("write", &error)),
        }
    }

    fn flush(
        &self,
        _request: &Request,
        _ino: INodeNo,
        _fh: FileHandle,
        _owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        reply.ok();
    }

    fn release(
        &self,
        _request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        self.volume.release(handle(fh));
        reply.ok();
    }

    fn fsync(&self, request: &Request, _ino: INodeNo, fh: FileHandle, data_only: bool, reply: ReplyEmpty) {
        self.aside(("fsync", request), reply, move |volume| volume.sync(handle(fh), data_only));
    }

    fn opendir(&self, request: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        match self.volume.open_directory(context(request), node(ino)) {
            // What is listed depends on the caller: the kernel must not keep it for others.
            Ok(handle) => reply.opened(FileHandle(handle.raw()), FopenFlags::empty()),
            Err(error) => reply.error(self.report("opendir", &error)),
        }
    }

    fn readdir(
        &self,
        request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let done = self.volume.read_directory(context(request), handle(fh), offset, |listed| {
            !reply.add(INodeNo(listed.ino), listed.next, kind(listed.directory), listed.name)
        });
        match done {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(self.report("readdir", &error)),
        }
    }

    fn readdirplus(
        &self,
        request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let done = self.volume.read_directory_plus(context(request), handle(fh), offset, |listed| {
            !add_plus(&mut reply, listed)
        });
        match done {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(self.report("readdirplus", &error)),
        }
    }

    fn releasedir(
        &self,
        _request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        _flags: OpenFlags,
        reply: ReplyEmpty,
    ) {
        self.volume.release(handle(fh));
        reply.ok();
    }

    fn fsyncdir(&self, request: &Request, _ino: INodeNo, fh: FileHandle, data_only: bool, reply: ReplyEmpty) {
        self.aside(("fsyncdir", request), reply, move |volume| volume.sync(handle(fh), data_only));
    }

    fn statfs(&self, request: &Request, ino: INodeNo, reply: ReplyStatfs) {
        match self.volume.statfs(context(request), node(ino)) {
            Ok(fs) => {
                let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
                let (block, name, fragment) = (small(fs.f_bsize), small(fs.f_namemax), small(fs.f_frsize));
                reply.statfs(
                    fs.f_blocks,
                    fs.f_bfree,
                    fs.f_bavail,
                    fs.f_files,
                    fs.f_ffree,
                    block,
                    name,
                    fragment,
                );
            }
            Err(error) => reply.error(self.report("statfs", &error)),
        }
    }

    fn getxattr(&self, request: &Request, ino: INodeNo, raw: &OsStr, size: u32, reply: ReplyXattr) {
        let (context, node) = (context(request), node(ino));
        let name = raw.to_str().unwrap_or_default().to_owned();
        self.soon(request, reply, move |answer, reply| {
            let value = answer.0.extended_attribute(context, node, &name);
            unless_long(value, reply, |value, reply| answer.xattr(value, size, reply))
        });
    }

    fn listxattr(&self, request: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        self.answer().xattr(self.volume.extended_attributes(context(request), node(ino)), size, reply);
    }

    fn setxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        _name: &OsStr,
        _value: &[u8],
        _flags: i32,
        _position: u32,
        reply: ReplyEmpty,
    ) {
        reply.error(self.refuse("setxattr", request, ino, Refused::EOPNOTSUPP));
    }

    fn removexattr(&self, request: &Request, ino: INodeNo, _name: &OsStr, reply: ReplyEmpty) {
        reply.error(self.refuse("removexattr", request, ino, Refused::EOPNOTSUPP));
    }

    fn access(&self, request: &Request, ino: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        let (context, node, wanted) = (context(request), node(ino), access(mask));
        self.soon(request, reply, move |answer, reply| {
            let done = answer.0.access(context, node, wanted);
            unless_long(done, reply, |done, reply| answer.empty("access", done, reply))
        });
    }

    fn ioctl(
        &self,
        _request: &Request,
        _ino: INodeNo,
        _fh: FileHandle,
        _flags: IoctlFlags,
        _command: u32,
        _data: &[u8],
        _out_size: u32,
        reply: ReplyIoctl,
    ) {
        reply.error(Errno::ENOTTY);
    }

    fn fallocate(
        &self,
        request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        self.aside(("fallocate", request), reply, move |volume| {
            volume.allocate(handle(fh), mode.cast_unsigned(), offset, length)
        });
    }

    fn lseek(
        &self,
        _request: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: i64,
        whence: i32,
        reply: ReplyLseek,
    ) {
        let Ok(offset) = u64::try_from(offset) else { return reply.error(Errno::EINVAL) };
        let hole = match whence {
            libc::SEEK_DATA => false,
            libc::SEEK_HOLE => true,
            _ => return reply.error(Errno::EINVAL),
        };
        match self.volume.seek(handle(fh), offset, hole) {
            Ok(position) => reply.offset(position.cast_signed()),
            Err(error) => reply.error(self.report("lseek", &error)),
        }
    }

    fn copy_file_range(
        &self,
        request: &Request,
        _ino_in: INodeNo,
        fh_in: FileHandle,
        offset_in: u64,
        _ino_out: INodeNo,
        fh_out: FileHandle,
        offset_out: u64,
        length: u64,
        _flags: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        let (from, to) = ((handle(fh_in), offset_in), (handle(fh_out), offset_out));
        self.write_aside(("copy_file_range", request), reply, move |volume| volume.copy(from, to, length));
    }
}
