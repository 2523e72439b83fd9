//! Opening files, reading and writing them in every way, locks.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{
    FallocateFlags, FlockOperation, MemfdFlags, Mode, OFlags, SeekFrom, copy_file_range, fallocate,
    fcntl_lock, flock, fsync, ftruncate, memfd_create, open, seek, sendfile,
};
use rustix::io::{Errno, write};
use rustix::pipe::pipe;

use super::{Attempt, Outcome, Second, done};
use crate::common::{Mapping, splice};

const BLOCK: usize = 4096;

pub(super) fn act(operation: &str, path: &Path, second: Option<&Second>) -> Option<Attempt> {
    let read = OFlags::RDONLY;
    Some(match operation {
        "read" => opened(path, read).and_then(whole),
        "readwrite" => opened(path, OFlags::RDWR).and_then(whole),
        "read-direct" => opened(path, read | OFlags::DIRECT).and_then(direct),
        "pread" => opened(path, read).and_then(backwards),
        "mmap" => opened(path, read).and_then(|file| mapped(file, true)),
        "mmap-private" => opened(path, read).and_then(|file| mapped(file, false)),
        "mmap-write" => opened(path, OFlags::RDWR).and_then(|file| map_to_write(&file)),
        "mmap-upgrade" => opened(path, read).and_then(|file| map_to_write(&file)),
        "sendfile" => opened(path, read).and_then(sent),
        "splice" => opened(path, read).and_then(spliced),
        "copy" => copied(path, second?),
        "write" => done(opened(path, OFlags::WRONLY)),
        "trunc" => done(opened(path, read | OFlags::TRUNC)),
        "append" => opened(path, OFlags::WRONLY | OFlags::APPEND).and_then(|file| done(write(file, b"x"))),
        "store" => opened(path, OFlags::WRONLY | OFlags::TRUNC).and_then(|file| done(write(file, b"x"))),
        "create" => done(opened(path, OFlags::WRONLY | OFlags::CREATE)),
        "createx" => done(opened(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)),
        "tmpfile" => done(opened(path, OFlags::WRONLY | OFlags::TMPFILE)),
        "opath" => done(opened(path, OFlags::PATH)),
        "ftruncate" => opened(path, OFlags::WRONLY).and_then(|file| done(ftruncate(file, 1))),
        "fallocate" => {
            let grow = FallocateFlags::empty();
            opened(path, OFlags::WRONLY).and_then(|file| done(fallocate(file, grow, 0, 1 << 16)))
        }
        "punch" => {
            let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            opened(path, OFlags::WRONLY).and_then(|file| done(fallocate(file, hole, 0, BLOCK as u64)))
        }
        "flock" => {
            opened(path, read).and_then(|file| done(flock(file, FlockOperation::NonBlockingLockShared)))
        }
        "fcntl-lock" => {
            opened(path, read).and_then(|file| done(fcntl_lock(file, FlockOperation::NonBlockingLockShared)))
        }
        "fsync" => opened(path, read).and_then(|file| done(fsync(file))),
        "fsyncdir" => opened(path, read | OFlags::DIRECTORY).and_then(|file| done(fsync(file))),
        "seek-data" => opened(path, read).and_then(|file| position(seek(file, SeekFrom::Data(0)))),
        "seek-hole" => opened(path, read).and_then(|file| position(seek(file, SeekFrom::Hole(0)))),
        _ => return None,
    })
}

fn opened(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    Ok(open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o644))?)
}

fn whole(file: OwnedFd) -> Attempt {
    let mut bytes = Vec::new();
    File::from(file).read_to_end(&mut bytes)?;
    Ok(Outcome::Bytes(bytes))
}

/// Whole blocks into an aligned buffer.
fn direct(file: OwnedFd) -> Attempt {
    let file = File::from(file);
    let size = length(&file)?.next_multiple_of(BLOCK);
    let mut buffer = vec![0; size + 2 * BLOCK];
    let start = buffer.as_ptr().align_offset(BLOCK);
    let (mut filled, aligned) = (0, &mut buffer[start..start + size + BLOCK]);
    loop {
        match file.read_at(&mut aligned[filled..], filled as u64)? {
            0 => return Ok(Outcome::Bytes(aligned[..filled].to_vec())),
            more => filled += more,
        }
        if !filled.is_multiple_of(BLOCK) {
            return Ok(Outcome::Bytes(aligned[..filled].to_vec()));
        }
    }
}

/// Small pieces that begin anywhere, from the end to the start.
fn backwards(file: OwnedFd) -> Attempt {
    const PIECE: usize = 613;
    let file = File::from(file);
    let mut bytes = vec![0; length(&file)?];
    for start in (0..bytes.len()).step_by(PIECE).rev() {
        let end = bytes.len().min(start + PIECE);
        file.read_exact_at(&mut bytes[start..end], start as u64)?;
    }
    Ok(Outcome::Bytes(bytes))
}

fn mapped(file: OwnedFd, shared: bool) -> Attempt {
    let file = File::from(file);
    let length = length(&file)?;
    Ok(Outcome::Bytes(Mapping::to_read(&file, length, shared)?.read(0, length)))
}

fn map_to_write(file: &OwnedFd) -> Attempt {
    done(Mapping::to_write(file, 1))
}

fn sent(file: OwnedFd) -> Attempt {
    let target = memfd_create("sent", MemfdFlags::CLOEXEC)?;
    while sendfile(&target, &file, None, 1 << 20)? > 0 {}
    seek(&target, SeekFrom::Start(0))?;
    whole(target)
}

fn spliced(file: OwnedFd) -> Attempt {
    let (reader, writer) = pipe()?;
    let mut bytes = Vec::new();
    loop {
        let moved = splice(&file, &writer, BLOCK)?;
        if moved == 0 {
            return Ok(Outcome::Bytes(bytes));
        }
        let mut piece = vec![0; moved];
        let read = rustix::io::read(&reader, &mut piece)?;
        bytes.extend(&piece[..read]);
    }
}

fn copied(path: &Path, second: &Second) -> Attempt {
    let source = opened(path, OFlags::RDONLY)?;
    let target = opened(&second.path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)?;
    while copy_file_range(&source, None, &target, None, 1 << 20)? > 0 {}
    seek(&target, SeekFrom::Start(0))?;
    whole(target)
}

fn length(file: &File) -> io::Result<usize> {
    Ok(usize::try_from(file.metadata()?.len()).expect("fixtures are small"))
}

fn position(offset: Result<u64, Errno>) -> Attempt {
    Ok(Outcome::Value(offset?.to_string()))
}
