//! A directory's listing is a stream with stable places.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::*;

/// Reads everything in pieces of `piece` entries, calling `between` after each piece.
fn read_in_pieces(
    stream: &mut DirectoryStream,
    piece: usize,
    mut between: impl FnMut(usize),
) -> Vec<(ListedName, u64)> {
    let mut listed = Vec::new();
    let mut offset = 0;
    loop {
        let mut got = Vec::new();
        stream
            .read_from(offset, |entry| {
                // As the kernel's buffer does: what does not fit is asked for again.
                if got.len() == piece {
                    return false;
                }
                got.push((entry.name, entry.next));
                true
            })
            .unwrap();
        let Some((_, next)) = got.last() else { return listed };
        offset = *next;
        listed.append(&mut got);
        between(listed.len());
    }
}

fn filled(count: usize, directory: &Path) -> HashSet<String> {
    (0..count)
        .map(|number| {
            let name = format!("IMG_{number:05}.jpg");
            fs::write(directory.join(&name), b"").unwrap();
            name
        })
        .collect()
}

fn entries(listed: &[(ListedName, u64)]) -> Vec<String> {
    let names = listed.iter().filter(|(name, _)| matches!(name, ListedName::Entry(_)));
    names.map(|(name, _)| name.as_str().to_owned()).collect()
}

fn every_name_once(directory: &TempDir) {
    let names = filled(5000, directory.path());
    let mut stream = PathFd::root(directory.path()).unwrap().list().unwrap();
    for piece in [7, 1000, 10_000] {
        let listed = read_in_pieces(&mut stream, piece, |_| ());
        assert_eq!(listed.len(), 5002);
        assert_eq!(entries(&listed).into_iter().collect::<HashSet<_>>(), names);
    }
    // Any place can be gone back to while the directory is open.
    let listed = read_in_pieces(&mut stream, 100, |_| ());
    for from in [4999, 1, 2500, 0] {
        let mut first = None;
        stream
            .read_from(listed[from].1, |entry| {
                first = Some(entry.name);
                false
            })
            .unwrap();
        assert_eq!(first.as_ref(), listed.get(from + 1).map(|(name, _)| name));
    }
}

#[test]
fn every_name_comes_once() {
    every_name_once(&tempfile::tempdir().unwrap());
}

#[test]
fn every_name_comes_once_on_tmpfs() {
    if let Some(directory) = on_tmpfs() {
        every_name_once(&directory);
    }
}

#[test]
fn names_that_stay_are_listed_while_others_go() {
    let (directory, root) = lower();
    let names = filled(2000, directory.path());
    let gone: Vec<&String> = names.iter().filter(|name| name.ends_with("3.jpg")).collect();
    let mut left = gone.iter();
    let mut stream = root.list().unwrap();
    let listed = read_in_pieces(&mut stream, 50, |_| {
        for name in left.by_ref().take(10) {
            fs::remove_file(directory.path().join(name)).unwrap();
        }
    });
    let listed = entries(&listed);
    let unique: HashSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "a name was listed twice");
    for name in names.iter().filter(|name| !gone.contains(name)) {
        assert!(unique.contains(name), "{name} is missing");
    }
}

#[test]
fn removing_all_that_was_listed_empties_the_directory() {
    let (directory, root) = lower();
    filled(3000, directory.path());
    let mut stream = root.list().unwrap();
    let mut offset = 0;
    loop {
        let mut names = Vec::new();
        stream
            .read_from(offset, |entry| {
                if names.len() == 64 {
                    return false;
                }
                offset = entry.next;
                if let ListedName::Entry(name) = entry.name {
                    names.push(name);
                }
                true
            })
            .unwrap();
        if names.is_empty() {
            break;
        }
        for name in names {
            root.remove(&name, false, permit()).unwrap();
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn reading_again_from_the_start_shows_what_is_new() {
    let (directory, root) = lower();
    let mut stream = root.list().unwrap();
    assert_eq!(read_in_pieces(&mut stream, 10, |_| ()).len(), 2);
    filled(3, directory.path());
    assert_eq!(read_in_pieces(&mut stream, 10, |_| ()).len(), 5);
    stream.sync().unwrap();
}

#[test]
fn names_in_other_encodings_are_left_out() {
    let (directory, root) = lower();
    fs::write(directory.path().join(OsStr::from_bytes(b"caf\xe9.jpg")), b"").unwrap();
    fs::write(directory.path().join("café.jpg"), b"").unwrap();
    for piece in [1, 100] {
        let listed = read_in_pieces(&mut root.list().unwrap(), piece, |_| ());
        assert_eq!(entries(&listed), ["café.jpg"]);
    }
}

#[test]
fn a_listing_tells_kind_and_number() {
    let (directory, root) = lower();
    fs::write(directory.path().join("file"), b"").unwrap();
    fs::create_dir(directory.path().join("directory")).unwrap();
    std::os::unix::fs::symlink("file", directory.path().join("link")).unwrap();
    let mut seen = 0;
    let take = |entry: ListedEntry| {
        if let ListedName::Entry(name) = &entry.name {
            let stat = root.child(name).unwrap().stat().unwrap();
            assert_eq!(entry.ino, stat.identity.file.ino);
            assert_eq!(entry.kind, Some(stat.kind), "{}", name.as_str());
            seen += 1;
        }
        true
    };
    root.list().unwrap().read_from(0, take).unwrap();
    assert_eq!(seen, 3);
}
