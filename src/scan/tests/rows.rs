//! What rows and plans say after a scan.

#![forbid(unsafe_code)]

use super::*;

#[test]
fn a_fresh_volume_gets_rows_and_plans() {
    let at = Fixture::new();
    at.write("DCIM/Camera/VID_1.mp4", &sample::mp4_with_location());
    at.write("DCIM/clean.mp4", &sample::mp4_clean());
    at.write("DCIM/Camera/IMG_1.jpg", &crate::sample::jpeg_with_location());
    at.write("Pictures/p.heic", &sample::heic_with_location());
    at.write("Download/notes.txt", b"milk, bread");
    at.write("Download/disguised.txt", &sample::mp4_with_location());
    at.write("Music/list.m3u", b"#EXTM3U\na.mp3\n");
    let outcome = at.scan();
    let expected = ScanOutcome { files: 7, directories: 6, read: 7, changed: 12, ..ScanOutcome::default() };
    assert_eq!(outcome, expected);
    assert!(matches!(at.plan("DCIM/Camera/VID_1.mp4"), Some(Plan::Ranges(_))));
    assert!(matches!(at.plan("DCIM/Camera/IMG_1.jpg"), Some(Plan::Ranges(_))));
    assert_eq!(at.plan("DCIM/clean.mp4"), Some(Plan::Clean));
    assert!(matches!(at.plan("Pictures/p.heic"), Some(Plan::Ranges(_))));
    assert!(matches!(at.plan("Download/disguised.txt"), Some(Plan::Ranges(_))));
    assert_eq!(at.plan("Music/list.m3u"), Some(Plan::Clean));
    assert_eq!(at.plan("Download/notes.txt"), None);
    let kind = |path| at.row(path).unwrap().kind;
    assert_eq!(kind("DCIM/Camera/VID_1.mp4"), Some(Kind::Video));
    assert_eq!(kind("Download/disguised.txt"), Some(Kind::Document));
    assert_eq!(kind("Music/list.m3u"), Some(Kind::Playlist));
    assert!(
        at.row("DCIM/Camera").unwrap().directory && at.row("Download/notes.txt").unwrap().owner.is_none()
    );
}

#[test]
fn what_is_known_is_not_read_again() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_with_location());
    at.write("DCIM/b.bin", b"something");
    at.write("DCIM/disguised", &sample::heic_with_location());
    at.write("DCIM/empty.jpg", b"");
    at.scan();
    let again = at.scan();
    assert_eq!(again, ScanOutcome { files: 4, directories: 2, ..ScanOutcome::default() });
    let full = at.scan_with(&[], true, &Progress::default()).unwrap();
    assert_eq!(full, ScanOutcome { files: 4, directories: 2, read: 4, ..ScanOutcome::default() });
}

#[test]
fn a_plan_of_other_scanners_is_made_again() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_with_location());
    at.scan();
    let row = at.row("DCIM/a.mp4").unwrap();
    let key = PlanKey { entry: row.id, version: row.version.unwrap(), scanner: SCANNER_VERSION + 1 };
    at.store.save_plan(&key, "mp4", b"other").unwrap();
    assert_eq!(at.plan("DCIM/a.mp4"), None);
    assert_eq!(at.scan(), ScanOutcome { files: 1, directories: 2, read: 1, ..ScanOutcome::default() });
    assert!(matches!(at.plan("DCIM/a.mp4"), Some(Plan::Ranges(_))));
}

#[test]
fn a_changed_file_is_planned_again_and_keeps_its_row() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_clean());
    at.write("DCIM/b.mp4", &sample::mp4_clean());
    at.scan();
    let owned = at.own("DCIM/a.mp4", "com.a");
    at.write("DCIM/a.mp4", &sample::mp4_with_location());
    let outcome = at.scan();
    assert_eq!((outcome.read, outcome.changed, outcome.removed), (1, 1, 0));
    let row = at.row("DCIM/a.mp4").unwrap();
    assert_eq!((row.id, row.owner, row.created), (owned.id, Some(PackageName::new("com.a")), 5));
    assert!(matches!(at.plan("DCIM/a.mp4"), Some(Plan::Ranges(_))));
}

#[test]
fn another_file_under_the_name_has_no_owner() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_clean());
    at.scan();
    let owned = at.own("DCIM/a.mp4", "com.a");
    at.write("new.mp4", &sample::mp4_with_location());
    fs::rename(at.path("new.mp4"), at.path("DCIM/a.mp4")).unwrap();
    assert_eq!(at.scan().changed, 1);
    let row = at.row("DCIM/a.mp4").unwrap();
    assert_eq!(row.owner, None);
    assert_ne!(row.id, owned.id);
}

#[test]
fn rows_of_what_is_gone_are_removed() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_clean());
    at.write("DCIM/kept.txt", b"kept");
    for number in 0..600 {
        at.write(&format!("DCIM/old/{number}.txt"), b"old");
        at.write(&format!("Music/deep/{}/{number}.txt", number % 3), b"old");
    }
    at.scan();
    fs::remove_file(at.path("DCIM/a.mp4")).unwrap();
    fs::remove_dir_all(at.path("Music/deep")).unwrap();
    for number in 1..600 {
        fs::remove_file(at.path(&format!("DCIM/old/{number}.txt"))).unwrap();
    }
    let outcome = at.scan();
    assert_eq!((outcome.removed, outcome.read, outcome.changed), (1 + 604 + 599, 0, 0));
    assert!(at.row("DCIM/kept.txt").is_some() && at.row("DCIM/old/0.txt").is_some());
    assert_eq!(at.rows_below(at.root_row), 5);
    assert_eq!(at.scan().removed, 0);
}

#[test]
fn a_rename_from_outside_is_followed() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_with_location());
    at.write("DCIM/sub/b.txt", b"text");
    at.write("Music/x.txt", b"x");
    at.scan();
    let owned = at.own("DCIM/a.mp4", "com.a");
    let (sub, below) = (at.row("DCIM/sub").unwrap().id, at.row("DCIM/sub/b.txt").unwrap());
    fs::rename(at.path("DCIM/a.mp4"), at.path("DCIM/renamed.txt")).unwrap();
    fs::rename(at.path("DCIM/sub"), at.path("Music/Sub")).unwrap();
    let outcome = at.scan();
    assert_eq!((outcome.removed, outcome.changed), (0, 2));
    let row = at.row("DCIM/renamed.txt").unwrap();
    assert_eq!((row.id, row.owner, row.kind), (owned.id, owned.owner, Some(Kind::Document)));
    assert!(at.row("DCIM/a.mp4").is_none() && at.row("DCIM/sub").is_none());
    assert_eq!(at.row("Music/Sub").unwrap().id, sub);
    assert_eq!(at.row("Music/Sub/b.txt").unwrap(), below);
    assert_eq!(at.scan(), ScanOutcome { files: 3, directories: 4, ..ScanOutcome::default() });
}

#[test]
fn files_that_change_names_keep_their_owners() {
    let at = Fixture::new();
    for name in ["a", "b", "c"] {
        at.write(&format!("DCIM/{name}.txt"), name.as_bytes());
    }
    at.scan();
    let rows = ["a", "b", "c"].map(|name| at.own(&format!("DCIM/{name}.txt"), &format!("com.{name}")));
    fs::rename(at.path("DCIM/a.txt"), at.path("DCIM/t.txt")).unwrap();
    fs::rename(at.path("DCIM/b.txt"), at.path("DCIM/a.txt")).unwrap();
    fs::rename(at.path("DCIM/t.txt"), at.path("b.txt")).unwrap();
    fs::rename(at.path("DCIM/c.txt"), at.path("DCIM/t.txt")).unwrap();
    at.write("DCIM/c.txt", b"new");
    assert_eq!(at.scan().removed, 0);
    for (path, row) in [("b.txt", 0), ("DCIM/a.txt", 1), ("DCIM/t.txt", 2)] {
        let found = at.row(path).unwrap();
        assert_eq!((found.id, &found.owner), (rows[row].id, &rows[row].owner), "{path}");
    }
    assert_eq!(at.row("DCIM/c.txt").unwrap().owner, None);
    assert_eq!(at.rows_below(at.root_row), 5);
}

#[test]
fn a_row_that_was_set_aside_waits_for_a_whole_scan() {
    let at = Fixture::new();
    at.write("DCIM/a.txt", b"a");
    at.write("DCIM/gone.txt", b"gone");
    at.write("Music/b.txt", b"b");
    at.scan();
    let owned = at.own("DCIM/a.txt", "com.a");
    fs::rename(at.path("DCIM/a.txt"), at.path("Music/a.txt")).unwrap();
    fs::remove_file(at.path("DCIM/gone.txt")).unwrap();
    at.scan_with(&["DCIM"], false, &Progress::default()).unwrap();
    assert_eq!((at.row("DCIM/a.txt"), at.rows_below(at.root_row)), (None, 5));
    assert_eq!(at.scan().removed, 1);
    let found = at.row("Music/a.txt").unwrap();
    assert_eq!((found.id, found.owner), (owned.id, owned.owner));
    assert_eq!(at.rows_below(at.root_row), 4);
}

#[test]
fn a_hard_link_is_a_name_of_its_own() {
    let at = Fixture::new();
    at.write("DCIM/a.txt", b"a");
    at.scan();
    let owned = at.own("DCIM/a.txt", "com.a");
    fs::hard_link(at.path("DCIM/a.txt"), at.path("DCIM/b.txt")).unwrap();
    at.scan();
    assert_eq!(at.row("DCIM/a.txt").unwrap().id, owned.id);
    assert_eq!(at.row("DCIM/b.txt").unwrap().owner, None);
    assert_eq!(at.scan().changed, 0);
}

#[test]
fn a_row_made_ahead_of_its_file_finds_it_and_is_not_taken_for_gone() {
    let at = Fixture::new();
    at.write("DCIM/x.txt", b"x");
    at.scan();
    let owner = PackageName::new("com.a");
    let parent = at.row("DCIM").unwrap().id;
    let begin = |name: &str, created| {
        let new = NewEntry {
            parent,
            name: EntryName { bytes: name.as_bytes(), folded: name.as_bytes() },
            directory: false,
            kind: None,
            owner: Some(&owner),
            state: State::Normal,
            expires: None,
            file: crate::id::Identity::NONE,
            version: None,
            created,
        };
        at.store.begin_entry(&new).unwrap()
    };
    let now = record::now();
    for (name, created) in
        [("made.txt", now), ("being-made.txt", now), ("never.txt", now - 100), ("old.txt", 7)]
    {
        let _begun = begin(name, created);
    }
    at.write("DCIM/made.txt", b"made");
    at.write("DCIM/old.txt", b"from outside, long after");
    let _outcome = at.scan();
    assert_eq!(at.row("DCIM/made.txt").unwrap().owner, Some(owner));
    assert_ne!(at.row("DCIM/made.txt").unwrap().file, crate::id::Identity::NONE);
    assert!(at.row("DCIM/being-made.txt").is_some() && at.row("DCIM/never.txt").is_none());
    assert_eq!(at.row("DCIM/old.txt").unwrap().owner, None);
}

#[test]
fn a_file_and_a_directory_change_places() {
    let at = Fixture::new();
    at.write("DCIM/x/inner.txt", b"inner");
    at.write("DCIM/y", b"a file");
    at.scan();
    fs::rename(at.path("DCIM/x"), at.path("DCIM/z")).unwrap();
    fs::rename(at.path("DCIM/y"), at.path("DCIM/x")).unwrap();
    fs::rename(at.path("DCIM/z"), at.path("DCIM/y")).unwrap();
    at.scan();
    assert!(!at.row("DCIM/x").unwrap().directory);
    assert!(at.row("DCIM/y/inner.txt").is_some());
    assert_eq!(at.rows_below(at.root_row), 4);
}

#[test]
fn states_come_from_the_name_or_stay() {
    let at = Fixture::new();
    at.write("DCIM/.pending-1700000000-a.mp4", &sample::mp4_clean());
    at.write("DCIM/.Trashed-1700000000-b.mp4", &sample::mp4_clean());
    at.write("DCIM/c.mp4", &sample::mp4_clean());
    at.scan();
    let row = |path: &str| at.row(path).unwrap();
    assert_eq!(row("DCIM/.pending-1700000000-a.mp4").state, State::Pending);
    assert_eq!(row("DCIM/.pending-1700000000-a.mp4").kind, Some(Kind::Video));
    assert_eq!(row("DCIM/.Trashed-1700000000-b.mp4").state, State::Trashed);
    at.store.set_state(row("DCIM/c.mp4").id, State::Pending, Some(77)).unwrap();
    at.write("DCIM/c.mp4", &sample::mp4_with_location());
    at.scan();
    assert_eq!((row("DCIM/c.mp4").state, row("DCIM/c.mp4").expires), (State::Pending, Some(77)));
}

#[test]
fn a_row_that_the_daemon_wrote_meanwhile_stands() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_clean());
    at.scan();
    let progress = Progress::default();
    let walk = Walk {
        root: &at.root,
        store: &at.store,
        volume: at.store.volumes().unwrap()[0].id,
        numbered: true,
        options: ScanOptions::default(),
        progress: &progress,
        target: &[],
    };
    let stale = record::Found {
        name: named("a.mp4"),
        folded: "a.mp4".to_owned(),
        file: crate::id::Identity { file: crate::id::FileId { dev: 1, ino: 1 }, born: 1 },
        moved: None,
        links: 1,
        standing: at.row("DCIM/a.mp4"),
        looked: None,
    };
    let owned = at.own("DCIM/a.mp4", "com.a");
    let top = (at.row("DCIM").unwrap().id, Place::Top(None), "DCIM".to_owned());
    let mut directory = directory::Directory::open(&at.root, None, top, None).unwrap();
    assert_eq!(walk.record(&mut directory, vec![stale]).unwrap(), [named("a.mp4")]);
    assert_eq!(at.row("DCIM/a.mp4"), Some(owned));
    assert_eq!(progress.so_far(), ScanOutcome::default());
}
