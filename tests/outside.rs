//! Changes made on the lower file system, beneath the mount, while the kernel remembers how it was before.
//!
//! Each test first has the kernel remember, then changes what lies beneath, and gives the daemon [`SOON`] to follow.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::{KNOWING, MANAGER, OWNER, READER, Volume, as_uid, cast, photo, redacted, tells_location};
use mediagate::sample;

/// How long a change beneath the mount may go unnoticed.
const SOON: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);

/// Waits until something holds.
fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {SOON:?}: {what}");
        thread::sleep(POLL);
    }
}

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

/// What a uid reads.
fn read(uid: u32, path: &Path) -> io::Result<Vec<u8>> {
    as_uid(uid, || fs::read(path))
}

fn listed(uid: u32, directory: &Path) -> Vec<String> {
    as_uid(uid, || {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    })
}

#[test]
fn a_file_that_appears_is_typed_listed_and_served() {
    let Some(volume) = cast().file("DCIM/old.jpg", sample::jpeg_clean()).start() else { return };
    let path = volume.path("DCIM/new.jpg");
    let before = fs::metadata(volume.path("DCIM")).unwrap();
    assert_eq!(errno(as_uid(READER, || fs::metadata(&path))), Some(libc::ENOENT));
    let located = sample::jpeg_with_location();
    fs::write(volume.lower().join("DCIM/new.jpg"), &located).unwrap();
    // The directory's own times are remembered by the kernel as well.
    soon("the directory has changed", || {
        let now = fs::metadata(volume.path("DCIM")).unwrap();
        (now.mtime(), now.mtime_nsec()) != (before.mtime(), before.mtime_nsec())
    });
    assert_eq!(read(READER, &path).unwrap(), redacted(&located), "a picture, redacted");
    assert_eq!(read(KNOWING, &path).unwrap(), located);
    assert_eq!(listed(READER, &volume.path("DCIM")), ["new.jpg", "old.jpg"]);
    assert_eq!(errno(as_uid(READER, || File::options().write(true).open(&path))), Some(libc::EACCES));
}

/// Of a name at which nothing was the kernel remembers nothing, so this holds without a watch: what is new is judged by
/// its content from the first.
#[test]
fn a_document_that_appears_is_no_picture() {
    let Some(volume) = cast().file("DCIM/old.jpg", "").start() else { return };
    let path = volume.path("DCIM/new.jpg");
    assert_eq!(errno(as_uid(READER, || fs::metadata(&path))), Some(libc::ENOENT));
    fs::write(volume.lower().join("DCIM/new.jpg"), "%PDF-1.4\n").unwrap();
    assert_eq!(errno(read(READER, &path)), Some(libc::EACCES));
    assert_eq!(listed(READER, &volume.path("DCIM")), ["old.jpg"]);
    assert!(read(MANAGER, &path).is_ok());
}

#[test]
fn a_file_that_vanishes_is_gone_but_for_those_who_have_it_open() {
    let content = sample::jpeg_clean();
    let Some(volume) = cast().file("DCIM/a.jpg", &content).start() else { return };
    let path = volume.path("DCIM/a.jpg");
    let mut held = as_uid(MANAGER, || File::open(&path).unwrap());
    fs::remove_file(volume.lower().join("DCIM/a.jpg")).unwrap();
    soon("it is gone", || errno(as_uid(READER, || fs::metadata(&path))) == Some(libc::ENOENT));
    assert_eq!(errno(read(MANAGER, &path)), Some(libc::ENOENT));
    let mut read = Vec::new();
    held.read_to_end(&mut read).unwrap();
    assert_eq!(read, content);
    assert_eq!(held.metadata().unwrap().len(), content.len() as u64);
    as_uid(OWNER, || File::create_new(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
}

/// What is changed through the mount and is no news beneath it does not pass for the change that comes next.
#[test]
fn a_file_that_vanishes_after_it_was_given_its_own_name_is_gone() {
    let Some(volume) = cast().file("DCIM/a.jpg", sample::jpeg_clean()).start() else { return };
    let path = volume.path("DCIM/a.jpg");
    for _ in 0..3 {
        as_uid(MANAGER, || fs::rename(&path, &path).unwrap());
        assert!(as_uid(READER, || fs::metadata(&path)).is_ok());
    }
    fs::remove_file(volume.lower().join("DCIM/a.jpg")).unwrap();
    soon("it is gone", || errno(as_uid(READER, || fs::metadata(&path))) == Some(libc::ENOENT));
}

#[test]
fn a_file_that_vanishes_leaves_its_name_free() {
    let Some(volume) = cast().file("DCIM/a.jpg", sample::jpeg_clean()).start() else { return };
    let path = volume.path("DCIM/a.jpg");
    assert!(as_uid(MANAGER, || fs::metadata(&path)).is_ok());
    fs::remove_file(volume.lower().join("DCIM/a.jpg")).unwrap();
    soon("the name is free for a directory", || as_uid(OWNER, || fs::create_dir(&path)).is_ok());
}

#[test]
fn a_file_that_is_replaced_is_served_as_what_it_is_now() {
    let (clean, located) = (photo(None), photo(Some(0)));
    let Some(volume) = cast().file("DCIM/a.jpg", &clean).start() else { return };
    let path = volume.path("DCIM/a.jpg");
    let mut held = as_uid(READER, || File::open(&path).unwrap());
    assert_eq!(read(READER, &path).unwrap(), clean);
    fs::write(volume.lower().join("new"), &located).unwrap();
    fs::rename(volume.lower().join("new"), volume.lower().join("DCIM/a.jpg")).unwrap();
    soon("the new picture is read", || {
        let seen = read(READER, &path).unwrap();
        assert!(!tells_location(&seen));
        seen == redacted(&located)
    });
    assert_eq!(read(KNOWING, &path).unwrap(), located);
    // Whoever had the former one open still has that.
    let mut seen = Vec::new();
    held.read_to_end(&mut seen).unwrap();
    assert_eq!(seen, clean);
    fs::write(volume.lower().join("new"), "%PDF-1.4\n").unwrap();
    fs::rename(volume.lower().join("new"), volume.lower().join("DCIM/a.jpg")).unwrap();
    soon("it is no picture any more", || errno(read(READER, &path)) == Some(libc::EACCES));
}

/// Content that comes to hold a location is never read by who may not know it, and what a reader had cached is gone.
fn content_changes(volume: &Volume) {
    let (clean, located) = (photo(None), photo(Some(1)));
    let path = volume.path("DCIM/a.jpg");
    let lower = volume.lower().join("DCIM/a.jpg");
    assert_eq!(read(READER, &path).unwrap(), clean);
    fs::write(&lower, &located).unwrap();
    soon("the location is filtered out", || {
        let seen = read(READER, &path).unwrap();
        assert!(!tells_location(&seen));
        seen == redacted(&located)
    });
    let held = as_uid(READER, || File::open(&path).unwrap());
    let mut seen = vec![0; located.len()];
    held.read_exact_at(&mut seen, 0).unwrap();
    assert_eq!(seen, redacted(&located));
    let moved = photo(Some(2));
    assert_ne!(redacted(&moved), redacted(&located));
    fs::write(&lower, &moved).unwrap();
    soon("an open file shows what was written", || {
        held.read_exact_at(&mut seen, 0).unwrap();
        assert!(!tells_location(&seen));
        seen == redacted(&moved)
    });
    assert_eq!(read(KNOWING, &path).unwrap(), moved);
    File::options().write(true).open(&lower).unwrap().set_len(10).unwrap();
    soon("it is short for all", || [MANAGER, READER].into_iter().all(|uid| size(uid, &path) == 10));
}

fn size(uid: u32, path: &Path) -> u64 {
    as_uid(uid, || fs::metadata(path).unwrap().len())
}

#[test]
fn content_that_changes_is_filtered_as_it_is_now() {
    let Some(volume) = cast().file("DCIM/a.jpg", photo(None)).start() else { return };
    content_changes(&volume);
}

#[test]
fn content_that_changes_is_filtered_as_it_is_now_without_passthrough() {
    let setup = cast().file("DCIM/a.jpg", photo(None)).argument("--no-passthrough");
    let Some(volume) = setup.start() else { return };
    content_changes(&volume);
}

#[test]
fn a_directory_that_is_moved_is_found_in_its_new_place_only() {
    let setup = cast().file("Pictures/a/b/photo.jpg", sample::jpeg_with_location()).file("Music/x", "");
    let Some(volume) = setup.start() else { return };
    let (from, to) = (volume.path("Pictures/a"), volume.path("Pictures/c"));
    let inside = File::open(from.join("b")).unwrap();
    let shown = read(READER, &from.join("b/photo.jpg")).unwrap();
    fs::rename(volume.lower().join("Pictures/a"), volume.lower().join("Pictures/c")).unwrap();
    soon("it left", || errno(fs::metadata(&from)) == Some(libc::ENOENT));
    assert_eq!(read(READER, &to.join("b/photo.jpg")).unwrap(), shown);
    // A descriptor of what is below goes on, under the rules of the new place.
    let through = format!("/proc/self/fd/{}/new.jpg", std::os::fd::AsRawFd::as_raw_fd(&inside));
    as_uid(OWNER, || fs::write(&through, "").unwrap());
    assert!(volume.lower().join("Pictures/c/b/new.jpg").exists());
    fs::rename(volume.lower().join("Pictures/c"), volume.lower().join("Music/c")).unwrap();
    soon("pictures are not accepted where it is now", || {
        errno(as_uid(OWNER, || fs::write(volume.path("Music/c/b/other.jpg"), ""))) == Some(libc::EPERM)
    });
    soon("nor through the descriptor", || {
        let through = through.replace("new.jpg", "third.jpg");
        match errno(as_uid(OWNER, || fs::write(&through, ""))) {
            None => fs::remove_file(&through).is_err(),
            Some(refused) => matches!(refused, libc::EPERM | libc::ESTALE),
        }
    });
    fs::create_dir(&from).unwrap();
}

#[test]
fn a_directory_that_is_moved_out_of_the_volume_serves_nothing_more() {
    let setup = cast().file("Pictures/a/photo.jpg", sample::jpeg_clean());
    let Some(volume) = setup.start() else { return };
    let inside = File::open(volume.path("Pictures/a")).unwrap();
    let through = format!("/proc/self/fd/{}/photo.jpg", std::os::fd::AsRawFd::as_raw_fd(&inside));
    assert!(read(READER, Path::new(&through)).is_ok());
    fs::rename(volume.lower().join("Pictures/a"), volume.lower().with_file_name("taken")).unwrap();
    soon("it is out of reach", || read(READER, Path::new(&through)).is_err());
    fs::rename(volume.lower().with_file_name("taken"), volume.lower().join("Pictures/b")).unwrap();
    assert!(read(READER, &volume.path("Pictures/b/photo.jpg")).is_ok());
    soon("and found again", || read(READER, Path::new(&through)).is_ok());
}

#[test]
fn nomedia_hides_and_shows_what_lies_beside_it() {
    let Some(volume) = cast().file("Pictures/a/b/photo.jpg", sample::jpeg_clean()).start() else { return };
    let path = volume.path("Pictures/a/b/photo.jpg");
    assert!(read(READER, &path).is_ok());
    let marker = volume.lower().join("Pictures/a/.nomedia");
    for _ in 0..2 {
        fs::write(&marker, "").unwrap();
        soon("hidden", || errno(read(READER, &path)) == Some(libc::EACCES));
        assert!(listed(READER, &volume.path("Pictures/a/b")).is_empty());
        fs::remove_file(&marker).unwrap();
        soon("shown", || read(READER, &path).is_ok());
    }
    let aside = marker.with_file_name("marker");
    fs::write(&aside, "").unwrap();
    fs::rename(&aside, &marker).unwrap();
    soon("hidden by a rename", || errno(read(READER, &path)) == Some(libc::EACCES));
}

#[test]
fn what_vanishes_from_a_private_directory_is_gone_for_its_owner() {
    let Some(volume) = cast().start() else { return };
    let directory = "Android/data/org.example.owner/files";
    let path = volume.path(directory).join("a.txt");
    as_uid(OWNER, || {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "content").unwrap();
        fs::metadata(&path).unwrap();
    });
    fs::remove_file(volume.lower().join(directory).join("a.txt")).unwrap();
    soon("it is gone", || errno(as_uid(OWNER, || fs::metadata(&path))) == Some(libc::ENOENT));
    fs::remove_dir_all(volume.lower().join("Android/data/org.example.owner")).unwrap();
    soon("the directory is gone", || {
        let gone = as_uid(OWNER, || fs::metadata(volume.path("Android/data/org.example.owner")));
        errno(gone) == Some(libc::ENOENT)
    });
    as_uid(OWNER, || fs::create_dir_all(path.parent().unwrap()).unwrap());
}

/// The news of our own changes are not followed: nobody pays for them with a second look.
#[test]
fn changes_through_the_mount_are_no_news() {
    let Some(volume) = cast().file("DCIM/old.jpg", "").start() else { return };
    let path = |name: &str| volume.path("DCIM").join(name);
    as_uid(OWNER, || {
        for round in 0..50 {
            let name = format!("{round}.jpg");
            fs::write(path(&name), sample::jpeg_clean()).unwrap();
            fs::rename(path(&name), path("other.jpg")).unwrap();
            fs::create_dir(path("directory")).unwrap();
            fs::rename(path("directory"), path("moved")).unwrap();
            fs::remove_dir(path("moved")).unwrap();
            fs::remove_file(path("other.jpg")).unwrap();
        }
    });
    thread::sleep(Duration::from_millis(200));
    assert_eq!((volume.counter("outside_change"), volume.counter("expired")), (0, 0));
    fs::write(volume.lower().join("DCIM/outside.jpg"), "").unwrap();
    soon("a change of another is", || volume.counter("outside_change") > 0);
}

#[test]
fn more_changes_than_can_be_told_are_followed_all_the_same() {
    let Some(volume) = cast().file("Pictures/d/a.jpg", sample::jpeg_clean()).start() else { return };
    let (path, lower) = (volume.path("Pictures/d/a.jpg"), volume.lower().join("Pictures/d"));
    assert!(read(READER, &path).is_ok());
    let held = common::Stopped::hold(volume.pid());
    // More than the kernel's queue holds by default; names alternate, so that it joins none.
    for _ in 0..9000 {
        for name in ["x", "y"] {
            drop(File::create(lower.join(name)).unwrap());
        }
    }
    fs::remove_file(lower.join("a.jpg")).unwrap();
    fs::write(lower.join(".nomedia"), "").unwrap();
    fs::write(lower.join("b.jpg"), sample::jpeg_clean()).unwrap();
    assert!(held.release());
    soon("what was lost is gone", || errno(fs::metadata(&path)) == Some(libc::ENOENT));
    soon("what was lost hides", || {
        errno(read(READER, &volume.path("Pictures/d/b.jpg"))) == Some(libc::EACCES)
    });
    assert_eq!(volume.counter("news_lost"), 1);
}

#[test]
fn a_storm_of_changes_holds_nobody_up() {
    let Some(volume) = cast().file("Pictures/a.jpg", sample::jpeg_clean()).start() else { return };
    let (path, lower) = (volume.path("Pictures/a.jpg"), volume.lower().join("Pictures"));
    let end = Instant::now() + Duration::from_secs(3);
    let slowest = thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < end {
                fs::write(lower.join("x.jpg"), "x").unwrap();
                fs::rename(lower.join("x.jpg"), lower.join("y.jpg")).unwrap();
                fs::remove_file(lower.join("y.jpg")).unwrap();
            }
        });
        let mut slowest = Duration::ZERO;
        while Instant::now() < end {
            let began = Instant::now();
            assert!(read(READER, &path).is_ok());
            slowest = slowest.max(began.elapsed());
        }
        slowest
    });
    assert!(slowest < SOON, "{slowest:?}");
    assert_eq!(errno(fs::metadata(volume.path("Pictures/y.jpg"))), Some(libc::ENOENT));
    assert_eq!(volume.counter("news_lost"), 0);
}

/// Past the bound of watches a change is noticed when what the kernel remembers is old; nothing fails.
#[test]
fn without_watches_everything_is_served_all_the_same() {
    let setup = cast().file("DCIM/a.jpg", sample::jpeg_clean()).argument("--watches").argument("1");
    let Some(volume) = setup.start() else { return };
    assert!(read(READER, &volume.path("DCIM/a.jpg")).is_ok());
    fs::write(volume.lower().join("DCIM/b.jpg"), sample::jpeg_clean()).unwrap();
    assert!(read(READER, &volume.path("DCIM/b.jpg")).is_ok());
}
