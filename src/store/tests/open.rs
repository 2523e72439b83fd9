//! Which files are opened, and what is in them afterwards.

#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use super::*;

fn pragma(path: &Path, name: &str) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn a_new_file_has_the_newest_schema_and_is_private() {
    let fixture = Fixture::new();
    assert_eq!(pragma(&fixture.path(), "user_version"), schema::KNOWN);
    assert_eq!(pragma(&fixture.path(), "application_id"), 0x6d64_6774);
    assert_eq!(fs::metadata(fixture.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let raw = Connection::open(fixture.path()).unwrap();
    let mode: String = raw.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let lax: i64 = raw
        .query_row(
            "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(lax, 0, "tables that are not STRICT");
}

#[test]
fn opening_again_keeps_everything() {
    let fixture = Fixture::new();
    let id = fixture.made(fixture.root(), "a", Some("org.a"));
    let package = fixture.app("org.a", 10_001, Permissions::READ_MEDIA_AUDIO);
    fixture.grant(id, &package, FileGrant::Read);
    let again = Store::open(&fixture.path()).unwrap();
    assert_eq!(again.entry_by_id(id).unwrap(), fixture.store.entry_by_id(id).unwrap());
    assert_eq!(again.applications().unwrap().len(), 1);
    assert_eq!(again.snapshot().grants(id).len(), 1);
    assert_eq!(again.volume(Path::new("/lower"), file(1)).unwrap().root, fixture.root());
}

#[test]
fn what_was_committed_survives_a_kill() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let kept = fixture.made(root, "kept", None);
    // The files as a process leaves them that is killed in the middle of the next transaction: no checkpoint, no
    // commit, no clean close.
    let copy = fixture.directory.path().join("copy.db");
    fixture
        .store
        .batch(|changes| {
            changes.record_created(&plain(root, "lost"))?;
            for suffix in ["", "-wal"] {
                let from = format!("{}{suffix}", fixture.path().display());
                fs::copy(from, format!("{}{suffix}", copy.display())).unwrap();
            }
            Ok(())
        })
        .unwrap();
    let after = Store::open(&copy).unwrap();
    let children = after.children(root).unwrap();
    assert_eq!(children.iter().map(|entry| entry.id).collect::<Vec<_>>(), [kept]);
    assert!(after.record_created(&plain(root, "next")).is_ok());
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    Connection::open(fixture.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(&fixture.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, known: schema::KNOWN, .. }));
    let text = error.to_string();
    assert!(text.contains(fixture.path().to_str().unwrap()), "{text}");
    assert!(text.contains("99") && text.contains(&schema::KNOWN.to_string()), "{text}");
    assert!(text.contains("move the file away"), "{text}");
    assert_eq!(pragma(&fixture.path(), "user_version"), 99);
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text");
    fs::write(&text, "these are the notes of somebody else\n".repeat(100)).unwrap();
    let before = fs::read(&text).unwrap();
    let error = Store::open(&text).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { source: Some(_), .. }), "{error:?}");
    assert!(error.to_string().contains("move it away"));
    assert_eq!(fs::read(&text).unwrap(), before);

    let other = directory.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE notes (note TEXT)").unwrap();
    let before = fs::read(&other).unwrap();
    assert!(matches!(Store::open(&other).unwrap_err(), StoreError::Foreign { source: None, .. }));
    assert_eq!(fs::read(&other).unwrap(), before);
}

#[test]
fn a_damaged_file_is_refused() {
    let fixture = Fixture::new();
    for number in 0..200 {
        fixture.made(fixture.root(), &format!("name {number}"), Some("org.a"));
    }
    let path = fixture.path();
    let Fixture { directory, store } = fixture;
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { source: Some(_), .. }), "{error:?}");
    drop(directory);
}

#[test]
fn a_place_that_cannot_hold_a_file_is_named() {
    let error = Store::open(Path::new("/proc/state.db")).unwrap_err();
    assert!(error.to_string().contains("/proc/state.db"), "{error}");
}

#[test]
fn an_empty_file_is_a_new_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("empty");
    fs::write(&path, "").unwrap();
    assert!(Store::open(&path).unwrap().applications().unwrap().is_empty());
}
