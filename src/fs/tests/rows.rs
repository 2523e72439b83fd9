//! What the database says of files: owners, grants, permissions, and when it is not believed.

#![forbid(unsafe_code)]

use super::*;
use crate::policy::Operation;
use crate::sample::{jpeg_clean, jpeg_with_location};

const FILE: &str = "Pictures/a.jpg";
const READING: Operation = Operation::Open { read: true, write: false };

fn with_file() -> World {
    let world = World::shared();
    world.create(OWNER, FILE, &jpeg_with_location()).unwrap();
    world
}

#[test]
fn permissions_take_effect_at_the_next_open() {
    let world = with_file();
    let stranger = PackageName::new("org.example.stranger");
    assert_eq!(world.read(STRANGER, FILE), Err(Errno::EACCES));
    world.store.grant_permission(&stranger, Permissions::READ_MEDIA_IMAGES).unwrap();
    assert_ne!(world.read(STRANGER, FILE).unwrap(), jpeg_with_location());
    world.store.grant_permission(&stranger, Permissions::ACCESS_MEDIA_LOCATION).unwrap();
    assert_eq!(world.read(STRANGER, FILE).unwrap(), jpeg_with_location());
    world.store.revoke_permission(&stranger, Permissions::all()).unwrap();
    assert_eq!(world.read(STRANGER, FILE), Err(Errno::EACCES));
}

#[test]
fn grants_open_one_file_until_they_expire() {
    let world = with_file();
    world.create(OWNER, "Pictures/b.jpg", b"").unwrap();
    world.grant(FILE, "org.example.stranger", FileGrant::Read, Some(now() - 1));
    assert_eq!(world.read(STRANGER, FILE), Err(Errno::EACCES));
    world.grant(FILE, "org.example.stranger", FileGrant::Read, Some(now() + 1000));
    assert_ne!(world.read(STRANGER, FILE).unwrap(), jpeg_with_location());
    assert_eq!(world.open(STRANGER, FILE, WRITE).unwrap_err(), Errno::EACCES);
    assert!(world.list(STRANGER, "Pictures").unwrap().is_empty());
    assert_eq!(world.read(STRANGER, "Pictures/b.jpg"), Err(Errno::EACCES));
    world.grant(FILE, "org.example.stranger", FileGrant::Write, None);
    assert_eq!(world.read(STRANGER, FILE).unwrap(), jpeg_with_location());
    let opened = world.open(STRANGER, FILE, WRITE).unwrap();
    world.volume.release(opened.handle);
    world.rename(STRANGER, FILE, "DCIM/c.jpg", RenameMode::Replace).unwrap();
    assert_eq!(world.read(STRANGER, "DCIM/c.jpg").unwrap(), jpeg_with_location());
    assert_eq!(world.owner("DCIM/c.jpg").as_deref(), Some("org.example.owner"));
}

#[test]
fn a_file_that_was_found_gets_a_row_for_its_grant() {
    let world = World::shared();
    world.put("Pictures/d/e.jpg", &jpeg_clean());
    assert_eq!(world.row("Pictures/d/e.jpg"), None);
    world.grant("Pictures/d/e.jpg", "org.example.stranger", FileGrant::Read, None);
    assert_eq!(world.read(STRANGER, "Pictures/d/e.jpg").unwrap(), jpeg_clean());
    assert_eq!(world.volume.row_of("Pictures/d/e.jpg").unwrap(), world.row("Pictures/d/e.jpg").unwrap());
}

#[test]
fn a_row_of_another_file_is_not_believed() {
    let world = with_file();
    // The new file is made before the former is gone, so that it has another number.
    world.put("Download/other.jpg", &jpeg_clean());
    fs::rename(world.lower("Download/other.jpg"), world.lower(FILE)).unwrap();
    assert_eq!(world.owner(FILE), None);
    assert_eq!(world.read(OWNER, FILE), Err(Errno::EACCES));
    assert_eq!(world.remove(OWNER, FILE), Err(Errno::EACCES));
    world.remove(MANAGER, FILE).unwrap();
    world.create(STRANGER, FILE, b"").unwrap();
    assert_eq!(world.owner(FILE).as_deref(), Some("org.example.stranger"));
}

#[test]
fn owners_outlive_the_daemon() {
    let mut world = with_file();
    let row = world.row(FILE);
    world.restart();
    assert_eq!(world.owner(FILE).as_deref(), Some("org.example.owner"));
    assert_eq!(world.row(FILE), row);
}

#[test]
fn a_removed_application_owns_nothing_any_more() {
    let world = with_file();
    world.store.remove_application(&PackageName::new("org.example.owner")).unwrap();
    world.volume.forget_facts();
    assert_eq!(world.read(OWNER, FILE), Err(Errno::EACCES));
    assert_eq!(world.owner(FILE), None);
}

#[test]
fn the_shell_owns_what_it_makes_and_what_unknown_uids_make_is_nobodys() {
    let world = World::shared();
    world.create(2000, "Pictures/a.jpg", b"").unwrap();
    assert_eq!(world.owner("Pictures/a.jpg").as_deref(), Some("com.android.shell"));
    world.create(ROOT, "Pictures/b.jpg", b"").unwrap();
    assert_eq!(world.owner("Pictures/b.jpg"), None);
    world.create(UNKNOWN, "Pictures/c.jpg", b"").unwrap();
    assert_eq!(world.owner("Pictures/c.jpg"), None);
    assert_eq!(world.read(UNKNOWN, "Pictures/c.jpg"), Err(Errno::EACCES));
}

#[test]
fn extended_attributes_tell_what_is_known() {
    let world = with_file();
    let get = |uid, path: &str, name: &str| {
        let node = world.look(uid, path).unwrap();
        let value = world.volume.extended_attribute(caller(uid), node, name).map_err(errno)?;
        Ok(String::from_utf8(value).unwrap())
    };
    assert_eq!(get(OWNER, FILE, "user.mediagate.view").unwrap(), "full");
    assert_eq!(get(READER, FILE, "user.mediagate.view").unwrap(), "redacted");
    let node = world.look(OWNER, FILE).unwrap();
    let found = |uid| world.volume.extended_attribute(caller(uid), node, "user.mediagate.view").unwrap();
    assert_eq!(found(READER), b"redacted", "whoever the kernel found the name for");
    assert_eq!(get(READER, FILE, "user.mediagate.owner").unwrap(), "org.example.owner");
    assert_eq!(get(READER, FILE, "user.mediagate.kind").unwrap(), "image");
    assert_eq!(get(STRANGER, FILE, "user.mediagate.owner"), Err(Errno::EACCES));
    assert_eq!(get(OWNER, FILE, "user.other"), Err(Errno::EOPNOTSUPP));
    assert_eq!(get(OWNER, FILE, "security.selinux"), Err(Errno::EOPNOTSUPP));
    assert_eq!(get(OWNER, "Pictures", "user.mediagate.kind"), Err(Errno::ENODATA));
    let all = |uid, path| {
        let names = world.volume.extended_attributes(caller(uid), world.look(uid, path).unwrap()).unwrap();
        String::from_utf8(names).unwrap().matches('\0').count()
    };
    assert_eq!((all(OWNER, FILE), all(STRANGER, FILE), all(OWNER, "Pictures")), (3, 0, 1));
}

#[test]
fn check_answers_what_the_call_would() {
    let world = with_file();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    let asked = [
        (READER, READING, FILE, None),
        (OWNER, Operation::Open { read: true, write: true }, FILE, None),
        (STRANGER, READING, FILE, Some(Errno::EACCES)),
        (STRANGER, Operation::Unlink, FILE, Some(Errno::EACCES)),
        (STRANGER, Operation::RenameFrom, FILE, Some(Errno::EPERM)),
        (STRANGER, Operation::Create, "Pictures/new.jpg", None),
        (STRANGER, Operation::Create, "Music/new.jpg", Some(Errno::EPERM)),
        (STRANGER, Operation::MakeDirectory, "New/", Some(Errno::EACCES)),
        (STRANGER, Operation::MakeDirectory, "/Podcasts/", None),
        (STRANGER, Operation::MakeDirectory, "Pictures/d", Some(Errno::EEXIST)),
        (STRANGER, Operation::Create, "Download/a:b.txt", Some(Errno::EPERM)),
        (STRANGER, Operation::MakeSymlink, "Download/link", Some(Errno::EPERM)),
        (ROOT, Operation::MakeLink, "Download/link", Some(Errno::EPERM)),
        (OWNER, Operation::Unlink, "Pictures/d", Some(Errno::EISDIR)),
        (OWNER, Operation::RemoveDirectory, FILE, Some(Errno::ENOTDIR)),
        (OWNER, READING, "Pictures/none/none.jpg", Some(Errno::ENOENT)),
        (STRANGER, READING, "Android/data/org.example.owner/a", Some(Errno::ENOENT)),
        (OWNER, Operation::RemoveDirectory, "Pictures/d", None),
    ];
    for (uid, operation, path, expected) in asked {
        let explained = world.volume.explain(Uid::new(uid), operation, path).unwrap();
        let expected = expected.map(|errno| errno.name());
        assert_eq!(explained.answer.errno(), expected.as_deref(), "{uid} {operation:?} {path}");
    }
    let explained = world.volume.explain(Uid::new(READER), READING, FILE).unwrap();
    assert!(explained.further.iter().any(|fact| fact.value.ends_with("bytes hidden")), "{explained:?}");
    assert!(explained.answer.errno().is_none());
    let missing = world.volume.explain(Uid::new(READER), READING, "Pictures/none.jpg").unwrap();
    assert_eq!((missing.answer.rule().0, missing.answer.errno()), ("missing", Some("ENOENT")));
    assert!(world.volume.explain(Uid::new(READER), READING, "a/../b").is_err());
}

#[test]
fn refusals_and_redacted_opens_are_recorded() {
    let world = with_file();
    world.volume.decisions.take();
    world.read(STRANGER, FILE).unwrap_err();
    world.read(READER, FILE).unwrap();
    world.read(OWNER, FILE).unwrap();
    let (decisions, lost) = world.volume.decisions.take();
    assert_eq!(lost, 0);
    assert!(decisions.iter().all(|one| one.path == format!("/{FILE}") && one.operation == "read"));
    assert!(decisions.iter().any(|one| one.uid == STRANGER && one.errno == Some(libc::EACCES)));
    assert!(decisions.iter().any(|one| one.uid == READER && one.redacted && one.errno.is_none()));
    assert!(decisions.iter().all(|one| one.uid != OWNER));
}
