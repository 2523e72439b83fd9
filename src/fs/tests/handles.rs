//! What an open takes, its release gives back, also when it fails half-way.

#![forbid(unsafe_code)]

use super::*;
use crate::sample::iso::{mp4_clean, mp4_with_location};

const FILE: &str = "Movies/a.mp4";

impl World {
    fn writers(&self, path: &str) -> u32 {
        self.volume.resolve(path).unwrap().sharing().writers
    }

    fn opens(&self) -> u32 {
        self.volume.node_reports().iter().map(|node| node.opens).sum()
    }

    /// As if the cache had needed the room.
    fn crowd_out(&self) {
        for file in 0..200 {
            self.put(&format!("Download/f{file}"), b"");
            self.volume.resolve(&format!("Download/f{file}")).unwrap();
        }
    }
}

#[test]
fn counts_return_to_nothing() {
    for passthrough in [true, false] {
        let world = World::new(Start { passthrough, ..SHARED });
        world.create(OWNER, FILE, &mp4_with_location()).unwrap();
        let both = OpenRequest { write: true, ..READ };
        let emptying = OpenRequest { truncate: true, ..READ };
        let mut handles = Vec::new();
        for (uid, request) in [(OWNER, READ), (OWNER, WRITE), (READER, READ), (OWNER, both), (LOCATED, READ)]
        {
            handles.push(world.open(uid, FILE, request).unwrap().handle);
        }
        handles.push(world.open(OWNER, FILE, emptying).unwrap().handle);
        assert_eq!((world.writers(FILE), world.opens()), (2, 5));
        for handle in handles {
            world.volume.release(handle);
            world.volume.release(handle);
        }
        assert_eq!((world.writers(FILE), world.opens()), (0, 0));
        assert_eq!(world.volume.sizes().1, 0);
    }
}

#[test]
fn a_warm_open_registers_nothing() {
    let world = World::shared();
    world.create(OWNER, FILE, &mp4_clean()).unwrap();
    let ids: Vec<u32> = (0..5)
        .map(|_| {
            let opened = world.open(READER, FILE, READ).unwrap();
            world.volume.release(opened.handle);
            match opened.io {
                OpenedIo::Passthrough(backing) => backing.id(),
                OpenedIo::Cached { .. } => 0,
            }
        })
        .collect();
    assert_eq!(ids, [1; 5]);
    assert_eq!(world.counted(Counter::BackingOpened), 1);
    for (node, lookups) in world.volume.nodes.all() {
        world.volume.forget(node.id(), lookups);
    }
    assert!(world.backings.open.lock().is_empty());
}

#[test]
fn all_opens_that_are_alive_have_the_same_mode() {
    let world = World::new(Start { refused: true, ..SHARED });
    world.create(OWNER, FILE, &mp4_clean()).unwrap();
    let served = world.open(OWNER, FILE, READ).unwrap();
    // Passthrough is possible from now on; the file that is open stays served until its last release.
    *world.volume.no_passthrough.lock() = None;
    let again = world.open(OWNER, FILE, READ).unwrap();
    assert!(matches!(again.io, OpenedIo::Cached { .. }));
    world.volume.release(served.handle);
    world.volume.release(again.handle);
}

#[test]
fn an_open_that_fails_leaves_nothing_behind() {
    let world = World::new(Start { passthrough: false, descriptors: 0, ..SHARED });
    world.create(OWNER, FILE, &mp4_with_location()).unwrap();
    world.read(READER, FILE).unwrap();
    let (full, redacted) = (world.look(OWNER, FILE).unwrap(), world.look(READER, FILE).unwrap());
    assert_ne!(full, redacted);
    world.crowd_out();
    fs::remove_file(world.lower(FILE)).unwrap();
    for (uid, node, request) in [(OWNER, full, WRITE), (OWNER, full, READ), (READER, redacted, READ)] {
        assert_eq!(world.volume.open(caller(uid), node, request).unwrap_err().errno(), Errno::ENOENT);
    }
    let node = world.volume.nodes.find(full).unwrap();
    assert_eq!((node.io().opens, node.inode().sharing().writers), (0, 0));
    assert_eq!(world.volume.sizes().1, 0);
}

#[test]
fn an_open_file_is_reached_after_its_name_is_gone() {
    let world = World::new(Start { descriptors: 2, ..SHARED });
    world.create(OWNER, FILE, &mp4_clean()).unwrap();
    world.read(OWNER, FILE).unwrap();
    let node = world.look(OWNER, FILE).unwrap();
    world.crowd_out();
    let opened = world.volume.open(caller(OWNER), node, WRITE).unwrap();
    world.crowd_out();
    world.remove(OWNER, FILE).unwrap();
    world.crowd_out();
    assert_eq!(world.volume.stat(caller(OWNER), node, Some(opened.handle)).unwrap().links, 0);
    assert_eq!(world.volume.write(opened.handle, 0, b"still here").map_err(errno), Ok(10));
    world.volume.sync(opened.handle, false).unwrap();
    let change = AttributeChange { size: Some(5), ..AttributeChange::default() };
    let after = world.volume.change_attributes(caller(OWNER), node, Some(opened.handle), change).unwrap();
    assert_eq!(after.size, 5);
    world.volume.release(opened.handle);
    assert_eq!(world.look(OWNER, FILE), Err(Errno::ENOENT));
}

#[test]
fn letting_idle_backings_go_waits_for_no_open() {
    let world = World::shared();
    world.create(OWNER, FILE, &mp4_clean()).unwrap();
    world.create(OWNER, "Movies/b.mp4", &mp4_clean()).unwrap();
    let node = world.volume.nodes.find(world.look(OWNER, FILE).unwrap()).unwrap();
    let other = world.look(OWNER, "Movies/b.mp4").unwrap();
    let busy = node.io();
    std::thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel();
        let world = &world;
        scope.spawn(move || {
            world.volume.drop_idle_backings(other);
            done.send(()).unwrap();
        });
        let finished = wait.recv_timeout(std::time::Duration::from_secs(2));
        drop(busy);
        assert!(finished.is_ok(), "it waits for an open of another file, which may wait for it");
    });
}

#[test]
fn unknown_numbers_are_answered() {
    let world = World::shared();
    let (node, handle) = (NodeId::new(0xdead), HandleId::new(0xdead));
    let volume = &world.volume;
    assert_eq!(volume.lookup(caller(OWNER), node, &name("a")).unwrap_err().errno(), Errno::ESTALE);
    assert_eq!(volume.stat(caller(OWNER), node, None).unwrap_err().errno(), Errno::ESTALE);
    assert_eq!(volume.open(caller(OWNER), node, READ).unwrap_err().errno(), Errno::ESTALE);
    assert_eq!(volume.open_directory(caller(OWNER), node).unwrap_err().errno(), Errno::ESTALE);
    assert_eq!(volume.read(handle, 0, &mut [0; 4]).unwrap_err().errno(), Errno::EIO);
    assert_eq!(volume.write(handle, 0, b"x").unwrap_err().errno(), Errno::EIO);
    assert_eq!(volume.sync(handle, true).unwrap_err().errno(), Errno::EIO);
    volume.forget(node, 1);
    volume.release(handle);
}

#[test]
fn a_handle_is_for_what_it_was_opened_for() {
    let world = World::shared();
    world.create(OWNER, FILE, &mp4_clean()).unwrap();
    let reading = world.open(OWNER, FILE, READ).unwrap().handle;
    let writing = world.open(OWNER, FILE, WRITE).unwrap().handle;
    let listing = world.volume.open_directory(caller(OWNER), NodeId::ROOT).unwrap();
    let volume = &world.volume;
    assert_eq!(volume.write(reading, 0, b"x").unwrap_err().errno(), Errno::EBADF);
    assert_eq!(volume.read(writing, 0, &mut [0; 4]).unwrap_err().errno(), Errno::EBADF);
    assert_eq!(volume.copy((writing, 0), (writing, 0), 4).unwrap_err().errno(), Errno::EBADF);
    assert_eq!(volume.copy((reading, 0), (reading, 0), 4).unwrap_err().errno(), Errno::EBADF);
    assert_eq!(volume.read(listing, 0, &mut [0; 4]).unwrap_err().errno(), Errno::EISDIR);
    let not_listed = volume.read_directory(caller(OWNER), reading, 0, |_| true);
    assert_eq!(not_listed.unwrap_err().errno(), Errno::ENOTDIR);
    let directory = volume.open(caller(OWNER), NodeId::ROOT, READ);
    assert_eq!(directory.unwrap_err().errno(), Errno::EISDIR);
}
