//! `visibility = private` on a real mount: what an application could not list does not exist for it, its owner does
//! not feel who probes, and what remains to be seen is what docs/SECURITY.md says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{
    Access, AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps, XattrFlags, inotify,
};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount_bind, mount_remount};

use common::{MANAGER, OWNER, READER, STRANGER, Setup, Volume, as_uid, cast, photo, redacted};

const SECRET: &str = "Download/secret.txt";
const PHOTO: &str = "Pictures/photo.jpg";
/// A user that no application has.
const UNKNOWN: u32 = 19_999;
/// How often a stranger tries everything while the owner is at work.
const PROBES: usize = 40;
/// How long the kernel may take to forget.
const PATIENCE: Duration = Duration::from_secs(10);

/// What happens to a name: on one that is free, on one that is taken unseen and that the kernel does not know, and on
/// one that it knows because it is in use. `None` is success.
struct Probe {
    name: &'static str,
    act: fn(&Path, &Path) -> rustix::io::Result<()>,
    unknown: Option<Errno>,
    in_use: Option<Errno>,
}

const GONE: Option<Errno> = Some(Errno::NOENT);
const REFUSED: Option<Errno> = Some(Errno::ACCESS);
const TAKEN: Option<Errno> = Some(Errno::EXIST);

const fn probe(
    name: &'static str,
    act: fn(&Path, &Path) -> rustix::io::Result<()>,
    unknown: Option<Errno>,
    in_use: Option<Errno>,
) -> Probe {
    Probe { name, act, unknown, in_use }
}

fn open(path: &Path, flags: OFlags) -> rustix::io::Result<()> {
    rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR).map(drop)
}

fn now() -> Timestamps {
    let now = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    Timestamps { last_access: now, last_modification: now }
}

fn fstat_of_path(path: &Path) -> rustix::io::Result<()> {
    rustix::fs::fstat(rustix::fs::open(path, OFlags::PATH, Mode::empty())?).map(drop)
}

fn execute(path: &Path) -> rustix::io::Result<()> {
    let error = Command::new(path).spawn().map(drop).unwrap_err();
    Err(Errno::from_raw_os_error(error.raw_os_error().unwrap()))
}

fn watch(path: &Path) -> rustix::io::Result<()> {
    let watcher = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    inotify::add_watch(&watcher, path, inotify::WatchFlags::ALL_EVENTS).map(drop)
}

fn rename(from: &Path, to: &Path, flags: RenameFlags) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(CWD, from, CWD, to, flags)
}

fn attribute(path: &Path, name: &str) -> rustix::io::Result<()> {
    rustix::fs::getxattr(path, name, &mut [0u8; 64]).map(drop)
}

/// Reading and walking: a taken name answers as a free one, whoever uses it.
const READING: [Probe; 23] = [
    probe("stat", |path, _| rustix::fs::stat(path).map(drop), GONE, GONE),
    probe("lstat", |path, _| rustix::fs::lstat(path).map(drop), GONE, GONE),
    probe("access", |path, _| rustix::fs::access(path, Access::EXISTS), GONE, GONE),
    probe("access R", |path, _| rustix::fs::access(path, Access::READ_OK), GONE, GONE),
    probe("access W", |path, _| rustix::fs::access(path, Access::WRITE_OK), GONE, GONE),
    probe("access X", |path, _| rustix::fs::access(path, Access::EXEC_OK), GONE, GONE),
    probe("open", |path, _| open(path, OFlags::RDONLY), GONE, GONE),
    probe("open to write", |path, _| open(path, OFlags::WRONLY), GONE, GONE),
    probe("open to empty", |path, _| open(path, OFlags::RDWR | OFlags::TRUNC), GONE, GONE),
    probe("open as path, fstat", |path, _| fstat_of_path(path), GONE, GONE),
    probe("execute", |path, _| execute(path), GONE, GONE),
    probe("statfs", |path, _| rustix::fs::statfs(path).map(drop), GONE, GONE),
    probe("truncate", |path, _| truncate(path), GONE, GONE),
    probe("utimes", |path, _| rustix::fs::utimensat(CWD, path, &now(), AtFlags::empty()), GONE, GONE),
    probe("chmod", |path, _| rustix::fs::chmod(path, Mode::RWXU), GONE, GONE),
    probe(
        "chown",
        |path, _| rustix::fs::chown(path, Some(rustix::fs::Uid::from_raw(STRANGER)), None),
        GONE,
        GONE,
    ),
    probe("getxattr", |path, _| attribute(path, "user.mediagate.kind"), GONE, GONE),
    probe("getxattr of another", |path, _| attribute(path, "user.other"), GONE, GONE),
    probe("listxattr", |path, _| rustix::fs::listxattr(path, &mut [0u8; 64]).map(drop), GONE, GONE),
    probe("setxattr", |path, _| rustix::fs::setxattr(path, "user.a", b"a", XattrFlags::empty()), GONE, GONE),
    probe("removexattr", |path, _| rustix::fs::removexattr(path, "user.a"), GONE, GONE),
    probe("link", |path, _| rustix::fs::link(path, path.with_file_name("linked.txt")), GONE, GONE),
    probe(
        "open by another case",
        |path, _| open(&path.with_file_name("SECRET.TXT"), OFlags::RDONLY),
        GONE,
        GONE,
    ),
];

/// What the kernel answers by itself of a name that is in use.
const KERNEL: [Probe; 5] = [
    probe("open as path", |path, _| open(path, OFlags::PATH), GONE, None),
    probe("open as directory", |path, _| open(path, OFlags::DIRECTORY), GONE, Some(Errno::NOTDIR)),
    probe("walk through", |path, _| rustix::fs::stat(path.join("a")).map(drop), GONE, Some(Errno::NOTDIR)),
    probe("rmdir", |path, _| rustix::fs::rmdir(path), GONE, Some(Errno::NOTDIR)),
    probe("watch", |path, _| watch(path), GONE, None),
];

/// Making, removing and renaming: never ENOENT of what is in use.
const CHANGING: [Probe; 11] = [
    probe("O_CREAT", |path, _| open(path, OFlags::WRONLY | OFlags::CREATE), REFUSED, GONE),
    probe("O_EXCL", |path, _| open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL), REFUSED, TAKEN),
    probe("mkdir", |path, _| rustix::fs::mkdir(path, Mode::RWXU), REFUSED, TAKEN),
    probe(
        "mknod",
        |path, _| rustix::fs::mknodat(CWD, path, FileType::RegularFile, Mode::RWXU, 0),
        REFUSED,
        TAKEN,
    ),
    probe("symlink", |path, _| rustix::fs::symlink("a", path), Some(Errno::PERM), TAKEN),
    probe("link to it", |path, own| rustix::fs::link(own, path), Some(Errno::PERM), TAKEN),
    probe("unlink", |path, _| rustix::fs::unlink(path), GONE, REFUSED),
    probe(
        "rename away",
        |path, own| rename(path, &own.with_file_name("away.txt"), RenameFlags::empty()),
        GONE,
        REFUSED,
    ),
    probe("rename onto", |path, own| rename(own, path, RenameFlags::empty()), REFUSED, REFUSED),
    probe("rename beside", |path, own| rename(own, path, RenameFlags::NOREPLACE), REFUSED, TAKEN),
    probe("exchange", |path, own| rename(own, path, RenameFlags::EXCHANGE), GONE, REFUSED),
];

fn truncate(path: &Path) -> rustix::io::Result<()> {
    common::truncate(path, 0).map_err(|error| Errno::from_raw_os_error(error.raw_os_error().unwrap()))
}

fn private() -> Setup {
    cast().argument("--visibility").argument("private")
}

/// A volume on which the owner has made its files; the kernel knows nothing of them.
fn start() -> Option<Volume> {
    let mut volume = private().start()?;
    as_uid(OWNER, || {
        fs::create_dir(volume.path("Download")).unwrap();
        fs::create_dir(volume.path("Pictures")).unwrap();
        fs::write(volume.path(SECRET), "secret").unwrap();
        fs::write(volume.path(PHOTO), photo(Some(0))).unwrap();
    });
    as_uid(STRANGER, || fs::write(volume.path("Download/own.txt"), "own").unwrap());
    assert!(volume.stop().success());
    volume.serve();
    Some(volume)
}

/// Tries everything as a user who may not see the file.
fn assert_hidden(volume: &Volume, uid: u32, in_use: bool) {
    let (path, own) = (volume.path(SECRET), volume.path("Download/own.txt"));
    as_uid(uid, || {
        for probe in READING.iter().chain(&KERNEL).chain(&CHANGING) {
            // Who has no file of its own cannot put it anywhere, and who is nobody makes nothing.
            let needs_own = ["link to it", "rename onto", "rename beside", "exchange"].contains(&probe.name);
            if uid != STRANGER && needs_own {
                continue;
            }
            let expected = if in_use { probe.in_use } else { probe.unknown };
            assert_eq!((probe.act)(&path, &own).err(), expected, "{} as {uid}, in use: {in_use}", probe.name);
        }
        let names = fs::read_dir(path.parent().unwrap()).unwrap();
        assert!(names.flatten().all(|entry| entry.file_name() != "secret.txt"), "listing as {uid}");
    });
    assert_eq!(fs::read(volume.lower().join(SECRET)).unwrap(), b"secret");
}

#[test]
fn a_file_that_is_not_listed_does_not_exist_before_its_owner_uses_it() {
    let Some(volume) = start() else { return };
    for uid in [STRANGER, READER, UNKNOWN] {
        assert_hidden(&volume, uid, false);
    }
    assert_eq!(as_uid(OWNER, || fs::read(volume.path(SECRET)).unwrap()), b"secret");
}

#[test]
fn a_free_name_answers_like_one_that_is_taken() {
    let Some(volume) = start() else { return };
    let (free, own) = (volume.path("Download/free.txt"), volume.path("Download/own.txt"));
    as_uid(STRANGER, || {
        for probe in READING.iter().chain(&KERNEL) {
            assert_eq!((probe.act)(&free, &own).err(), probe.unknown, "{}", probe.name);
        }
        for probe in CHANGING.iter().filter(|probe| probe.unknown != REFUSED) {
            assert_eq!((probe.act)(&free, &own).err(), probe.unknown, "{}", probe.name);
        }
        // Where no such file may be made, the refusal is that of the place.
        for name in ["Pictures/secret.txt", "Pictures/free.txt"] {
            assert_eq!(open(&volume.path(name), OFlags::CREATE), Err(Errno::PERM), "{name}");
        }
    });
}

#[test]
fn a_file_that_is_not_listed_does_not_exist_while_its_owner_uses_it_and_after() {
    let Some(volume) = start() else { return };
    let held = as_uid(OWNER, || File::open(volume.path(SECRET)).unwrap());
    for uid in [STRANGER, READER, UNKNOWN] {
        assert_hidden(&volume, uid, true);
    }
    let link = fs::read_link(format!("/proc/self/fd/{}", held.as_raw_fd())).unwrap();
    assert_eq!(link, volume.path(SECRET), "the owner's descriptor knows where its file is");
    drop(held);
    forget(&volume);
    for uid in [STRANGER, READER, UNKNOWN] {
        assert_hidden(&volume, uid, false);
    }
}

/// Has the kernel drop the names of this mount, and waits until it said so.
fn forget(volume: &Volume) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        mount_remount(volume.mount(), MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOATIME, "")
            .unwrap();
        let answer = as_uid(STRANGER, || open(&volume.path(SECRET), OFlags::PATH));
        if answer == Err(Errno::NOENT) {
            return;
        }
        assert!(Instant::now() < deadline, "the kernel still knows the name: {answer:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_cache_of_one_caller_tells_another_nothing() {
    let Some(volume) = start() else { return };
    let gone = |path: &Path| as_uid(STRANGER, || fs::metadata(path).map(drop)).unwrap_err().kind();
    for path in [SECRET, PHOTO].map(|path| volume.path(path)) {
        for _ in 0..PROBES {
            assert_eq!(gone(&path), io::ErrorKind::NotFound);
            assert!(as_uid(OWNER, || fs::metadata(&path)).is_ok());
            assert_eq!(gone(&path), io::ErrorKind::NotFound);
            assert!(as_uid(MANAGER, || fs::read(&path)).is_ok());
        }
    }
    // A name that did not exist a moment ago is there as soon as it is made, for whom it is made.
    let fresh = volume.path("Download/fresh.txt");
    for _ in 0..PROBES {
        assert_eq!(gone(&fresh), io::ErrorKind::NotFound);
        as_uid(OWNER, || fs::write(&fresh, "fresh").unwrap());
        assert_eq!(gone(&fresh), io::ErrorKind::NotFound);
        assert_eq!(as_uid(OWNER, || fs::read(&fresh).unwrap()), b"fresh");
        as_uid(OWNER, || fs::remove_file(&fresh).unwrap());
    }
}

#[test]
fn who_may_list_a_file_reads_it_in_its_view_between_those_who_may_not() {
    let Some(volume) = start() else { return };
    let path = volume.path(PHOTO);
    let whole = photo(Some(0));
    for _ in 0..PROBES {
        assert_eq!(as_uid(STRANGER, || File::open(&path)).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(as_uid(READER, || fs::read(&path).unwrap()), redacted(&whole));
        assert_eq!(as_uid(STRANGER, || fs::metadata(&path)).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(as_uid(OWNER, || fs::read(&path).unwrap()), whole);
    }
}

#[test]
fn a_permission_shows_at_once_and_its_end_hides_at_once() {
    let Some(volume) = start() else { return };
    let path = volume.path(PHOTO);
    let seen = || as_uid(STRANGER, || fs::metadata(&path)).is_ok();
    for _ in 0..3 {
        assert!(!seen());
        assert!(
            volume
                .command(&["permission", "grant", "org.example.stranger", "READ_MEDIA_IMAGES"])
                .status
                .success()
        );
        assert!(seen());
        assert!(
            volume
                .command(&["permission", "revoke", "org.example.stranger", "READ_MEDIA_IMAGES"])
                .status
                .success()
        );
    }
    assert!(!seen());
    assert!(volume.command(&["grant", "add", "org.example.stranger", SECRET]).status.success());
    assert_eq!(as_uid(STRANGER, || fs::read(volume.path(SECRET)).unwrap()), b"secret");
}

#[test]
fn check_names_the_rule() {
    let Some(volume) = start() else { return };
    let unknown = [("look", "ENOENT"), ("read", "ENOENT"), ("unlink", "ENOENT"), ("create", "EACCES")];
    let check = |cases: &[(&str, &str)]| {
        for (operation, errno) in cases {
            let uid = STRANGER.to_string();
            let output = volume.command(&["check", "--uid", &uid, "--op", operation, SECRET]);
            let told = String::from_utf8(output.stdout).unwrap();
            assert!(told.contains("concealed") && told.contains(errno), "{operation}: {told}");
        }
    };
    check(&unknown);
    let _held = as_uid(OWNER, || File::open(volume.path(SECRET)).unwrap());
    check(&[("look", "ENOENT"), ("read", "ENOENT"), ("unlink", "EACCES")]);
}

#[test]
fn probing_does_not_disturb_what_the_owner_has_there() {
    let Some(volume) = start() else { return };
    let (path, other) = (volume.path(SECRET), volume.path("Download/mounted.txt"));
    let source: PathBuf = volume.state().parent().unwrap().join("source.txt");
    fs::write(&source, "mounted").unwrap();
    let (mut held, watcher) = as_uid(OWNER, || {
        fs::write(&other, "below").unwrap();
        let watcher = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).unwrap();
        let events = inotify::WatchFlags::MODIFY | inotify::WatchFlags::DELETE_SELF;
        inotify::add_watch(&watcher, &path, events).unwrap();
        (
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_CLOEXEC).open(&path).unwrap(),
            watcher,
        )
    });
    mount_bind(&source, &other).unwrap();
    thread::scope(|scope| {
        for uid in [STRANGER, READER, UNKNOWN] {
            let (path, own) = (&path, volume.path("Download/none.txt"));
            scope.spawn(move || {
                as_uid(uid, || {
                    for probe in (0..PROBES).flat_map(|_| READING.iter().chain(&KERNEL).chain(&CHANGING)) {
                        let _answer = (probe.act)(path, &own);
                    }
                });
            });
        }
        for _ in 0..PROBES {
            as_uid(OWNER, || {
                assert_eq!(fs::read(&path).unwrap(), b"secret");
                assert_eq!(fs::metadata(&path).unwrap().len(), 6);
                assert_eq!(fs::read(&other).unwrap(), b"mounted");
            });
        }
    });
    let mut content = String::new();
    held.read_to_string(&mut content).unwrap();
    assert_eq!(content, "secret");
    assert_eq!(fs::read_link(format!("/proc/self/fd/{}", held.as_raw_fd())).unwrap(), path);
    as_uid(OWNER, || fs::write(&path, "SECRET").unwrap());
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&watcher, &mut buffer);
    let told = events.next().unwrap().events();
    assert_eq!(told, inotify::ReadFlags::MODIFY, "the watch is still there");
}
