//! Between fuser's types and those of `fs`.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    AccessFlags, FileAttr, FileHandle, FileType, INodeNo, OpenAccMode, OpenFlags, RenameFlags, Request,
    TimeOrNow,
};

use crate::error::Errno;
use crate::fs::{AccessRequest, Attributes, Context, FsError, OpenRequest, Operation, RenameMode, Volume};
use crate::id::{HandleId, NodeId, Uid};
use crate::lower::{FileName, NameError, TimeToSet};

pub(super) fn context(request: &Request) -> Context {
    Context { uid: Uid::new(request.uid()), pid: request.pid() }
}

pub(super) fn node(number: INodeNo) -> NodeId {
    NodeId::new(number.0)
}

pub(super) fn handle(number: FileHandle) -> HandleId {
    HandleId::new(number.0)
}

pub(super) fn name(raw: &OsStr) -> Result<FileName, FsError> {
    Ok(FileName::parse(raw)?)
}

/// The name that `operation` is to give to a new entry of `parent`: where it can be none, policy says so.
pub(super) fn new_name(
    volume: &Volume,
    request: &Request,
    (parent, raw): (INodeNo, &OsStr),
    operation: Operation,
) -> Result<FileName, FsError> {
    match FileName::parse(raw) {
        Ok(name) => Ok(name),
        Err(error @ NameError::NotAComponent) => Err(error.into()),
        Err(error @ (NameError::TooLong | NameError::NotUnicode)) => {
            let resembling = FileName::resembling(raw)?;
            match volume.refuse_name(context(request), node(parent), &resembling, (operation, error))? {}
        }
    }
}

pub(super) fn attributes(attributes: &Attributes) -> FileAttr {
    FileAttr {
        ino: INodeNo(attributes.node.raw()),
        size: attributes.size,
        blocks: attributes.blocks,
        atime: attributes.accessed,
        mtime: attributes.modified,
        ctime: attributes.changed,
        crtime: UNIX_EPOCH,
        kind: kind(attributes.directory),
        perm: attributes.mode,
        nlink: attributes.links,
        uid: attributes.uid,
        gid: attributes.gid,
        rdev: 0,
        blksize: attributes.block_size,
        flags: 0,
    }
}

/// The attributes of a name whose node the kernel is not told of.
pub(super) fn nameless(number: u64, directory: bool) -> FileAttr {
    FileAttr {
        ino: INodeNo(number),
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: kind(directory),
        perm: 0,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

/// One time for entry and attributes where fuser takes no two.
pub(super) fn shorter(entry: Duration, attributes: Duration) -> Duration {
    entry.min(attributes)
}

pub(super) fn kind(directory: bool) -> FileType {
    if directory { FileType::Directory } else { FileType::RegularFile }
}

pub(super) fn open_request(flags: OpenFlags) -> OpenRequest {
    let mode = flags.acc_mode();
    OpenRequest {
        read: mode != OpenAccMode::O_WRONLY,
        write: mode != OpenAccMode::O_RDONLY,
        append: flags.0 & libc::O_APPEND != 0,
        truncate: flags.0 & libc::O_TRUNC != 0,
        sync: flags.0 & libc::O_SYNC == libc::O_SYNC,
    }
}

pub(super) fn access(mask: AccessFlags) -> AccessRequest {
    AccessRequest {
        read: mask.contains(AccessFlags::R_OK),
        write: mask.contains(AccessFlags::W_OK),
        execute: mask.contains(AccessFlags::X_OK),
    }
}

pub(super) fn rename_mode(flags: RenameFlags) -> Result<RenameMode, FsError> {
    if flags.is_empty() {
        Ok(RenameMode::Replace)
    } else if flags == RenameFlags::RENAME_NOREPLACE {
        Ok(RenameMode::NoReplace)
    } else if flags == RenameFlags::RENAME_EXCHANGE {
        Ok(RenameMode::Exchange)
    } else {
        Err(FsError::Plain(Errno::EINVAL))
    }
}

pub(super) fn time(time: TimeOrNow) -> TimeToSet {
    match time {
        TimeOrNow::Now => TimeToSet::Now,
        TimeOrNow::SpecificTime(at) => TimeToSet::At(at),
    }
}

#[cfg(test)]
mod tests;
