//! Many callers at once.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::sample::iso::mp4_with_location;

const FILE: &str = "Movies/a.mp4";

/// Stops the other threads of a test, also when the test fails.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The sample with `before` bytes of free space at its start; all variants have the same length.
fn shifted(before: usize) -> Vec<u8> {
    let free = |length: usize| {
        let size = u32::try_from(length).unwrap().to_be_bytes();
        [&size[..], b"free", &vec![b'.'; length - 8]].concat()
    };
    [free(8 + before), mp4_with_location(), free(520 - before)].concat()
}

/// A page of the redacted view was filtered by a plan that was made for exactly its bytes.
#[test]
fn no_private_byte_is_read_while_it_moves() {
    let world = World::shared();
    let variants: Vec<Vec<u8>> = (0..8).map(|shift| shifted(shift * 64)).collect();
    world.create(OWNER, FILE, &variants[0]).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (world, stop, variants) = (&world, &stop, &variants);
        let through_the_mount = scope.spawn(move || {
            for round in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let handle = world.open(OWNER, FILE, WRITE).unwrap().handle;
                for variant in &variants[round % 4..] {
                    world.volume.write(handle, 0, variant).unwrap();
                }
                world.volume.release(handle);
                thread::yield_now();
            }
        });
        let stopping = Stopping(stop);
        let mut served = 0;
        let began = std::time::Instant::now();
        while began.elapsed() < std::time::Duration::from_millis(1500) {
            let opened = match world.open(READER, FILE, READ) {
                Ok(opened) => opened,
                // A writer came or went between the walk and the open; the kernel gives up after one more walk.
                Err(Errno::ESTALE | Errno::EAGAIN) => continue,
                Err(other) => panic!("{other}"),
            };
            for _ in 0..4 {
                match world.content(opened.handle) {
                    Ok(content) => {
                        assert!(!shows_place(&content), "private bytes were read");
                        served += 1;
                    }
                    Err(errno) => assert_eq!(errno, Errno::EAGAIN),
                }
            }
            world.volume.release(opened.handle);
        }
        drop(stopping);
        through_the_mount.join().unwrap();
        assert!(served > 0);
    });
    let inode = world.volume.resolve(FILE).unwrap();
    assert_eq!(inode.sharing().writers, 0);
}

/// The dentry cache is shared by all callers: whoever's node a caller is handed, it sees no more than its own view.
#[test]
fn whatever_node_a_caller_is_handed_it_sees_its_own_view() {
    let world = World::shared();
    let file = mp4_with_location();
    world.create(OWNER, FILE, &file).unwrap();
    world.read(READER, FILE).unwrap();
    let nodes = [world.look(OWNER, FILE).unwrap(), world.look(READER, FILE).unwrap()];
    assert_ne!(nodes[0], nodes[1]);
    thread::scope(|scope| {
        for uid in [OWNER, READER, LOCATED, STRANGER] {
            let (world, file) = (&world, &file);
            scope.spawn(move || {
                for round in 0..200 {
                    let request = if uid == OWNER && round % 5 == 0 { WRITE } else { READ };
                    let Ok(opened) = world.volume.open(caller(uid), nodes[round % 2], request) else {
                        continue;
                    };
                    assert_ne!(uid, STRANGER);
                    if request == READ {
                        let content = world.content(opened.handle).unwrap();
                        assert_eq!(content == *file, uid != READER, "{uid}");
                        assert_eq!(shows_place(&content), uid != READER, "{uid}");
                    }
                    world.volume.release(opened.handle);
                }
            });
        }
    });
    assert_eq!(world.volume.sizes().1, 0);
}

#[test]
fn renames_and_walks_together_keep_owners() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    world.create(OWNER, "Pictures/d/a.jpg", b"").unwrap();
    world.make_directory(OWNER, "DCIM/e").unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    for path in ["Pictures/d/a.jpg", "DCIM/e/b.jpg"] {
                        if let Ok(inode) = world.volume.resolve(path) {
                            // Between finding and asking it may be gone: then that is the answer.
                            let _facts = world.volume.facts(&inode);
                        }
                    }
                }
            });
        }
        let _stopping = Stopping(&stop);
        for _ in 0..60 {
            world.rename(OWNER, "Pictures/d/a.jpg", "DCIM/e/b.jpg", RenameMode::Replace).unwrap();
            assert_eq!(world.read(OWNER, "DCIM/e/b.jpg"), Ok(Vec::new()));
            world.rename(OWNER, "DCIM/e/b.jpg", "Pictures/d/a.jpg", RenameMode::Replace).unwrap();
        }
    });
    assert_eq!(world.owner("Pictures/d/a.jpg").as_deref(), Some("org.example.owner"));
}

/// Directories renamed beneath the mount so that an ancestor comes to lie below: every question is answered.
#[test]
fn a_circle_made_beneath_the_mount_is_no_hang() {
    let world = World::shared();
    world.make_directory(OWNER, "Pictures/a").unwrap();
    world.make_directory(OWNER, "Pictures/a/b").unwrap();
    let b = world.look(OWNER, "Pictures/a/b").unwrap();
    fs::rename(world.lower("Pictures/a/b"), world.lower("Pictures/b")).unwrap();
    fs::rename(world.lower("Pictures/a"), world.lower("Pictures/b/a")).unwrap();
    let _moved = world.volume.lookup(caller(OWNER), b, &name("a")).map(|entry| entry.node.give_to_kernel());
    let _attributes = world.volume.stat(caller(OWNER), b, None);
    world.volume.node_reports();
    assert!(world.look(OWNER, "Pictures/b/a").is_ok());
    world.create(OWNER, "Pictures/b/a/c.jpg", b"").unwrap();
    assert_eq!(world.owner("Pictures/b/a/c.jpg").as_deref(), Some("org.example.owner"));
}

/// Who makes a file owns the one that it made, not another that somebody puts in its place at that moment.
#[test]
fn a_file_that_replaces_one_in_the_making_is_not_its_makers() {
    let world = World::shared();
    let (path, aside) = ("Pictures/a.jpg", "Pictures/aside.jpg");
    let (parent, called, _) = world.place(path);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let replacing = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                world.put(aside, b"secret");
                while !world.lower(path).exists() && !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                fs::rename(world.lower(aside), world.lower(path)).unwrap();
            }
        });
        let _stopping = Stopping(&stop);
        for _ in 0..300 {
            let _made = world.volume.make_file(caller(STRANGER), parent, &called);
            if fs::read(world.lower(path)).is_ok_and(|content| content == b"secret") {
                assert_eq!(world.read(STRANGER, path), Err(Errno::EACCES));
            }
            let _removed = fs::remove_file(world.lower(path));
            assert!(!replacing.is_finished());
        }
    });
}
