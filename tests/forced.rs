//! Forced-redaction names on a real mount: `.mediagate/redacted/<row>[.ext]`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{
    KNOWING, MANAGER, Mapping, OWNER, READER, STRANGER, Volume, as_uid, cast, photo, redacted, tells_location,
};

const FILE: &str = "DCIM/a.jpg";
const OTHER: &str = "DCIM/b.jpg";

fn start() -> Option<Volume> {
    let volume = cast().start()?;
    as_uid(OWNER, || {
        fs::create_dir(volume.path("DCIM")).unwrap();
        fs::write(volume.path(FILE), photo(Some(1))).unwrap();
    });
    Some(volume)
}

/// The number of an entry's row, as `check` tells it.
fn row(volume: &Volume, path: &str) -> String {
    let uid = OWNER.to_string();
    let told = volume.json(&["check", "--uid", &uid, "--op", "look", path]);
    let facts = told["facts"].as_array().unwrap();
    let id = facts.iter().find(|fact| fact["name"] == "entry id").expect("check tells the row");
    id["value"].as_str().unwrap().to_owned()
}

fn forced(volume: &Volume, path: &str) -> PathBuf {
    volume.path(&format!(".mediagate/redacted/{}.jpg", row(volume, path)))
}

fn act<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    if uid == 0 { work() } else { as_uid(uid, work) }
}

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

#[test]
fn everyone_who_may_read_reads_redacted() {
    let Some(volume) = start() else { return };
    let (whole, hidden) = (photo(Some(1)), redacted(&photo(Some(1))));
    assert!(tells_location(&whole));
    let id = row(&volume, FILE);
    for name in [id.clone(), format!("{id}.jpg"), format!("{id}.any.thing")] {
        let path = volume.path(&format!(".mediagate/redacted/{name}"));
        for uid in [0, OWNER, MANAGER, KNOWING, READER, 2000] {
            act(uid, || {
                assert_eq!(fs::read(&path).unwrap(), hidden, "{uid} {name}");
                let file = File::open(&path).unwrap();
                for shared in [true, false] {
                    let mapped = Mapping::to_read(&file, hidden.len(), shared).unwrap();
                    assert_eq!(mapped.read(0, hidden.len()), hidden, "{uid} mapped");
                }
                assert_eq!(fs::metadata(&path).unwrap().size(), whole.len() as u64);
            });
        }
    }
    assert_eq!(as_uid(OWNER, || fs::read(volume.path(FILE)).unwrap()), whole);
}

#[test]
fn a_handle_of_the_whole_file_stays_what_it_is() {
    let Some(volume) = start() else { return };
    let (whole, hidden) = (photo(Some(1)), redacted(&photo(Some(1))));
    let path = forced(&volume, FILE);
    as_uid(OWNER, || {
        let full = OpenOptions::new().read(true).write(true).open(volume.path(FILE)).unwrap();
        let mapped = Mapping::to_read(&full, whole.len(), true).unwrap();
        let by_name = File::open(&path).unwrap();
        let mapped_by_name = Mapping::to_read(&by_name, whole.len(), true).unwrap();
        assert_eq!(mapped_by_name.read(0, whole.len()), hidden);
        assert_eq!(mapped.read(0, whole.len()), whole);
        // By /proc it is opened again, by nobody's name.
        let again = fs::read(format!("/proc/self/fd/{}", by_name.as_raw_fd())).unwrap();
        assert_eq!(again, hidden);
        // What is written by the whole file's handle is seen redacted.
        full.write_all_at(&photo(Some(2)), 0).unwrap();
        assert_eq!(fs::read(&path).unwrap(), redacted(&photo(Some(2))));
        let mut seen = vec![0; whole.len()];
        full.read_exact_at(&mut seen, 0).unwrap();
        assert_eq!(seen, photo(Some(2)));
    });
}

#[test]
fn nothing_is_written_by_the_name() {
    let Some(volume) = start() else { return };
    let path = forced(&volume, FILE);
    for uid in [0, OWNER, MANAGER, READER] {
        act(uid, || {
            let refused = Some(libc::EACCES);
            assert_eq!(errno(OpenOptions::new().write(true).open(&path)), refused, "{uid}");
            assert_eq!(errno(OpenOptions::new().read(true).append(true).open(&path)), refused, "{uid}");
            assert_eq!(errno(File::create(&path)), refused, "{uid} truncates");
            let times = rustix::fs::Timestamps {
                last_access: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
                last_modification: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
            };
            let at = rustix::fs::AtFlags::empty();
            let done = rustix::fs::utimensat(rustix::fs::CWD, &path, &times, at);
            assert_eq!(errno(done.map_err(io::Error::from)), refused, "{uid} times");
            assert_eq!(errno(fs::remove_file(&path)), refused, "{uid} unlink");
            assert_eq!(errno(fs::rename(&path, volume.path(OTHER))), refused, "{uid} rename");
            assert_eq!(errno(fs::hard_link(&path, volume.path(OTHER))), Some(libc::EPERM), "{uid} link");
        });
    }
    assert_eq!(as_uid(OWNER, || fs::read(volume.path(FILE)).unwrap()), photo(Some(1)));
}

#[test]
fn numbers_tell_nothing() {
    let Some(volume) = start() else { return };
    let path = forced(&volume, FILE);
    let directory = forced(&volume, "DCIM");
    let unknown = volume.path(".mediagate/redacted/999999.jpg");
    // The kernel has the name from one who may read.
    as_uid(READER, || fs::metadata(&path).unwrap());
    as_uid(STRANGER, || {
        for path in [&path, &directory, &unknown] {
            assert_eq!(errno(fs::metadata(path)), Some(libc::ENOENT));
            assert_eq!(errno(File::open(path)), Some(libc::ENOENT));
            assert_eq!(errno(OpenOptions::new().write(true).open(path)), Some(libc::ENOENT));
            assert_eq!(errno(fs::remove_file(path)), Some(libc::ENOENT));
            assert_eq!(errno(File::create_new(path)), Some(libc::EACCES));
            assert_eq!(errno(fs::create_dir(path)), Some(libc::EACCES));
        }
    });
    for name in ["0", "-1", "+1", "01", " 1", "1 ", "x", "1x", "99999999999999999999"] {
        let path = volume.path(&format!(".mediagate/redacted/{name}"));
        assert_eq!(errno(fs::metadata(path)), Some(libc::ENOENT), "{name}");
    }
    assert_eq!(errno(fs::metadata(&directory)), Some(libc::ENOENT));
    as_uid(READER, || fs::metadata(&path).unwrap());
}

#[test]
fn the_name_follows_the_file_and_ends_with_it() {
    let Some(volume) = start() else { return };
    let hidden = redacted(&photo(Some(1)));
    let path = forced(&volume, FILE);
    as_uid(OWNER, || {
        fs::rename(volume.path(FILE), volume.path(OTHER)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), hidden);
        let open = File::open(&path).unwrap();
        fs::remove_file(volume.path(OTHER)).unwrap();
        assert_eq!(errno(fs::metadata(&path)), Some(libc::ENOENT));
        let mut seen = vec![0; hidden.len()];
        open.read_exact_at(&mut seen, 0).unwrap();
        assert_eq!(seen, hidden);
    });
    fs::write(volume.lower().join(OTHER), photo(None)).unwrap();
    assert_eq!(errno(fs::metadata(&path)), Some(libc::ENOENT));
}

#[test]
fn the_directories_hold_nothing() {
    let Some(volume) = cast().file(".mediagate/redacted/1.jpg", photo(Some(1))).start() else { return };
    for uid in [0, MANAGER, OWNER, STRANGER] {
        act(uid, || {
            for directory in [".mediagate", ".mediagate/redacted", ".MediaGate"] {
                let path = volume.path(directory);
                assert!(fs::metadata(&path).unwrap().is_dir(), "{uid} {directory}");
                assert_eq!(fs::read_dir(&path).unwrap().count(), 0, "{uid} {directory}");
                assert_eq!(errno(fs::create_dir(&path)), Some(libc::EEXIST), "{uid} {directory}");
                assert_eq!(errno(fs::create_dir(path.join("new"))), Some(libc::EACCES), "{uid} {directory}");
                assert_eq!(errno(File::create(path.join("new"))), Some(libc::EACCES), "{uid} {directory}");
                assert_eq!(errno(fs::remove_dir(&path)), Some(libc::EACCES), "{uid} {directory}");
                assert_eq!(errno(fs::rename(&path, volume.path("x"))), Some(libc::EACCES), "{uid}");
            }
            assert_eq!(errno(fs::metadata(volume.path(".mediagate/other"))), Some(libc::ENOENT));
            assert_eq!(errno(fs::metadata(volume.path(".mediagate/redacted/1.jpg"))), Some(libc::ENOENT));
        });
    }
    let listed = fs::read_dir(volume.mount()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(listed.into_iter().all(|name| name != ".mediagate"));
    assert!(volume.lower().join(".mediagate/redacted/1.jpg").exists());
}

#[test]
fn check_foretells_what_the_names_answer() {
    let Some(volume) = start() else { return };
    let path = format!(".mediagate/redacted/{}", row(&volume, FILE));
    let ask = |uid: u32, operation: &str, path: &str| {
        let output = volume.command(&["check", "--uid", &uid.to_string(), "--op", operation, path, "--json"]);
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        (text("errno"), text("rule"), text("view"))
    };
    let told = |errno: &str, rule: &str, view: &str| (errno.to_owned(), rule.to_owned(), view.to_owned());
    assert_eq!(ask(OWNER, "read", &path), told("", "forced-redaction", "redacted"));
    assert_eq!(ask(0, "read-redacted", FILE), told("", "forced-redaction", "redacted"));
    assert_eq!(ask(OWNER, "write", &path), told("EACCES", "forced-redaction", ""));
    assert_eq!(ask(STRANGER, "read", &path), told("ENOENT", "forced-redaction", ""));
    assert_eq!(ask(STRANGER, "write-redacted", FILE), told("ENOENT", "forced-redaction", ""));
    assert_eq!(ask(OWNER, "unlink", &path), told("EACCES", "forced-directory", ""));
    assert_eq!(ask(OWNER, "mkdir", ".mediagate"), told("EEXIST", "exists", ""));
    assert_eq!(ask(OWNER, "rmdir", ".MEDIAGATE/redacted"), told("EACCES", "forced-directory", ""));
    assert_eq!(ask(OWNER, "create", ".mediagate/redacted/new"), told("EACCES", "forced-directory", ""));
    assert_eq!(ask(OWNER, "read", ".mediagate/redacted/77777"), told("ENOENT", "missing", ""));
    io::stdout().flush().unwrap();
}

/// What is refused because of where it is to be done goes to the audit like every other refusal.
#[test]
fn refusals_in_the_directories_are_in_the_audit() {
    let Some(volume) = start() else { return };
    as_uid(STRANGER, || {
        assert_eq!(errno(fs::create_dir(volume.path(".mediagate/new"))), Some(libc::EACCES));
        assert_eq!(errno(fs::remove_dir(volume.path(".mediagate"))), Some(libc::EACCES));
        assert_eq!(errno(fs::rename(volume.path(FILE), volume.path(".mediagate/b.jpg"))), Some(libc::EACCES));
    });
    // Decisions are written down in batches.
    let deadline = Instant::now() + Duration::from_secs(10);
    let audit = loop {
        let audit = volume.json(&["audit"]).to_string();
        if audit.matches("forced-directory").count() >= 3 || Instant::now() > deadline {
            break audit;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(audit.matches("forced-directory").count(), 3, "{audit}");
    for told in ["/.mediagate/new", "/.mediagate/b.jpg", "mkdir", "rmdir", "rename-to"] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
}
