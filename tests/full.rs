//! Disks without room, and disks that cannot be written: what needs neither goes on, and the errno says what it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it must be")]

mod common;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use common::{MANAGER, OWNER, READER, STRANGER, Volume, as_uid, can_mount, cast, skip, truncate};
use mediagate::sample;
use rustix::fs::{Access, IFlags};
use rustix::mount::{MountFlags, mount, mount_remount};

/// Fills the file system on which the database is.
fn fill(volume: &Volume) {
    let mut filler = File::create(volume.state().join("filler")).unwrap();
    for piece in [65_536, 4_096, 1] {
        while filler.write_all(&vec![0; piece]).is_ok() {}
    }
}

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

/// Removing is how room is made, so it must not fail for want of it; and what was renamed or removed meanwhile is its
/// owner's, and nobody else's, as before.
#[test]
fn without_room_for_the_database_files_are_read_renamed_and_removed() {
    let Some(volume) = cast().file("Pictures/.keep", "").small_state().start() else { return };
    let path = |name: &str| volume.path("Pictures").join(name);
    as_uid(OWNER, || {
        for name in ["read.jpg", "moved.jpg", "gone.jpg", "again.jpg"] {
            fs::write(path(name), name).unwrap();
        }
        fs::create_dir(path("directory")).unwrap();
        // Every row tells its file before there is no room.
        fs::rename(path("moved.jpg"), path("known.jpg")).unwrap();
    });
    fill(&volume);
    as_uid(OWNER, || {
        assert_eq!(fs::read_to_string(path("read.jpg")).unwrap(), "read.jpg");
        assert_eq!(errno(fs::write(path("new.jpg"), "")), Some(libc::ENOSPC));
        assert_eq!(errno(fs::create_dir(path("another"))), Some(libc::ENOSPC));
        fs::remove_file(path("gone.jpg")).unwrap();
        fs::remove_file(path("again.jpg")).unwrap();
        fs::remove_dir(path("directory")).unwrap();
        fs::rename(path("known.jpg"), path("renamed.jpg")).unwrap();
        assert_eq!(fs::read_to_string(path("renamed.jpg")).unwrap(), "moved.jpg");
    });
    // Moved by somebody else, into a directory that has no row.
    let outside = volume.lower().join("Pictures/outside");
    fs::create_dir(&outside).unwrap();
    fs::rename(volume.lower().join("Pictures/read.jpg"), outside.join("read.jpg")).unwrap();
    assert_eq!(as_uid(OWNER, || fs::read_to_string(path("outside/read.jpg")).unwrap()), "read.jpg");
    let stranger = || as_uid(STRANGER, || fs::read(path("renamed.jpg")));
    assert_eq!(errno(stranger()), Some(libc::EACCES));
    fs::remove_file(volume.state().join("filler")).unwrap();
    as_uid(OWNER, || {
        fs::write(path("again.jpg"), "new").unwrap();
        assert_eq!(fs::read_to_string(path("renamed.jpg")).unwrap(), "moved.jpg");
        fs::remove_file(path("renamed.jpg")).unwrap();
    });
    assert!(!volume.log().contains(" error "), "{}", volume.log());
}

fn access(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, Access::WRITE_OK)?)
}

#[test]
fn a_medium_that_cannot_be_written_is_read() {
    if !can_mount() {
        return;
    }
    let setup = cast();
    let none = MountFlags::empty();
    mount("none", setup.lower(), "tmpfs", none, None).unwrap();
    let setup = setup.file("Pictures/a.jpg", sample::jpeg_with_location());
    mount_remount(setup.lower(), MountFlags::RDONLY, "").unwrap();
    let Some(volume) = setup.start() else { return };
    let path = |name: &str| volume.path("Pictures").join(name);
    as_uid(MANAGER, || {
        assert_eq!(fs::read(path("a.jpg")).unwrap(), sample::jpeg_with_location());
        assert_eq!(errno(File::create_new(path("b.jpg"))), Some(libc::EROFS));
        assert_eq!(errno(File::options().write(true).open(path("a.jpg"))), Some(libc::EROFS));
        assert_eq!(errno(File::options().append(true).open(path("a.jpg"))), Some(libc::EROFS));
        assert_eq!(errno(File::create(path("a.jpg"))), Some(libc::EROFS));
        assert_eq!(errno(access(&path("a.jpg"))), Some(libc::EROFS));
        assert_eq!(errno(truncate(&path("a.jpg"), 0)), Some(libc::EROFS));
        assert_eq!(errno(fs::create_dir(path("d"))), Some(libc::EROFS));
        assert_eq!(errno(fs::rename(path("a.jpg"), path("b.jpg"))), Some(libc::EROFS));
        assert_eq!(errno(fs::remove_file(path("a.jpg"))), Some(libc::EROFS));
        assert_eq!(
            errno(File::open(path("a.jpg")).unwrap().set_modified(SystemTime::now())),
            Some(libc::EROFS)
        );
    });
    let shown = as_uid(READER, || fs::read(path("a.jpg")).unwrap());
    assert_ne!(shown, sample::jpeg_with_location());
    assert_eq!(errno(as_uid(STRANGER, || File::create(path("a.jpg")))), Some(libc::EACCES));
    assert!(!volume.log().contains(" error "), "{}", volume.log());
}

/// Whoever may write to a file learns why it cannot be: the kernel opens the lower file by itself, and would say EIO.
#[test]
fn a_file_that_cannot_be_changed_says_so() {
    let Some(volume) = cast().file("Pictures/a.jpg", sample::jpeg_clean()).start() else { return };
    let lower = File::open(volume.lower().join("Pictures/a.jpg")).unwrap();
    let plain = rustix::fs::ioctl_getflags(&lower);
    let Ok(plain) = plain.and_then(|plain| {
        rustix::fs::ioctl_setflags(&lower, plain | IFlags::IMMUTABLE)?;
        Ok(plain)
    }) else {
        return skip("the file system knows no immutable files");
    };
    let path = volume.path("Pictures/a.jpg");
    let written = as_uid(MANAGER, || errno(File::options().write(true).open(&path)));
    let read = as_uid(MANAGER, || fs::read(&path));
    rustix::fs::ioctl_setflags(&lower, plain | IFlags::APPEND).unwrap();
    let kept = as_uid(MANAGER, || errno(File::options().write(true).open(&path)));
    let appended = as_uid(MANAGER, || File::options().append(true).open(&path)?.write_all(b"x"));
    rustix::fs::ioctl_setflags(&lower, plain).unwrap();
    assert_eq!((written, kept), (Some(libc::EPERM), Some(libc::EPERM)));
    assert_eq!((read.unwrap(), appended.unwrap()), (sample::jpeg_clean(), ()));
}
