//! Reading, writing, and telling whole writes from torn ones.

#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::FileExt;
use std::thread;

use super::*;

/// Bytes of the file that is written over and over.
const SIZE: usize = 512 << 10;

/// The protocol of plans and filtered reads: version, settle, read, version. If the version stood, no write was seen
/// in part, because each write puts one byte value everywhere.
fn whole_writes_are_never_seen_torn(directory: &TempDir) {
    let path = directory.path().join("file");
    fs::write(&path, vec![1; SIZE]).unwrap();
    let file = PathFd::root(directory.path()).unwrap().child(&name("file")).unwrap();
    let stop = AtomicBool::new(false);
    let (steady, disturbed) = thread::scope(|scope| {
        scope.spawn(|| {
            let written = fs::OpenOptions::new().write(true).open(&path).unwrap();
            for value in (0..=255u8).cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                written.write_all_at(&vec![value; SIZE], 0).unwrap();
                // So that a reader meets quiet moments, too.
                if value % 4 == 0 {
                    thread::sleep(std::time::Duration::from_micros(700));
                }
            }
        });
        let _stopping = Stopping(&stop);
        let (mut steady, mut disturbed) = (0u32, 0u32);
        let mut buffer = vec![0; SIZE];
        let began = std::time::Instant::now();
        while (steady < 150 || disturbed < 10) && began.elapsed() < std::time::Duration::from_millis(1500) {
            let inspection = file.inspect().unwrap();
            inspection.settle();
            assert_eq!(inspection.read_at(0, &mut buffer).unwrap(), SIZE);
            if inspection.stat_now().unwrap().version == inspection.stat().version {
                assert!(buffer.iter().all(|byte| *byte == buffer[0]), "a write was seen in part");
                steady += 1;
            } else {
                disturbed += 1;
            }
        }
        (steady, disturbed)
    });
    assert!(steady > 0, "no undisturbed read, {disturbed} disturbed ones");
}

#[test]
fn whole_writes_are_never_seen_torn_in_the_directory_for_temporary_files() {
    whole_writes_are_never_seen_torn(&tempfile::tempdir().unwrap());
}

#[test]
fn whole_writes_are_never_seen_torn_on_tmpfs() {
    if let Some(directory) = on_tmpfs() {
        whole_writes_are_never_seen_torn(&directory);
    }
}

fn opened(root: &PathFd, text: &str, how: OpenHow) -> DataFd {
    root.child(&name(text)).unwrap().reopen(how, permit()).unwrap()
}

#[test]
fn reads_and_writes_are_where_they_are_asked_for() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"0123456789").unwrap();
    let both = OpenHow { read: true, write: true, ..OpenHow::default() };
    let data = opened(&root, "a", both);
    let mut buffer = [0; 8];
    assert_eq!(data.read_at(&mut buffer, 6).unwrap(), 4);
    assert_eq!(&buffer[..4], b"6789");
    assert_eq!(data.read_at(&mut buffer, 100).unwrap(), 0);
    assert_eq!(data.write_at(b"xy", 12).unwrap(), 2);
    assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"0123456789\0\0xy");
    data.truncate(3).unwrap();
    assert_eq!(data.stat().unwrap().version.size, 3);
    data.sync(false).unwrap();
    data.sync(true).unwrap();
}

#[test]
fn an_open_does_what_it_was_asked_for() {
    let (directory, root) = lower();
    let path = directory.path().join("a");
    fs::write(&path, b"abc").unwrap();
    let append = OpenHow { write: true, append: true, ..OpenHow::default() };
    opened(&root, "a", append).write_at(b"d", 0).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"abcd");
    let reading = opened(&root, "a", OpenHow { read: true, ..OpenHow::default() });
    assert_eq!(raw(&reading.write_at(b"x", 0).unwrap_err()), libc::EBADF);
    let writing = opened(&root, "a", OpenHow { write: true, sync: true, ..OpenHow::default() });
    assert_eq!(raw(&writing.read_at(&mut [0; 4], 0).unwrap_err()), libc::EBADF);
    opened(&root, "a", OpenHow { write: true, truncate: true, ..OpenHow::default() });
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn holes_and_copies_are_the_lower_ones() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"").unwrap();
    fs::write(directory.path().join("b"), b"").unwrap();
    let both = OpenHow { read: true, write: true, ..OpenHow::default() };
    let (from, to) = (opened(&root, "a", both), opened(&root, "b", both));
    assert_eq!(raw(&from.seek(0, false).unwrap_err()), libc::ENXIO);
    from.allocate(0, 0, 4096).unwrap();
    assert_eq!(raw(&from.allocate(1 << 31, 0, 1).unwrap_err()), libc::EOPNOTSUPP);
    from.write_at(b"data", 1 << 20).unwrap();
    assert_eq!(from.seek(1 << 20, false).unwrap(), 1 << 20);
    assert_eq!(from.seek(1 << 20, true).unwrap(), (1 << 20) + 4);
    assert_eq!(from.copy_to(1 << 20, &to, 2, 100).unwrap(), 4);
    assert_eq!(fs::read(directory.path().join("b")).unwrap(), b"\0\0data");
}

#[test]
fn inspection_does_not_move_the_access_time() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"abc").unwrap();
    let file = root.child(&name("a")).unwrap();
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    let times = Times { accessed: Some(TimeToSet::At(old)), modified: None };
    file.set_times(times, permit()).unwrap();
    file.inspect().unwrap().read_at(0, &mut [0; 3]).unwrap();
    assert_eq!(file.stat().unwrap().accessed, old);
}
