//! Opens that the kernel serves itself: the daemon sees neither their reads nor their writes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File, Permissions};
use std::io::{Read, Seek, SeekFrom, Write, pipe};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use common::{MANAGER, Mapping, OWNER, READER, Stopped, Volume, as_uid, cast, photo, splice, tells_location};

const PHOTO: &str = "DCIM/photo.jpg";
const PAGE: usize = 4096;

/// Does `work` and makes sure that the daemon was asked to read and write nothing meanwhile.
fn unseen<T>(volume: &Volume, work: impl FnOnce() -> T) -> T {
    let seen = || (volume.counter("read"), volume.counter("write"));
    let before = seen();
    let done = work();
    assert_eq!(seen(), before, "READ and WRITE requests");
    done
}

/// What is read from the file in every way that does not need the daemon.
fn read_in_all_ways(path: &Path, expected: &[u8]) {
    let mut file = File::open(path).unwrap();
    let mut whole = Vec::new();
    file.read_to_end(&mut whole).unwrap();
    assert!(whole == expected, "read");
    let mut piece = vec![0; 1000];
    file.read_exact_at(&mut piece, 777).unwrap();
    assert!(piece == expected[777..1777], "pread");
    for shared in [false, true] {
        let mapping = Mapping::to_read(&file, expected.len(), shared).unwrap();
        assert!(mapping.read(0, expected.len()) == expected, "mmap, shared: {shared}");
    }
    assert!(sent(&file, expected.len()) == expected, "sendfile");
    file.seek(SeekFrom::Start(0)).unwrap();
    let (mut from, to) = pipe().unwrap();
    let moved = splice(&file, &to, PAGE).unwrap();
    let mut spliced = vec![0; moved];
    from.read_exact(&mut spliced).unwrap();
    assert!(moved > 0 && spliced == expected[..moved], "splice");
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

/// A file that OWNER made through the mount.
fn make_as_owner(path: &Path, content: &[u8]) {
    as_uid(OWNER, || {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    });
}

#[test]
fn a_clean_file_is_read_without_the_daemon() {
    let clean = photo(None);
    let Some(volume) = cast().file(PHOTO, &clean).start() else { return };
    let opened = volume.counter("opened_passthrough");
    unseen(&volume, || as_uid(READER, || read_in_all_ways(&volume.path(PHOTO), &clean)));
    assert_eq!(volume.counter("opened_passthrough"), opened + 1);
}

#[test]
fn a_manager_reads_a_file_with_a_location_without_the_daemon() {
    let located = photo(Some(1));
    let Some(volume) = cast().file(PHOTO, &located).start() else { return };
    unseen(&volume, || as_uid(MANAGER, || read_in_all_ways(&volume.path(PHOTO), &located)));
    assert_eq!(volume.counter("opened_passthrough"), 1);
}

#[test]
fn an_owner_reads_and_writes_its_file_without_the_daemon() {
    let located = photo(Some(2));
    let Some(volume) = cast().start() else { return };
    let (path, lower) = (volume.path(PHOTO), volume.lower().join(PHOTO));
    unseen(&volume, || make_as_owner(&path, &located));
    unseen(&volume, || as_uid(OWNER, || read_in_all_ways(&path, &located)));
    let length = located.len();
    unseen(&volume, || {
        as_uid(OWNER, || {
            let mut file = File::options().read(true).write(true).open(&path).unwrap();
            file.write_all(b"write").unwrap();
            file.write_all_at(b"pwrite", 100).unwrap();
            Mapping::to_write(&file, length).unwrap().write(200, b"store");
            File::options().append(true).open(&path).unwrap().write_all(b"append").unwrap();
        });
    });
    let mut expected = located;
    expected[..5].copy_from_slice(b"write");
    expected[100..106].copy_from_slice(b"pwrite");
    expected[200..205].copy_from_slice(b"store");
    expected.extend_from_slice(b"append");
    assert!(fs::read(lower).unwrap() == expected);
    assert_eq!(volume.counter("opened_served"), 0);
}

#[test]
fn appending_goes_to_the_true_end_when_the_lower_file_grew() {
    let Some(volume) = cast().start() else { return };
    let (path, lower) = (volume.path("Download/log.txt"), volume.lower().join("Download/log.txt"));
    make_as_owner(&path, b"one ");
    unseen(&volume, || {
        as_uid(OWNER, || {
            let mut file = File::options().append(true).open(&path).unwrap();
            File::options().append(true).open(&path).unwrap().write_all(b"two ").unwrap();
            file.write_all(b"three").unwrap();
        });
    });
    assert_eq!(fs::read(lower).unwrap(), b"one two three");
}

#[test]
fn splice_and_sendfile_write_without_the_daemon() {
    let Some(volume) = cast().start() else { return };
    let path = volume.path("Download/received.bin");
    make_as_owner(&path, b"");
    unseen(&volume, || {
        as_uid(OWNER, || {
            let file = File::options().write(true).open(&path).unwrap();
            let (from, mut to) = pipe().unwrap();
            to.write_all(b"by splice, ").unwrap();
            assert_eq!(splice(&from, &file, 100).unwrap(), 11);
            let mut source = tempfile::tempfile().unwrap();
            source.write_all(b"by sendfile").unwrap();
            assert_eq!(rustix::fs::sendfile(&file, &source, Some(&mut 0), 11).unwrap(), 11);
        });
    });
    assert_eq!(fs::read(path).unwrap(), b"by splice, by sendfile");
}

#[test]
fn direct_io_goes_without_the_daemon() {
    let Some(volume) = cast().start() else { return };
    let path = volume.path("Download/direct.bin");
    make_as_owner(&path, &[b'a'; 4 * PAGE]);
    unseen(&volume, || {
        as_uid(OWNER, || {
            let direct = i32::try_from(rustix::fs::OFlags::DIRECT.bits()).unwrap();
            let mut options = File::options();
            let opened = options.read(true).write(true).custom_flags(direct).open(&path);
            let file = match opened {
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                    return common::skip("the lower file system has no direct I/O");
                }
                opened => opened.unwrap(),
            };
            let mut buffer = vec![b'b'; 2 * PAGE];
            let skip = buffer.as_ptr().align_offset(PAGE);
            file.write_all_at(&buffer[skip..skip + PAGE], PAGE as u64).unwrap();
            file.read_exact_at(&mut buffer[skip..skip + PAGE], 0).unwrap();
            assert!(buffer[skip..skip + PAGE].iter().all(|byte| *byte == b'a'));
        });
    });
    let bytes = fs::read(path).unwrap();
    assert!(bytes[PAGE..2 * PAGE].iter().all(|byte| *byte == b'b'));
    assert_eq!(bytes.iter().filter(|byte| **byte == b'b').count(), PAGE);
}

#[test]
fn an_open_file_goes_on_while_the_daemon_is_stopped() {
    let Some(volume) = cast().start() else { return };
    let path = volume.path("Download/held.bin");
    make_as_owner(&path, &[b'a'; 3 * PAGE]);
    let file = as_uid(OWNER, || File::options().read(true).write(true).open(&path).unwrap());
    let held = Stopped::hold(volume.pid());
    file.write_all_at(b"pwrite", 10).unwrap();
    let mut piece = [0; 6];
    file.read_exact_at(&mut piece, 10).unwrap();
    assert_eq!(&piece, b"pwrite");
    let mapping = Mapping::to_write(&file, 3 * PAGE).unwrap();
    mapping.write(2 * PAGE, b"store");
    file.read_exact_at(&mut piece, 2 * PAGE as u64).unwrap();
    assert_eq!(&piece, b"storea");
    assert!(Mapping::to_read(&file, PAGE, false).unwrap().read(10, 6) == b"pwrite");
    assert!(held.release(), "nothing waited for the daemon");
    assert_eq!(fs::read(&path).unwrap().len(), 3 * PAGE);
}

#[test]
fn opening_to_truncate_empties_the_file() {
    let Some(volume) = cast().start() else { return };
    let path = volume.path("Download/emptied.bin");
    make_as_owner(&path, b"content");
    let size = as_uid(OWNER, || {
        let file = File::options().write(true).truncate(true).open(&path).unwrap();
        file.metadata().unwrap().len()
    });
    assert_eq!(size, 0);
    assert_eq!(fs::metadata(volume.lower().join("Download/emptied.bin")).unwrap().len(), 0);
    as_uid(OWNER, || fs::write(&path, "more").unwrap());
    assert_eq!(fs::read(path).unwrap(), b"more");
}

#[test]
fn a_write_strips_set_id_bits() {
    let Some(volume) = cast().start() else { return };
    for (name, write) in [
        ("pwrite", (|file: &File| file.write_all_at(b"x", 0).unwrap()) as fn(&File)),
        ("ftruncate", |file| file.set_len(1).unwrap()),
    ] {
        let name = format!("Download/{name}.bin");
        let (path, lower) = (volume.path(&name), volume.lower().join(&name));
        make_as_owner(&path, b"content");
        fs::set_permissions(&lower, Permissions::from_mode(0o6777)).unwrap();
        as_uid(OWNER, || write(&File::options().write(true).open(&path).unwrap()));
        assert_eq!(fs::metadata(&lower).unwrap().mode() & 0o7777, 0o777, "{name}");
    }
}

#[test]
fn truncating_at_the_open_strips_set_id_bits() {
    let Some(volume) = cast().start() else { return };
    let (path, lower) = (volume.path("Download/a.bin"), volume.lower().join("Download/a.bin"));
    make_as_owner(&path, b"content");
    fs::set_permissions(&lower, Permissions::from_mode(0o6777)).unwrap();
    as_uid(OWNER, || drop(File::options().write(true).truncate(true).open(&path).unwrap()));
    assert_eq!(fs::metadata(&lower).unwrap().mode() & 0o7777, 0o777);
}

#[test]
fn opens_of_one_file_share_its_backing() {
    let Some(volume) = cast().start() else { return };
    let path = volume.path("Download/shared.bin");
    make_as_owner(&path, b"content");
    let backings = volume.counter("backing_opened");
    let opened = volume.counter("opened_passthrough");
    let (one, other) = as_uid(OWNER, || {
        let one = File::options().read(true).write(true).open(&path).unwrap();
        (one, File::open(&path).unwrap())
    });
    let managers = as_uid(MANAGER, || File::open(&path).unwrap());
    one.write_all_at(b"CONTENT", 0).unwrap();
    for file in [other, managers] {
        let mut bytes = [0; 7];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"CONTENT");
    }
    drop(one);
    as_uid(OWNER, || assert_eq!(fs::read(&path).unwrap(), b"CONTENT"));
    assert_eq!(volume.counter("opened_passthrough"), opened + 4);
    assert_eq!(volume.counter("backing_opened"), backings, "the backing of the creation serves them all");
}

#[test]
fn without_passthrough_the_daemon_serves_the_same_bytes() {
    let (clean, located) = (photo(None), photo(Some(0)));
    let setup = cast().file(PHOTO, &clean).file("DCIM/located.jpg", &located);
    let Some(volume) = setup.argument("--no-passthrough").start() else { return };
    as_uid(READER, || read_in_all_ways(&volume.path(PHOTO), &clean));
    as_uid(MANAGER, || read_in_all_ways(&volume.path("DCIM/located.jpg"), &located));
    let shown = as_uid(READER, || fs::read(volume.path("DCIM/located.jpg")).unwrap());
    assert!(shown.len() == located.len() && !tells_location(&shown));
    let path = volume.path("Download/written.bin");
    make_as_owner(&path, b"written");
    assert_eq!(fs::read(volume.lower().join("Download/written.bin")).unwrap(), b"written");
    assert_eq!(volume.counter("opened_passthrough"), 0);
    assert!(volume.counter("opened_served") >= 3 && volume.counter("read") > 0);
}
