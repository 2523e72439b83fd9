//! A reader who may not know locations reads a photo while its owner writes one into it and takes it out again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Mapping, OWNER, READER, SLOTS, Slot, Volume, as_uid, cast, photo, redacted, tells_location};

const PHOTO: &str = "DCIM/photo.jpg";
const NEW: &str = "DCIM/new.jpg";
/// How long the two contend.
const CONTENTION: Duration = Duration::from_secs(3);
/// Sizes of the reader's pieces in bytes; 0 is reading to the end.
const PIECES: [usize; 4] = [0, 10_000, 64 << 10, 1 << 20];
/// Time between two writings of the whole file.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a change through a mapping stands at least before the next: longer than a page takes to be copied.
const STANDS: Duration = Duration::from_millis(4);

/// A volume with the photo, made by OWNER through the mount.
fn start(content: &[u8]) -> Option<Volume> {
    let volume = cast().start()?;
    as_uid(OWNER, || {
        fs::create_dir(volume.path("DCIM")).unwrap();
        fs::write(volume.path(PHOTO), content).unwrap();
    });
    Some(volume)
}

/// What the reader met.
#[derive(Debug, Default)]
struct Tally {
    /// Whole readings.
    readings: usize,
    /// Readings of which a part of the location was a part.
    leaks: usize,
    /// Readings that an error ended, by errno.
    refused: BTreeMap<i32, usize>,
}

impl Tally {
    /// No leak, errors of these numbers only, and in at most one of `of` readings and four more.
    fn assert_safe(&self, allowed: &[i32], of: usize) {
        eprintln!("{self:?}");
        assert_eq!(self.leaks, 0, "{self:?}");
        assert!(self.readings > 0, "{self:?}");
        assert!(self.refused.keys().all(|errno| allowed.contains(errno)), "{self:?}");
        assert!(self.refused.values().sum::<usize>() <= 4 + self.readings / of, "{self:?}");
    }
}

/// The photo, read in pieces of this size; every piece is kept.
fn read_in_pieces(path: &Path, size: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    if size == 0 {
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut piece = vec![0; size];
    loop {
        match file.read_at(&mut piece, bytes.len() as u64)? {
            0 => return Ok(bytes),
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

fn read_until(over: &AtomicBool, path: &Path) -> Tally {
    let mut tally = Tally::default();
    for size in PIECES.iter().cycle() {
        if over.load(Ordering::Relaxed) {
            break;
        }
        match read_in_pieces(path, *size) {
            Ok(bytes) => {
                tally.readings += 1;
                tally.leaks += usize::from(tells_location(&bytes));
            }
            Err(error) => *tally.refused.entry(error.raw_os_error().unwrap()).or_default() += 1,
        }
    }
    tally
}

/// Lets `write` go on in rounds as OWNER while READER reads.
fn contend(volume: &Volume, mut write: impl FnMut(usize) + Send) -> Tally {
    let (over, path) = (AtomicBool::new(false), volume.path(PHOTO));
    thread::scope(|scope| {
        let reader = scope.spawn(|| as_uid(READER, || read_until(&over, &path)));
        let writer = scope.spawn(|| {
            as_uid(OWNER, || {
                let end = Instant::now() + CONTENTION;
                (0..).take_while(|_| Instant::now() < end).for_each(&mut write);
            });
        });
        let written = writer.join();
        over.store(true, Ordering::Relaxed);
        written.unwrap();
        reader.join().unwrap()
    })
}

/// The versions that are written in turn: without a location, and with one in each slot.
fn version(round: usize) -> Vec<u8> {
    photo((round % 2 == 1).then_some(round / 2 % SLOTS))
}

/// Waits until the daemon knows that the writer is gone: closing does not wait for it.
fn await_release(volume: &Volume) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while volume.json(&["dump", "handles"])["handles"].as_array().is_none_or(|open| !open.is_empty()) {
        assert!(Instant::now() < deadline, "the daemon knows what was closed");
        thread::sleep(Duration::from_millis(5));
    }
}

/// After the writer is gone the reader sees what the photo became, and reads without the daemon if it is clean.
fn assert_settled(volume: &Volume) {
    let path = volume.path(PHOTO);
    for content in [photo(Some(2)), photo(None)] {
        as_uid(OWNER, || fs::write(&path, &content).unwrap());
        await_release(volume);
        assert!(as_uid(READER, || fs::read(&path).unwrap()) == redacted(&content));
    }
    // The kernel is told beside the requests that the name may stand for another view now.
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let (opened, read) = (volume.counter("opened_passthrough"), volume.counter("read"));
        as_uid(READER, || drop(fs::read(&path).unwrap()));
        if (volume.counter("opened_passthrough"), volume.counter("read")) == (opened + 1, read) {
            break;
        }
        assert!(Instant::now() < deadline, "a clean file is passed through to the reader again");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_whole_file_is_overwritten() {
    let Some(volume) = start(&version(0)) else { return };
    let file = as_uid(OWNER, || File::options().write(true).open(volume.path(PHOTO)).unwrap());
    contend(&volume, |round| {
        file.write_all_at(&version(round), 0).unwrap();
        thread::sleep(PAUSE);
    })
    .assert_safe(&[libc::EAGAIN, libc::ESTALE], 4);
    drop(file);
    assert_settled(&volume);
}

#[test]
fn the_file_is_opened_overwritten_and_closed() {
    let Some(volume) = start(&version(0)) else { return };
    let path = volume.path(PHOTO);
    contend(&volume, |round| {
        File::options().write(true).open(&path).unwrap().write_all_at(&version(round), 0).unwrap();
        thread::sleep(PAUSE);
    })
    .assert_safe(&[libc::EAGAIN, libc::ESTALE], 4);
    assert_settled(&volume);
}

/// Stores one slot's location or takes it out, so that its value never stands where no tag names it.
fn store(mapping: &Mapping, slot: Slot, location: bool) {
    let (tag, value) = Slot::bytes(location);
    let steps: [(usize, &[u8]); 2] = [(slot.tag, &[tag]), (slot.value, &value)];
    let order = if location { [0, 1] } else { [1, 0] };
    for step in order {
        let (at, bytes) = steps[step];
        mapping.write(at, bytes);
        thread::sleep(STANDS);
    }
}

#[test]
fn locations_are_stored_through_a_mapping() {
    let clean = version(0);
    let Some(volume) = start(&clean) else { return };
    let file = as_uid(OWNER, || File::options().read(true).write(true).open(volume.path(PHOTO)).unwrap());
    let mapping = Mapping::to_write(&file, clean.len()).unwrap();
    contend(&volume, |round| {
        store(&mapping, Slot::of(round % SLOTS), true);
        store(&mapping, Slot::of(round % SLOTS), false);
    })
    .assert_safe(&[libc::EAGAIN, libc::ESTALE], 4);
    drop((file, mapping));
    assert_settled(&volume);
}

#[test]
fn locations_are_stored_through_a_mapping_whose_descriptor_is_closed() {
    let clean = version(0);
    let Some(volume) = start(&clean) else { return };
    let mapping = as_uid(OWNER, || {
        let file = File::options().read(true).write(true).open(volume.path(PHOTO)).unwrap();
        Mapping::to_write(&file, clean.len()).unwrap()
    });
    contend(&volume, |round| {
        store(&mapping, Slot::of(round % SLOTS), true);
        store(&mapping, Slot::of(round % SLOTS), false);
    })
    .assert_safe(&[libc::EAGAIN, libc::ESTALE], 4);
    drop(mapping);
    assert_settled(&volume);
}

#[test]
fn a_mapping_that_outlives_its_descriptor_makes_its_owner_a_writer() {
    let clean = version(0);
    let Some(volume) = start(&clean) else { return };
    let path = volume.path(PHOTO);
    let mapping = as_uid(OWNER, || {
        let file = File::options().read(true).write(true).open(&path).unwrap();
        Mapping::to_write(&file, clean.len()).unwrap()
    });
    mapping.write(clean.len() - 1, b"\xd9"); // from now on the page is dirty, and stores change no time
    for slot in (0..SLOTS).map(Slot::of) {
        mapping.write(slot.tag, &[Slot::bytes(false).0]);
    }
    let read = || as_uid(READER, || fs::read(&path).unwrap());
    assert!(read() == clean);
    for slot in (0..SLOTS).map(Slot::of) {
        let (tag, value) = Slot::bytes(true);
        mapping.write(slot.tag, &[tag]);
        mapping.write(slot.value, &value);
        assert!(!tells_location(&read()));
    }
    drop(mapping);
    let located = fs::read(volume.lower().join(PHOTO)).unwrap();
    assert!(tells_location(&located));
    assert!(read() == redacted(&located));
    assert_settled(&volume);
}

#[test]
fn the_file_is_emptied_and_written_again() {
    let Some(volume) = start(&version(0)) else { return };
    let path = volume.path(PHOTO);
    contend(&volume, |round| {
        let mut file = File::options().write(true).truncate(true).open(&path).unwrap();
        let bytes = version(round);
        for part in bytes.chunks(bytes.len() / 3) {
            file.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
    })
    .assert_safe(&[libc::EAGAIN, libc::ESTALE, libc::EACCES], 1);
    assert_settled(&volume);
}

#[test]
fn another_file_is_renamed_over_it() {
    let Some(volume) = start(&version(0)) else { return };
    let (path, new) = (volume.path(PHOTO), volume.path(NEW));
    contend(&volume, |round| {
        fs::write(&new, version(round)).unwrap();
        fs::rename(&new, &path).unwrap();
    })
    .assert_safe(&[libc::EAGAIN, libc::ESTALE], 4);
    assert_settled(&volume);
}
