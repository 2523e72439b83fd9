//! Names that hide, listings, and what the shared volume keeps out of.

#![forbid(unsafe_code)]

use super::*;
use crate::sample::jpeg_clean;

#[test]
fn listings_show_what_each_caller_may_know() {
    let world = World::shared();
    world.create(OWNER, "Download/a.jpg", &jpeg_clean()).unwrap();
    world.create(OWNER, "Download/b.txt", b"text").unwrap();
    world.create(STRANGER, "Download/c.txt", b"text").unwrap();
    world.make_directory(OWNER, "Download/d").unwrap();
    std::os::unix::fs::symlink("a.jpg", world.lower("Download/link")).unwrap();
    let shown = |uid| world.list(uid, "Download").unwrap().join(" ");
    assert_eq!(shown(OWNER), "a.jpg b.txt d");
    assert_eq!(shown(READER), "a.jpg d");
    assert_eq!(shown(STRANGER), "c.txt d");
    assert_eq!(shown(UNKNOWN), "d");
    assert_eq!(shown(MANAGER), "a.jpg b.txt c.txt d");
    assert_eq!(shown(ROOT), "a.jpg b.txt c.txt d");
}

#[test]
fn a_listing_with_entries_counts_what_the_kernel_takes() {
    let world = World::shared();
    for file in 0..20 {
        world.create(OWNER, &format!("Download/{file}.txt"), b"").unwrap();
    }
    let directory = world.look(OWNER, "Download").unwrap();
    let (known, _) = world.volume.sizes();
    let handle = world.volume.open_directory(caller(OWNER), directory).unwrap();
    let (mut offset, mut names, mut given) = (0, Vec::new(), Vec::new());
    loop {
        let before = names.len();
        let from = offset;
        let take = |entry: PlusEntry<'_>| {
            if names.len() == before + 3 {
                return false;
            }
            offset = entry.next;
            names.push(entry.name);
            given.extend(entry.entry.map(|entry| entry.node.give_to_kernel()));
            true
        };
        world.volume.read_directory_plus(caller(OWNER), handle, from, take).unwrap();
        if names.len() == before {
            break;
        }
    }
    assert_eq!((names.len(), given.len()), (22, 20));
    assert_eq!(world.volume.sizes().0, known);
    for node in given {
        world.volume.forget(node, 1);
    }
    assert_eq!(world.volume.sizes().0, known);
}

#[test]
fn nomedia_hides_what_lies_beside_and_below() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    world.make_directory(OWNER, "Pictures/d/e").unwrap();
    for path in ["Pictures/d/a.jpg", "Pictures/d/e/b.jpg"] {
        world.create(OWNER, path, &jpeg_clean()).unwrap();
    }
    let seen = || [world.read(READER, "Pictures/d/a.jpg"), world.read(READER, "Pictures/d/e/b.jpg")];
    let (shown, hidden) = ([Ok(jpeg_clean()), Ok(jpeg_clean())], [Err(Errno::EACCES), Err(Errno::EACCES)]);
    assert_eq!(seen(), shown);
    world.create(MANAGER, "Pictures/d/.nomedia", b"").unwrap();
    assert_eq!(seen(), hidden);
    assert_eq!(world.list(READER, "Pictures/d").unwrap(), ["e"]);
    assert_eq!(world.read(OWNER, "Pictures/d/a.jpg"), Ok(jpeg_clean()));
    world.rename(MANAGER, "Pictures/d/.nomedia", "Pictures/d/nomedia.txt", RenameMode::Replace).unwrap();
    assert_eq!(seen(), shown);
    world.rename(MANAGER, "Pictures/d/nomedia.txt", "Pictures/d/.nomedia", RenameMode::Replace).unwrap();
    assert_eq!(seen(), hidden);
    world.remove(MANAGER, "Pictures/d/.nomedia").unwrap();
    assert_eq!(seen(), shown);
    // A directory that hides takes along what lies in it.
    world.rename(MANAGER, "Pictures/d", "Pictures/.d", RenameMode::Replace).unwrap();
    assert_eq!(world.read(READER, "Pictures/.d/e/b.jpg"), Err(Errno::EACCES));
}

#[test]
fn unfinished_entries_are_their_owners() {
    let world = World::shared();
    for prefix in [".pending-1900000000", ".trashed-1900000000"] {
        let path = format!("Pictures/{prefix}-a.jpg");
        world.create(OWNER, &path, &jpeg_clean()).unwrap();
        assert_eq!(world.read(OWNER, &path), Ok(jpeg_clean()));
        assert_eq!(world.read(GALLERY, &path), Ok(jpeg_clean()));
        assert_eq!(world.read(READER, &path), Err(Errno::EACCES));
        assert!(world.list(READER, "Pictures").unwrap().is_empty());
        world.rename(OWNER, &path, "Pictures/a.jpg", RenameMode::Replace).unwrap();
        assert_eq!(world.read(READER, "Pictures/a.jpg"), Ok(jpeg_clean()));
        world.remove(OWNER, "Pictures/a.jpg").unwrap();
    }
}

#[test]
fn the_shared_volume_serves_no_private_tree() {
    let world = World::shared();
    for tree in ["data", "Data", "obb"] {
        world.put(&format!("Android/{tree}/org.example.owner/a.txt"), b"private");
        let path = format!("Android/{tree}/org.example.owner");
        for uid in [OWNER, STRANGER, MANAGER, 2000] {
            assert_eq!(world.look(uid, &path), Err(Errno::ENOENT), "{uid}");
            assert!(world.list(uid, &format!("Android/{tree}")).unwrap().is_empty());
            assert_eq!(
                world.make_directory(uid, &format!("Android/{tree}/org.example.new")),
                Err(Errno::EACCES)
            );
            assert_eq!(world.create(uid, &format!("Android/{tree}/new.txt"), b""), Err(Errno::EACCES));
        }
        // A descriptor of root's does not help either.
        let node = world.look(ROOT, &format!("{path}/a.txt")).unwrap();
        assert_eq!(world.volume.open(caller(MANAGER), node, READ).unwrap_err().errno(), Errno::ENOENT);
        let directory = world.look(ROOT, &path).unwrap();
        assert_eq!(world.volume.open_directory(caller(OWNER), directory).unwrap_err().errno(), Errno::ENOENT);
    }
}

#[test]
fn a_package_has_its_own_media_directory() {
    let world = World::shared();
    world.make_directory(OWNER, "Android/media/org.example.owner").unwrap();
    let path = "Android/media/org.example.owner/anything.bin";
    world.create(OWNER, path, b"").unwrap();
    assert_eq!(world.owner(path).as_deref(), Some("org.example.owner"));
    assert_eq!(world.create(STRANGER, "Android/media/org.example.owner/b.bin", b""), Err(Errno::EPERM));
    assert_eq!(world.rename(OWNER, path, "Pictures/a.bin", RenameMode::Replace), Err(Errno::EPERM));
}

#[test]
fn another_user_is_kept_out() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &jpeg_clean()).unwrap();
    let foreign = 1_000_000 + READER;
    for path in ["Pictures", "Missing", "Android"] {
        assert_eq!(world.look(foreign, path), Err(Errno::EACCES), "{path} is told from what is missing");
    }
    assert_eq!(world.list(foreign, ""), Ok(Vec::new()));
    let node = world.look(ROOT, "Pictures/a.jpg").unwrap();
    assert_eq!(world.volume.open(caller(foreign), node, READ).unwrap_err().errno(), Errno::EACCES);
    let (parent, name, _) = world.place("Pictures/b.jpg");
    let made = world.volume.create(caller(foreign), parent, &name, WRITE, true);
    assert_eq!(made.map(|_| ()).unwrap_err().errno(), Errno::EACCES);
}

#[test]
fn access_answers_as_an_open_would() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &jpeg_clean()).unwrap();
    let node = world.look(ROOT, "Pictures/a.jpg").unwrap();
    let ask = |uid, read, write, execute| {
        let request = AccessRequest { read, write, execute };
        world.volume.access(caller(uid), node, request).map_err(errno)
    };
    assert_eq!(ask(STRANGER, false, false, false), Ok(()));
    assert_eq!(ask(STRANGER, true, false, false), Err(Errno::EACCES));
    assert_eq!(ask(READER, true, false, false), Ok(()));
    assert_eq!(ask(READER, true, true, false), Err(Errno::EACCES));
    assert_eq!(ask(OWNER, true, true, false), Ok(()));
    assert_eq!(ask(OWNER, false, false, true), Err(Errno::EACCES));
    let directory = world.look(ROOT, "Pictures").unwrap();
    let everything = AccessRequest { read: true, write: true, execute: true };
    assert!(world.volume.access(caller(STRANGER), directory, everything).is_ok());
    let ask = |uid, path, read, write| {
        let node = world.look(ROOT, path).unwrap();
        world.volume.access(caller(uid), node, AccessRequest { read, write, execute: true }).map_err(errno)
    };
    assert_eq!(ask(UNKNOWN, "Pictures", true, false), Ok(()));
    assert_eq!(ask(UNKNOWN, "Pictures", false, true), Ok(()));
    assert_eq!(ask(STRANGER, "Android", true, false), Ok(()));
    assert_eq!(ask(STRANGER, "Android", true, true), Err(Errno::EACCES));
    assert_eq!(ask(MANAGER, "Android", true, true), Ok(()));
}

#[test]
fn access_to_a_directory_answers_as_listing_it_and_making_one_there_would() {
    let world = World::shared();
    let ask = |uid, path, read, write| {
        let node = if path == "/" { NodeId::ROOT } else { world.look(ROOT, path).unwrap() };
        let request = AccessRequest { read, write, execute: true };
        world.volume.access(caller(uid), node, request).map_err(errno)
    };
    for path in ["/", "Android"] {
        assert_eq!(ask(STRANGER, path, true, false), Ok(()), "{path}");
        assert_eq!(ask(STRANGER, path, false, true), Err(Errno::EACCES), "{path}");
        assert_eq!(ask(STRANGER, path, true, true), Err(Errno::EACCES), "{path}");
        assert_eq!(ask(MANAGER, path, true, true), Ok(()), "{path}");
    }
    assert_eq!(ask(STRANGER, "Pictures", true, true), Ok(()));
}
