//! Several Android users on one volume, and users that share media.

#![forbid(unsafe_code)]

use super::*;
use crate::store::UserPair;

/// The same applications as user 10.
const TENTH: u32 = 1_000_000;
const SHELL: u32 = 2000;
const PHOTO: &str = "0/Pictures/a.jpg";
const VIDEO: &str = "10/Movies/b.mp4";

fn users() -> World {
    let world = World::new(Start { kind: VolumeKind::Users, ..SHARED });
    for tree in ["0", "10"] {
        for top in ["Pictures", "Movies", "Download", "Android/data", "Android/media"] {
            fs::create_dir_all(world.lower(tree).join(top)).unwrap();
        }
    }
    world.put(PHOTO, &crate::sample::jpeg_with_location());
    world.put(VIDEO, b"");
    world.put("obb/x", b"x");
    world.put("010/x", b"x");
    world.put("file", b"x");
    world
}

fn share(world: &World, shared: bool) {
    let pair = UserPair::of(UserId::new(10), UserId::new(0));
    if shared {
        world.store.share_users(pair).unwrap();
    } else {
        assert!(world.store.unshare_users(pair).unwrap());
    }
}

#[test]
fn each_user_has_the_whole_rule_set() {
    let world = users();
    for (base, tree) in [(0, "0"), (TENTH, "10")] {
        let path = |rest: &str| format!("{tree}/{rest}");
        world.create(base + OWNER, &path("Pictures/own.jpg"), b"x").unwrap();
        world.make_directory(base + OWNER, &path("Alarms")).unwrap();
        assert_eq!(world.make_directory(base + OWNER, &path("Elsewhere")), Err(Errno::EACCES));
        assert_eq!(world.create(base + OWNER, &path("stray.jpg"), b"x"), Err(Errno::EPERM));
        assert_eq!(world.create(base + OWNER, &path("Movies/own.jpg"), b"x"), Err(Errno::EPERM));
        assert_eq!(world.read(base + OWNER, &path("Pictures/own.jpg")).unwrap(), b"x");
        assert_eq!(world.owner(&path("Pictures/own.jpg")).as_deref(), Some("org.example.owner"));
        assert!(world.read(base + READER, &path("Pictures/own.jpg")).is_ok());
        assert_eq!(world.read(base + STRANGER, &path("Pictures/own.jpg")), Err(Errno::EACCES));
        assert_eq!(world.look(base + MANAGER, &path("Android/data/org.example.owner")), Err(Errno::ENOENT));
        world
            .rename(base + OWNER, &path("Pictures/own.jpg"), &path("Pictures/c.jpg"), RenameMode::Replace)
            .unwrap();
        world.remove(base + OWNER, &path("Pictures/c.jpg")).unwrap();
    }
}

#[test]
fn the_top_is_walked_and_tells_applications_nothing() {
    let world = users();
    for uid in [OWNER, MANAGER, UNKNOWN, TENTH + MANAGER] {
        let own = if uid >= TENTH { "10" } else { "0" };
        assert!(world.look(uid, own).is_ok());
        assert!(world.volume.stat(caller(uid), NodeId::ROOT, None).is_ok());
        assert_eq!(world.list(uid, ""), Err(Errno::EACCES));
        for missing in ["obb", "file", "010", "1\u{200b}0", "nothing"] {
            assert_eq!(world.look(uid, missing), Err(Errno::ENOENT), "{missing}");
        }
        for made in ["12", "new", "obb", "file"] {
            let made = name(made);
            let (by, top) = (caller(uid), NodeId::ROOT);
            assert_eq!(
                world.volume.make_directory(by, top, &made).map(|_| ()).map_err(errno),
                Err(Errno::EACCES)
            );
            let created = world.volume.create(by, top, &made, WRITE, true).map(|_| ());
            assert_eq!(created.map_err(errno), Err(Errno::EACCES), "{}", made.as_str());
            assert_eq!(world.volume.remove(by, top, &made, true).map_err(errno), Err(Errno::EACCES));
        }
        assert_eq!(world.rename(uid, own, "12", RenameMode::Replace), Err(Errno::EPERM));
        assert_eq!(world.remove(uid, own), Err(Errno::EACCES));
    }
    assert_eq!(world.list(SHELL, "").unwrap(), ["0", "10"]);
    assert_eq!(world.look(SHELL, "obb"), Err(Errno::ENOENT));
    assert_eq!(world.list(ROOT, "").unwrap(), ["0", "010", "10", "file", "obb"]);
    world.make_directory(ROOT, "12").unwrap();
    assert!(world.look(1_200_000 + OWNER, "12").is_ok());
}

#[test]
fn strangers_cannot_tell_what_another_user_has() {
    let world = users();
    for in_use in [false, true] {
        if in_use {
            world.look(TENTH + OWNER, VIDEO).unwrap();
        }
        for uid in [OWNER, MANAGER, READER, UNKNOWN] {
            let by = caller(uid);
            for (parent, names) in
                [("", ["10", "11"]), ("10", ["Movies", "Missing"]), ("10/Movies", ["b.mp4", "c.mp4"])]
            {
                let parent = world.look(ROOT, parent).unwrap();
                for entry in names {
                    let entry = name(entry);
                    let found = world.volume.lookup(by, parent, &entry);
                    match found {
                        // The same node for everybody, and no attribute of it.
                        Ok(found) => {
                            assert_eq!(found.attributes.cached, Duration::ZERO);
                            let stat = world.volume.stat(by, found.node.node().id(), None);
                            assert_eq!(stat.unwrap_err().errno(), Errno::EACCES);
                        }
                        Err(error) => assert_eq!(error.errno(), Errno::EACCES, "{}", entry.as_str()),
                    }
                    assert_eq!(
                        world.volume.remove(by, parent, &entry, false).map_err(errno),
                        Err(Errno::EACCES)
                    );
                    let made = world.volume.create(by, parent, &entry, WRITE, false).map(|_| ());
                    assert_eq!(made.map_err(errno), Err(Errno::EACCES));
                }
            }
            let tree = world.look(ROOT, "10").unwrap();
            let file = world.look(ROOT, VIDEO).unwrap();
            assert_eq!(world.volume.open(by, file, READ).map(|_| ()).map_err(errno), Err(Errno::EACCES));
            let access = AccessRequest::default();
            assert_eq!(world.volume.access(by, tree, access).map_err(errno), Err(Errno::EACCES));
            let handle = world.volume.open_directory(by, tree).unwrap();
            let mut names = 0;
            world
                .volume
                .read_directory(by, handle, 0, |entry| {
                    names += usize::from(!matches!(entry.name, "." | ".."));
                    true
                })
                .unwrap();
            assert_eq!(names, 0);
            world.volume.release(handle);
        }
        assert!(world.read(TENTH + MANAGER, VIDEO).is_ok());
    }
}

#[test]
fn sharing_is_for_media_in_both_directions_and_for_the_next_open() {
    let world = users();
    world.put("0/Android/data/org.example.owner/a.txt", b"secret");
    assert_eq!(world.look(TENTH + READER, PHOTO), Err(Errno::EACCES));
    share(&world, true);
    let whole = crate::sample::jpeg_with_location();
    assert_ne!(world.read(TENTH + READER, PHOTO).unwrap(), whole);
    assert_eq!(world.read(TENTH + LOCATED, PHOTO).unwrap(), whole);
    assert!(world.read(GALLERY, VIDEO).is_ok());
    assert_eq!(world.list(TENTH + READER, "0/Pictures").unwrap(), ["a.jpg"]);
    assert_eq!(world.read(TENTH + STRANGER, PHOTO), Err(Errno::EACCES));
    for private in ["0/Android/data", "0/Android/data/org.example.owner"] {
        assert!(world.look(TENTH + OWNER, private).is_err(), "{private}");
    }
    let photo = world.look(TENTH + READER, PHOTO).unwrap();
    share(&world, false);
    assert_eq!(
        world.volume.open(caller(TENTH + READER), photo, READ).map(|_| ()).map_err(errno),
        Err(Errno::EACCES)
    );
    assert_eq!(
        world.volume.stat(caller(TENTH + READER), photo, None).map(|_| ()).map_err(errno),
        Err(Errno::EACCES)
    );
    assert_eq!(world.list(TENTH + READER, "0/Pictures").ok(), None);
    assert!(world.read(READER, PHOTO).is_ok());
}

#[test]
fn a_package_owns_what_it_made_as_the_same_user() {
    let mut world = users();
    share(&world, true);
    world.create(OWNER, "0/Pictures/zero.jpg", b"x").unwrap();
    world.create(TENTH + OWNER, "0/Pictures/ten.jpg", b"x").unwrap();
    for restarted in [false, true] {
        if restarted {
            let lower = world.directory.path().join("lower");
            let start = Start { kind: VolumeKind::Users, ..SHARED };
            (world.volume, world.backings) = served(&lower, &world.store, &start);
        }
        assert_eq!(world.read(OWNER, "0/Pictures/zero.jpg").unwrap(), b"x");
        assert_eq!(world.read(TENTH + OWNER, "0/Pictures/zero.jpg"), Err(Errno::EACCES));
        assert_eq!(world.read(TENTH + OWNER, "0/Pictures/ten.jpg").unwrap(), b"x");
        assert_eq!(world.read(OWNER, "0/Pictures/ten.jpg"), Err(Errno::EACCES));
        assert_eq!(world.remove(OWNER, "0/Pictures/ten.jpg"), Err(Errno::EACCES));
    }
    world.rename(TENTH + OWNER, "0/Pictures/ten.jpg", "0/Pictures/ten2.jpg", RenameMode::Replace).unwrap();
    assert_eq!(world.read(TENTH + OWNER, "0/Pictures/ten2.jpg").unwrap(), b"x");
    assert_eq!(world.read(OWNER, "0/Pictures/ten2.jpg"), Err(Errno::EACCES));
    let across =
        world.rename(TENTH + OWNER, "0/Pictures/ten2.jpg", "10/Pictures/ten2.jpg", RenameMode::Replace);
    assert_eq!(across, Err(Errno::EXDEV));
    assert_eq!(world.rename(ROOT, PHOTO, "10/Pictures/a.jpg", RenameMode::Replace), Err(Errno::EXDEV));
    // Nor is its directory in the other's Android/media its own, nor does a grant reach across.
    world.put("0/Android/media/org.example.owner/m.jpg", b"x");
    assert!(world.read(OWNER, "0/Android/media/org.example.owner/m.jpg").is_ok());
    assert_eq!(world.read(TENTH + OWNER, "0/Android/media/org.example.owner/m.jpg"), Err(Errno::EACCES));
    world.grant(PHOTO, "org.example.stranger", FileGrant::Read, None);
    assert!(world.read(STRANGER, PHOTO).is_ok());
    assert_eq!(world.read(TENTH + STRANGER, PHOTO), Err(Errno::EACCES));
}

#[test]
fn users_who_share_with_the_one_of_a_volume_may_enter_it() {
    let world = World::shared();
    world.put("Pictures/a.jpg", &crate::sample::jpeg_with_location());
    assert_eq!(world.look(TENTH + READER, "Pictures/a.jpg"), Err(Errno::EACCES));
    assert_eq!(world.look(TENTH + READER, "Pictures/none.jpg"), Err(Errno::EACCES));
    share(&world, true);
    assert!(world.read(TENTH + READER, "Pictures/a.jpg").is_ok());
    assert_eq!(world.look(TENTH + READER, "Pictures/none.jpg"), Err(Errno::ENOENT));
}
