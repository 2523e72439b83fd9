//! The full and the redacted view of one file side by side: each uid sees its own, always.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{KNOWING, MANAGER, Mapping, OTHER_READER, OWNER, READER, Volume, as_uid, cast, photo, redacted};

const PHOTO: &str = "DCIM/photo.jpg";
const OTHER_NAME: &str = "DCIM/renamed.jpg";
/// How many rounds of open, read and map each of the four racing uids does.
const ROUNDS: usize = 25_000;
const PAGE: usize = 4096;
/// Time between two renames.
const REST: Duration = Duration::from_millis(2);
/// How long the race may take in a debug build on a loaded machine, in seconds.
const RACE: u64 = 60;

/// Who sees the whole photo, and who the redacted one.
const SEEN: [(u32, bool); 4] = [(MANAGER, true), (READER, false), (KNOWING, true), (OTHER_READER, false)];

/// The photo with a location in its first page, and its redacted form.
fn pair() -> (Vec<u8>, Vec<u8>) {
    let located = photo(Some(0));
    let shown = redacted(&located);
    assert!(located[..PAGE] != shown[..PAGE], "the views differ in the first page");
    (located, shown)
}

/// How many of the daemon's threads serve what may take long.
fn aside(volume: &Volume) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", volume.pid().as_raw_nonzero())).unwrap();
    tasks
        .filter(|task| {
            fs::read_to_string(task.as_ref().unwrap().path().join("comm")).is_ok_and(|name| name == "lane\n")
        })
        .count()
}

#[test]
fn a_file_is_looked_into_beside_the_threads_that_serve_everybody() {
    let (located, shown) = pair();
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    as_uid(MANAGER, || assert!(fs::read(volume.path(PHOTO)).unwrap() == located));
    assert_eq!(aside(&volume), 0);
    as_uid(READER, || assert!(fs::read(volume.path(PHOTO)).unwrap() == shown));
    assert_eq!(aside(&volume), 1);
}

#[test]
fn a_filtered_file_is_read_ahead_in_large_requests() {
    const SIZE: usize = 16 << 20;
    let (mut located, mut shown) = pair();
    // What follows the picture is no part of it.
    located.resize(SIZE, b'x');
    shown.resize(SIZE, b'x');
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    let mut file = as_uid(READER, || File::open(volume.path(PHOTO)).unwrap());
    let before = volume.counter("read");
    let (mut bytes, mut page) = (Vec::new(), [0; PAGE]);
    while file.read_exact(&mut page).is_ok() {
        bytes.extend_from_slice(&page);
    }
    assert!(bytes == shown);
    let requests = volume.counter("read") - before;
    assert!((1..=40).contains(&requests), "{requests} requests; the kernel's own read-ahead makes 128");
}

#[test]
fn each_uid_sees_its_own_bytes_while_all_have_the_file_open() {
    let (located, shown) = pair();
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    let open = |(uid, full)| (as_uid(uid, || File::open(volume.path(PHOTO)).unwrap()), full);
    let mut files: Vec<(File, bool)> = SEEN.into_iter().map(open).collect();
    for (file, full) in &mut files {
        let expected = if *full { &located } else { &shown };
        let mut whole = Vec::new();
        file.read_to_end(&mut whole).unwrap();
        assert!(whole == *expected, "read, full: {full}");
        let mut piece = vec![0; 3000];
        file.read_exact_at(&mut piece, 20).unwrap();
        assert!(piece == expected[20..3020], "pread, full: {full}");
        for shared in [false, true] {
            let mapping = Mapping::to_read(&*file, expected.len(), shared).unwrap();
            assert!(mapping.read(0, expected.len()) == *expected, "mmap, full: {full}, shared: {shared}");
        }
        assert!(sent(file, expected.len()) == *expected, "sendfile, full: {full}");
    }
    assert_eq!((volume.counter("opened_passthrough"), volume.counter("opened_redacted")), (2, 2));
}

fn sent(file: &File, length: usize) -> Vec<u8> {
    let mut target = tempfile::tempfile().unwrap();
    let mut offset = 0;
    while usize::try_from(offset).unwrap() < length {
        assert!(rustix::fs::sendfile(&target, file, Some(&mut offset), length).unwrap() > 0);
    }
    let mut bytes = Vec::new();
    target.seek(SeekFrom::Start(0)).unwrap();
    target.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn mappings_of_both_views_live_side_by_side() {
    let (located, shown) = pair();
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    let map = |uid| {
        let file = as_uid(uid, || File::open(volume.path(PHOTO)).unwrap());
        Mapping::to_read(file, located.len(), true).unwrap() // its descriptor is closed
    };
    let (full, filtered) = (map(KNOWING), map(READER));
    let again = map(KNOWING);
    assert!(full.read(0, located.len()) == located && again.read(0, PAGE) == located[..PAGE]);
    assert!(filtered.read(0, shown.len()) == shown);
}

#[test]
fn copying_out_of_the_redacted_view_copies_what_it_shows() {
    let (located, shown) = pair();
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    let copy = volume.path("Download/copy.jpg");
    as_uid(READER, || {
        let source = File::open(volume.path(PHOTO)).unwrap();
        fs::create_dir(volume.path("Download")).unwrap();
        let target = File::create_new(&copy).unwrap();
        let (mut from, mut to) = (0, 0);
        while usize::try_from(from).unwrap() < located.len() {
            let left = located.len() - usize::try_from(from).unwrap();
            let copied = rustix::fs::copy_file_range(&source, Some(&mut from), &target, Some(&mut to), left);
            assert!(copied.unwrap() > 0);
        }
    });
    assert!(fs::read(volume.lower().join("Download/copy.jpg")).unwrap() == shown);
}

#[test]
fn the_views_are_two_inodes_of_one_size() {
    let (located, _) = pair();
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    let stat = |uid| as_uid(uid, || File::open(volume.path(PHOTO)).unwrap().metadata().unwrap());
    let [full, filtered, knowing, other] = [MANAGER, READER, KNOWING, OTHER_READER].map(stat);
    assert_eq!(full.ino(), knowing.ino());
    assert_eq!(filtered.ino(), other.ino());
    assert_ne!(full.ino(), filtered.ino());
    assert_eq!(full.ino(), fs::metadata(volume.lower().join(PHOTO)).unwrap().ino());
    for stat in [filtered, knowing, other] {
        assert_eq!((stat.len(), stat.mtime_nsec()), (full.len(), full.mtime_nsec()));
    }
}

#[test]
fn a_clean_file_is_one_inode_for_everyone() {
    let Some(volume) = cast().file(PHOTO, photo(None)).start() else { return };
    let number = |uid| as_uid(uid, || File::open(volume.path(PHOTO)).unwrap().metadata().unwrap().ino());
    assert_eq!(number(MANAGER), number(READER));
}

/// What a race came to.
#[derive(Debug, Default)]
struct Tally {
    wrong: AtomicUsize,
    missing: AtomicUsize,
    errors: AtomicUsize,
}

/// One uid opens, reads and maps the first page of the file under one of its names, again and again.
fn race(names: &[PathBuf], expected: &[u8], start: &Barrier, tally: &Tally) {
    start.wait();
    let mut page = vec![0; expected.len()];
    for round in 0..ROUNDS {
        let path = &names[round % names.len()];
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                tally.missing.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            Err(error) => {
                if tally.errors.fetch_add(1, Ordering::Relaxed) < 3 {
                    eprintln!("open {}: {error}", path.display());
                }
                continue;
            }
        };
        let read = file.read_exact_at(&mut page, 0).is_ok();
        let mapped = Mapping::to_read(&file, page.len(), round % 2 == 0);
        let right =
            read && page == expected && mapped.is_ok_and(|mapped| mapped.read(0, expected.len()) == expected);
        if !right {
            tally.wrong.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Races the four uids, with `beside` going on as OWNER meanwhile.
fn race_all(names: &[PathBuf], pages: [&[u8]; 2], beside: impl Fn() + Send + Sync) -> Tally {
    let (tally, start, over) = (Tally::default(), Barrier::new(SEEN.len()), AtomicBool::new(false));
    thread::scope(|scope| {
        let racers = SEEN.map(|(uid, full)| {
            let (tally, start) = (&tally, &start);
            let expected = pages[usize::from(!full)];
            scope.spawn(move || as_uid(uid, || race(names, expected, start, tally)))
        });
        scope.spawn(|| {
            as_uid(OWNER, || {
                while !over.load(Ordering::Relaxed) {
                    beside();
                }
            });
        });
        let ended = racers.map(|racer| racer.join());
        over.store(true, Ordering::Relaxed);
        for racer in ended {
            racer.unwrap();
        }
    });
    tally
}

/// The photo, made by OWNER through the mount.
fn make(volume: &Volume, content: &[u8]) {
    as_uid(OWNER, || {
        fs::create_dir(volume.path("DCIM")).unwrap();
        fs::write(volume.path(PHOTO), content).unwrap();
    });
}

#[test]
fn racing_opens_of_both_views_never_get_each_others_bytes() {
    let (located, shown) = pair();
    let Some(volume) = cast().start() else { return };
    make(&volume, &located);
    let began = Instant::now();
    let pause = || thread::sleep(Duration::from_millis(1));
    let tally = race_all(&[volume.path(PHOTO)], [&located[..PAGE], &shown[..PAGE]], pause);
    let took = began.elapsed();
    eprintln!("{} rounds in {took:?}: {tally:?}", ROUNDS * SEEN.len());
    assert_eq!(tally.wrong.into_inner(), 0);
    assert_eq!(tally.errors.into_inner() + tally.missing.into_inner(), 0);
    assert!(took.as_secs() < RACE, "{took:?}");
}

#[test]
fn racing_opens_find_the_file_while_its_owner_renames_it() {
    // Each rename is a new version, which is planned anew: a small file, and renames with a rest between them.
    let located = mediagate::sample::jpeg_with_location();
    let shown = redacted(&located);
    assert_ne!(located, shown);
    let Some(volume) = cast().start() else { return };
    make(&volume, &located);
    let names = [volume.path(PHOTO), volume.path(OTHER_NAME)];
    let rename = |from: &Path, to: &Path| {
        fs::rename(from, to).unwrap();
        thread::sleep(REST);
    };
    let began = Instant::now();
    let tally = race_all(&names, [&located, &shown], || {
        rename(&names[0], &names[1]);
        rename(&names[1], &names[0]);
    });
    let took = began.elapsed();
    eprintln!("{} rounds in {took:?}: {tally:?}", ROUNDS * SEEN.len());
    assert_eq!(tally.wrong.into_inner(), 0);
    assert_eq!(tally.errors.into_inner(), 0);
    assert!(tally.missing.into_inner() < ROUNDS * SEEN.len(), "the file is found");
    assert!(took.as_secs() < RACE, "{took:?}");
}
