//! Pending and trashed files whose time comes.

#![forbid(unsafe_code)]

use super::*;
use crate::fs::Expiry;

const DAY: i64 = 24 * 60 * 60;
const NOW: i64 = 1_700_000_000;

fn file(kind: &str, expires: i64, name: &str) -> String {
    format!("Pictures/.{kind}-{expires}-{name}")
}

fn expire(world: &World, now: i64) -> Vec<(String, Expiry)> {
    let mut told = Vec::new();
    world.volume.remove_expired(now, |path, outcome| told.push((path.to_owned(), outcome))).unwrap();
    told
}

fn removed(path: &str) -> (String, Expiry) {
    (format!("/{path}"), Expiry::Removed)
}

#[test]
fn what_expired_within_a_week_is_removed_with_its_row() {
    let world = World::shared();
    let (old, new) = (file("trashed", NOW, "a.jpg"), file("pending", NOW + 1, "b.jpg"));
    let week = file("pending", NOW - 7 * DAY, "c.jpg");
    for path in [&old, &new, &week] {
        world.create(OWNER, path, b"x").unwrap();
    }
    let row = world.row(&old).unwrap();
    assert_eq!(expire(&world, NOW - 8 * DAY), []);
    assert_eq!(expire(&world, NOW), [removed(&week), removed(&old)]);
    assert!(!world.lower(&old).exists() && world.lower(&new).exists());
    assert_eq!(world.store.entry_by_id(row).unwrap(), None);
    assert_eq!(expire(&world, NOW), []);
}

/// A clock that jumped ahead removes nothing: what seems to have expired long ago has a week more, each time anew.
#[test]
fn what_expired_longer_ago_gets_a_week_more() {
    let world = World::shared();
    let long = file("Trashed", NOW - 7 * DAY - 1, "a.jpg");
    world.create(OWNER, &long, b"x").unwrap();
    world.create(OWNER, &file("pending", NOW - 30 * DAY, "b.jpg"), b"x").unwrap();
    world.put(&file("pending", NOW + 7 * DAY, "b.jpg"), b"taken");
    let row = world.row(&long).unwrap();
    let told = expire(&world, NOW);
    let later = |kind: &str, until: i64, name: &str| Expiry::Extended(format!(".{kind}-{until}-{name}"));
    let outcomes: Vec<_> = told.into_iter().map(|(_, outcome)| outcome).collect();
    let (clashing, plain) = (NOW + 7 * DAY + 1, NOW + 7 * DAY);
    assert_eq!(outcomes, [later("pending", clashing, "b.jpg"), later("Trashed", plain, "a.jpg")]);
    let renewed = file("Trashed", NOW + 7 * DAY, "a.jpg");
    assert_eq!(world.row(&renewed), Some(row));
    assert_eq!(world.owner(&renewed).as_deref(), Some("org.example.owner"));
    assert_eq!(world.store.entry_by_id(row).unwrap().unwrap().expires, Some(NOW + 7 * DAY));
    assert_eq!(fs::read(world.lower(&file("pending", NOW + 7 * DAY, "b.jpg"))).unwrap(), b"taken");
    assert_eq!(expire(&world, NOW), []);
    // The clock is right again: nothing is early.
    assert_eq!(expire(&world, NOW - 300 * DAY), []);
    assert_eq!(expire(&world, NOW + 8 * DAY).len(), 2);
}

#[test]
fn what_only_resembles_is_not_touched() {
    let world = World::shared();
    let near = [
        "Pictures/.trashed-1.jpg",
        "Pictures/.trashed-x1-a.jpg",
        "Pictures/trashed-1-a.jpg",
        "Pictures/.trash\u{200b}ed-1-a.jpg",
    ];
    for path in near {
        world.put(path, b"x");
        let row = world.volume.row_of(path).unwrap();
        // Whatever the row says.
        world.store.set_state(row, crate::policy::State::Trashed, Some(1)).unwrap();
    }
    world.make_directory(OWNER, "Pictures/.trashed-1-directory").unwrap();
    assert_eq!(expire(&world, 1), []);
    for path in near.iter().chain(&["Pictures/.trashed-1-directory"]) {
        assert!(world.lower(path).exists(), "{path}");
    }
}

#[test]
fn what_is_open_for_writing_stays() {
    let world = World::shared();
    let path = file("pending", NOW, "a.jpg");
    world.create(OWNER, &path, b"x").unwrap();
    let opened = world.open(OWNER, &path, WRITE).unwrap();
    assert_eq!(expire(&world, NOW), [(format!("/{path}"), Expiry::Busy)]);
    world.volume.release(opened.handle);
    let writer = fs::File::options().write(true).open(world.lower(&path)).unwrap();
    assert_eq!(expire(&world, NOW), [(format!("/{path}"), Expiry::Busy)]);
    drop(writer);
    assert_eq!(expire(&world, NOW), [removed(&path)]);
}

#[test]
fn a_rename_sets_the_time_and_takes_it_away() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", b"x").unwrap();
    let expires = |path: &str| world.store.entry_by_id(world.row(path).unwrap()).unwrap().unwrap().expires;
    assert_eq!(expires("Pictures/a.jpg"), None);
    let (one, two) = (file("trashed", NOW, "a.jpg"), file("trashed", NOW + 5, "a.jpg"));
    world.rename(OWNER, "Pictures/a.jpg", &one, RenameMode::Replace).unwrap();
    assert_eq!(expires(&one), Some(NOW));
    world.rename(OWNER, &one, &two, RenameMode::Replace).unwrap();
    assert_eq!(expires(&two), Some(NOW + 5));
    world.rename(OWNER, &two, "Pictures/a.jpg", RenameMode::Replace).unwrap();
    assert_eq!(expires("Pictures/a.jpg"), None);
    assert_eq!(expire(&world, NOW + DAY), []);
}

#[test]
fn another_volume_of_the_same_database_is_not_touched() {
    let world = World::shared();
    let path = file("trashed", NOW, "a.jpg");
    world.create(OWNER, &path, b"x").unwrap();
    let other = tempfile::tempdir().unwrap();
    let (volume, _) = served(other.path(), &world.store, &SHARED);
    volume.remove_expired(NOW, |path, _| panic!("{path}")).unwrap();
    assert!(world.lower(&path).exists());
}
