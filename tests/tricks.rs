//! Ways around the redacted view that an application could try: each ends without a byte of the location.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use common::{
    MANAGER, Mapping, OTHER_READER, OWNER, READER, STRANGER, Volume, as_uid, as_uid_with, cast, file_handle,
    open_by_handle, photo, redacted, tells_location,
};
use rustix::fs::{Mode, OFlags};
use rustix::mount::mount_bind;
use rustix::thread::CapabilitySet;

const PHOTO: &str = "DCIM/photo.jpg";

/// A volume with one photo that has a location.
fn located() -> Option<(Volume, Vec<u8>)> {
    let bytes = photo(Some(1));
    let volume = cast().file(PHOTO, &bytes).start()?;
    Some((volume, bytes))
}

/// The photo made by OWNER through the mount.
fn made(bytes: &[u8]) -> Option<Volume> {
    let volume = cast().start()?;
    as_uid(OWNER, || {
        fs::create_dir(volume.path("DCIM")).unwrap();
        fs::write(volume.path(PHOTO), bytes).unwrap();
    });
    Some(volume)
}

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

/// The whole photo opened by the manager: with content, or only as an identity (`O_PATH`).
fn opened_in_full(volume: &Volume, flags: OFlags) -> OwnedFd {
    as_uid(MANAGER, || {
        // An open for content first: an O_PATH open takes whichever view was looked up last.
        let _content = File::open(volume.path(PHOTO)).unwrap();
        rustix::fs::open(volume.path(PHOTO), flags, Mode::empty()).unwrap()
    })
}

/// Path lookups go on working, whatever was tried.
fn assert_views(volume: &Volume, bytes: &[u8]) {
    for (uid, expected) in [(READER, redacted(bytes)), (MANAGER, bytes.to_vec()), (READER, redacted(bytes))] {
        assert!(as_uid(uid, || fs::read(volume.path(PHOTO)).unwrap()) == expected, "uid {uid}");
    }
}

#[test]
fn a_descriptor_that_was_passed_cannot_be_opened_again() {
    let Some((volume, bytes)) = located() else { return };
    for flags in [OFlags::RDONLY, OFlags::PATH] {
        let full = opened_in_full(&volume, flags);
        let link = PathBuf::from(format!("/proc/self/fd/{}", full.as_raw_fd()));
        for _ in 0..3 {
            assert_eq!(as_uid(READER, || errno(File::open(&link))), Some(libc::ESTALE), "{flags:?}");
        }
        assert!(as_uid(MANAGER, || File::open(&link).is_ok()), "{flags:?}");
        assert_views(&volume, &bytes);
    }
}

#[test]
fn a_descriptor_that_was_inherited_cannot_be_opened_again() {
    let Some((volume, bytes)) = located() else { return };
    for flags in [OFlags::RDONLY, OFlags::PATH] {
        let full = opened_in_full(&volume, flags);
        let mut cat = Command::new("cat");
        cat.arg("/proc/self/fd/0").stdin(Stdio::from(full));
        let output = as_uid(READER, || cat.output().unwrap());
        assert!(!output.status.success() && output.stdout.is_empty(), "{flags:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("Stale file handle"), "{flags:?}: {told}");
    }
    assert_views(&volume, &bytes);
}

/// A process that ends with its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn another_process_descriptor_cannot_be_opened_through_proc() {
    let Some((volume, bytes)) = located() else { return };
    let full = opened_in_full(&volume, OFlags::RDONLY);
    let mut sleep = Command::new("sleep");
    sleep.arg("60").stdin(Stdio::from(full));
    let holder = Ended(as_uid(READER, || sleep.spawn().unwrap()));
    let link = format!("/proc/{}/fd/0", holder.0.id());
    // Until `sleep` itself runs, the kernel lets nobody look at what its process has open.
    let deadline = Instant::now() + Duration::from_secs(10);
    while as_uid(READER, || fs::read_link(&link)).is_err() {
        assert!(Instant::now() < deadline, "{link} stays closed");
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(as_uid(READER, || errno(File::open(&link))), Some(libc::ESTALE));
    assert_views(&volume, &bytes);
}

#[test]
fn a_bind_mount_of_the_full_view_is_not_opened_by_a_reader() {
    let Some((volume, bytes)) = located() else { return };
    let bound = volume.state().join("../bound.jpg");
    fs::write(&bound, "").unwrap();
    let bound = fs::canonicalize(bound).unwrap();
    mount_bind(volume.path(PHOTO), &bound).unwrap();
    for _ in 0..3 {
        assert_eq!(as_uid(READER, || errno(File::open(&bound))), Some(libc::ESTALE));
        assert!(as_uid(MANAGER, || fs::read(&bound).unwrap()) == bytes);
        assert_views(&volume, &bytes);
    }
}

#[test]
fn a_bind_mount_of_the_redacted_view_is_not_opened_in_full() {
    let Some((volume, bytes)) = located() else { return };
    assert_views(&volume, &bytes);
    let filtered = as_uid(READER, || File::open(volume.path(PHOTO)).unwrap());
    let link = format!("/proc/self/fd/{}", filtered.as_raw_fd());
    assert!(as_uid(OTHER_READER, || fs::read(&link).unwrap()) == redacted(&bytes));
    assert_eq!(as_uid(MANAGER, || errno(File::open(&link))), Some(libc::ESTALE));
}

#[test]
fn a_file_handle_of_the_full_view_is_not_opened_by_a_reader() {
    let Some((volume, bytes)) = located() else { return };
    let search = CapabilitySet::DAC_READ_SEARCH;
    let mount = File::open(volume.mount()).unwrap();
    let handle = as_uid(MANAGER, || {
        drop(File::open(volume.path(PHOTO)).unwrap());
        file_handle(&volume.path(PHOTO)).unwrap()
    });
    let _full = opened_in_full(&volume, OFlags::RDONLY);
    let open = |uid| as_uid_with(uid, search, || errno(open_by_handle(mount.as_fd(), handle.clone())));
    assert_eq!(open(READER), Some(libc::ESTALE));
    assert_eq!(open(STRANGER), Some(libc::EACCES));
    assert_eq!(open(MANAGER), None, "the handle is good");
    assert_views(&volume, &bytes);
}

#[test]
fn a_redacted_open_cannot_be_mapped_to_be_written() {
    let Some((volume, bytes)) = located() else { return };
    let file = as_uid(READER, || File::open(volume.path(PHOTO)).unwrap());
    assert_eq!(errno(Mapping::to_write(&file, 100)), Some(libc::EACCES));
    assert_views(&volume, &bytes);
}

#[test]
fn a_redacted_open_cannot_be_cloned() {
    let Some((volume, _)) = located() else { return };
    as_uid(READER, || {
        fs::create_dir(volume.path("Download")).unwrap();
        let clone = File::create_new(volume.path("Download/clone.jpg")).unwrap();
        let source = File::open(volume.path(PHOTO)).unwrap();
        assert!(rustix::fs::ioctl_ficlone(&clone, &source).is_err());
        assert_eq!(clone.metadata().unwrap().len(), 0);
    });
}

#[test]
fn media_is_not_executed() {
    let Some((volume, _)) = located() else { return };
    fs::set_permissions(volume.lower().join(PHOTO), Permissions::from_mode(0o777)).unwrap();
    for uid in [READER, MANAGER] {
        let run = as_uid(uid, || errno(Command::new(volume.path(PHOTO)).spawn()));
        assert_eq!(run, Some(libc::EACCES), "uid {uid}");
    }
}

#[test]
fn a_reader_changes_nothing() {
    let bytes = photo(Some(1));
    let Some(volume) = made(&bytes) else { return };
    let path = volume.path(PHOTO);
    let before = fs::metadata(volume.lower().join(PHOTO)).unwrap();
    as_uid(READER, || {
        let held = File::open(&path).unwrap();
        for mut options in [File::options(), File::options().read(true).to_owned()] {
            assert_eq!(errno(options.write(true).open(&path)), Some(libc::EACCES), "open to write");
        }
        let truncate = File::options().read(true).write(true).truncate(true).open(&path);
        assert_eq!(errno(truncate), Some(libc::EACCES), "O_TRUNC");
        assert_eq!(errno(File::options().append(true).open(&path)), Some(libc::EACCES), "O_APPEND");
        let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
        assert_eq!(errno(held.set_times(times)), Some(libc::EACCES), "utimens");
        assert_eq!(errno(fs::remove_file(&path)), Some(libc::EACCES), "unlink");
        assert_eq!(errno(fs::rename(&path, volume.path("DCIM/mine.jpg"))), Some(libc::EPERM), "rename");
        fs::write(volume.path("DCIM/own.jpg"), photo(None)).unwrap();
        let replaced = fs::rename(volume.path("DCIM/own.jpg"), &path);
        assert!(matches!(errno(replaced), Some(libc::EACCES | libc::EPERM)), "replace");
        // The mode belongs to the volume: who asks for another one is told so or ignored, and nothing changes.
        let _ = fs::set_permissions(&path, Permissions::from_mode(0o777));
    });
    let after = fs::metadata(volume.lower().join(PHOTO)).unwrap();
    assert_eq!(
        (after.mode(), after.mtime_nsec(), after.len()),
        (before.mode(), before.mtime_nsec(), before.len())
    );
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o660);
    assert_views(&volume, &bytes);
}

#[test]
fn truncating_by_path_is_refused_to_a_reader() {
    let Some((volume, bytes)) = located() else { return };
    let mut truncate = Command::new("truncate");
    truncate.args(["--no-create", "--size=10"]).arg(volume.path(PHOTO));
    let output = as_uid(READER, || truncate.output().unwrap());
    assert!(String::from_utf8_lossy(&output.stderr).contains("Permission denied"));
    assert_views(&volume, &bytes);
}

#[test]
fn links_are_refused() {
    let bytes = photo(Some(1));
    let Some(volume) = made(&bytes) else { return };
    let (path, link) = (volume.path(PHOTO), volume.path("DCIM/link.jpg"));
    for uid in [OWNER, MANAGER, READER] {
        as_uid(uid, || {
            assert_eq!(errno(fs::hard_link(&path, &link)), Some(libc::EPERM), "hard link by {uid}");
            assert_eq!(errno(symlink(&path, &link)), Some(libc::EPERM), "symbolic link by {uid}");
        });
    }
    assert!(!link.exists());
}

/// Waits until the reader's own descriptor and mapping show `expected`: the kernel is told after the writer closed.
fn shows(file: &File, mapping: &Mapping, expected: &[u8]) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    let mut read = vec![0; expected.len()];
    while Instant::now() < deadline {
        file.read_exact_at(&mut read, 0).unwrap();
        if read == expected && mapping.read(0, expected.len()) == expected {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn cached_pages_follow_the_owner() {
    let old = photo(Some(1));
    let Some(volume) = made(&old) else { return };
    let path = volume.path(PHOTO);
    let file = as_uid(READER, || File::open(&path).unwrap());
    let mapping = Mapping::to_read(&file, old.len(), true).unwrap();
    assert!(shows(&file, &mapping, &redacted(&old)));
    for new in [photo(Some(3)), photo(Some(0)), photo(None), photo(Some(2))] {
        as_uid(OWNER, || File::options().write(true).open(&path).unwrap().write_all_at(&new, 0).unwrap());
        assert!(as_uid(READER, || fs::read(&path).unwrap()) == redacted(&new), "opened anew");
        assert!(shows(&file, &mapping, &redacted(&new)), "still open");
    }
}

#[test]
fn forced_changes_of_the_times_do_not_hide_a_new_location() {
    let clean = photo(None);
    let Some(volume) = made(&clean) else { return };
    let path = volume.path(PHOTO);
    assert!(as_uid(READER, || fs::read(&path).unwrap()) == clean);
    as_uid(OWNER, || {
        let file = File::options().write(true).open(&path).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.write_all_at(&photo(Some(2)), 0).unwrap();
        file.set_times(FileTimes::new().set_modified(modified)).unwrap();
    });
    assert!(!tells_location(&as_uid(READER, || fs::read(&path).unwrap())));
}

#[test]
fn private_trees_do_not_appear_beside_their_mounts() {
    let secret = "Android/data/org.example.owner/files/secret.txt";
    let Some(volume) = cast().file(secret, "secret").start() else { return };
    let beside = fs::canonicalize(volume.state()).unwrap().parent().unwrap().join("beside");
    fs::create_dir(&beside).unwrap();
    mount_bind(volume.path("Android"), &beside).unwrap();
    for uid in [OWNER, MANAGER, STRANGER] {
        as_uid(uid, || probe_beside(&beside.join("data"), uid));
    }
    assert_eq!(fs::read(volume.lower().join(secret)).unwrap(), b"secret");
}

fn probe_beside(data: &Path, uid: u32) {
    if let Ok(listed) = fs::read_dir(data) {
        let names: Vec<_> = listed.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
        assert!(names.is_empty(), "uid {uid} sees {names:?}");
    }
    let package = data.join("org.example.owner");
    assert_eq!(errno(fs::metadata(&package)), Some(libc::ENOENT), "uid {uid}: stat");
    assert_eq!(errno(File::open(package.join("files/secret.txt"))), Some(libc::ENOENT), "uid {uid}: open");
    assert!(fs::create_dir(data.join("org.example.new")).is_err(), "uid {uid}: mkdir");
    assert!(fs::rename(&package, data.join("elsewhere")).is_err(), "uid {uid}: rename");
}
