//! Plans that are there before anybody reads.

#![forbid(unsafe_code)]

use super::*;
use crate::sample::iso::{mp4_clean, mp4_with_location};

/// Works on what is due, as the thread does, until nothing is left to do.
fn plan_ahead(world: &World) {
    std::thread::scope(|scope| {
        let planning = scope.spawn(|| world.volume.plan_ahead());
        while world.volume.plans_wait() {
            std::thread::yield_now();
        }
        world.volume.stop_notices();
        planning.join().unwrap();
    });
}

#[test]
fn the_first_reader_finds_the_plan() {
    let world = World::shared();
    world.create(OWNER, "Movies/a.mp4", &mp4_with_location()).unwrap();
    plan_ahead(&world);
    assert_eq!(world.counted(Counter::Planned), 1);
    assert!(!shows_place(&world.read(READER, "Movies/a.mp4").unwrap()));
    assert_eq!(world.counted(Counter::Planned), 1);
}

#[test]
fn the_plan_outlives_the_daemon() {
    let mut world = World::shared();
    world.create(OWNER, "Movies/a.mp4", &mp4_with_location()).unwrap();
    // A version is saved once a later change would show in it.
    std::thread::sleep(Duration::from_millis(50));
    plan_ahead(&world);
    world.restart();
    assert!(!shows_place(&world.read(READER, "Movies/a.mp4").unwrap()));
    assert_eq!((world.counted(Counter::Planned), world.counted(Counter::PlanLoaded)), (0, 1));
}

#[test]
fn a_plan_that_hides_less_is_none_under_other_settings() {
    let places = Start { hide: Classes::PLACES, ..SHARED };
    let mut world = World::new(places);
    world.create(OWNER, "Movies/a.mp4", &mp4_with_location()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    plan_ahead(&world);
    assert!(shows_place(&world.read(READER, "Movies/a.mp4").unwrap()), "coordinates are not to be hidden");
    world.restart();
    assert!(!shows_place(&world.read(READER, "Movies/a.mp4").unwrap()));
    assert_eq!((world.counted(Counter::Planned), world.counted(Counter::PlanLoaded)), (1, 0));
    world.restart_as(&places);
    assert!(shows_place(&world.read(READER, "Movies/a.mp4").unwrap()));
}

#[test]
fn a_file_is_planned_once_its_last_writer_is_gone() {
    let world = World::shared();
    world.create(OWNER, "Movies/a.mp4", &mp4_clean()).unwrap();
    let writing = world.open(OWNER, "Movies/a.mp4", WRITE).unwrap();
    plan_ahead(&world);
    assert_eq!(world.counted(Counter::Planned), 0);
    world.volume.write(writing.handle, 0, &mp4_with_location()).unwrap();
    world.volume.release(writing.handle);
    assert!(world.volume.plans_wait());
}

#[test]
fn what_is_no_media_or_private_is_left_alone() {
    let world = World::shared();
    world.create(OWNER, "Download/a.bin", b"nothing known").unwrap();
    plan_ahead(&world);
    assert_eq!(world.counted(Counter::Planned), 0);
    let private = World::new(Start { kind: VolumeKind::Private(crate::policy::PrivateTree::Data), ..SHARED });
    private.make_directory(OWNER, "org.example.owner").unwrap();
    private.create(OWNER, "org.example.owner/a.mp4", &mp4_with_location()).unwrap();
    assert!(!private.volume.plans_wait());
}
