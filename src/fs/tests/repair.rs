//! Rows and files that came apart: changes beneath the mount, and daemons that ended in the middle.

#![forbid(unsafe_code)]

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;
use crate::policy::{Kind, State};
use crate::sample::jpeg_clean;
use crate::store::{Entry, EntryName, NewEntry};

const A: &str = "Pictures/a.jpg";
const B: &str = "DCIM/b.jpg";
const OWNERS: Option<&str> = Some("org.example.owner");
const STRANGERS: Option<&str> = Some("org.example.stranger");

/// Each with a file of its own.
fn with_files() -> World {
    let world = World::shared();
    world.create(OWNER, A, &jpeg_clean()).unwrap();
    world.create(STRANGER, B, &jpeg_clean()).unwrap();
    world
}

fn mv(world: &World, from: &str, to: &str) {
    fs::rename(world.lower(from), world.lower(to)).unwrap();
}

fn entry(world: &World, path: &str) -> Entry {
    world.store.entry_by_id(world.row(path).unwrap()).unwrap().unwrap()
}

/// The row that the daemon makes ahead of a file.
fn begun(world: &World, path: &str, created: i64) -> MediaId {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let owner = PackageName::new("org.example.owner");
    let new = NewEntry {
        parent: world.volume.row_of(parent).unwrap(),
        name: EntryName { bytes: name.as_bytes(), folded: name.as_bytes() },
        directory: false,
        kind: Some(Kind::Image),
        owner: Some(&owner),
        state: State::Normal,
        expires: None,
        file: crate::id::Identity::NONE,
        version: None,
        created,
    };
    world.store.begin_entry(&new).unwrap().id
}

#[test]
fn a_file_that_is_moved_beneath_the_mount_stays_its_owners() {
    let mut world = with_files();
    world.grant(A, "org.example.stranger", FileGrant::Read, None);
    let row = world.row(A);
    fs::create_dir(world.lower("Pictures/new")).unwrap();
    mv(&world, A, "Pictures/new/c.jpg");
    assert_eq!(world.row("Pictures/new/c.jpg"), row);
    assert_eq!(world.read(OWNER, "Pictures/new/c.jpg").unwrap(), jpeg_clean());
    assert_eq!(world.read(STRANGER, "Pictures/new/c.jpg").unwrap(), jpeg_clean());
    assert_eq!(world.remove(STRANGER, "Pictures/new/c.jpg"), Err(Errno::EACCES));
    world.create(STRANGER, A, b"").unwrap();
    assert_eq!(
        (world.owner(A).as_deref(), world.owner("Pictures/new/c.jpg").as_deref()),
        (STRANGERS, OWNERS)
    );
    world.restart();
    assert_eq!(
        (world.owner(A).as_deref(), world.owner("Pictures/new/c.jpg").as_deref()),
        (STRANGERS, OWNERS)
    );
}

#[test]
fn a_directory_that_is_moved_beneath_the_mount_takes_its_rows_along() {
    let mut world = World::shared();
    world.make_directory(OWNER, "Pictures/d").unwrap();
    world.make_directory(OWNER, "Pictures/d/e").unwrap();
    world.create(OWNER, "Pictures/d/e/c.jpg", &jpeg_clean()).unwrap();
    let rows = [world.row("Pictures/d"), world.row("Pictures/d/e"), world.row("Pictures/d/e/c.jpg")];
    let below = entry(&world, "Pictures/d/e");
    mv(&world, "Pictures/d", "DCIM/f");
    assert_eq!(world.owner("DCIM/f/e/c.jpg").as_deref(), OWNERS);
    assert_eq!([world.row("DCIM/f"), world.row("DCIM/f/e"), world.row("DCIM/f/e/c.jpg")], rows);
    assert_eq!(entry(&world, "DCIM/f/e"), below, "one row moved");
    mv(&world, "DCIM/f/e", "Pictures/e");
    mv(&world, "DCIM/f", "Pictures/e/d");
    world.restart();
    assert_eq!(world.owner("Pictures/e/c.jpg").as_deref(), OWNERS);
    assert_eq!(world.row("Pictures/e/d"), rows[0]);
    assert_eq!(world.remove(OWNER, "Pictures/e/d"), Ok(()));
}

#[test]
fn files_that_change_places_beneath_the_mount_stay_their_owners() {
    for first in [A, B] {
        let world = with_files();
        let rows = (world.row(A), world.row(B));
        renameat_with(CWD, world.lower(A), CWD, world.lower(B), RenameFlags::EXCHANGE).unwrap();
        world.owner(first);
        // Recognised at the first look already.
        let path = world.store.path_of(if first == A { rows.0.unwrap() } else { rows.1.unwrap() }).unwrap();
        assert_eq!(path.unwrap().names.join(&b'/'), if first == A { B } else { A }.as_bytes());
        assert_eq!((world.row(B), world.row(A)), rows, "{first} first");
        assert_eq!((world.owner(B).as_deref(), world.owner(A).as_deref()), (OWNERS, STRANGERS));
    }
}

#[test]
fn a_file_over_which_another_is_moved_leaves_it_nothing() {
    let world = with_files();
    let row = world.row(B);
    mv(&world, B, A);
    assert_eq!((world.owner(A).as_deref(), world.row(A)), (STRANGERS, row));
    assert_eq!(world.read(OWNER, A), Err(Errno::EACCES));
    world.put("Download/x.jpg", &jpeg_clean());
    mv(&world, "Download/x.jpg", A);
    assert_eq!(world.owner(A), None);
    assert_eq!(world.remove(STRANGER, A), Err(Errno::EACCES));
}

#[test]
fn a_file_that_goes_round_comes_back_to_its_owner() {
    let mut world = with_files();
    let row = world.row(A);
    mv(&world, A, "Download/t.jpg");
    mv(&world, B, A);
    assert_eq!(world.owner(A).as_deref(), STRANGERS);
    world.restart();
    mv(&world, "Download/t.jpg", B);
    assert_eq!((world.owner(B).as_deref(), world.row(B)), (OWNERS, row));
    assert_eq!(world.owner(A).as_deref(), STRANGERS);
}

#[test]
fn another_file_with_the_same_inode_number_inherits_nothing() {
    let mut world = with_files();
    let row = entry(&world, A);
    let version = crate::store::ContentVersion { size: 0, mtime_ns: 0, ctime_ns: 0 };
    // As if the file that was recorded had been born before, and its number had been given out again.
    let former = crate::id::Identity { born: row.file.born - 1, ..row.file };
    world.store.set_version(row.id, former, version).unwrap();
    world.restart();
    assert_eq!((world.owner(A), world.row(A)), (None, None));
    assert_eq!(world.read(OWNER, A), Err(Errno::EACCES));
    world.grant(A, "org.example.reader", FileGrant::Read, None);
    assert_eq!(world.owner(A), None, "also where it gets a row of its own");
    // What the first schema did not know is learned.
    let row = entry(&world, B);
    world.store.set_version(row.id, crate::id::Identity { born: 0, ..row.file }, version).unwrap();
    world.restart();
    assert_eq!(world.owner(B).as_deref(), STRANGERS);
    assert_eq!(entry(&world, B).file, row.file);
}

#[test]
fn a_hard_link_made_beneath_the_mount_is_nobodys() {
    let world = with_files();
    fs::hard_link(world.lower(A), world.lower("Pictures/link.jpg")).unwrap();
    assert_eq!(world.owner("Pictures/link.jpg"), None);
    assert_eq!(world.owner(A).as_deref(), OWNERS);
}

#[test]
fn a_file_whose_row_was_only_begun_is_its_makers() {
    let mut world = World::shared();
    let row = begun(&world, A, now());
    world.put(A, &jpeg_clean());
    world.restart();
    assert_eq!((world.owner(A).as_deref(), world.row(A)), (OWNERS, Some(row)));
    assert_eq!(entry(&world, A).file, world.volume.resolve(A).unwrap().identity());
    mv(&world, A, B);
    assert_eq!(world.owner(B).as_deref(), OWNERS);
    // The daemon ended before it made the file, and what is there now is another's.
    let row = begun(&world, "Pictures/c.jpg", now() - 60);
    world.put("Pictures/c.jpg", &jpeg_clean());
    assert_eq!(world.owner("Pictures/c.jpg"), None);
    fs::remove_file(world.lower("Pictures/c.jpg")).unwrap();
    world.create(OWNER, "Pictures/c.jpg", b"").unwrap();
    assert_eq!(world.row("Pictures/c.jpg"), Some(row));
}

#[test]
fn what_the_lower_file_system_refuses_to_make_leaves_no_row() {
    let world = with_files();
    let row = world.row(A).unwrap();
    world.remove(OWNER, A).unwrap();
    std::os::unix::fs::symlink("elsewhere", world.lower(A)).unwrap();
    // What is never served stands there.
    world.create(OWNER, A, b"").unwrap_err();
    assert_eq!(world.make_directory(OWNER, A), Err(Errno::EEXIST));
    let (parent, name, _) = world.place(A);
    assert_eq!(
        world.volume.make_file(caller(OWNER), parent, &name).map(|_| ()).map_err(errno),
        Err(Errno::EEXIST)
    );
    let pictures = world.row("Pictures").unwrap();
    assert_eq!(world.store.entry(pictures, b"a.jpg").unwrap(), None);
    fs::remove_file(world.lower(A)).unwrap();
    world.create(OWNER, A, b"").unwrap();
    assert_eq!(world.row(A), Some(row), "the former number was kept");
    assert_eq!(world.make_directory(OWNER, A), Err(Errno::EEXIST));
    assert_eq!((world.row(A), world.owner(A).as_deref()), (Some(row), OWNERS));
}

#[test]
fn the_row_of_a_file_that_is_gone_is_left_to_its_owner_alone() {
    let mut world = with_files();
    let row = world.row(A);
    fs::remove_file(world.lower(A)).unwrap();
    world.restart();
    world.put(A, &jpeg_clean());
    assert_eq!((world.owner(A), world.row(A)), (None, None));
    fs::remove_file(world.lower(A)).unwrap();
    world.create(OWNER, A, b"").unwrap();
    assert_eq!(world.row(A), row);
    fs::remove_file(world.lower(A)).unwrap();
    world.create(STRANGER, A, b"").unwrap();
    assert!(world.row(A) != row && world.owner(A).as_deref() == STRANGERS);
}

/// CTS: testRenameCanRestoreDeletedRowId, and saving by renaming over.
#[test]
fn a_file_renamed_to_a_path_of_its_owner_gets_the_number_of_that_path() {
    let world = with_files();
    let row = world.row(A);
    world.create(OWNER, "Download/a.jpg_.tmp", b"").unwrap();
    world.remove(OWNER, A).unwrap();
    world.rename(OWNER, "Download/a.jpg_.tmp", A, RenameMode::Replace).unwrap();
    assert_eq!((world.row(A), world.owner(A).as_deref()), (row, OWNERS));
    world.create(OWNER, "Pictures/tmp.jpg", b"").unwrap();
    world.grant(A, "org.example.stranger", FileGrant::Write, None);
    world.rename(OWNER, "Pictures/tmp.jpg", A, RenameMode::Replace).unwrap();
    assert_eq!((world.row(A), world.owner(A).as_deref()), (row, OWNERS));
    assert_eq!(world.read(STRANGER, A), Err(Errno::EACCES), "the grant was for what is gone");
    world.rename(MANAGER, B, A, RenameMode::Replace).unwrap();
    assert!(world.row(A) != row && world.owner(A).as_deref() == STRANGERS);
}

#[test]
fn kind_and_state_of_a_row_follow_its_name() {
    let world = with_files();
    world.rename(OWNER, A, "Download/.pending-1900000000-a.txt", RenameMode::Replace).unwrap();
    let row = entry(&world, "Download/.pending-1900000000-a.txt");
    assert_eq!((row.state, row.kind), (State::Pending, Some(Kind::Document)));
    world.rename(OWNER, "Download/.pending-1900000000-a.txt", A, RenameMode::Replace).unwrap();
    let row = entry(&world, A);
    assert_eq!((row.state, row.kind), (State::Normal, Some(Kind::Image)));
    mv(&world, A, "Download/.trashed-1900000000-a.txt");
    let row = entry(&world, "Download/.trashed-1900000000-a.txt");
    assert_eq!((row.state, row.kind), (State::Trashed, None));
    assert_eq!(world.read(READER, "Download/.trashed-1900000000-a.txt"), Err(Errno::EACCES));
}

#[test]
fn a_package_that_is_installed_again_owns_nothing_of_before() {
    let world = with_files();
    let (row, owner) = (world.row(A), PackageName::new("org.example.owner"));
    world.create(OWNER, "Pictures/gone.jpg", b"").unwrap();
    let gone = world.row("Pictures/gone.jpg");
    world.remove(OWNER, "Pictures/gone.jpg").unwrap();
    world.store.remove_application(&owner).unwrap();
    world.volume.forget_facts();
    let permissions = Permissions::empty();
    let again = ApplicationRecord { name: owner, app: AppId::new(OWNER), target_sdk: 34, permissions };
    world.store.set_application(&again).unwrap();
    assert_eq!((world.owner(A), world.row(A)), (None, row));
    assert_eq!(world.read(OWNER, A), Err(Errno::EACCES));
    world.create(OWNER, "Pictures/gone.jpg", b"").unwrap();
    assert_ne!(world.row("Pictures/gone.jpg"), gone);
}

#[test]
fn a_file_that_is_put_where_one_is_being_made_is_not_the_makers() {
    let world = World::shared();
    let parent = world.volume.node(world.look(OWNER, "DCIM").unwrap()).unwrap();
    let (prospect, _) = world.volume.permit_file(caller(OWNER), parent.inode(), &name("b.jpg")).unwrap();
    let ahead = world.volume.begin_row(caller(OWNER), &prospect).unwrap();
    world.put(B, &jpeg_clean());
    assert_eq!(world.owner(B), None);
    assert_eq!(world.list(OWNER, "DCIM").unwrap(), [""; 0]);
    assert_eq!(world.remove(OWNER, B), Err(Errno::EACCES));
    let taken: std::io::Result<()> = Err(std::io::Error::from_raw_os_error(libc::EEXIST));
    assert!(world.volume.made(ahead, taken).is_err());
    assert_eq!((world.owner(B), world.row(B)), (None, None));
    assert_eq!(world.read(OWNER, B), Err(Errno::EACCES));
    world.create(OWNER, A, b"").unwrap();
    assert_eq!(world.owner(A).as_deref(), OWNERS);
}
