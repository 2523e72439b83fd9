//! Each word of the protocol says the same in ours.

#![forbid(unsafe_code)]

use super::*;

#[test]
fn open_flags_are_what_policy_is_asked_about() {
    let open = |flags| open_request(OpenFlags(flags));
    let none = OpenRequest::default();
    assert_eq!(open(libc::O_RDONLY), OpenRequest { read: true, ..none });
    assert_eq!(open(libc::O_WRONLY), OpenRequest { write: true, ..none });
    assert_eq!(open(libc::O_RDWR), OpenRequest { read: true, write: true, ..none });
    assert_eq!(open(libc::O_RDONLY | libc::O_TRUNC), OpenRequest { read: true, truncate: true, ..none });
    assert_eq!(open(libc::O_WRONLY | libc::O_APPEND), OpenRequest { write: true, append: true, ..none });
    assert_eq!(open(libc::O_WRONLY | libc::O_SYNC), OpenRequest { write: true, sync: true, ..none });
    // Data alone is synchronised by an FSYNC that the kernel sends after the write.
    assert!(!open(libc::O_WRONLY | libc::O_DSYNC).sync);
    let beside = libc::O_CREAT | libc::O_EXCL | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_LARGEFILE;
    assert_eq!(open(libc::O_RDONLY | beside), OpenRequest { read: true, ..none });
}

#[test]
fn one_rename_flag_at_a_time() {
    let mode = |flags| rename_mode(RenameFlags::from_bits_retain(flags)).map_err(|error| error.errno());
    assert_eq!(mode(0), Ok(RenameMode::Replace));
    assert_eq!(mode(libc::RENAME_NOREPLACE), Ok(RenameMode::NoReplace));
    assert_eq!(mode(libc::RENAME_EXCHANGE), Ok(RenameMode::Exchange));
    for other in [libc::RENAME_WHITEOUT, libc::RENAME_NOREPLACE | libc::RENAME_EXCHANGE, 1 << 10] {
        assert_eq!(mode(other), Err(Errno::EINVAL), "{other}");
    }
}

#[test]
fn an_access_mask_is_its_bits() {
    let asked = |mask| access(AccessFlags::from_bits_retain(mask));
    assert_eq!(asked(libc::F_OK), AccessRequest::default());
    assert_eq!(asked(libc::R_OK), AccessRequest { read: true, ..AccessRequest::default() });
    let every = AccessRequest { read: true, write: true, execute: true };
    assert_eq!(asked(libc::R_OK | libc::W_OK | libc::X_OK), every);
}

#[test]
fn numbers_and_names_pass_unchanged() {
    assert_eq!(node(INodeNo(u64::MAX)), NodeId::new(u64::MAX));
    assert_eq!(handle(FileHandle(7)), HandleId::new(7));
    assert_eq!(name(OsStr::new("a")).unwrap().as_str(), "a");
    assert_eq!(name(OsStr::new("..")).unwrap_err().errno(), Errno::EINVAL);
    assert_eq!(name(OsStr::new(&"x".repeat(256))).unwrap_err().errno(), Errno::ENOENT);
}

#[test]
fn attributes_arrive_whole() {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let given = Attributes {
        node: NodeId::new(1 << 63 | 12),
        size: 5,
        blocks: 8,
        accessed: at(1),
        modified: UNIX_EPOCH - Duration::from_secs(2),
        changed: at(3),
        directory: false,
        mode: 0o660,
        links: 2,
        uid: 10_001,
        gid: 1023,
        block_size: 4096,
        cached: Duration::ZERO,
    };
    let sent = attributes(&given);
    assert_eq!((sent.ino.0, sent.size, sent.blocks), (1 << 63 | 12, 5, 8));
    assert_eq!((sent.atime, sent.mtime, sent.ctime), (given.accessed, given.modified, given.changed));
    assert_eq!((sent.kind, sent.perm, sent.nlink), (FileType::RegularFile, 0o660, 2));
    assert_eq!((sent.uid, sent.gid, sent.blksize), (10_001, 1023, 4096));
    let directory = attributes(&Attributes { directory: true, mode: 0o770, ..given });
    assert_eq!((directory.kind, directory.perm), (FileType::Directory, 0o770));
    assert_eq!(nameless(9, true).kind, FileType::Directory);
    assert_eq!(shorter(Duration::from_secs(60), Duration::ZERO), Duration::ZERO);
}
