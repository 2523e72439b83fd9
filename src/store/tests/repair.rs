//! Rows that lag behind the lower file system, and rows that are made ahead of it.

#![forbid(unsafe_code)]

use rusqlite::Connection;

use super::*;

/// A database as the first schema left it.
fn first_schema(path: &Path) -> Connection {
    let raw = Connection::open(path).unwrap();
    raw.execute_batch(include_str!("../migrations/0001.sql")).unwrap();
    raw.pragma_update(None, "application_id", 0x6d64_6774).unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    raw.execute_batch(
        "INSERT INTO volumes (id, path) VALUES (1, CAST('/lower' AS BLOB));
         INSERT INTO entries (id, volume, name, folded, directory, state, dev, ino, created)
             VALUES (1, 1, x'', x'', 1, 0, 7, 1, 0);
         INSERT INTO entries (id, parent, volume, name, folded, directory, kind, owner, state, dev, ino, created)
             VALUES (5, 1, 1, CAST('a' AS BLOB), CAST('a' AS BLOB), 0, 0, 'org.a', 0, 7, 100, 9);",
    )
    .unwrap();
    raw
}

fn made(fixture: &Fixture, name: &str, owner: &str, file: Identity) -> MediaId {
    let owner = PackageName::new(owner);
    let new = NewEntry { owner: Some(&owner), file, ..plain(fixture.root(), name) };
    fixture.store.record_created(&new).unwrap()
}

fn row(fixture: &Fixture, id: MediaId) -> Entry {
    fixture.store.entry_by_id(id).unwrap().unwrap()
}

fn at(fixture: &Fixture, name: &str) -> Option<MediaId> {
    fixture.store.entry(fixture.root(), name.as_bytes()).unwrap().map(|entry| entry.id)
}

#[test]
fn a_file_without_a_lasting_number_is_known_by_name_and_birth() {
    let fixture = Fixture::new();
    let nanos = |born: i64, more: i64| Identity { born: born * 1_000_000_000 + more, ..file(0) };
    let met = |ino, more| Identity { file: file(ino).file, ..nanos(1_000, more) };
    let id = made(&fixture, "a", "org.a", met(5, 123_456_789).unnumbered());
    let entry = row(&fixture, id);
    for (ino, more) in [(5, 123_456_789), (900, 123_456_789), (900, 120_000_000), (901, 129_999_999)] {
        let found = met(ino, more);
        assert!(entry.is_of(&found, false) && entry.is_of(&found.unnumbered(), false), "{ino} {more}");
        assert!(!entry.is_of(&found, true) && !entry.is_incomplete(&found));
        // By its birth alone no file is taken for another.
        assert_eq!(fixture.store.entries_of(entry.volume, &found).unwrap(), []);
        assert_eq!(fixture.store.entries_of(entry.volume, &found.unnumbered()).unwrap(), []);
    }
    for other in [met(5, 130_000_000), met(5, 119_999_999), nanos(1_001, 123_456_789), born(5, 0)] {
        assert!(!entry.is_of(&other, false) && !entry.is_of(&other.unnumbered(), false), "{other:?}");
    }
    // Where there is no time of birth either, no row is anybody's.
    let nothing = Identity { born: 0, ..met(5, 0) }.unnumbered();
    let id = made(&fixture, "b", "org.a", nothing);
    assert!(!row(&fixture, id).is_of(&Identity { born: 0, ..met(5, 0) }, false));
}

#[test]
fn rows_of_the_first_schema_match_by_number_and_learn_their_birth() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    drop(first_schema(&path));
    let store = Store::open(&path).unwrap();
    let volume = store.volume(Path::new("/lower"), born(1, 1)).unwrap();
    assert_eq!(volume.root, MediaId::new(1));
    let entry = store.entry(volume.root, b"a").unwrap().unwrap();
    assert_eq!((entry.id, entry.file, entry.created), (MediaId::new(5), file(100), 9));
    let found = born(100, 50);
    assert!(entry.is_of(&found, false) && entry.is_incomplete(&found));
    assert!(!entry.is_of(&born(101, 50), false) && !entry.is_of(&found, true));
    // Not certain enough to be followed to another place.
    assert_eq!(store.entries_of(volume.id, &found).unwrap(), []);
    store.complete(entry.id, found).unwrap();
    let known = |store: &Store| {
        store.entries_of(volume.id, &found).unwrap().iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(known(&store), [entry.id], "before it is written");
    store.tidy().unwrap();
    drop(store);
    let store = Store::open(&path).unwrap();
    assert_eq!(known(&store), [entry.id]);
    let entry = store.entry(volume.root, b"a").unwrap().unwrap();
    assert!(!entry.is_of(&born(100, 51), false), "another file with the same number");
    assert!(!entry.is_incomplete(&found));
}

#[test]
fn a_row_made_ahead_is_of_the_file_that_is_born_then() {
    let fixture = Fixture::new();
    let new = NewEntry { file: Identity::NONE, created: 1_000, ..plain(fixture.root(), "a") };
    let begun = fixture.store.begin_entry(&new).unwrap();
    let entry = row(&fixture, begun.id);
    for (seconds, is) in [(999, true), (1_000, true), (1_010, true), (998, false), (1_011, false), (0, false)]
    {
        assert_eq!(entry.is_of(&born(100, seconds), false), is, "{seconds}");
    }
    assert!(!entry.is_of(&born(100, 1_000), true), "a directory");
    assert!(entry.is_in_the_making(1_005) && !entry.is_in_the_making(1_011) && !entry.is_in_the_making(999));
    fixture.store.complete(begun.id, born(100, 1_000)).unwrap();
    let entry = row(&fixture, begun.id);
    assert!(!entry.is_of(&born(101, 1_000), false), "it is known which file it is");
    assert!(entry.is_of(&born(100, 1_000), false) && !entry.is_in_the_making(1_005));
}

/// Making a file costs one transaction, not two: what a row learns is written along with the next one.
#[test]
fn completing_rows_costs_no_transaction() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let commits = || -> i64 {
        let raw = Connection::open(fixture.path()).unwrap();
        raw.query_row("SELECT count(*) FROM entries WHERE ino != 0", [], |row| row.get(0)).unwrap()
    };
    let begin = |name: &str| {
        let new = NewEntry { file: Identity::NONE, ..plain(root, name) };
        fixture.store.begin_entry(&new).unwrap().id
    };
    let before = commits();
    let first = begin("first");
    fixture.store.complete(first, born(5, 1_000)).unwrap();
    assert_eq!(commits(), before, "nothing was written");
    begin("second");
    assert_eq!(commits(), before + 1);
    for number in 0..300 {
        let name = format!("many {number}");
        let id = begin(&name);
        fixture.store.complete(id, born(10 + number, 1_000)).unwrap();
    }
    assert!(commits() >= before + 300);
}

#[test]
fn taking_back_a_row_leaves_former_numbers_as_they_were() {
    let fixture = Fixture::new();
    let (a, b) = (PackageName::new("org.a"), PackageName::new("org.b"));
    let id = fixture.made(fixture.root(), "x", Some("org.a"));
    fixture.store.remove_entry(id).unwrap();
    let begin = |owner| {
        let new = NewEntry { file: Identity::NONE, owner: Some(owner), ..plain(fixture.root(), "x") };
        fixture.store.begin_entry(&new).unwrap()
    };
    let others = begin(&b);
    assert_ne!(others.id, id);
    fixture.store.undo_entry(others).unwrap();
    let own = begin(&a);
    assert_eq!(own.id, id);
    fixture.store.undo_entry(own).unwrap();
    assert_eq!(at(&fixture, "x"), None);
    assert_eq!(begin(&a).id, id);
}

#[test]
fn a_row_whose_place_was_taken_is_found_by_its_file() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let volume = row(&fixture, root).volume;
    let (one, other) =
        (made(&fixture, "one", "org.a", born(100, 1)), made(&fixture, "other", "org.b", born(101, 1)));
    fixture.store.place_entries(&[(one, place(root, "other"))]).unwrap();
    assert_eq!((at(&fixture, "one"), at(&fixture, "other")), (None, Some(one)));
    let aside = fixture.store.entries_of(volume, &born(101, 1)).unwrap();
    assert_eq!(aside.iter().map(|row| row.id).collect::<Vec<_>>(), [other]);
    assert!(aside[0].name.starts_with(b"/"));
    fixture.store.place_entries(&[(other, place(root, "one"))]).unwrap();
    assert_eq!(at(&fixture, "one"), Some(other));
    assert_eq!(row(&fixture, other).owner, Some(PackageName::new("org.b")));
}

#[test]
fn the_rows_of_many_files_are_found_at_once() {
    let fixture = Fixture::new();
    let volume = row(&fixture, fixture.root()).volume;
    let wanted = |number: u64| number.is_multiple_of(3);
    let mut expected = Vec::new();
    for number in 0..400 {
        let id = made(&fixture, &format!("f{number}"), "org.a", born(1000 + number, 1));
        expected.extend(wanted(number).then_some(id));
    }
    // Rows that are of no file yet, or of none for certain, are nobody's; nor is another file with the same number.
    let ahead = made(&fixture, "ahead", "org.a", Identity::NONE);
    made(&fixture, "unsure", "org.a", file(1401));
    let mut files: Vec<_> =
        (0..400).filter(|number| wanted(*number)).map(|number| born(1000 + number, 1)).collect();
    files.extend([born(1001, 2), born(1401, 1), born(1402, 1), born(0, 1)]);
    let found = |files: &[Identity]| {
        let rows = fixture.store.entries_of_all(volume, files).unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&files), expected);
    assert_eq!(found(&[]), []);
    // Those that have just learned whose they are count before that is written.
    let unsure = at(&fixture, "unsure").unwrap();
    for (id, number) in [(ahead, 1402), (unsure, 1401)] {
        fixture.store.complete(id, born(number, 1)).unwrap();
        expected.push(id);
    }
    assert_eq!(found(&files), expected);
}

#[test]
fn a_file_made_where_another_was_moved_from_gets_the_number_and_the_other_keeps_its_owner() {
    let fixture = Fixture::new();
    let volume = row(&fixture, fixture.root()).volume;
    let reader = fixture.app("org.reader", 10_001, Permissions::empty());
    let id = made(&fixture, "a", "org.a", born(100, 1));
    fixture.grant(id, &reader, FileGrant::Read);
    assert_eq!(made(&fixture, "a", "org.a", born(101, 1)), id);
    let aside = fixture.store.entries_of(volume, &born(100, 1)).unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].owner, Some(PackageName::new("org.a")));
    assert_ne!(aside[0].id, id);
    assert!(fixture.store.snapshot().grants(id).is_empty());
}

#[test]
fn rows_that_lag_make_no_circle() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let directory =
        |parent, name, ino| fixture.store.ensure_directory(parent, named(name), born(ino, 1)).unwrap();
    let outer = directory(root, "outer", 2);
    let middle = directory(outer, "middle", 3);
    let inner = directory(middle, "inner", 4);
    // mv outer/middle/inner x; mv outer x/outer
    fixture.store.place_entries(&[(outer, place(inner, "outer"))]).unwrap();
    fixture.store.place_entries(&[(inner, place(root, "x"))]).unwrap();
    let path = fixture.store.path_of(middle).unwrap().unwrap().names;
    assert_eq!(path, [&b"x"[..], b"outer", b"middle"]);
    // A directory comes to the place of one that it was in.
    fixture.store.place_entries(&[(middle, place(inner, "outer"))]).unwrap();
    assert_eq!(fixture.store.path_of(middle).unwrap().unwrap().names, [&b"x"[..], b"outer"]);
    assert!(fixture.store.entry_by_id(outer).unwrap().is_some());
}

#[test]
fn state_and_kind_follow_the_name() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let id = made(&fixture, "a.jpg", "org.a", born(100, 1));
    fixture.store.set_version(id, born(100, 1), VERSION).unwrap();
    let go = |name: &str| fixture.store.rename_entry(id, &place(root, name), None).unwrap();
    go(".pending-1700000000-b.jpg");
    let entry = row(&fixture, id);
    assert_eq!((entry.state, entry.kind, entry.version), (State::Pending, Some(Kind::Image), Some(VERSION)));
    go("b.jpg");
    assert_eq!(row(&fixture, id).state, State::Normal);
    fixture.store.set_state(id, State::Trashed, Some(7)).unwrap();
    go("c.jpg");
    assert_eq!((row(&fixture, id).state, row(&fixture, id).expires), (State::Trashed, Some(7)));
    go("c.txt");
    assert_eq!((row(&fixture, id).kind, row(&fixture, id).version), (None, None));
    let known = Placement { kind: Some(Kind::Document), ..place(root, "d.txt") };
    fixture.store.rename_entry(id, &known, None).unwrap();
    assert_eq!(row(&fixture, id).kind, Some(Kind::Document));
}

/// Saving by writing a new file and renaming it over the old one keeps the number of the path.
#[test]
fn a_file_renamed_over_one_of_its_owner_gets_that_number() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let reader = fixture.app("org.reader", 10_001, Permissions::empty());
    let (saved, temporary) =
        (made(&fixture, "a", "org.a", born(100, 1)), made(&fixture, "t", "org.a", born(101, 1)));
    fixture.grant(saved, &reader, FileGrant::Read);
    fixture.grant(temporary, &reader, FileGrant::Write);
    let key = PlanKey { entry: temporary, version: VERSION, scanner: 1 };
    fixture.store.save_plan(&key, "jpeg", b"plan").unwrap();
    let id = fixture.store.rename_entry(temporary, &place(root, "a"), Some(saved)).unwrap();
    assert_eq!((id, at(&fixture, "a"), at(&fixture, "t")), (saved, Some(saved), None));
    assert_eq!(row(&fixture, id).file, born(101, 1));
    let grants: Vec<_> =
        fixture.store.grants().unwrap().iter().map(|grant| (grant.entry, grant.mode)).collect();
    assert_eq!(grants, [(saved, FileGrant::Write)], "those of the content that is there now");
    assert_eq!(fixture.store.snapshot().grants(saved).len(), 1);
    assert!(fixture.store.snapshot().grants(temporary).is_empty());
    assert!(fixture.store.plan(&PlanKey { entry: saved, ..key }).unwrap().is_some());
    let others = made(&fixture, "o", "org.b", born(102, 1));
    assert_eq!(fixture.store.rename_entry(others, &place(root, "a"), Some(saved)).unwrap(), others);
    assert_eq!(fixture.store.entry_by_id(saved).unwrap(), None);
}

#[test]
fn a_file_renamed_to_where_its_owner_removed_one_gets_that_number() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let (saved, temporary) =
        (made(&fixture, "a", "org.a", born(100, 1)), made(&fixture, "t", "org.a", born(101, 1)));
    fixture.store.remove_entry(saved).unwrap();
    assert_eq!(fixture.store.rename_entry(temporary, &place(root, "a"), None).unwrap(), saved);
    assert_eq!(row(&fixture, saved).file, born(101, 1));
    fixture.store.remove_entry(saved).unwrap();
    let others = made(&fixture, "o", "org.b", born(102, 1));
    assert_eq!(fixture.store.rename_entry(others, &place(root, "a"), None).unwrap(), others);
}

#[test]
fn a_removed_application_gets_nothing_back_also_not_numbers() {
    let fixture = Fixture::new();
    let owner = fixture.app("org.a", 10_001, Permissions::empty());
    let volume = row(&fixture, fixture.root()).volume;
    let (kept, gone) =
        (made(&fixture, "kept", "org.a", born(100, 1)), made(&fixture, "gone", "org.a", born(101, 1)));
    let aside = made(&fixture, "aside", "org.a", born(102, 1));
    fixture.store.remove_entry(gone).unwrap();
    fixture.store.place_entries(&[(kept, place(fixture.root(), "aside"))]).unwrap();
    fixture.store.remove_application(&owner).unwrap();
    fixture.app("org.a", 10_001, Permissions::empty());
    assert_eq!(row(&fixture, kept).owner, None);
    assert_eq!(fixture.store.entries_of(volume, &born(102, 1)).unwrap()[0].owner, None);
    assert_ne!(made(&fixture, "gone", "org.a", born(103, 1)), gone);
    assert_ne!(made(&fixture, "aside", "org.a", born(104, 1)), aside);
}
