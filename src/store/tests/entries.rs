//! Rows of entries, with their plans and inode numbers.

#![forbid(unsafe_code)]

use super::*;

fn names(store: &Store, parent: MediaId) -> Vec<String> {
    store.children(parent).unwrap().into_iter().map(|entry| String::from_utf8(entry.name).unwrap()).collect()
}

#[test]
fn a_row_says_what_was_recorded() {
    let fixture = Fixture::new();
    let owner = PackageName::new("org.a");
    let parent = fixture.directory(fixture.root(), "DCIM");
    let new = NewEntry {
        parent,
        name: EntryName { bytes: b"\xffA", folded: b"\xffa" },
        directory: false,
        kind: Some(Kind::Video),
        owner: Some(&owner),
        state: State::Pending,
        expires: Some(77),
        file: Identity { file: FileId { dev: u64::MAX, ino: 1 << 63 }, born: i64::MAX },
        version: Some(VERSION),
        created: 12,
    };
    let id = fixture.store.record_created(&new).unwrap();
    let entry = fixture.store.entry(parent, b"\xffA").unwrap().unwrap();
    let expected = Entry {
        id,
        parent: Some(parent),
        volume: entry.volume,
        name: b"\xffA".to_vec(),
        directory: false,
        kind: Some(Kind::Video),
        owner: Some(owner.clone()),
        state: State::Pending,
        expires: Some(77),
        file: new.file,
        version: Some(VERSION),
        created: 12,
    };
    assert_eq!(entry, expected);
    assert_eq!(fixture.store.entry_by_id(id).unwrap().as_ref(), Some(&expected));
    assert_eq!(fixture.store.entries_folded(parent, b"\xffa").unwrap(), std::slice::from_ref(&expected));
    assert_eq!(fixture.store.entries_of(entry.volume, &new.file).unwrap(), [expected]);
    assert_eq!(fixture.store.entry(parent, b"\xffa").unwrap(), None);
    let path = fixture.store.path_of(id).unwrap().unwrap();
    assert_eq!(path, EntryPath { volume: entry.volume, names: vec![b"DCIM".to_vec(), b"\xffA".to_vec()] });
    assert!(fixture.store.path_of(fixture.root()).unwrap().unwrap().names.is_empty());
    assert_eq!(fixture.store.path_of(MediaId::new(9_999)).unwrap(), None);
}

#[test]
fn volumes_are_remembered_apart() {
    let fixture = Fixture::new();
    let one = fixture.store.volume(Path::new("/one"), file(1)).unwrap();
    let two = fixture.store.volume(Path::new("/two"), file(2)).unwrap();
    assert_eq!(fixture.store.volume(Path::new("/one"), file(3)).unwrap(), one);
    assert_eq!(fixture.store.entry_by_id(one.root).unwrap().unwrap().file, file(3));
    assert_eq!(fixture.store.volumes().unwrap(), [one.clone(), two.clone()]);
    let id = fixture.made(one.root, "a", None);
    let across = fixture.store.rename_entry(id, &place(two.root, "a"), None);
    assert!(matches!(across, Err(StoreError::UnknownEntry(_))));
}

#[test]
fn changes_update_what_they_name_and_want_an_entry() {
    let fixture = Fixture::new();
    let id = fixture.made(fixture.root(), "a", None);
    fixture.store.set_version(id, file(8), VERSION).unwrap();
    fixture.store.set_kind(id, None).unwrap();
    fixture.store.set_state(id, State::Trashed, Some(3)).unwrap();
    let entry = fixture.store.entry_by_id(id).unwrap().unwrap();
    assert_eq!((entry.file, entry.version), (file(8), Some(VERSION)));
    assert_eq!((entry.kind, entry.state, entry.expires), (None, State::Trashed, Some(3)));
    let expired = |now, after| fixture.store.expired(entry.volume, now, after, 10).unwrap();
    assert_eq!(expired(2, None), []);
    assert_eq!(expired(3, None), std::slice::from_ref(&entry));
    assert_eq!(expired(3, Some((3, entry.id))), []);
    let nobody = MediaId::new(9_999);
    assert!(
        matches!(fixture.store.set_kind(nobody, None), Err(StoreError::UnknownEntry(id)) if id == nobody)
    );
    let below_a_file = fixture.store.record_created(&plain(id, "b"));
    assert!(matches!(below_a_file, Err(StoreError::UnknownEntry(parent)) if parent == id));
}

#[test]
fn a_name_is_there_once() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let first = fixture.made(root, "a", Some("org.a"));
    let second = fixture.made(root, "a", Some("org.b"));
    assert_ne!(first, second, "another owner's file is another file");
    assert_eq!(fixture.made(root, "a", Some("org.b")), second, "the same owner's keeps its number");
    assert_eq!(fixture.directory(root, "d"), fixture.directory(root, "d"));
    assert_eq!(names(&fixture.store, root), ["a", "d"]);
    let raw = rusqlite::Connection::open(fixture.path()).unwrap();
    let double = raw.execute("INSERT INTO entries SELECT NULL, parent, volume, name, folded, directory, kind, owner,
        state, expires, dev, ino, size, mtime_ns, ctime_ns, created, born FROM entries WHERE name = CAST('a' AS BLOB)", []);
    assert!(double.unwrap_err().to_string().contains("UNIQUE"));
}

#[test]
fn what_is_found_keeps_number_owner_and_grants() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let package = fixture.app("org.b", 10_001, Permissions::empty());
    let id = fixture.made(root, "a", Some("org.a"));
    fixture.grant(id, &package, FileGrant::Read);
    let found = NewEntry { kind: Some(Kind::Audio), version: Some(VERSION), created: 2, ..plain(root, "a") };
    assert_eq!(fixture.store.record_found(&found).unwrap(), id);
    assert_eq!(fixture.store.record_found(&found).unwrap(), id);
    let entry = fixture.store.entry_by_id(id).unwrap().unwrap();
    assert_eq!((entry.kind, entry.version, entry.created), (Some(Kind::Audio), Some(VERSION), 1_000));
    assert_eq!(entry.owner, Some(PackageName::new("org.a")));
    assert_eq!(fixture.store.snapshot().grants(id).len(), 1);
    let directory = fixture.directory(root, "a");
    assert_ne!(directory, id, "a directory in the place of a file");
    assert!(fixture.store.snapshot().grants(id).is_empty());
}

#[test]
fn a_directory_that_is_met_again_keeps_all_but_its_device() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let owner = PackageName::new("org.a");
    let before = Identity { file: FileId { dev: 1, ino: 50 }, born: 0 };
    let made = NewEntry {
        directory: true,
        owner: Some(&owner),
        state: State::Trashed,
        file: before,
        ..plain(root, "d")
    };
    let id = fixture.store.record_created(&made).unwrap();
    fixture.made(id, "inside", None);
    assert_eq!(fixture.directory(root, "d"), id);
    let entry = fixture.store.entry_by_id(id).unwrap().unwrap();
    assert_eq!((entry.owner, entry.state, entry.file), (Some(owner), State::Trashed, file(50)));
    assert_eq!(names(&fixture.store, id), ["inside"]);
    let another = fixture.store.ensure_directory(root, named("d"), file(51)).unwrap();
    let entry = fixture.store.entry_by_id(another).unwrap().unwrap();
    assert!(another != id && entry.owner.is_none() && names(&fixture.store, another).is_empty());
}

#[test]
fn renaming_a_directory_changes_one_row() {
    let fixture = Fixture::new();
    let (from, to) = (fixture.directory(fixture.root(), "from"), fixture.directory(fixture.root(), "to"));
    let moved = fixture.directory(from, "moved");
    let deep = fixture.directory(moved, "deep");
    fixture
        .store
        .batch(|changes| {
            for number in 0..500 {
                changes.record_created(&plain(deep, &number.to_string()))?;
            }
            Ok(())
        })
        .unwrap();
    let inside = fixture.store.entry(deep, b"42").unwrap().unwrap().id;
    let total = || fixture.store.writer.lock().total_changes();
    let before = total();
    assert_eq!(fixture.store.rename_entry(moved, &place(to, "new"), None).unwrap(), moved);
    assert_eq!(total() - before, 1);
    let path = fixture.store.path_of(inside).unwrap().unwrap().names;
    assert_eq!(path, [&b"to"[..], b"new", b"deep", b"42"]);
}

#[test]
fn renaming_replaces_and_refuses_circles() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let (outer, full) = (fixture.directory(root, "outer"), fixture.directory(root, "full"));
    let inner = fixture.directory(outer, "inner");
    let gone = fixture.made(full, "gone", None);
    let circle = |id, to: &Placement<'_>, replaced| {
        matches!(fixture.store.rename_entry(id, to, replaced), Err(StoreError::Cycle { .. }))
    };
    assert!(circle(outer, &place(inner, "x"), None));
    assert!(circle(inner, &place(root, "outer"), Some(outer)));
    fixture.store.rename_entry(outer, &place(root, "full"), Some(full)).unwrap();
    assert_eq!(fixture.store.entry(root, b"full").unwrap().unwrap().id, outer);
    assert_eq!(fixture.store.entry_by_id(gone).unwrap(), None);
    fixture.store.rename_entry(outer, &place(root, "full"), Some(outer)).unwrap();
    assert_eq!(names(&fixture.store, root), ["full"]);
    assert!(fixture.store.rename_entry(root, &place(root, "r"), None).is_err());
}

#[test]
fn exchanging_swaps_places() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let directory = fixture.directory(root, "d");
    let (one, other) = (fixture.made(root, "one", None), fixture.made(directory, "other", None));
    let swapped = [(one, place(directory, "other")), (other, place(root, "one"))];
    fixture.store.place_entries(&swapped).unwrap();
    fixture.store.place_entries(&swapped).unwrap();
    assert_eq!(fixture.store.entry(root, b"one").unwrap().unwrap().id, other);
    assert_eq!(fixture.store.entry(directory, b"other").unwrap().unwrap().id, one);
    assert_eq!(fixture.store.entries_folded(directory, b"other").unwrap().len(), 1);
    let missing = (MediaId::new(9_999), place(root, "one"));
    assert!(fixture.store.place_entries(&[(one, place(root, "x")), missing]).is_err());
    assert_eq!(fixture.store.entry(directory, b"other").unwrap().unwrap().id, one);
}

#[test]
fn removing_takes_all_below_and_numbers_are_not_used_again() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let top = fixture.directory(root, "top");
    let mut deepest = top;
    for _ in 0..1_500 {
        deepest =
            fixture.store.batch(|changes| changes.ensure_directory(deepest, named("d"), file(3))).unwrap();
    }
    let last = fixture.made(deepest, "last", None);
    fixture.store.remove_entry(top).unwrap();
    fixture.store.remove_entry(top).unwrap();
    fixture.store.remove_entry(root).unwrap();
    assert_eq!(fixture.store.entry_by_id(last).unwrap(), None);
    assert!(names(&fixture.store, root).is_empty());
    let Fixture { directory, store } = fixture;
    drop(store);
    let store = Store::open(&directory.path().join("state.db")).unwrap();
    assert!(store.record_created(&plain(root, "next")).unwrap() > last);
}

#[test]
fn the_same_owner_gets_the_former_number_back_without_its_grants() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let reader = fixture.app("org.reader", 10_001, Permissions::empty());
    let id = fixture.made(root, "a", Some("org.a"));
    fixture.grant(id, &reader, FileGrant::Read);
    fixture.store.remove_entry(id).unwrap();
    assert_eq!(fixture.made(root, "a", Some("org.a")), id);
    assert!(fixture.store.snapshot().grants(id).is_empty());
    fixture.store.remove_entry(id).unwrap();
    let others = fixture.made(root, "a", Some("org.b"));
    assert_ne!(others, id);
    fixture.store.remove_entry(others).unwrap();
    assert_eq!(fixture.made(root, "a", Some("org.a")), id, "whoever had the name in between");
}

#[test]
fn a_tree_gets_its_former_numbers_back() {
    let fixture = Fixture::new();
    let owner = PackageName::new("org.a");
    let root = fixture.root();
    let album = NewEntry { directory: true, owner: Some(&owner), ..plain(root, "album") };
    let directory = fixture.store.record_created(&album).unwrap();
    let inside = fixture.made(directory, "inside", Some("org.a"));
    fixture.store.remove_entry(directory).unwrap();
    assert_eq!(fixture.store.record_created(&album).unwrap(), directory);
    assert_eq!(fixture.made(directory, "inside", Some("org.a")), inside);
}

#[test]
fn a_batch_is_kept_whole_or_not_at_all() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let failed = fixture.store.batch(|changes| {
        changes.record_created(&plain(root, "a"))?;
        changes.set_kind(MediaId::new(9_999), None)
    });
    assert!(failed.is_err());
    assert!(names(&fixture.store, root).is_empty());
}

#[test]
fn a_plan_is_for_one_content_and_one_scanner() {
    let fixture = Fixture::new();
    let entry = fixture.made(fixture.root(), "a", Some("org.a"));
    let key = PlanKey { entry, version: VERSION, scanner: 2 };
    assert_eq!(fixture.store.plan(&key).unwrap(), None);
    fixture.store.save_plan(&key, "jpeg", b"old").unwrap();
    fixture.store.save_plan(&key, "jpeg", b"new").unwrap();
    let saved = SavedPlan { format: "jpeg".to_owned(), plan: b"new".to_vec() };
    assert_eq!(fixture.store.plan(&key).unwrap(), Some(saved));
    for version in [
        ContentVersion { size: 10, ..VERSION },
        ContentVersion { mtime_ns: 0, ..VERSION },
        ContentVersion { ctime_ns: 0, ..VERSION },
    ] {
        assert_eq!(fixture.store.plan(&PlanKey { version, ..key }).unwrap(), None);
    }
    assert_eq!(fixture.store.plan(&PlanKey { scanner: 3, ..key }).unwrap(), None);
    fixture.made(fixture.root(), "a", Some("org.a"));
    assert_eq!(fixture.store.plan(&key).unwrap(), None, "the content was another");
    let nobody = PlanKey { entry: MediaId::new(9_999), ..key };
    assert!(matches!(fixture.store.save_plan(&nobody, "jpeg", b""), Err(StoreError::UnknownEntry(_))));
}

#[test]
fn reused_inodes_come_back() {
    let fixture = Fixture::new();
    let volume = fixture.store.volume(Path::new("/lower"), file(1)).unwrap().id;
    let inode = |ino, counter| ReusedInode { ino, identity: vec![1, 2], counter };
    fixture.store.save_reused_inodes(volume, &[inode(u64::MAX, 1), inode(4, 1)]).unwrap();
    fixture.store.save_reused_inodes(volume, &[inode(4, 2)]).unwrap();
    assert_eq!(fixture.store.reused_inodes(volume).unwrap(), [inode(u64::MAX, 1), inode(4, 2)]);
    let other = fixture.store.volume(Path::new("/other"), file(1)).unwrap().id;
    assert_eq!(fixture.store.reused_inodes(other).unwrap(), []);
}
