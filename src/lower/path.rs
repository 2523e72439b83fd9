//! A file's identity: an O_PATH descriptor that holds no content.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, ResolveFlags, StatVfs, StatVfsMountFlags, StatxAttributes,
    StatxFlags, Timespec,
};

use super::data::{DataFd, OpenHow};
use super::directory::DirectoryStream;
use super::inspect::Inspection;
use super::{FileName, Stat};
use crate::policy::Permit;

/// File systems without inode numbers of their own, by their magic numbers.
const FAT: u64 = 0x4d44;
const EXFAT: u64 = 0x2011_bab0;
/// Every name is resolved like this: beneath its directory, through no link, onto no other mount.
const CONFINED: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);
/// How often a resolution is tried again that a concurrent rename disturbed (openat2 answers EAGAIN).
const RETRIES: usize = 128;
/// What is asked of a file.
const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME);
/// Mode of new lower files and directories; applications never see it.
const FILE_MODE: Mode = Mode::from_raw_mode(0o660);
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o770);

/// An O_PATH descriptor: which file, not what is in it.
#[derive(Debug)]
pub struct PathFd(OwnedFd);

/// Times to set; `None` leaves one alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Last access.
    pub accessed: Option<TimeToSet>,
    /// Last modification.
    pub modified: Option<TimeToSet>,
}

/// A time that a caller asked for.
#[derive(Clone, Copy, Debug)]
pub enum TimeToSet {
    /// The present.
    Now,
    /// This moment.
    At(SystemTime),
}

impl PathFd {
    /// The root of a volume. The only path that is ever resolved as a whole; it may lead through links.
    ///
    /// # Errors
    /// If it does not exist or is no directory.
    pub fn root(path: &Path) -> io::Result<PathFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(PathFd(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// The entry `name` of this directory, whatever it is; a symbolic link is not followed.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn child(&self, name: &FileName) -> io::Result<PathFd> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // A trailing link is opened as itself, so that `stat` can tell it; resolution through links stays refused.
        Ok(PathFd(self.resolve(name, flags, Mode::empty())?))
    }

    /// The attributes of the entry `name`, whatever it is, without a descriptor of it.
    ///
    /// # Errors
    /// EXDEV where another file system is mounted there; else the lower file system's own.
    pub fn stat_child(&self, name: &FileName) -> io::Result<Stat> {
        // One component: there is nothing on the way that could lead out of the directory.
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let found = rustix::fs::statx(&self.0, name.as_str(), flags, WANTED)?;
        if found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
            return Err(io::Error::from(rustix::io::Errno::XDEV));
        }
        Ok(Stat::from(&found))
    }

    fn resolve(&self, name: &FileName, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        for _ in 0..RETRIES {
            match rustix::fs::openat2(&self.0, name.as_str(), flags, mode, CONFINED) {
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
        Err(io::Error::from(rustix::io::Errno::AGAIN))
    }

    /// The attributes now.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn stat(&self) -> io::Result<Stat> {
        stat_of(self.0.as_fd())
    }

    /// Opens the content of this very file.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn reopen(&self, how: OpenHow, _permit: Permit) -> io::Result<DataFd> {
        Ok(DataFd::new(self.reopen_raw(how.flags())?))
    }

    /// Opens the content for the daemon itself: to sniff and to plan, never to serve.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn inspect(&self) -> io::Result<Inspection> {
        Inspection::new(self.reopen_raw(OFlags::RDONLY | OFlags::NOATIME).or_else(|error| {
            // O_NOATIME is for the owner or CAP_FOWNER; without it the access time moves.
            if error.raw_os_error() == Some(libc::EPERM) {
                self.reopen_raw(OFlags::RDONLY)
            } else {
                Err(error)
            }
        })?)
    }

    /// Opens the directory's listing.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn list(&self) -> io::Result<DirectoryStream> {
        Ok(DirectoryStream::new(self.reopen_raw(OFlags::RDONLY | OFlags::DIRECTORY)?))
    }

    fn reopen_raw(&self, flags: OFlags) -> io::Result<OwnedFd> {
        let own_fds = own_descriptors()?;
        let number = self.0.as_raw_fd().to_string();
        Ok(rustix::fs::openat(own_fds, number, flags | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// Makes the regular file `name`, which must not exist, and opens it.
    ///
    /// # Errors
    /// EEXIST if the name is taken; else the lower file system's own.
    pub fn create(&self, name: &FileName, how: OpenHow, _permit: Permit) -> io::Result<DataFd> {
        let flags = how.flags() | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(DataFd::new(self.resolve(name, flags, FILE_MODE)?))
    }

    /// Makes the directory `name`.
    ///
    /// # Errors
    /// EEXIST if the name is taken; else the lower file system's own.
    pub fn make_directory(&self, name: &FileName, _permit: Permit) -> io::Result<()> {
        self.make_own_directory(name)
    }

    /// Makes a directory that the daemon itself needs.
    ///
    /// # Errors
    /// EEXIST if the name is taken; else the lower file system's own.
    pub fn make_own_directory(&self, name: &FileName) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name.as_str(), DIRECTORY_MODE)?)
    }

    /// Removes a file (or, with `directory`, an empty directory).
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn remove(&self, name: &FileName, directory: bool, _permit: Permit) -> io::Result<()> {
        let flags = if directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        Ok(rustix::fs::unlinkat(&self.0, name.as_str(), flags)?)
    }

    /// Renames `name` to `new_name` in `new_parent`.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn rename(
        &self,
        name: &FileName,
        new_parent: &PathFd,
        new_name: &FileName,
        flags: RenameFlags,
        _permit: Permit,
    ) -> io::Result<()> {
        Ok(rustix::fs::renameat_with(&self.0, name.as_str(), &new_parent.0, new_name.as_str(), flags)?)
    }

    /// Sets times.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn set_times(&self, times: Times, _permit: Permit) -> io::Result<()> {
        let stamps = rustix::fs::Timestamps {
            last_access: timespec(times.accessed),
            last_modification: timespec(times.modified),
        };
        Ok(rustix::fs::utimensat(&self.0, "", &stamps, AtFlags::EMPTY_PATH)?)
    }

    /// Moves the status change time, and with it the content version, and changes nothing else.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn move_version(&self) -> io::Result<()> {
        // Not by setting the mode: an older mode, set-id bits with it, could come back over a newer one.
        let stamps = rustix::fs::Timestamps {
            last_access: timespec(Some(TimeToSet::At(self.stat()?.accessed))),
            last_modification: timespec(None),
        };
        Ok(rustix::fs::utimensat(&self.0, "", &stamps, AtFlags::EMPTY_PATH)?)
    }

    /// The lower file system's size and what is free.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn statfs(&self) -> io::Result<StatVfs> {
        Ok(rustix::fs::fstatvfs(&self.0)?)
    }

    /// Whether the file could be opened for writing, as far as that depends on its medium and its attributes: where
    /// the kernel itself opens the file it does not say why it cannot.
    ///
    /// # Errors
    /// EROFS, EPERM for an immutable file or one that can only be appended to; else the lower file system's own.
    pub fn may_be_written(&self, append: bool) -> io::Result<()> {
        if self.statfs()?.f_flag.contains(StatVfsMountFlags::RDONLY) {
            return Err(io::Error::from(rustix::io::Errno::ROFS));
        }
        let found = rustix::fs::statx(&self.0, "", AtFlags::EMPTY_PATH, StatxFlags::empty())?.stx_attributes;
        let kept = found.contains(StatxAttributes::IMMUTABLE)
            || (found.contains(StatxAttributes::APPEND) && !append);
        if kept { Err(io::Error::from(rustix::io::Errno::PERM)) } else { Ok(()) }
    }

    /// Whether a file keeps its inode number for good on this file system. FAT and exFAT give it another whenever the
    /// kernel has forgotten it.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn keeps_numbers(&self) -> io::Result<bool> {
        let magic = u64::try_from(rustix::fs::fstatfs(&self.0)?.f_type).unwrap_or_default();
        Ok(![FAT, EXFAT].contains(&magic))
    }
}

impl AsFd for PathFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

pub(super) fn stat_of(fd: BorrowedFd<'_>) -> io::Result<Stat> {
    Ok(Stat::from(&rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, WANTED)?))
}

/// This process's own descriptors in procfs: how an O_PATH descriptor is opened again without its path.
fn own_descriptors() -> io::Result<&'static OwnedFd> {
    static OWN: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(fd) = OWN.get() {
        return Ok(fd);
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::open("/proc/self/fd", flags, Mode::empty())?;
    Ok(OWN.get_or_init(|| fd))
}

fn timespec(time: Option<TimeToSet>) -> Timespec {
    match time {
        None => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT },
        Some(TimeToSet::Now) => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        Some(TimeToSet::At(at)) => match at.duration_since(UNIX_EPOCH) {
            Ok(since) => Timespec { tv_sec: seconds(since.as_secs()), tv_nsec: since.subsec_nanos().into() },
            Err(before) => {
                let before = before.duration();
                let carry = i64::from(before.subsec_nanos() > 0);
                let nanos = if carry == 1 { 1_000_000_000 - i64::from(before.subsec_nanos()) } else { 0 };
                Timespec { tv_sec: -seconds(before.as_secs()) - carry, tv_nsec: nanos }
            }
        },
    }
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
