//! Private directories: for strangers they do not exist, and their owner does not feel who probes them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::inotify;

use common::{Inside, MANAGER, OWNER, READER, STRANGER, Volume, as_uid, cast};
use rustix::mount::mount_bind;

const PACKAGE: &str = "Android/data/org.example.owner";
const SECRET: &str = "Android/data/org.example.owner/files/secret.txt";
/// How often each stranger tries everything while the owner is at work.
const PROBES: usize = 50;
/// Who has nothing to look for there, however many rights elsewhere.
const STRANGERS: [u32; 3] = [STRANGER, READER, MANAGER];

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

/// Every look at the directory and at what is below it is answered by ENOENT.
fn assert_unseen(package: &Path) {
    let gone = Some(libc::ENOENT);
    assert_eq!(errno(fs::metadata(package)), gone, "stat");
    assert_eq!(errno(File::open(package)), gone, "open");
    assert_eq!(errno(fs::read_dir(package)), gone, "opendir");
    assert_eq!(errno(rustix::fs::statfs(package).map_err(io::Error::from)), gone, "statfs");
    assert_eq!(errno(fs::metadata(package.join("files"))), gone, "stat below");
    assert_eq!(errno(File::open(package.join("files/secret.txt"))), gone, "open below");
    assert_eq!(errno(File::open(package.join("files/missing.txt"))), gone, "open what is not there");
    assert_eq!(errno(fs::read_dir(package.join("files"))), gone, "opendir below");
    assert_eq!(errno(fs::create_dir(package.join("mine"))), gone, "mkdir below");
    assert_eq!(errno(fs::write(package.join("mine.txt"), "x")), gone, "create below");
    assert_eq!(errno(fs::remove_file(package.join("files/secret.txt"))), gone, "unlink below");
    let mut shell = Command::new("sh");
    shell.args(["-c", "cd \"$0\""]).arg(package);
    let told = shell.output().unwrap();
    assert!(!told.status.success(), "chdir");
    // Neither a listing nor a watch of the tree tells names.
    let tree = package.parent().unwrap();
    assert_eq!(errno(fs::read_dir(tree)), Some(libc::EACCES), "list the tree");
    let watcher = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    let watched = inotify::add_watch(&watcher, tree, inotify::WatchFlags::ALL_EVENTS);
    assert_eq!(watched, Err(rustix::io::Errno::ACCESS), "watch the tree");
}

/// What would change the directory is refused with EACCES; where the name is known to the kernel from its owner's
/// use, making it is answered by the kernel itself, and where it is not, so is removing it.
fn assert_unchangeable(package: &Path, in_use: bool) {
    let (making, removing) = if in_use { (libc::EEXIST, libc::EACCES) } else { (libc::EACCES, libc::ENOENT) };
    let elsewhere = package.with_file_name("org.example.elsewhere");
    assert_eq!(errno(fs::create_dir(package)), Some(making), "mkdir");
    assert_eq!(errno(fs::remove_dir(package)), Some(removing), "rmdir");
    assert_eq!(errno(fs::rename(package, &elsewhere)), Some(removing), "rename away");
    assert_eq!(errno(fs::create_dir(&elsewhere)), Some(libc::EACCES), "mkdir of another package's");
}

fn start() -> Option<Volume> {
    cast().file(SECRET, "secret").start()
}

#[test]
fn a_directory_that_its_owner_did_not_use_yet_does_not_exist_for_strangers() {
    let Some(volume) = start() else { return };
    for uid in STRANGERS {
        as_uid(uid, || {
            assert_unseen(&volume.path(PACKAGE));
            assert_unchangeable(&volume.path(PACKAGE), false);
        });
    }
    assert_eq!(as_uid(OWNER, || fs::read(volume.path(SECRET)).unwrap()), b"secret");
}

#[test]
fn a_directory_that_its_owner_uses_does_not_exist_for_strangers() {
    let Some(volume) = start() else { return };
    assert_eq!(as_uid(OWNER, || fs::read(volume.path(SECRET)).unwrap()), b"secret");
    for uid in STRANGERS {
        as_uid(uid, || {
            assert_unseen(&volume.path(PACKAGE));
            assert_unchangeable(&volume.path(PACKAGE), true);
        });
        assert_eq!(as_uid(OWNER, || fs::read(volume.path(SECRET)).unwrap()), b"secret");
    }
}

#[test]
fn a_directory_that_does_not_exist_looks_like_one_that_does() {
    let Some(volume) = start() else { return };
    as_uid(STRANGER, || {
        let nowhere = volume.path("Android/data/org.example.nowhere");
        assert_unseen(&nowhere);
        assert_unchangeable(&nowhere, false);
    });
}

#[test]
fn every_spelling_of_the_directory_is_the_same_to_a_stranger() {
    let Some(volume) = start() else { return };
    assert_eq!(as_uid(OWNER, || fs::read(volume.path(SECRET)).unwrap()), b"secret");
    for spelling in ["Android/data/ORG.EXAMPLE.OWNER", "Android/data/org.example.ow\u{200b}ner"] {
        let spelt = volume.path(spelling);
        as_uid(STRANGER, || {
            assert_eq!(errno(fs::metadata(&spelt)), Some(libc::ENOENT), "{spelling}");
            assert_eq!(errno(fs::create_dir(&spelt)), Some(libc::EACCES), "{spelling}");
        });
    }
}

#[test]
fn an_owner_makes_and_fills_its_own_directory() {
    let Some(volume) = cast().start() else { return };
    as_uid(OWNER, || {
        fs::create_dir_all(volume.path(SECRET).parent().unwrap()).unwrap();
        fs::write(volume.path(SECRET), "made").unwrap();
        fs::rename(volume.path(SECRET), volume.path(PACKAGE).join("moved.txt")).unwrap();
        assert_eq!(fs::read(volume.path(PACKAGE).join("moved.txt")).unwrap(), b"made");
    });
    as_uid(STRANGER, || assert_unseen(&volume.path(PACKAGE)));
}

/// Every stranger tries everything.
fn probe(volume: &Volume) {
    let package = volume.path(PACKAGE);
    for uid in STRANGERS {
        as_uid(uid, || {
            for _ in 0..PROBES {
                let _ = fs::metadata(&package);
                let _ = File::open(package.join("files/secret.txt"));
                let _ = fs::read_dir(&package);
                let _ = fs::create_dir(&package);
                let _ = fs::remove_dir(&package);
                let _ = fs::rename(&package, package.with_file_name("taken"));
                let _ = fs::remove_file(&package);
                let _ = fs::write(&package, "x");
            }
        });
    }
}

#[test]
fn probing_does_not_disturb_the_working_directory_of_the_owner() {
    let Some(volume) = start() else { return };
    let package = volume.path(PACKAGE);
    let mut inside = Inside::start(OWNER, &package);
    let shown = package.to_str().unwrap().to_owned();
    assert_eq!(inside.ask("/bin/pwd"), shown);
    probe(&volume);
    assert_eq!(inside.ask("/bin/pwd 2>&1"), shown);
    assert_eq!(inside.ask("cat files/secret.txt; echo"), "secret");
    assert_eq!(inside.ask("echo made > made.txt && cat made.txt"), "made");
}

#[test]
fn probing_does_not_disturb_open_files_of_the_owner() {
    let Some(volume) = start() else { return };
    let (mut file, directory) = as_uid(OWNER, || {
        (File::open(volume.path(SECRET)).unwrap(), File::open(volume.path(PACKAGE)).unwrap())
    });
    probe(&volume);
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "secret");
    let link = |file: &File| fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
    assert_eq!(link(&file), volume.path(SECRET));
    assert_eq!(link(&directory), volume.path(PACKAGE));
    assert_eq!(as_uid(OWNER, || fs::metadata(volume.path(SECRET)).unwrap().nlink()), 1);
}

#[test]
fn probing_does_not_disturb_a_mount_inside() {
    let Some(volume) = start() else { return };
    let inside = volume.path(PACKAGE).join("mounted");
    as_uid(OWNER, || fs::create_dir(&inside).unwrap());
    let source: PathBuf = fs::canonicalize(volume.state()).unwrap().parent().unwrap().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("inside.txt"), "inside").unwrap();
    mount_bind(&source, &inside).unwrap();
    probe(&volume);
    assert_eq!(as_uid(OWNER, || fs::read(inside.join("inside.txt")).unwrap()), b"inside");
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(table.contains(inside.to_str().unwrap()), "it is still mounted");
}
