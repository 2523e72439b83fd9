//! What is told of changes, and to whom.

#![forbid(unsafe_code)]

use std::time::SystemTime;

use super::*;
use crate::lower::{TimeToSet, Times};
use crate::policy::PrivateTree;
use crate::sample::jpeg_clean;

const EVERYBODY: [u32; 8] = [OWNER, READER, LOCATED, GALLERY, STRANGER, MANAGER, UNKNOWN, ROOT];

fn observed(start: Start) -> World {
    let world = World::new(start);
    world.volume.feed.hear(true);
    world
}

impl World {
    fn happened(&self) -> Vec<Happening> {
        let heard = self.volume.feed.wait(Duration::ZERO).unwrap();
        assert!(!heard.lost);
        heard.happenings
    }

    /// What is told since the last time.
    fn told(&self, uid: u32) -> Vec<String> {
        let happened = self.happened();
        happened.iter().filter_map(|happening| self.told_of(uid, happening)).collect()
    }

    fn told_of(&self, uid: u32, happening: &Happening) -> Option<String> {
        let told = self.volume.told_to(Uid::new(uid), happening)?;
        let what = match told.what {
            ToldWhat::Created(path) => format!("created {path}"),
            ToldWhat::Changed(path) => format!("changed {path}"),
            ToldWhat::Removed(path) => format!("removed {path}"),
            ToldWhat::Renamed(from, to) => format!("renamed {from} {to}"),
        };
        Some(if told.directory { format!("{what}/") } else { what })
    }

    /// Whether a `stat` of the caller would find it.
    fn stats(&self, uid: u32, path: &str) -> bool {
        self.look(uid, path).is_ok_and(|node| self.volume.reach(caller(uid), node).is_ok())
    }
}

#[test]
fn each_change_is_told_once() {
    let world = observed(SHARED);
    world.make_directory(OWNER, "Pictures/d").unwrap();
    assert_eq!(world.told(READER), ["created /Pictures/d/"]);
    world.create(OWNER, "Pictures/d/a.jpg", &jpeg_clean()).unwrap();
    assert_eq!(world.told(READER), ["created /Pictures/d/a.jpg", "changed /Pictures/d/a.jpg"]);
    world.create(OWNER, "Pictures/b.jpg", &jpeg_clean()).unwrap();
    let _created = world.told(READER);
    world.rename(OWNER, "Pictures/b.jpg", "Pictures/d/b.jpg", RenameMode::Replace).unwrap();
    assert_eq!(world.told(READER), ["renamed /Pictures/b.jpg /Pictures/d/b.jpg"]);
    world.rename(OWNER, "Pictures/d/a.jpg", "Pictures/d/b.jpg", RenameMode::Exchange).unwrap();
    assert_eq!(
        world.told(READER),
        ["renamed /Pictures/d/b.jpg /Pictures/d/a.jpg", "renamed /Pictures/d/a.jpg /Pictures/d/b.jpg"]
    );
    world.rename(OWNER, "Pictures/d/a.jpg", "Pictures/d/b.jpg", RenameMode::Replace).unwrap();
    assert_eq!(
        world.told(READER),
        ["removed /Pictures/d/b.jpg", "renamed /Pictures/d/a.jpg /Pictures/d/b.jpg"]
    );
    world.rename(OWNER, "Pictures/d", "Pictures/e", RenameMode::Replace).unwrap();
    assert_eq!(world.told(READER), ["renamed /Pictures/d /Pictures/e/"]);
    let node = world.look(OWNER, "Pictures/e/b.jpg").unwrap();
    let times = Times { modified: Some(TimeToSet::At(SystemTime::UNIX_EPOCH)), ..Times::default() };
    for change in
        [AttributeChange { times, size: None }, AttributeChange { size: Some(1), ..Default::default() }]
    {
        world.volume.change_attributes(caller(OWNER), node, None, change).unwrap();
        assert_eq!(world.told(READER), ["changed /Pictures/e/b.jpg"]);
    }
    world.volume.change_attributes(caller(OWNER), node, None, AttributeChange::default()).unwrap();
    assert!(world.remove(READER, "Pictures/e/b.jpg").is_err());
    assert_eq!(world.told(READER), [""; 0], "what was not done is not told");
    world.remove(OWNER, "Pictures/e/b.jpg").unwrap();
    world.remove(OWNER, "Pictures/e").unwrap();
    assert_eq!(world.told(READER), ["removed /Pictures/e/b.jpg", "removed /Pictures/e/"]);
}

/// The law: whoever is told could see it, and whoever could see it is told.
fn law(start: Start, paths: &[&str]) {
    for path in paths {
        let world = observed(start);
        world.create(OWNER, path, &jpeg_clean()).unwrap();
        let created = world.happened();
        let seen: Vec<_> = EVERYBODY.iter().map(|uid| world.stats(*uid, path)).collect();
        for (uid, seen) in EVERYBODY.iter().zip(&seen) {
            for happening in &created {
                assert_eq!(world.told_of(*uid, happening).is_some(), *seen, "{path} to {uid}: {happening:?}");
            }
        }
        world.remove(OWNER, path).unwrap();
        let removed = world.happened();
        for (uid, seen) in EVERYBODY.iter().zip(&seen) {
            assert_eq!(world.told_of(*uid, &removed[0]).is_some(), *seen, "removed {path} to {uid}");
        }
        assert!(seen.contains(&true), "{path}");
    }
}

const SHARED_PATHS: [&str; 5] = [
    "Pictures/a.jpg",
    "Download/a.txt",
    "Pictures/.pending-9999999999-a.jpg",
    "DCIM/.trashed-9999999999-a.jpg",
    "Android/media/org.example.owner/a.jpg",
];

#[test]
fn who_could_see_it_is_told() {
    law(SHARED, &SHARED_PATHS[..4]);
    law(Start { visibility: Visibility::Private, ..SHARED }, &SHARED_PATHS[..4]);
}

#[test]
fn private_trees_are_told_to_their_packages_only() {
    for visibility in [Visibility::Shared, Visibility::Private] {
        let world = observed(Start { kind: VolumeKind::Private(PrivateTree::Data), visibility, ..SHARED });
        world.make_directory(OWNER, "org.example.owner").unwrap();
        world.create(OWNER, "org.example.owner/a.txt", b"a").unwrap();
        let happened = world.happened();
        assert_eq!(happened.len(), 3);
        for uid in EVERYBODY {
            let told = happened.iter().filter(|happening| world.told_of(uid, happening).is_some()).count();
            let may = [OWNER, ROOT].contains(&uid);
            assert_eq!(told, if may { 3 } else { 0 }, "{uid}");
        }
    }
}

#[test]
fn a_file_that_comes_into_sight_was_created_and_one_that_leaves_it_removed() {
    let world = observed(Start { visibility: Visibility::Private, ..SHARED });
    // Readers see pictures of others, and nothing that is in the trash.
    world.create(OWNER, "Pictures/.trashed-9999999999-a.jpg", &jpeg_clean()).unwrap();
    assert_eq!(world.told(READER), [""; 0]);
    world.rename(OWNER, "Pictures/.trashed-9999999999-a.jpg", "Pictures/a.jpg", RenameMode::Replace).unwrap();
    assert_eq!(world.told(READER), ["created /Pictures/a.jpg"]);
    world.rename(OWNER, "Pictures/a.jpg", "Pictures/.trashed-9999999999-a.jpg", RenameMode::Replace).unwrap();
    assert_eq!(world.told(READER), ["removed /Pictures/a.jpg"]);
}

#[test]
fn permissions_count_that_are_held_when_it_is_told() {
    let world = observed(Start { visibility: Visibility::Private, ..SHARED });
    world.create(OWNER, "Pictures/a.jpg", &jpeg_clean()).unwrap();
    let created = &world.happened()[0];
    assert!(world.told_of(READER, created).is_some());
    let reader = PackageName::new("org.example.reader");
    world.store.revoke_permission(&reader, Permissions::READ_MEDIA_IMAGES).unwrap();
    assert!(world.told_of(READER, created).is_none());
}

#[test]
fn nothing_waits_where_nobody_hears_and_too_much_is_lost() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &jpeg_clean()).unwrap();
    world.volume.feed.hear(true);
    assert!(world.happened().is_empty());
    let inode = world.volume.resolve("Pictures/a.jpg").unwrap();
    (0..4097).for_each(|_| world.volume.tell_changed(&inode));
    let heard = world.volume.feed.wait(Duration::ZERO).unwrap();
    assert_eq!((heard.happenings.len(), heard.lost), (1, true), "the one after those that were lost");
    world.volume.tell_changed(&inode);
    world.volume.feed.hear(false);
    world.volume.feed.hear(true);
    assert!(world.happened().is_empty());
    world.volume.tell_lost();
    assert!(world.volume.feed.wait(Duration::ZERO).unwrap().lost);
    world.volume.feed.end();
    assert!(world.volume.feed.wait(Duration::MAX).is_none());
}
