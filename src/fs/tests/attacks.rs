//! What an attack once achieved.

#![forbid(unsafe_code)]

use super::*;
use crate::lower::ContentVersion;

/// Another Android user's uid of the same application.
const FOREIGN: u32 = 1_000_000 + STRANGER;

#[test]
fn a_tree_has_a_deepest_entry() {
    let world = World::shared();
    let deep = |top: &str, levels: usize| format!("Pictures/{top}{}", "/d".repeat(levels));
    world.make_directory(STRANGER, "Pictures/a").unwrap();
    let mut made = 0;
    let refused = loop {
        match world.make_directory(STRANGER, &deep("a", made + 1)) {
            Ok(()) => made += 1,
            Err(error) => break error,
        }
        assert!(made < 1000, "it goes on for ever");
    };
    assert_eq!(refused, Errno::ENAMETOOLONG);
    assert!(made > 200);
    // A tree that is as deep again does not come to lie below it either.
    world.make_directory(STRANGER, "Pictures/b").unwrap();
    for level in 1..=10 {
        world.make_directory(STRANGER, &deep("b", level)).unwrap();
    }
    let below = deep("a", made - 5);
    let moved = world.rename(STRANGER, "Pictures/b", &format!("{below}/b"), RenameMode::NoReplace);
    assert_eq!(moved, Err(Errno::EPERM));
}

/// For another answer than the one that it has the kernel would drop the directory, with all mounts below.
#[test]
fn a_directory_in_use_is_the_same_node_for_another_user_and_no_more() {
    let world = World::shared();
    assert_eq!(world.look(FOREIGN, "Pictures"), Err(Errno::EACCES));
    let parent = NodeId::ROOT;
    let held = world.volume.lookup(caller(OWNER), parent, &name("Pictures")).unwrap();
    let node = held.node.give_to_kernel();
    assert_eq!(
        world.volume.lookup(caller(FOREIGN), parent, &name("Pictures")).unwrap().node.node().id(),
        node
    );
    assert_eq!(world.volume.stat(caller(FOREIGN), node, None).unwrap_err().errno(), Errno::EACCES);
}

#[test]
fn one_uid_cannot_take_all_handles() {
    let world = World::shared();
    let node = world.look(STRANGER, "Pictures").unwrap();
    let open = |uid| world.volume.open_directory(caller(uid), node).map_err(errno);
    let held: Vec<_> = (0..1000).map(|_| open(STRANGER).unwrap()).collect();
    assert_eq!(open(STRANGER), Err(Errno::EMFILE));
    assert!(open(OWNER).is_ok());
    for handle in held {
        world.volume.release(handle);
    }
    assert!(open(STRANGER).is_ok());
}

#[test]
fn a_stamp_of_a_coarse_clock_is_not_trusted_while_it_is_fresh() {
    let seconds = |seconds: i64| seconds * 1_000_000_000;
    let at = |age: u64| std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000 + age);
    let coarse = ContentVersion { size: 1, mtime_ns: seconds(1000), ctime_ns: seconds(1000) };
    assert!(!coarse.is_settled(at(0)));
    assert!(!coarse.is_settled(at(1)));
    assert!(coarse.is_settled(at(2)));
    let fine = ContentVersion { ctime_ns: seconds(1000) + 1, ..coarse };
    assert!(fine.is_settled(at(0)));
}

/// What the kernel was given cannot be taken back, and whoever opens, writes and closes in a loop will write again.
#[test]
fn a_file_that_was_just_written_is_not_passed_through_to_readers_who_need_the_filter() {
    let world = World::new(Start { rest: Duration::from_secs(3600), ..SHARED });
    world.put("Pictures/old.jpg", &crate::sample::jpeg_clean());
    world.create(OWNER, "Pictures/new.jpg", &crate::sample::jpeg_clean()).unwrap();
    let passes = |uid, path| {
        let opened = world.open(uid, path, READ).unwrap();
        world.volume.release(opened.handle);
        matches!(opened.io, OpenedIo::Passthrough(_))
    };
    assert!(passes(READER, "Pictures/old.jpg"));
    assert!(!passes(READER, "Pictures/new.jpg"));
    assert!(passes(OWNER, "Pictures/new.jpg"));
    let writer = world.open(MANAGER, "Pictures/old.jpg", WRITE).unwrap();
    world.volume.release(writer.handle);
    assert!(!passes(READER, "Pictures/old.jpg"));
}

/// What was seen before a writer came does not count after it, whatever the stamps say.
#[test]
fn a_plan_does_not_outlive_a_writer() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &crate::sample::jpeg_clean()).unwrap();
    assert!(world.read(READER, "Pictures/a.jpg").is_ok());
    let inode = world.volume.resolve("Pictures/a.jpg").unwrap();
    let before = inode.known.changes.load(std::sync::atomic::Ordering::Acquire);
    let writer = world.open(OWNER, "Pictures/a.jpg", WRITE).unwrap();
    world.volume.release(writer.handle);
    assert!(inode.known.changes.load(std::sync::atomic::Ordering::Acquire) > before);
    let planned = world.counted(Counter::Planned);
    assert!(world.read(READER, "Pictures/a.jpg").is_ok());
    assert!(world.counted(Counter::Planned) > planned);
}
