//! Making, removing and renaming; the rows follow.

#![forbid(unsafe_code)]

use super::*;
use crate::sample::{jpeg_clean, jpeg_with_location};

const REPLACE: RenameMode = RenameMode::Replace;

#[test]
fn directories_take_the_kinds_that_they_are_for() {
    let world = World::shared();
    for path in ["Pictures/a.jpg", "DCIM/a.mp4", "Music/a.mp3", "Download/a.bin", "Movies/a.srt"] {
        assert_eq!(world.create(OWNER, path, b""), Ok(()), "{path}");
        assert_eq!(world.owner(path).as_deref(), Some("org.example.owner"), "{path}");
    }
    for path in ["Pictures/a.mp3", "Music/a.jpg", "a.jpg", "Movies/a.txt", "Android/a.jpg"] {
        assert_eq!(world.create(OWNER, path, b""), Err(Errno::EPERM), "{path}");
        assert!(!world.lower(path).exists());
    }
    for bad in ["Download/a:b", "Download/a?", "Download/a\u{1}"] {
        assert_eq!(world.create(OWNER, bad, b""), Err(Errno::EPERM), "{bad:?}");
    }
    assert_eq!(world.create(OWNER, "Pictures/a.jpg", b""), Err(Errno::EEXIST));
    assert_eq!(world.create(STRANGER, "Pictures/a.jpg", b""), Err(Errno::EEXIST));
}

#[test]
fn creating_what_exists_is_an_open() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &jpeg_with_location()).unwrap();
    let (parent, name, _) = world.place("Pictures/a.jpg");
    let again = |uid, request| {
        let created = world.volume.create(caller(uid), parent, &name, request, false).map_err(errno)?;
        world.volume.release(created.opened.handle);
        Ok(created.entry.node.give_to_kernel())
    };
    assert_eq!(again(STRANGER, WRITE), Err(Errno::EACCES));
    assert_eq!(again(READER, WRITE), Err(Errno::EACCES));
    let (full, redacted) = (again(OWNER, WRITE).unwrap(), again(READER, READ).unwrap());
    assert_eq!(redacted.raw(), full.raw() | 1 << 63);
    assert_eq!(world.lower("Pictures/a.jpg").metadata().unwrap().len(), jpeg_with_location().len() as u64);
    again(OWNER, OpenRequest { truncate: true, ..WRITE }).unwrap();
    assert_eq!(world.lower("Pictures/a.jpg").metadata().unwrap().len(), 0);
}

#[test]
fn the_top_level_is_kept() {
    let world = World::shared();
    assert_eq!(world.make_directory(OWNER, "Podcasts"), Ok(()));
    assert_eq!(world.make_directory(OWNER, "Mine"), Err(Errno::EACCES));
    assert_eq!(world.make_directory(OWNER, "Pictures/Mine"), Ok(()));
    assert_eq!(world.make_directory(OWNER, "Pictures/Mine"), Err(Errno::EEXIST));
    assert_eq!(world.remove(OWNER, "Podcasts"), Err(Errno::EACCES));
    assert_eq!(world.rename(OWNER, "Podcasts", "Pictures/P", REPLACE), Err(Errno::EPERM));
    assert_eq!(world.remove(STRANGER, "Pictures/Mine"), Ok(()));
}

#[test]
fn removing_needs_a_right_and_the_right_call() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &jpeg_clean()).unwrap();
    for uid in [STRANGER, READER, UNKNOWN] {
        assert_eq!(world.remove(uid, "Pictures/a.jpg"), Err(Errno::EACCES), "{uid}");
    }
    let (parent, file, _) = world.place("Pictures/a.jpg");
    let removed = |name: &FileName, directory| {
        world.volume.remove(caller(OWNER), parent, name, directory).map_err(errno)
    };
    assert_eq!(removed(&file, true), Err(Errno::ENOTDIR));
    world.make_directory(OWNER, "Pictures/d").unwrap();
    assert_eq!(removed(&name("d"), false), Err(Errno::EISDIR));
    assert_eq!(removed(&name("none"), false), Err(Errno::ENOENT));
    world.create(STRANGER, "Pictures/d/b.jpg", b"").unwrap();
    assert_eq!(removed(&name("d"), true), Err(Errno::ENOTEMPTY));
    assert_eq!(removed(&file, false), Ok(()));
}

#[test]
fn a_file_made_again_by_its_owner_keeps_its_number() {
    let world = World::shared();
    let path = "Pictures/a.jpg";
    world.create(OWNER, path, b"").unwrap();
    let row = world.row(path).unwrap();
    world.remove(OWNER, path).unwrap();
    world.create(OWNER, path, b"").unwrap();
    assert_eq!(world.row(path), Some(row));
    world.remove(OWNER, path).unwrap();
    world.create(STRANGER, path, b"").unwrap();
    assert_ne!(world.row(path), Some(row));
    assert_eq!(world.owner(path).as_deref(), Some("org.example.stranger"));
}

#[test]
fn a_renamed_file_stays_its_owners() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &jpeg_clean()).unwrap();
    let (row, node) = (world.row("Pictures/a.jpg"), world.look(OWNER, "Pictures/a.jpg"));
    assert_eq!(world.rename(STRANGER, "Pictures/a.jpg", "Pictures/b.jpg", REPLACE), Err(Errno::EPERM));
    assert_eq!(world.rename(OWNER, "Pictures/a.jpg", "Music/b.jpg", REPLACE), Err(Errno::EPERM));
    assert_eq!(world.rename(OWNER, "Pictures/a.jpg", "b.jpg", REPLACE), Err(Errno::EPERM));
    assert_eq!(world.rename(OWNER, "Pictures/a.jpg", "DCIM/b.jpg", REPLACE), Ok(()));
    assert_eq!(world.row("DCIM/b.jpg"), row);
    assert_eq!(world.look(OWNER, "DCIM/b.jpg"), node);
    assert_eq!(world.owner("DCIM/b.jpg").as_deref(), Some("org.example.owner"));
    // The extension tells another kind now: no picture any more, and nothing that Pictures takes.
    assert_eq!(world.rename(OWNER, "DCIM/b.jpg", "Download/b.txt", REPLACE), Ok(()));
    assert_eq!(world.read(READER, "Download/b.txt"), Err(Errno::EACCES));
    assert_eq!(world.rename(OWNER, "Download/b.txt", "Pictures/b.txt", REPLACE), Err(Errno::EPERM));
}

#[test]
fn renaming_a_directory_is_one_row() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    world.make_directory(OWNER, "Pictures/d/e").unwrap();
    let below = ["a.jpg", "b.jpg", "e/c.jpg"];
    for file in below {
        world.create(OWNER, &format!("Pictures/d/{file}"), b"").unwrap();
    }
    let rows = below.map(|file| world.row(&format!("Pictures/d/{file}")).unwrap());
    let before = rows.map(|row| world.store.entry_by_id(row).unwrap().unwrap());
    let directory = world.row("Pictures/d").unwrap();
    world.rename(OWNER, "Pictures/d", "DCIM/f", REPLACE).unwrap();
    assert_eq!(rows.map(|row| world.store.entry_by_id(row).unwrap().unwrap()), before);
    assert_eq!(below.map(|file| world.row(&format!("DCIM/f/{file}")).unwrap()), rows);
    assert_eq!(world.row("DCIM/f"), Some(directory));
    let moved = world.store.entry_by_id(directory).unwrap().unwrap();
    assert_eq!((moved.name.as_slice(), moved.parent), (&b"f"[..], world.row("DCIM")));
    assert_eq!(world.owner("DCIM/f/e/c.jpg").as_deref(), Some("org.example.owner"));
    assert!(world.store.entry(world.row("Pictures").unwrap(), b"d").unwrap().is_none());
}

#[test]
fn a_directory_with_something_of_anothers_below_stays() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    world.make_directory(OWNER, "Pictures/d/e").unwrap();
    world.create(OWNER, "Pictures/d/a.jpg", b"").unwrap();
    world.create(STRANGER, "Pictures/d/e/b.jpg", b"").unwrap();
    for uid in [OWNER, STRANGER, READER] {
        assert_eq!(world.rename(uid, "Pictures/d", "Pictures/f", REPLACE), Err(Errno::EPERM), "{uid}");
    }
    assert_eq!(world.rename(MANAGER, "Pictures/d", "Pictures/f", REPLACE), Ok(()));
    // What lies below must fit where it comes to lie, too.
    world.remove(STRANGER, "Pictures/f/e/b.jpg").unwrap();
    assert_eq!(world.rename(OWNER, "Pictures/f", "Music/f", REPLACE), Err(Errno::EPERM));
    assert_eq!(world.rename(OWNER, "Pictures/f", "Download/f", REPLACE), Ok(()));
}

/// What cannot be looked at is not the caller's to move.
#[test]
fn a_directory_is_not_moved_with_what_cannot_be_judged() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    world.make_directory(OWNER, "Pictures/d/e").unwrap();
    let below = world.lower("Pictures/d/e");
    let mounted = std::process::Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&below).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may not mount");
        return;
    }
    let renamed = world.rename(OWNER, "Pictures/d", "Pictures/f", REPLACE);
    let at = [below, world.lower("Pictures/f/e")];
    let unmounted = at.iter().any(|path| {
        std::process::Command::new("umount").arg(path).output().is_ok_and(|done| done.status.success())
    });
    assert!(unmounted);
    assert_eq!(renamed, Err(Errno::EXDEV));
}

#[test]
fn replacing_needs_a_right_to_what_is_replaced() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", b"").unwrap();
    world.create(STRANGER, "Pictures/b.jpg", b"").unwrap();
    world.create(OWNER, "Pictures/c.jpg", b"").unwrap();
    let rename = |to, mode| world.rename(OWNER, "Pictures/a.jpg", to, mode);
    assert_eq!(rename("Pictures/b.jpg", REPLACE), Err(Errno::EPERM));
    assert_eq!(rename("Pictures/c.jpg", RenameMode::NoReplace), Err(Errno::EEXIST));
    assert_eq!(rename("Pictures/none.jpg", RenameMode::Exchange), Err(Errno::ENOENT));
    assert_eq!(rename("Pictures/b.jpg", RenameMode::Exchange), Err(Errno::EPERM));
    assert_eq!(rename("Pictures/a.jpg", REPLACE), Ok(()));
    let row = world.row("Pictures/a.jpg");
    let row = [row, world.row("Pictures/c.jpg")];
    assert_eq!(rename("Pictures/c.jpg", REPLACE), Ok(()));
    assert!(row[0] != row[1] && world.row("Pictures/c.jpg") == row[1]);
    let row = row[1];
    assert_eq!(world.rename(OWNER, "Pictures/c.jpg", "Pictures/d.jpg", RenameMode::NoReplace), Ok(()));
    assert_eq!(world.row("Pictures/d.jpg"), row);
    assert_eq!(world.owner("Pictures/d.jpg").as_deref(), Some("org.example.owner"));
}

#[test]
fn exchanged_files_stay_their_owners() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", b"one").unwrap();
    world.create(STRANGER, "DCIM/b.jpg", b"two").unwrap();
    let rows = (world.row("Pictures/a.jpg"), world.row("DCIM/b.jpg"));
    world.rename(GALLERY, "Pictures/a.jpg", "DCIM/b.jpg", RenameMode::Exchange).unwrap();
    assert_eq!((world.row("DCIM/b.jpg"), world.row("Pictures/a.jpg")), rows);
    assert_eq!(world.read(OWNER, "DCIM/b.jpg").unwrap(), b"one");
    assert_eq!(world.read(STRANGER, "Pictures/a.jpg").unwrap(), b"two");
}

#[test]
fn a_file_exchanged_with_one_from_outside_stays_its_owners() {
    for outside_first in [true, false] {
        let world = World::shared();
        world.put("Pictures/outside.jpg", &jpeg_clean());
        world.create(OWNER, "DCIM/a.jpg", b"mine").unwrap();
        let row = world.row("DCIM/a.jpg");
        let (from, to) = ("Pictures/outside.jpg", "DCIM/a.jpg");
        let (from, to) = if outside_first { (from, to) } else { (to, from) };
        world.rename(GALLERY, from, to, RenameMode::Exchange).unwrap();
        assert_eq!(world.owner("Pictures/outside.jpg").as_deref(), Some("org.example.owner"));
        assert_eq!(world.row("Pictures/outside.jpg"), row);
        assert_eq!(world.owner("DCIM/a.jpg"), None);
    }
}

/// Two names of one file: as the lower file system does, the rename leaves both.
#[test]
fn renaming_one_name_of_a_file_to_another_changes_nothing() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", b"both").unwrap();
    fs::hard_link(world.lower("Pictures/a.jpg"), world.lower("Pictures/b.jpg")).unwrap();
    let node = world.look(OWNER, "Pictures/a.jpg").unwrap();
    world.rename(GALLERY, "Pictures/a.jpg", "Pictures/b.jpg", REPLACE).unwrap();
    assert_eq!(world.look(OWNER, "Pictures/a.jpg"), Ok(node));
    assert_eq!(world.look(OWNER, "Pictures/b.jpg"), Ok(node));
    assert_eq!(world.look(OWNER, "Pictures/a.jpg"), Ok(node));
    assert_eq!(world.owner("Pictures/a.jpg").as_deref(), Some("org.example.owner"));
}

#[test]
fn changing_attributes_follows_the_rules_of_writing() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", b"12345").unwrap();
    let node = world.look(ROOT, "Pictures/a.jpg").unwrap();
    let old = std::time::UNIX_EPOCH;
    let size = AttributeChange { size: Some(2), ..AttributeChange::default() };
    let modified = Some(crate::lower::TimeToSet::At(old));
    let times = crate::lower::Times { accessed: None, modified };
    let times = AttributeChange { size: None, times };
    let change = |uid, change| world.volume.change_attributes(caller(uid), node, None, change).map_err(errno);
    for uid in [READER, STRANGER] {
        assert_eq!(change(uid, size).unwrap_err(), Errno::EACCES);
        assert_eq!(change(uid, times).unwrap_err(), Errno::EACCES);
        // Modes and owners are accepted from everyone and change nothing.
        assert_eq!(change(uid, AttributeChange::default()).unwrap().mode, 0o660);
    }
    assert_eq!(change(OWNER, size).unwrap().size, 2);
    assert_eq!(change(OWNER, times).unwrap().modified, old);
}

/// The kernel may close a writer's file after the file was renamed, which has moved the time of its last change.
#[test]
fn what_a_writer_left_is_no_news_under_another_name() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", b"x").unwrap();
    world.rename(OWNER, "Pictures/a.jpg", "Pictures/b.jpg", RenameMode::Replace).unwrap();
    let directory = world.volume.resolve("Pictures").unwrap();
    world.volume.written_below(&directory, &name("b.jpg"));
    assert_eq!(world.counted(Counter::OutsideChange), 0);
    world.put("Pictures/b.jpg", b"y");
    world.volume.written_below(&directory, &name("b.jpg"));
    assert_eq!(world.counted(Counter::OutsideChange), 1);
}
