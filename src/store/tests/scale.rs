//! What grows with the number of rows, and what must not: told by SQLite itself, not by a clock.

#![forbid(unsafe_code)]

use std::cell::RefCell;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

use super::*;

/// What SQLite did for the calling thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    /// Statements that were run.
    pub(crate) statements: usize,
    /// The statements that went through a whole table.
    pub(crate) scans: Vec<String>,
}

thread_local! {
    static WORK: RefCell<Work> = RefCell::default();
}

impl Work {
    /// What `work` makes SQLite do.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (Work, T) {
        WORK.take();
        let result = work();
        (WORK.take(), result)
    }
}

/// Has a connection tell what it does.
pub(crate) fn watch(connection: &Connection) {
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(note));
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        WORK.with_borrow_mut(|work| {
            work.statements += 1;
            if statement.get_status(StatementStatus::FullscanStep) > 0 {
                work.scans.push(statement.sql().into_owned());
            }
        });
    }
}

/// A store with `files` files in each of ten directories.
fn filled(files: usize) -> (Fixture, Vec<MediaId>) {
    let fixture = Fixture::new();
    let root = fixture.root();
    let directories =
        (0..10).map(|number| fixture.directory(root, &format!("d{number}"))).collect::<Vec<_>>();
    let owner = PackageName::new("org.a");
    for parent in &directories {
        let fill = |changes: &Changes<'_>| {
            for number in 0..files {
                let name = format!("f{number}");
                let new = NewEntry { owner: Some(&owner), ..plain(*parent, &name) };
                changes.record_created(&NewEntry { file: file(1000 + number as u64), ..new })?;
            }
            Ok(())
        };
        fixture.store.batch(fill).unwrap();
    }
    (fixture, directories)
}

#[test]
fn no_question_of_the_open_path_goes_through_a_table() {
    let (fixture, directories) = filled(300);
    let store = &fixture.store;
    let (parent, other) = (directories[3], directories[4]);
    let id = store.entry(parent, b"f7").unwrap().unwrap().id;
    let package = fixture.app("org.a", 10_001, Permissions::empty());
    let volume = store.entry_by_id(id).unwrap().unwrap().volume;
    let (work, ()) = Work::of(|| {
        store.entry(parent, b"f7").unwrap();
        store.entry_by_id(id).unwrap();
        store.entries_folded(parent, b"f7").unwrap();
        store.entries_of(volume, &file(1007)).unwrap();
        store.entries_of_all(volume, &[file(1007), file(1008)]).unwrap();
        store.entries_named(parent, &[b"f1", b"f2", b"f3"]).unwrap();
        store.children_after(parent, b"f2", 10).unwrap();
        store.count_children(parent).unwrap();
        store.expired(volume, 10, None, 10).unwrap();
        store.path_of(id).unwrap();
        fixture.made(parent, "new", Some("org.a"));
        store.set_version(id, file(1007), VERSION).unwrap();
        store.set_kind(id, Some(Kind::Image)).unwrap();
        store.rename_entry(id, &Placement { parent: other, name: named("moved"), kind: None }, None).unwrap();
        fixture.grant(id, &package, FileGrant::Read);
        store.remove_entry(id).unwrap();
    });
    assert!(work.statements > 15, "{work:?}");
    assert_eq!(work.scans, Vec::<String>::new());
}

#[test]
fn a_whole_table_that_is_gone_through_is_noticed() {
    let (fixture, _) = filled(10);
    let count = || {
        fixture.store.read("test", |connection| {
            Ok(connection
                .query_row("SELECT count(*) FROM entries WHERE size = 3", [], |row| row.get::<_, i64>(0))?)
        })
    };
    assert_eq!(Work::of(count).0.scans.len(), 1);
}

#[test]
fn entries_are_found_by_many_names_at_once() {
    let (fixture, directories) = filled(300);
    let names: Vec<_> = (0..200).map(|number| format!("f{}", number * 2)).collect();
    let asked: Vec<_> = names.iter().map(|name| name.as_bytes()).collect();
    let (work, found) = Work::of(|| fixture.store.entries_named(directories[0], &asked).unwrap());
    assert_eq!(work.statements, 200_usize.div_ceil(NAMES));
    assert_eq!(found.len(), 150);
    for entry in &found {
        assert_eq!(fixture.store.entry(directories[0], &entry.name).unwrap().as_ref(), Some(entry));
    }
    assert!(fixture.store.entries_named(directories[0], &[]).unwrap().is_empty());
    assert!(fixture.store.entries_named(MediaId::new(99_999), &asked).unwrap().is_empty());
}

#[test]
fn renaming_a_directory_changes_one_row() {
    let (fixture, directories) = filled(300);
    let changes = || fixture.store.writer.lock().total_changes();
    let before = changes();
    let to = Placement { parent: directories[2], name: named("moved"), kind: None };
    fixture.store.rename_entry(directories[1], &to, None).unwrap();
    assert_eq!(changes() - before, 1);
}

#[test]
fn one_more_grant_is_all_that_is_read_again() {
    let (fixture, directories) = filled(300);
    let (a, b) = (
        fixture.app("org.a", 10_001, Permissions::empty()),
        fixture.app("org.b", 10_002, Permissions::empty()),
    );
    let files = fixture.store.children(directories[0]).unwrap();
    for file in &files {
        fixture.grant(file.id, &a, FileGrant::Read);
    }
    let (work, id) = Work::of(|| fixture.grant(files[5].id, &b, FileGrant::Write));
    assert!(work.scans.is_empty(), "{work:?}");
    let snapshot = fixture.store.snapshot();
    assert_eq!(snapshot.grants(files[5].id).len(), 2);
    assert_eq!(snapshot.grants(files[6].id).len(), 1);
    assert!(fixture.store.remove_grant(id).unwrap());
    assert_eq!(fixture.store.snapshot().grants(files[5].id).len(), 1);
    // Who holds the former snapshot sees what it showed.
    assert_eq!(snapshot.grants(files[5].id).len(), 2);
    fixture.store.remove_entry(files[5].id).unwrap();
    assert!(fixture.store.snapshot().grants(files[5].id).is_empty());
    fixture.store.remove_application(&a).unwrap();
    assert!(files.iter().all(|file| fixture.store.snapshot().grants(file.id).is_empty()));
}

#[test]
fn a_kind_is_learned_of_the_very_file_only() {
    let fixture = Fixture::new();
    let id = fixture.made(fixture.root(), "a", None);
    let learn =
        |ino| fixture.store.batch(|changes| changes.learn_kind(id, ino, VERSION, Kind::Document)).unwrap();
    assert!(!learn(101));
    assert_eq!(fixture.store.entry_by_id(id).unwrap().unwrap().kind, Some(Kind::Image));
    assert!(learn(100));
    let row = fixture.store.entry_by_id(id).unwrap().unwrap();
    assert_eq!((row.kind, row.version), (Some(Kind::Document), Some(VERSION)));
}
