//! What the lower file system says of a file.

#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, Statx, StatxTimestamp};

use crate::id::{FileId, Identity};

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;

/// The kinds of lower files that are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// Regular file.
    Regular,
    /// Directory.
    Directory,
    /// Symbolic link, device, socket or pipe: never served.
    Special,
}

/// What a plan was made for: it must not be applied to a file whose version differs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ContentVersion {
    /// Size in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Status change time in nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// Step of the coarsest clocks of file systems (exFAT; ext4 with small inodes has one second).
const COARSE: i64 = 2_000_000_000;

impl ContentVersion {
    /// Whether any change after `now` shows in the version. Stamps of whole seconds come from a file system whose clock
    /// moves in such steps: two changes within one step look alike.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let whole = |stamp: i64| stamp % 1_000_000_000 == 0;
        if !(whole(self.mtime_ns) && whole(self.ctime_ns)) {
            return true;
        }
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let latest = self.mtime_ns.max(self.ctime_ns);
        i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(latest) >= COARSE
    }
}

/// One file's attributes at one moment.
#[derive(Clone, Debug)]
pub struct Stat {
    /// What tells it from every other file.
    pub identity: Identity,
    /// What its content is bound to.
    pub version: ContentVersion,
    /// What it is.
    pub kind: FileKind,
    /// Allocated 512-byte blocks.
    pub blocks: u64,
    /// Names it has.
    pub links: u32,
    /// Preferred size of I/O in bytes.
    pub block_size: u32,
    /// Last access.
    pub accessed: SystemTime,
    /// Last modification of the content.
    pub modified: SystemTime,
    /// Last change of content or attributes.
    pub changed: SystemTime,
    /// Owner on the lower file system.
    pub uid: u32,
}

impl From<&Statx> for Stat {
    fn from(statx: &Statx) -> Stat {
        let dev = rustix::fs::makedev(statx.stx_dev_major, statx.stx_dev_minor);
        Stat {
            identity: Identity {
                file: FileId { dev, ino: statx.stx_ino },
                born: if statx.stx_mask & rustix::fs::StatxFlags::BTIME.bits() == 0 {
                    0
                } else {
                    nanos(&statx.stx_btime)
                },
            },
            version: ContentVersion {
                size: statx.stx_size,
                mtime_ns: nanos(&statx.stx_mtime),
                ctime_ns: nanos(&statx.stx_ctime),
            },
            kind: match FileType::from_raw_mode(statx.stx_mode.into()) {
                FileType::RegularFile => FileKind::Regular,
                FileType::Directory => FileKind::Directory,
                _ => FileKind::Special,
            },
            blocks: statx.stx_blocks,
            links: statx.stx_nlink,
            block_size: statx.stx_blksize,
            accessed: time(&statx.stx_atime),
            modified: time(&statx.stx_mtime),
            changed: time(&statx.stx_ctime),
            uid: statx.stx_uid,
        }
    }
}

fn nanos(stamp: &StatxTimestamp) -> i64 {
    let exact = i128::from(stamp.tv_sec) * NANOS + i128::from(stamp.tv_nsec);
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

fn time(stamp: &StatxTimestamp) -> SystemTime {
    let since = Duration::new(stamp.tv_sec.unsigned_abs(), 0);
    let whole = if stamp.tv_sec < 0 { UNIX_EPOCH.checked_sub(since) } else { UNIX_EPOCH.checked_add(since) };
    whole.and_then(|t| t.checked_add(Duration::from_nanos(stamp.tv_nsec.into()))).unwrap_or(UNIX_EPOCH)
}
