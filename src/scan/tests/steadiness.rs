//! Large directories, ends before the end, and files that cannot be read.

#![forbid(unsafe_code)]

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::*;
use crate::store::tests::Work;

const MANY: usize = 10_000;

fn with_many() -> Fixture {
    let at = Fixture::new();
    fs::create_dir(at.path("DCIM")).unwrap();
    for number in 0..MANY {
        fs::write(at.path(&format!("DCIM/{number}.txt")), b"small").unwrap();
    }
    at
}

#[test]
fn a_large_directory_is_scanned_in_chunks() {
    let at = with_many();
    let top = (at.root_row, Place::Top(None), "DCIM".to_owned());
    let descriptor = at.root.child(&named("DCIM")).unwrap();
    let mut directory = directory::Directory::open(&at.root, Some(descriptor), top, None).unwrap();
    let mut met = 0;
    loop {
        let names = directory.next_names().unwrap();
        assert!(names.len() <= CHUNK);
        met += names.len();
        if names.is_empty() {
            break;
        }
    }
    assert_eq!(met, MANY);
    let first = at.scan();
    assert_eq!((first.files, first.changed, first.failed), (MANY as u64, MANY as u64 + 1, 0));
    assert_eq!(at.store.count_children(at.row("DCIM").unwrap().id).unwrap(), MANY as u64);
    assert_eq!(at.scan(), ScanOutcome { files: MANY as u64, directories: 2, ..ScanOutcome::default() });
}

#[test]
fn rows_are_asked_for_in_bulk_where_nothing_is_recorded() {
    let at = with_many();
    at.scan();
    // Moved beneath the daemon, with their rows; and again where nothing is new.
    fs::rename(at.path("DCIM"), at.path("Pictures")).unwrap();
    for _ in 0..2 {
        let (work, outcome) = Work::of(|| at.scan());
        assert_eq!((outcome.files, outcome.read, outcome.removed), (MANY as u64, 0, 0));
        assert!(work.statements < MANY / 20, "{} statements", work.statements);
        assert_eq!(work.scans, Vec::<String>::new());
    }
}

#[test]
fn a_new_file_costs_few_statements() {
    let at = with_many();
    let (work, _) = Work::of(|| at.scan());
    assert!(work.statements < MANY * 7 / 2, "{} statements", work.statements);
    assert_eq!(work.scans, Vec::<String>::new());
}

#[test]
fn a_cancelled_scan_goes_on_where_it_ended() {
    let at = with_many();
    let progress = Progress::default();
    let first = thread::scope(|scope| {
        let scan = scope.spawn(|| at.scan_with(&[], false, &progress).unwrap());
        while progress.so_far().files < 1000 {
            thread::yield_now();
        }
        progress.cancel();
        scan.join().unwrap()
    });
    assert!(first.cancelled && first.files >= 1000);
    assert_eq!(at.rows_below(at.root_row) as u64, first.changed);
    let second = at.scan();
    assert!(!second.cancelled);
    assert_eq!(first.read + second.read, MANY as u64);
    assert_eq!(at.rows_below(at.root_row), MANY + 1);
}

/// Where the child of the following test scans.
const KILLED_IN: &str = "MEDIAGATE_TEST_SCAN_KILLED_IN";

#[test]
fn a_killed_scan_leaves_rows_that_the_next_one_goes_on_from() {
    if let Some(directory) = std::env::var_os(KILLED_IN) {
        Fixture::open(directory.as_ref()).scan();
        return;
    }
    let at = with_many();
    let mut before = 0;
    for _ in 0..3 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "scan::tests::steadiness::a_killed_scan_leaves_rows_that_the_next_one_goes_on_from",
            ])
            .env(KILLED_IN, &at.above)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while at.rows_below(at.root_row) < before + 1000 {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let now = at.rows_below(at.root_row);
        assert!(now >= before && now <= MANY + 1, "{before} rows, then {now}");
        before = now;
    }
    let rest = at.scan();
    assert_eq!(rest.changed, (MANY + 1 - before) as u64);
    assert_eq!(
        (rest.read, rest.removed, rest.failed),
        (MANY as u64 - (before as u64).saturating_sub(1), 0, 0)
    );
    assert_eq!(at.rows_below(at.root_row), MANY + 1);
}

#[test]
fn a_scan_that_is_cancelled_before_it_begins_does_nothing() {
    let at = Fixture::new();
    at.write("DCIM/a.mp4", &sample::mp4_clean());
    let progress = Progress::default();
    progress.cancel();
    let outcome = at.scan_with(&[], false, &progress).unwrap();
    assert_eq!((outcome.files, outcome.changed, outcome.cancelled), (0, 0, true));
}

#[test]
fn what_cannot_be_read_is_counted_and_stops_nothing() {
    let at = Fixture::new();
    for name in ["a", "b", "c"] {
        at.write(&format!("DCIM/{name}.mp4"), &sample::mp4_clean());
    }
    at.write("Closed/inside.mp4", &sample::mp4_clean());
    let set_mode = |path, mode| {
        fs::set_permissions(at.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode("DCIM/b.mp4", 0);
    set_mode("Closed", 0);
    let outcome = thread::scope(|scope| scope.spawn(|| unprivileged(&at)).join().unwrap());
    assert_eq!((outcome.files, outcome.failed), (3, 2));
    assert!(at.row("DCIM/a.mp4").is_some() && at.row("DCIM/c.mp4").is_some());
    assert!(at.row("DCIM/b.mp4").is_none());
    set_mode("DCIM/b.mp4", 0o600);
    set_mode("Closed", 0o700);
    let again = at.scan();
    assert_eq!((again.read, again.failed), (2, 0));
}

/// Scans on a thread that gave up the superuser's right to read everything.
fn unprivileged(at: &Fixture) -> ScanOutcome {
    let mut sets = capabilities(None).unwrap();
    let overriding = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    sets.effective.remove(overriding);
    set_capabilities(None, sets).unwrap();
    at.scan()
}

#[test]
fn a_file_that_changes_all_the_time_is_left_for_later() {
    let at = Fixture::new();
    at.write("Music/a.mp3", b"ID3");
    at.write("Music/b.mp3", b"ID3");
    let file = fs::OpenOptions::new().write(true).open(at.path("Music/a.mp3")).unwrap();
    // Large enough that looking into it takes longer than a step of the kernel's clock.
    file.set_len(8 << 20).unwrap();
    let done = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                file.write_all_at(b"x", 100).unwrap();
            }
        });
        let outcome = at.scan();
        done.store(true, Ordering::Relaxed);
        outcome
    });
    assert_eq!((outcome.files, outcome.failed), (2, 1));
    assert!(at.row("Music/a.mp3").is_none() && at.row("Music/b.mp3").is_some());
    // While it is open for writing it could still change unseen.
    assert_eq!(at.scan().failed, 1);
    drop(file);
    assert_eq!(at.scan().failed, 0);
    assert!(at.plan("Music/a.mp3").is_some());
}
