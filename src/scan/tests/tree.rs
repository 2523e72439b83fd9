//! What is visited and what is not.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

#[test]
fn private_trees_have_no_rows() {
    let at = Fixture::new();
    for tree in ["Android/data", "ANDROID/OBB", "Android/d\u{200b}ata", "Android/media"] {
        at.write(&format!("{tree}/com.a/f.mp4"), &sample::mp4_with_location());
    }
    at.write("Download/Android/data/com.a/f.mp4", &sample::mp4_with_location());
    let outcome = at.scan();
    assert_eq!(outcome.files, 2);
    assert!(at.row("Android/data").is_none() && at.row("ANDROID/OBB").is_none());
    assert!(at.row("Android/d\u{200b}ata").is_none());
    assert!(at.row("Android/media/com.a/f.mp4").is_some());
    assert!(at.row("Download/Android/data/com.a/f.mp4").is_some());
    let private = at.scan_with(&["Android", "Data", "com.a"], false, &Progress::default());
    assert!(matches!(private, Err(ScanFailure::Private { .. })));
}

#[test]
fn rows_of_private_trees_are_not_taken_for_gone() {
    let at = Fixture::new();
    at.write("Android/data/com.a/f.mp4", &sample::mp4_clean());
    at.scan();
    let name = EntryName { bytes: b"data", folded: b"data" };
    let file = crate::id::Identity { file: crate::id::FileId { dev: 1, ino: 1 }, born: 0 };
    at.store.ensure_directory(at.row("Android").unwrap().id, name, file).unwrap();
    fs::remove_dir_all(at.path("Android/data")).unwrap();
    assert_eq!(at.scan().removed, 0);
}

#[test]
fn special_files_and_names_that_are_not_unicode_are_passed_over() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_clean());
    symlink("a.mp4", at.path("DCIM/link.mp4")).unwrap();
    symlink("/", at.path("DCIM/out")).unwrap();
    let _socket = UnixListener::bind(at.path("DCIM/socket.mp4")).unwrap();
    let pipe = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, at.path("DCIM/pipe.mp4"), pipe, 0o600.into(), 0).unwrap();
    fs::write(at.path("DCIM").join(OsStr::from_bytes(b"\xff.mp4")), b"x").unwrap();
    fs::create_dir(at.path("DCIM").join(OsStr::from_bytes(b"dir\xff"))).unwrap();
    let outcome = at.scan();
    assert_eq!((outcome.files, outcome.directories, outcome.failed), (1, 2, 0));
    assert_eq!(at.rows_below(at.root_row), 2);
    fs::remove_file(at.path("DCIM/a.mp4")).unwrap();
    symlink("link.mp4", at.path("DCIM/a.mp4")).unwrap();
    assert_eq!(at.scan().removed, 1);
}

#[test]
fn only_what_was_asked_for_is_scanned() {
    let at = Fixture::new();
    at.write("DCIM/Camera/a.mp4", &sample::mp4_clean());
    at.write("DCIM/Camera/b.mp4", &sample::mp4_clean());
    at.write("DCIM/c.mp4", &sample::mp4_clean());
    at.write("Music/d.mp3", b"ID3");
    let scan = |below: &[&str]| at.scan_with(below, false, &Progress::default());
    let file = scan(&["DCIM", "Camera", "b.mp4"]).unwrap();
    assert_eq!((file.files, file.directories, file.changed), (1, 0, 3));
    let directory = scan(&["DCIM", "Camera"]).unwrap();
    assert_eq!((directory.files, directory.directories, directory.changed), (2, 1, 1));
    assert_eq!(at.rows_below(at.root_row), 4);
    for missing in [&["DCIM", "none"][..], &["DCIM", "c.mp4", "below"], &["none", "a"]] {
        assert!(matches!(scan(missing), Err(ScanFailure::NotFound { .. })), "{missing:?}");
    }
    symlink("DCIM", at.path("link")).unwrap();
    assert!(matches!(scan(&["link"]), Err(ScanFailure::NotFound { .. })));
    assert!(scan(&["link", "Camera"]).is_err());
    assert_eq!(at.rows_below(at.root_row), 4);
}

#[test]
fn depth_is_bounded() {
    let at = Fixture::new();
    let deep = vec!["d"; walk::DEEPEST + 2].join("/");
    at.write(&format!("{deep}/f.txt"), b"deep");
    let outcome = at.scan();
    assert_eq!((outcome.files, outcome.failed), (0, 1));
    assert_eq!(outcome.directories, walk::DEEPEST as u64 + 1);
    assert_eq!(at.scan().changed, 0);
}
