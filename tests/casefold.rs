//! Lower directories that fold names: F2FS with casefold, and FAT. Two spellings lead to one file there, and the kernel
//! takes each for an entry of its own.
//!
//! Each test runs over every directory that the environment names: `MEDIAGATE_FOLDING_F2FS`, `MEDIAGATE_FOLDING_FAT`.
//! `tests/vm/run tests/vm/folding PROGRAM` runs them where there are such. Names that begin with `test` in comments
//! are those of the tests of Android's ScopedStorageDeviceTest that ask for the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    KNOWING, MANAGER, OWNER, READER, STRANGER, Setup, Volume, as_uid, cast, photo, redacted, skip,
    tells_location,
};

const F2FS: &str = "MEDIAGATE_FOLDING_F2FS";
const FAT: &str = "MEDIAGATE_FOLDING_FAT";
const SECRET: &str = "org.example.owner/secret.txt";
/// Long, for an emulated machine on a busy one.
const SOON: Duration = Duration::from_secs(30);

/// Serves what `fill` puts on each folding lower directory that there is.
fn over_each(fill: impl Fn(Setup) -> Setup, test: impl Fn(&Volume)) {
    over(&[F2FS, FAT], fill, test);
}

fn over(kinds: &[&str], fill: impl Fn(Setup) -> Setup, test: impl Fn(&Volume)) {
    for kind in kinds {
        let Some(directory) = env::var_os(kind) else {
            skip(&format!("no lower directory that folds: {kind} is not set"));
            continue;
        };
        eprintln!("over {kind}");
        let Some(volume) = fill(cast().beneath(Path::new(&directory))).start() else { return };
        test(&volume);
    }
}

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {SOON:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Makes `created`, removes it as `removed`; then both are gone, at once, also for the kernel.
fn create_and_remove(created: &str, removed: &str) {
    over_each(
        |setup| setup.file("Download/other", ""),
        |volume| {
            let (created, removed) = (volume.path(created), volume.path(removed));
            for round in 0..8 {
                as_uid(OWNER, || {
                    fs::write(&created, "content").unwrap();
                    assert!(fs::metadata(&created).is_ok());
                    if round % 2 == 0 {
                        assert!(fs::metadata(&removed).is_ok());
                    }
                    fs::remove_file(&removed).unwrap();
                    assert_eq!(errno(fs::metadata(&created)), Some(libc::ENOENT), "{created:?}");
                    assert_eq!(errno(fs::metadata(&removed)), Some(libc::ENOENT), "{removed:?}");
                    assert_eq!(errno(File::open(&created)), Some(libc::ENOENT), "{created:?}");
                    fs::create_dir(&created).unwrap();
                    fs::remove_dir(&removed).unwrap();
                    assert_eq!(errno(fs::metadata(&created)), Some(libc::ENOENT), "{created:?}");
                });
            }
        },
    );
}

/// testCreateLowerCaseDeleteUpperCase
#[test]
fn what_is_made_in_lower_case_is_removed_in_upper_case() {
    create_and_remove("Download/cache_lower.txt", "Download/CACHE_LOWER.TXT");
}

/// testCreateUpperCaseDeleteLowerCase
#[test]
fn what_is_made_in_upper_case_is_removed_in_lower_case() {
    create_and_remove("Download/CACHE_UPPER.TXT", "Download/cache_upper.txt");
}

/// testCreateMixedCaseDeleteDifferentMixedCase
#[test]
fn what_is_made_in_one_case_is_removed_in_another() {
    create_and_remove("Download/CaChE_MiXeD.txt", "dOwNlOaD/cAcHe_mIxEd.TxT");
}

/// testCacheConsistencyForCaseInsensitivity
#[test]
fn what_is_written_by_one_spelling_is_read_by_another() {
    over_each(
        |setup| setup.file("Download/other", ""),
        |volume| {
            let (upper, lower) = (volume.path("Download/CACHE.TXT"), volume.path("Download/cache.txt"));
            as_uid(OWNER, || {
                let mut writer = File::create_new(&upper).unwrap();
                let mut reader = File::options().read(true).write(true).open(&lower).unwrap();
                for round in 0..20 {
                    let line = format!("line {round}\n");
                    writer.write_all(line.as_bytes()).unwrap();
                    let mut read = String::new();
                    reader.read_to_string(&mut read).unwrap();
                    assert_eq!(read, line);
                    let sizes = [&upper, &lower].map(|path| fs::metadata(path).unwrap().len());
                    assert_eq!(sizes[0], sizes[1]);
                }
                assert_eq!(fs::metadata(&upper).unwrap().ino(), fs::metadata(&lower).unwrap().ino());
                assert_eq!(errno(File::create_new(&lower)), Some(libc::EEXIST));
            });
        },
    );
}

/// testAndroidDataObbDoesNotForgetMount
#[test]
fn a_lookup_by_another_spelling_leaves_the_mounts_where_they_are() {
    over_each(
        |setup| setup,
        |volume| {
            let device = |path: &str| fs::metadata(volume.path(path)).unwrap().dev();
            let shared = device("");
            for tree in ["data", "obb"] {
                let before = device(&format!("Android/{tree}"));
                assert_ne!(before, shared, "it is mounted");
                for spelling in ["Android/UPPER", "android/UPPER", "ANDROID/lower", "Android/Mixed"] {
                    let upper = tree.to_uppercase();
                    let mixed = format!("{}{}", &upper[..1], &tree[1..]);
                    let spelling = spelling.replace("UPPER", &upper).replace("Mixed", &mixed);
                    let spelling = spelling.replace("lower", tree);
                    for uid in [STRANGER, MANAGER] {
                        let seen = as_uid(uid, || fs::metadata(volume.path(&spelling)));
                        assert_eq!(seen.unwrap().dev(), before, "{uid}: {spelling}");
                    }
                    assert_eq!(device(&format!("Android/{tree}")), before, "after {spelling}");
                }
            }
            let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
            let root = volume.mount().display().to_string();
            assert_eq!(mounts.lines().filter(|line| line.contains(&root)).count(), 3, "{mounts}");
        },
    );
}

/// A stranger's walks by every spelling leave the owner's directory, files and working directory alone.
#[test]
fn no_spelling_of_a_protected_component_leads_to_the_private_tree() {
    let spellings = [
        "Android/DATA",
        "android/data",
        "ANDROID/Data",
        "Android/da\u{200b}ta",
        "Android/\u{200b}data",
        "Andr\u{ad}oid/data",
        "Android/data\u{fe0f}",
        "Android/data.",
        "Android/data..",
        "Android./data",
        "Android./data.",
        "Android/data ",
        "Android /data",
        "Android/DATA~1",
        "ANDROI~1/data",
    ];
    over_each(
        |setup| setup.file("Download/other", ""),
        |volume| {
            let own = volume.path("Android/data/org.example.owner");
            as_uid(OWNER, || {
                fs::create_dir(&own).unwrap();
                fs::write(own.join("secret.txt"), "secret").unwrap();
            });
            // Once while the kernel knows the directories by their usual names, once by the stranger's first.
            for by_stranger in [false, true] {
                for spelling in spellings.iter().step_by(if by_stranger { 3 } else { 1 }) {
                    let tree = volume.path(spelling);
                    if by_stranger {
                        fs::write("/proc/sys/vm/drop_caches", "2").unwrap();
                    }
                    let uids: &[u32] = if by_stranger { &[MANAGER] } else { &[STRANGER, READER, MANAGER] };
                    for uid in uids {
                        assert_out_of_reach(*uid, &tree);
                    }
                    let read = as_uid(OWNER, || fs::read(own.join("secret.txt")));
                    assert_eq!(read.unwrap(), b"secret", "the owner after {spelling:?}");
                }
            }
            let found = volume.lower().join("Android/data/org.example.owner");
            let left: Vec<_> = fs::read_dir(found).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["secret.txt"]);
            // The mount point's own directory, past the mount: nothing is served there by any name.
            let bare = bare(volume);
            for spelling in spellings {
                for uid in [MANAGER, OWNER] {
                    assert_out_of_reach(uid, &bare.path.join(spelling));
                }
            }
        },
    );
}

fn assert_out_of_reach(uid: u32, tree: &Path) {
    as_uid(uid, || {
        let secret = tree.join(SECRET);
        let package = secret.parent().unwrap();
        assert!(File::open(&secret).is_err(), "{uid}: open {secret:?}");
        assert!(fs::metadata(&secret).is_err(), "{uid}: stat {secret:?}");
        assert!(fs::metadata(package).is_err(), "{uid}: stat {package:?}");
        assert!(fs::read_dir(package).is_err(), "{uid}: list {package:?}");
        let listed = fs::read_dir(tree).map(|mut entries| entries.next().is_some());
        assert!(!listed.unwrap_or(false), "{uid}: {tree:?} lists something");
        assert!(fs::write(package.join("new.txt"), "").is_err(), "{uid}: create in {package:?}");
        assert!(fs::create_dir(tree.join("org.example.other")).is_err(), "{uid}: mkdir in {tree:?}");
        assert!(fs::remove_file(&secret).is_err(), "{uid}: unlink {secret:?}");
        assert!(fs::rename(package, tree.join("taken")).is_err(), "{uid}: rename {package:?}");
    });
}

/// The shared volume without what is mounted inside it; unmounted when dropped.
struct Bare {
    path: PathBuf,
}

fn bare(volume: &Volume) -> Bare {
    let path = volume.state().with_file_name("bare");
    fs::create_dir(&path).unwrap();
    rustix::mount::mount_bind(volume.mount(), &path).unwrap();
    Bare { path }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.path, rustix::mount::UnmountFlags::DETACH);
    }
}

#[test]
fn rights_are_the_same_by_every_spelling() {
    over_each(
        |setup| setup,
        |volume| {
            let names =
                ["Pictures/photo.jpg", "Pictures/PHOTO.JPG", "pictures/Photo.jpg", "PICTURES/pHOTO.Jpg"];
            as_uid(OWNER, || {
                fs::create_dir(volume.path("Pictures")).unwrap();
                fs::write(volume.path(names[0]), photo(None)).unwrap();
            });
            for name in names {
                let path = volume.path(name);
                let write = |uid| errno(as_uid(uid, || File::options().write(true).open(&path)));
                assert_eq!(write(STRANGER), Some(libc::EACCES), "{name}");
                assert_eq!(errno(as_uid(STRANGER, || fs::remove_file(&path))), Some(libc::EACCES), "{name}");
                assert_eq!(errno(as_uid(STRANGER, || File::open(&path))), Some(libc::EACCES), "{name}");
                let taken = errno(as_uid(STRANGER, || fs::write(&path, "taken")));
                assert_eq!(taken, Some(libc::EACCES), "{name}");
                assert_eq!(write(READER), Some(libc::EACCES), "{name}");
                assert_eq!(write(OWNER), None, "{name}");
            }
            // A directory accepts the same kinds, by whatever name.
            let document = |top: &str| as_uid(OWNER, || fs::write(volume.path(top).join("a.pdf"), ""));
            assert_eq!(errno(document("PICTURES")), Some(libc::EPERM));
            as_uid(OWNER, || fs::rename(volume.path(names[1]), volume.path("Pictures/new.jpg")).unwrap());
            soon("every spelling is gone", || {
                names.iter().all(|name| errno(fs::metadata(volume.path(name))) == Some(libc::ENOENT))
            });
            as_uid(OWNER, || {
                fs::rename(volume.path("Pictures/new.jpg"), volume.path("Pictures/NEW.jpg")).unwrap();
                fs::remove_file(volume.path("Pictures/new.JPG")).unwrap();
            });
            assert_eq!(fs::read_dir(volume.lower().join("Pictures")).unwrap().count(), 0);
        },
    );
}

/// FAT numbers a file anew whenever the kernel has forgotten it: whose it is, is told by name and time of birth.
#[test]
fn what_is_forgotten_by_the_kernel_stays_its_owners() {
    over_each(
        |setup| setup.file("Download/other", ""),
        |volume| {
            let path = |name: &str| volume.path("Pictures").join(name);
            let write = |uid, name: &str| {
                errno(as_uid(uid, || File::options().write(true).open(path(name)).map(drop)))
            };
            let forget = || {
                rustix::fs::sync();
                fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
            };
            as_uid(OWNER, || {
                fs::create_dir(volume.path("Pictures")).unwrap();
                for name in ["a.jpg", "b.jpg", "c.jpg", "d.jpg"] {
                    fs::write(path(name), photo(None)).unwrap();
                    thread::sleep(Duration::from_millis(30));
                }
                fs::rename(path("b.jpg"), path("renamed.jpg")).unwrap();
            });
            for name in ["a.jpg", "A.JPG", "renamed.jpg"] {
                forget();
                assert_eq!(write(STRANGER, name), Some(libc::EACCES), "{name}");
                assert_eq!(write(OWNER, name), None, "{name}");
            }
            // Another file beneath the name is nobody's.
            let lower = volume.lower().join("Pictures");
            fs::rename(lower.join("d.jpg"), lower.join("c.jpg")).unwrap();
            forget();
            fs::remove_file(lower.join("a.jpg")).unwrap();
            fs::write(lower.join("a.jpg"), photo(None)).unwrap();
            soon("another file", || write(OWNER, "a.jpg") == Some(libc::EACCES));
            assert_eq!(write(STRANGER, "a.jpg"), Some(libc::EACCES));
            assert_eq!(write(MANAGER, "a.jpg"), None);
            assert_eq!(write(STRANGER, "c.jpg"), Some(libc::EACCES));
        },
    );
}

#[test]
fn views_are_the_same_by_every_spelling() {
    let located = photo(Some(0));
    over_each(
        |setup| setup.file("DCIM/photo.jpg", &located),
        |volume| {
            let names = ["DCIM/photo.jpg", "DCIM/PHOTO.JPG", "dcim/Photo.jpg", "Dcim/pHoTo.JpG"];
            let held = as_uid(KNOWING, || File::open(volume.path(names[1])).unwrap());
            let own = as_uid(READER, || File::open(volume.path(names[2])).unwrap());
            for _ in 0..2 {
                for name in names {
                    for (uid, full) in [(READER, false), (KNOWING, true), (MANAGER, true)] {
                        let read = as_uid(uid, || fs::read(volume.path(name)).unwrap());
                        assert_eq!(tells_location(&read), full, "{uid}: {name}");
                        assert_eq!(read.len(), located.len());
                    }
                }
            }
            for (mut file, expected) in [(held, &located), (own, &redacted(&located))] {
                let mut read = Vec::new();
                file.read_to_end(&mut read).unwrap();
                assert!(read == *expected);
            }
            // Written by one spelling, filtered by another.
            let moved = photo(Some(2));
            as_uid(MANAGER, || fs::write(volume.path(names[3]), &moved).unwrap());
            for name in names {
                let read = as_uid(READER, || fs::read(volume.path(name)).unwrap());
                assert!(read == redacted(&moved), "{name}");
            }
        },
    );
}

#[test]
fn nomedia_hides_by_every_spelling() {
    over_each(
        |setup| setup.file("Pictures/a/photo.jpg", photo(None)),
        |volume| {
            let path = volume.path("Pictures/a/photo.jpg");
            let read = || errno(as_uid(READER, || fs::read(&path)));
            for (made, removed) in [(".NOMEDIA", ".nomedia"), (".nomedia", ".NoMedia")] {
                assert_eq!(read(), None);
                as_uid(MANAGER, || fs::write(volume.path("Pictures/a").join(made), "").unwrap());
                assert_eq!(read(), Some(libc::EACCES), "{made}");
                as_uid(MANAGER, || fs::remove_file(volume.path("Pictures/A").join(removed)).unwrap());
            }
            fs::write(volume.lower().join("Pictures/a/.NoMedia"), "").unwrap();
            soon("hidden from outside", || read() == Some(libc::EACCES));
        },
    );
}

#[test]
fn what_is_removed_beneath_the_mount_by_another_spelling_is_gone() {
    over_each(
        |setup| setup.file("Download/d/File.txt", "content"),
        |volume| {
            let names = ["Download/d/file.txt", "Download/d/FILE.TXT"];
            for name in names {
                assert!(as_uid(MANAGER, || fs::metadata(volume.path(name))).is_ok());
            }
            fs::remove_file(volume.lower().join("Download/d/FiLe.TxT")).unwrap();
            soon("every spelling is gone", || {
                names.iter().all(|name| errno(fs::metadata(volume.path(name))) == Some(libc::ENOENT))
            });
            as_uid(OWNER, || drop(File::create_new(volume.path(names[1])).unwrap()));
        },
    );
}

/// A directory that somebody has for a mount point or works in stays the same, whoever looks at it by what name.
#[test]
fn a_directory_in_use_stays_in_use_by_every_spelling() {
    over(
        &[F2FS],
        |setup| setup.file("Download/Dir/inner/file.txt", "content"),
        |volume| {
            let inner = volume.path("Download/Dir/inner");
            let held = File::open(&inner).unwrap();
            let bind = volume.state().with_file_name("bind");
            fs::create_dir(&bind).unwrap();
            rustix::mount::mount_bind(&bind, volume.path("Download/Dir")).unwrap();
            let mounted = Bare { path: volume.path("Download/Dir") };
            for spelling in ["Download/DIR", "download/dir", "DOWNLOAD/diR", "Download/D\u{200b}ir"] {
                for uid in [STRANGER, MANAGER] {
                    let seen = as_uid(uid, || fs::read_dir(volume.path(spelling)).map(Iterator::count));
                    assert_eq!(seen.unwrap(), 0, "{uid}: {spelling} is what is mounted there");
                }
            }
            drop(mounted);
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held));
            assert_eq!(fs::read(Path::new(&path).join("file.txt")).unwrap(), b"content");
            assert!(!fs::read_link(&path).unwrap().to_str().unwrap().contains("deleted"));
        },
    );
}
