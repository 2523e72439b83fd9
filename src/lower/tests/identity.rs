//! An O_PATH descriptor is the file, whatever its name is.

#![forbid(unsafe_code)]

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;

const READ: OpenHow = OpenHow { read: true, write: false, append: false, truncate: false, sync: false };

fn content(file: &PathFd) -> Vec<u8> {
    let mut buffer = [0; 64];
    let count = file.reopen(READ, permit()).unwrap().read_at(&mut buffer, 0).unwrap();
    buffer[..count].to_vec()
}

#[test]
fn renaming_does_not_change_it() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"one").unwrap();
    let file = root.child(&name("a")).unwrap();
    let before = file.stat().unwrap();
    fs::rename(directory.path().join("a"), directory.path().join("b")).unwrap();
    fs::write(directory.path().join("a"), b"two").unwrap();
    assert_eq!(file.stat().unwrap().identity, before.identity);
    assert_eq!(content(&file), b"one");
    assert_eq!(root.child(&name("b")).unwrap().stat().unwrap().identity, before.identity);
}

#[test]
fn a_file_in_its_place_is_another() {
    let (directory, root) = lower();
    let path = directory.path().join("a");
    fs::write(&path, b"one").unwrap();
    let former = root.child(&name("a")).unwrap();
    let mut seen = vec![former.stat().unwrap().identity];
    for _ in 0..50 {
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"two").unwrap();
        let identity = root.child(&name("a")).unwrap().stat().unwrap().identity;
        assert!(!seen.contains(&identity), "an identity was given again");
        seen.push(identity);
    }
    assert_eq!(content(&former), b"one");
}

#[test]
fn the_version_moves_with_each_change() {
    let (directory, root) = lower();
    let path = directory.path().join("a");
    fs::write(&path, b"one").unwrap();
    let file = root.child(&name("a")).unwrap();
    for round in 0..100u8 {
        let before = file.stat().unwrap().version;
        fs::write(&path, [round; 3]).unwrap();
        assert_ne!(file.stat().unwrap().version, before, "round {round}");
    }
}

#[test]
fn times_before_1970_are_kept() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"").unwrap();
    let file = root.child(&name("a")).unwrap();
    let times = [
        UNIX_EPOCH,
        UNIX_EPOCH + Duration::new(1, 5),
        UNIX_EPOCH - Duration::new(0, 1),
        UNIX_EPOCH - Duration::new(1, 0),
        UNIX_EPOCH - Duration::new(86_400, 250_000_000),
        UNIX_EPOCH - Duration::new(1_000_000_000, 999_999_999),
    ];
    for at in times {
        let wanted = Times { accessed: Some(TimeToSet::At(at)), modified: Some(TimeToSet::At(at)) };
        file.set_times(wanted, permit()).unwrap();
        let stat = file.stat().unwrap();
        assert_eq!((stat.accessed, stat.modified), (at, at));
    }
    let stat = file.stat().unwrap();
    assert_eq!(stat.version.mtime_ns, -1_000_000_000_999_999_999);
}

#[test]
fn times_that_are_not_given_stay() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"").unwrap();
    let file = root.child(&name("a")).unwrap();
    let old = UNIX_EPOCH + Duration::from_secs(1000);
    let both = Times { accessed: Some(TimeToSet::At(old)), modified: Some(TimeToSet::At(old)) };
    file.set_times(both, permit()).unwrap();
    file.set_times(Times { accessed: None, modified: Some(TimeToSet::Now) }, permit()).unwrap();
    let stat = file.stat().unwrap();
    assert_eq!(stat.accessed, old);
    assert!(SystemTime::now().duration_since(stat.modified).unwrap() < Duration::from_secs(60));
}

#[test]
fn what_is_not_served_is_special() {
    let (directory, root) = lower();
    let pipe = directory.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    fs::create_dir(directory.path().join("directory")).unwrap();
    let kind = |text| root.child(&name(text)).unwrap().stat().unwrap().kind;
    assert_eq!(kind("pipe"), FileKind::Special);
    assert_eq!(kind("directory"), FileKind::Directory);
}

#[test]
fn making_refuses_what_exists() {
    let (directory, root) = lower();
    fs::write(directory.path().join("a"), b"").unwrap();
    let how = OpenHow { write: true, ..OpenHow::default() };
    assert_eq!(raw(&root.create(&name("a"), how, permit()).unwrap_err()), libc::EEXIST);
    assert_eq!(raw(&root.make_directory(&name("a"), permit()).unwrap_err()), libc::EEXIST);
    root.create(&name("b"), how, permit()).unwrap().write_at(b"new", 0).unwrap();
    assert_eq!(fs::read(directory.path().join("b")).unwrap(), b"new");
    root.create(&name("c"), OpenHow::default(), permit()).unwrap();
    root.make_directory(&name("d"), permit()).unwrap();
    assert_eq!(raw(&root.remove(&name("d"), false, permit()).unwrap_err()), libc::EISDIR);
    assert_eq!(raw(&root.remove(&name("c"), true, permit()).unwrap_err()), libc::ENOTDIR);
    root.remove(&name("d"), true, permit()).unwrap();
    root.remove(&name("c"), false, permit()).unwrap();
    assert!(!directory.path().join("c").exists() && !directory.path().join("d").exists());
}
