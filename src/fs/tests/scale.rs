//! Large directories: told by what is asked of the database and by what is kept, not by a clock.

#![forbid(unsafe_code)]

use super::*;
use crate::policy::{Kind, State};
use crate::store::tests::Work;
use crate::store::{ContentVersion, EntryName, NewEntry};

const MANY: usize = 1500;

/// A world with the directory `Pictures/many`: pictures of the owner, with rows as a scan leaves them.
fn with_many() -> World {
    let world = World::shared();
    fs::create_dir(world.lower("Pictures/many")).unwrap();
    let parent = world.volume.row_of("/Pictures/many").unwrap();
    let owner = PackageName::new("org.example.owner");
    let names: Vec<_> = (0..MANY).map(|number| format!("{number}.jpg")).collect();
    for name in &names {
        fs::write(world.lower(&format!("Pictures/many/{name}")), b"\xff\xd8\xff\xe0").unwrap();
    }
    let fill = |changes: &crate::store::Changes<'_>| {
        names.iter().try_for_each(|name| {
            let (file, version) = stood(&world, &format!("Pictures/many/{name}"));
            let name = EntryName { bytes: name.as_bytes(), folded: name.as_bytes() };
            let (kind, version) = (Some(Kind::Image), Some(version));
            let (owner, state) = (Some(&owner), State::Normal);
            let (expires, directory, created) = (None, false, 0);
            let new =
                NewEntry { parent, name, directory, kind, owner, state, expires, file, version, created };
            changes.record_created(&new).map(|_| ())
        })
    };
    world.store.batch(fill).unwrap();
    world
}

fn stood(world: &World, path: &str) -> (crate::id::Identity, ContentVersion) {
    let (above, name) = path.rsplit_once('/').unwrap();
    let stat =
        crate::lower::PathFd::root(&world.lower(above)).unwrap().stat_child(&super::name(name)).unwrap();
    (stat.identity, super::super::content::stored(stat.version))
}

#[test]
fn a_listing_asks_for_the_rows_of_many_names_at_once_and_keeps_nothing() {
    let world = with_many();
    for (uid, statements) in
        [(READER, MANY.div_ceil(8)), (OWNER, MANY.div_ceil(8)), (MANAGER, 20), (ROOT, 20)]
    {
        world.list(uid, "Pictures").unwrap();
        let nodes = world.volume.sizes().0;
        let (work, names) = Work::of(|| world.list(uid, "Pictures/many").unwrap());
        assert_eq!(names.len(), MANY, "{uid}");
        assert!(work.statements <= statements, "{uid}: {} statements", work.statements);
        assert_eq!(work.scans, Vec::<String>::new());
        assert!(world.volume.sizes().0 <= nodes + 1, "{uid}");
        assert!(world.volume.nodes.remembered() <= nodes + 3, "{uid}: {}", world.volume.nodes.remembered());
    }
    assert!(world.list(STRANGER, "Pictures/many").unwrap().is_empty());
}

#[test]
fn a_listing_in_pieces_shows_every_name_once() {
    let world = with_many();
    for piece in [1, 7, 63, 64, 65, 1000] {
        let node = world.look(READER, "Pictures/many").unwrap();
        let handle = world.volume.open_directory(caller(READER), node).unwrap();
        let (mut names, mut offset) = (Vec::new(), 0);
        loop {
            let (before, from) = (names.len(), offset);
            let take = |listed: ListedDirectory<'_>| {
                let fits = names.len() < before + piece;
                if fits {
                    names.push(listed.name.to_owned());
                    offset = listed.next;
                }
                fits
            };
            world.volume.read_directory(caller(READER), handle, from, take).unwrap();
            if names.len() == before {
                break;
            }
        }
        world.volume.release(handle);
        names.sort();
        let shown = names.len();
        names.dedup();
        assert_eq!((names.len(), shown), (MANY + 2, MANY + 2), "pieces of {piece}");
    }
}

#[test]
fn a_row_of_the_present_content_is_believed_and_another_is_not() {
    let world = World::shared();
    world.put("Pictures/a.jpg", b"%PDF-1.4");
    let row = world.volume.row_of("/Pictures/a.jpg").unwrap();
    let learn = |kind| {
        let (file, version) = stood(&world, "Pictures/a.jpg");
        world.store.batch(|changes| changes.learn_kind(row, file.file.ino, version, kind)).unwrap()
    };
    assert!(world.list(READER, "Pictures").unwrap().is_empty());
    // Were it looked into, it would not be shown.
    assert!(learn(Kind::Image));
    assert_eq!(world.list(READER, "Pictures").unwrap(), ["a.jpg"]);
    // A kind that neither name nor content can have made is of another name.
    assert!(learn(Kind::Video));
    assert!(world.list(READER, "Pictures").unwrap().is_empty());
    assert!(learn(Kind::Image));
    world.put("Pictures/a.jpg", b"%PDF-1.5 changed");
    assert!(world.list(READER, "Pictures").unwrap().is_empty());
    // What was seen is remembered once the version can stand for one content only.
    std::thread::sleep(Duration::from_millis(2100));
    assert!(world.list(READER, "Pictures").unwrap().is_empty());
    let learned = world.store.entry_by_id(row).unwrap().unwrap();
    assert_eq!(
        (learned.kind, learned.version),
        (Some(Kind::Document), Some(stood(&world, "Pictures/a.jpg").1))
    );
}

#[test]
fn a_row_of_another_file_lists_nothing() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.txt.jpg", b"%PDF-1.4").unwrap();
    assert_eq!(world.list(OWNER, "Pictures").unwrap(), ["a.txt.jpg"]);
    fs::rename(world.lower("Pictures/a.txt.jpg"), world.lower("Pictures/kept")).unwrap();
    world.put("Pictures/a.txt.jpg", b"%PDF-1.4");
    assert!(!world.list(OWNER, "Pictures").unwrap().contains(&"a.txt.jpg".to_owned()));
}

#[test]
fn a_rename_of_a_large_directory_asks_little_of_the_database() {
    let world = with_many();
    for (uid, statements) in [(MANAGER, 40), (OWNER, MANY.div_ceil(8)), (ROOT, 40)] {
        for (from, to) in [("Pictures/many", "Pictures/moved"), ("Pictures/moved", "Pictures/many")] {
            let (from, to) = (world.place(from), world.place(to));
            let rename = || {
                let ends = ((from.0, &from.1), (to.0, &to.1));
                world.volume.rename(caller(uid), ends.0, ends.1, RenameMode::NoReplace).unwrap();
            };
            let (work, ()) = Work::of(rename);
            assert!(work.statements <= statements, "{uid}: {} statements", work.statements);
            assert_eq!(work.scans, Vec::<String>::new());
        }
        assert_eq!(world.list(uid, "Pictures/many").unwrap().len(), MANY);
    }
    let (from, to) = ("Pictures/many", "Pictures/moved");
    assert_eq!(world.rename(STRANGER, from, to, RenameMode::NoReplace), Err(Errno::EPERM));
    world.put("Pictures/many/other.jpg", b"");
    assert_eq!(world.rename(OWNER, from, to, RenameMode::NoReplace), Err(Errno::EPERM));
    assert_eq!(world.rename(MANAGER, from, to, RenameMode::NoReplace), Ok(()));
}

#[test]
fn a_manager_moves_no_tree_deeper_than_one_may_be() {
    let world = World::shared();
    let deep = |levels: usize| vec!["d"; levels].join("/");
    fs::create_dir_all(world.lower(&format!("Download/{}", deep(150)))).unwrap();
    fs::create_dir_all(world.lower(&format!("Pictures/{}", deep(150)))).unwrap();
    let (from, to) = ("Download/d", format!("Pictures/{}/e", deep(150)));
    assert_eq!(world.rename(MANAGER, from, &to, RenameMode::NoReplace), Err(Errno::EPERM));
    let to = format!("Pictures/{}/e", deep(90));
    assert_eq!(world.rename(MANAGER, from, &to, RenameMode::NoReplace), Ok(()));
}

#[test]
fn who_makes_an_entry_below_a_judged_directory_tells_of_it() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/judged").unwrap();
    world.make_directory(OWNER, "Pictures/judged/below").unwrap();
    let judged = world.volume.resolve("/Pictures/judged").unwrap();
    let outdated = |act: &dyn Fn()| {
        let watch = world.volume.judged.watch(std::iter::once(judged.clone()));
        act();
        watch.is_outdated()
    };
    assert!(!outdated(&|| world.create(OWNER, "Pictures/beside.jpg", b"").unwrap()));
    assert!(!outdated(&|| world.make_directory(OWNER, "Pictures/other").unwrap()));
    assert!(outdated(&|| world.create(OWNER, "Pictures/judged/a.jpg", b"").unwrap()));
    assert!(outdated(&|| world.make_directory(OWNER, "Pictures/judged/below/c").unwrap()));
    let plain = RenameMode::NoReplace;
    assert!(outdated(&|| world
        .rename(OWNER, "Pictures/beside.jpg", "Pictures/judged/b.jpg", plain)
        .unwrap()));
    assert!(outdated(&|| world.rename(OWNER, "Pictures/other", "Pictures/another", plain).unwrap()));
    assert!(!outdated(&|| ()));
}
