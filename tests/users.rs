//! Several Android users on one volume, users who share media, app-ops and expiry, on a real mount with real uids.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::{MANAGER, OWNER, READER, STRANGER, Setup, Volume, as_uid, cast, photo, redacted};

/// What a uid of user 10 has more than that of the same application of user 0.
const TENTH: u32 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(10);
const PHOTO: &str = "0/DCIM/photo.jpg";
const SECRET: &str = "Android/data/org.example.owner/secret.txt";

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

fn names(path: &Path) -> Vec<String> {
    let listed = fs::read_dir(path).unwrap();
    let mut names: Vec<_> = listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A picture that tells where it was made.
fn picture() -> Vec<u8> {
    photo(Some(0))
}

fn setup() -> Setup {
    cast()
        .argument("--users")
        .file(PHOTO, picture())
        .file("10/DCIM/ten.jpg", picture())
        .file(&format!("0/{SECRET}"), "zero")
        .file(&format!("10/{SECRET}"), "ten")
        .file("lost+found/x", "x")
}

fn start() -> Option<Volume> {
    let volume = setup().start()?;
    await_user(&volume, "0");
    await_user(&volume, "10");
    Some(volume)
}

/// Waits until the private trees of a user are mounted.
fn await_user(volume: &Volume, user: &str) {
    await_that(|| {
        let device =
            |path: &str| fs::metadata(volume.path(&format!("{user}/{path}"))).map(|found| found.dev());
        let (Ok(above), Ok(data), Ok(obb)) = (device(""), device("Android/data"), device("Android/obb"))
        else {
            return false;
        };
        above != data && above != obb
    });
}

fn await_that(mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "it does not come to be");
        thread::sleep(Duration::from_millis(10));
    }
}

fn done(volume: &Volume, words: &str) {
    let arguments: Vec<_> = words.split(' ').collect();
    let output = volume.command(&arguments);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Everything that a process can try on another user's tree is refused.
fn assert_closed(volume: &Volume, user: &str) {
    let refused = Some(libc::EACCES);
    for path in ["", "DCIM", "DCIM/ten.jpg", "DCIM/missing.jpg", "missing", "Android", SECRET] {
        let path = volume.path(&format!("{user}/{path}"));
        let shown = path.display();
        assert_eq!(errno(fs::metadata(&path)), refused, "stat {shown}");
        // Of a file that is in use the kernel itself says that it is no directory.
        let below = errno(fs::write(path.join("x"), "x"));
        assert!(
            below == refused || (below == Some(libc::ENOTDIR) && path.ends_with("ten.jpg")),
            "create below {shown}"
        );
    }
    for path in ["DCIM/ten.jpg", "DCIM/missing.jpg"] {
        let path = volume.path(&format!("{user}/{path}"));
        assert_eq!(errno(File::open(&path)), refused, "open");
        assert_eq!(errno(File::options().write(true).open(&path)), refused, "open for writing");
        assert_eq!(errno(fs::remove_file(&path)), refused, "unlink");
        assert_eq!(errno(fs::rename(&path, volume.path("0/DCIM/mine.jpg"))), refused, "rename");
    }
    assert!(errno(fs::create_dir(volume.path(&format!("{user}/Alarms")))) == refused, "mkdir");
    // A process that comes so far as to open the directory finds nothing in it.
    if let Ok(listed) = fs::read_dir(volume.path(user)) {
        assert_eq!(listed.count(), 0, "list");
    }
}

#[test]
fn each_user_has_its_tree_and_no_other() {
    let Some(volume) = start() else { return };
    for (base, own, other, photo, secret) in
        [(0, "0", "10", "photo.jpg", "zero"), (TENTH, "10", "0", "ten.jpg", "ten")]
    {
        let path = |rest: &str| volume.path(&format!("{own}/{rest}"));
        as_uid(base + READER, || {
            assert_eq!(names(&path("DCIM")), [photo]);
            assert_eq!(fs::read(path("DCIM").join(photo)).unwrap(), redacted(&picture()));
        });
        as_uid(base + OWNER, || {
            assert_eq!(fs::read_to_string(path(SECRET)).unwrap(), secret);
            fs::write(path("DCIM/own.jpg"), "x").unwrap();
            assert_eq!(names(&path("DCIM")), ["own.jpg"]);
            fs::rename(path("DCIM/own.jpg"), path("DCIM/new.jpg")).unwrap();
            fs::remove_file(path("DCIM/new.jpg")).unwrap();
        });
        for uid in [base + STRANGER, base + MANAGER] {
            as_uid(uid, || {
                assert_eq!(errno(fs::metadata(path(SECRET))), Some(libc::ENOENT));
                assert_eq!(errno(fs::read_dir(volume.mount())), Some(libc::EACCES), "the top is not read");
                assert_eq!(errno(fs::metadata(volume.path("lost+found"))), Some(libc::ENOENT));
                assert_eq!(errno(fs::create_dir(volume.path("12"))), Some(libc::EACCES));
                assert_eq!(
                    errno(fs::metadata(volume.path("12"))),
                    Some(libc::EACCES),
                    "nor is it told who there is"
                );
                assert_eq!(errno(fs::write(volume.path("x"), "x")), Some(libc::EACCES));
            });
        }
        // Used or not, by those who may: strangers learn the same.
        for uid in [base + STRANGER, base + MANAGER, base + READER, base + OWNER] {
            if own == "0" {
                as_uid(uid, || assert_closed(&volume, other));
            } else {
                as_uid(uid, || assert_eq!(errno(fs::metadata(volume.path(PHOTO))), Some(libc::EACCES)));
            }
        }
    }
}

/// The index holds both users' shared files, and neither private trees nor what lies beside the users.
#[test]
fn the_index_covers_the_trees_of_all_users() {
    let Some(volume) = start() else { return };
    // What is in use while it is looked at is left to a later scan, and counted as failed.
    await_that(|| {
        let report = volume.json(&["scan"]);
        assert_eq!(report["files"], 2, "{report}");
        report["failed"] == 0
    });
    assert_eq!(volume.json(&["scan", "10/DCIM"])["files"], 1);
    for closed in ["lost+found", "10/Android/data"] {
        assert_ne!(volume.command(&["scan", closed]).status.code(), Some(0), "{closed}");
    }
}

/// The owner's kernel caches are warm: the same refusals, and no attribute out of them.
#[test]
fn what_a_user_has_in_use_is_closed_to_others_and_not_disturbed() {
    let Some(volume) = start() else { return };
    let script = "cd 10/DCIM && exec 3<ten.jpg && while read word; do pwd -P && cat <&3 >/dev/null && \
                  cat ten.jpg | wc -c && ls ../Android >/dev/null && echo done; done";
    let mut owner = as_uid(TENTH + READER, || {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", script]).current_dir(volume.mount());
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let mut told = BufReader::new(owner.stdout.take().unwrap()).lines();
    let mut asked = owner.stdin.take().unwrap();
    let mut round = || {
        writeln!(asked, "go").unwrap();
        let mut next = || told.next().unwrap().unwrap();
        assert!(next().ends_with("/10/DCIM"));
        assert_eq!(next().trim(), picture().len().to_string());
        assert_eq!(next(), "done");
    };
    round();
    for _ in 0..20 {
        for uid in [STRANGER, MANAGER, OWNER] {
            as_uid(uid, || assert_closed(&volume, "10"));
        }
        round();
    }
    drop(asked);
    assert!(owner.wait().unwrap().success());
    // The mounts inside stand, too.
    let secret = volume.path(&format!("10/{SECRET}"));
    assert_eq!(as_uid(TENTH + OWNER, || fs::read_to_string(&secret).unwrap()), "ten");
}

#[test]
fn sharing_begins_and_ends_at_the_next_open() {
    let Some(volume) = start() else { return };
    let read = |uid: u32, path: &str| as_uid(uid, || fs::read(volume.path(path)));
    assert_eq!(errno(read(TENTH + READER, PHOTO)), Some(libc::EACCES));
    done(&volume, "user share 10 0");
    assert_eq!(volume.json(&["user", "list"]), serde_json::json!([{ "one": 0, "other": 10 }]));
    assert_eq!(read(TENTH + READER, PHOTO).unwrap(), redacted(&picture()));
    assert!(read(READER, "10/DCIM/ten.jpg").is_ok());
    assert_eq!(errno(read(TENTH + STRANGER, PHOTO)), Some(libc::EACCES));
    for uid in [TENTH + OWNER, TENTH + MANAGER] {
        assert_eq!(
            errno(read(uid, &format!("0/{SECRET}"))),
            Some(libc::EACCES),
            "private trees are not shared"
        );
    }
    as_uid(TENTH + OWNER, || fs::write(volume.path("0/DCIM/ten.jpg"), "ten").unwrap());
    assert_eq!(read(TENTH + OWNER, "0/DCIM/ten.jpg").unwrap(), b"ten");
    assert_eq!(errno(read(OWNER, "0/DCIM/ten.jpg")), Some(libc::EACCES), "another user's own");
    as_uid(TENTH + OWNER, || {
        let moved = fs::rename(volume.path("0/DCIM/ten.jpg"), volume.path("10/DCIM/moved.jpg"));
        assert_eq!(errno(moved), Some(libc::EXDEV));
    });
    let held = as_uid(TENTH + READER, || File::open(volume.path("0/DCIM")).unwrap());
    done(&volume, "user unshare 0 10");
    assert_eq!(errno(read(TENTH + READER, PHOTO)), Some(libc::EACCES));
    assert_eq!(errno(as_uid(TENTH + READER, || fs::metadata(volume.path(PHOTO)))), Some(libc::EACCES));
    drop(held);
    assert_eq!(read(READER, PHOTO).unwrap(), redacted(&picture()));
    let again = volume.command(&["user", "unshare", "0", "10"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(volume.command(&["user", "share", "10", "10"]).status.code(), Some(2));
}

#[test]
fn a_user_who_comes_later_has_private_trees_and_one_who_leaves_has_none() {
    let Some(volume) = start() else { return };
    let own = 1_100_000 + OWNER;
    fs::create_dir_all(volume.lower().join("11/DCIM")).unwrap();
    await_user(&volume, "11");
    let secret = volume.path("11/Android/data/org.example.owner/a.txt");
    as_uid(own, || {
        fs::create_dir(secret.parent().unwrap()).unwrap();
        fs::write(&secret, "eleven").unwrap();
        fs::write(volume.path("11/DCIM/a.jpg"), "x").unwrap();
    });
    for uid in [OWNER, TENTH + OWNER] {
        assert_eq!(errno(as_uid(uid, || fs::read(&secret))), Some(libc::EACCES));
    }
    assert_eq!(errno(as_uid(1_100_000 + MANAGER, || fs::read(&secret))), Some(libc::ENOENT));
    let volumes = |volume: &Volume| volume.json(&["status"])["volumes"].as_array().unwrap().len();
    assert_eq!(volumes(&volume), 7);
    fs::remove_dir_all(volume.lower().join("11")).unwrap();
    await_that(|| volumes(&volume) == 5);
    // It comes again: another tree of the same number.
    fs::create_dir_all(volume.lower().join("11/DCIM")).unwrap();
    await_that(|| volumes(&volume) == 7);
    assert_eq!(fs::read_dir(volume.lower().join("11/Android/data")).unwrap().count(), 0);
}

/// What a process may do with the picture: nothing, read it without its location, or read it whole and write it.
#[derive(PartialEq, Eq, Debug)]
enum May {
    Nothing,
    Read,
    Write,
}

fn may(path: &Path) -> May {
    match (fs::read(path), File::options().write(true).open(path)) {
        (Err(read), Err(_)) if read.raw_os_error() == Some(libc::EACCES) => May::Nothing,
        (Ok(read), Err(_)) if read == redacted(&picture()) => May::Read,
        (Ok(read), Ok(_)) if read == picture() => May::Write,
        other => panic!("{other:?}"),
    }
}

#[test]
fn app_ops_count_at_the_next_open_of_a_living_process() {
    let Some(volume) = cast().file("DCIM/photo.jpg", picture()).start() else { return };
    let path = volume.path("DCIM/photo.jpg");
    let check = |permission: &str, mode: &str| {
        done(&volume, &format!("appop set org.example.reader {permission} {mode}"));
    };
    let (asking, asked) = channel();
    let (telling, told) = channel();
    thread::scope(|scope| {
        let path = &path;
        let process = move || asked.iter().for_each(|()| telling.send(may(path)).unwrap());
        scope.spawn(|| as_uid(READER, process));
        let asking = asking;
        let next = || {
            asking.send(()).unwrap();
            told.recv_timeout(PATIENCE).unwrap()
        };
        assert_eq!(next(), May::Read);
        for (permission, mode, expected) in [
            ("READ_MEDIA_IMAGES", "ignore", May::Nothing),
            ("READ_MEDIA_IMAGES", "allow", May::Read),
            ("WRITE_MEDIA_IMAGES", "allow", May::Write),
            ("WRITE_MEDIA_IMAGES", "default", May::Read),
            ("MANAGE_EXTERNAL_STORAGE", "allow", May::Write),
            ("MANAGE_EXTERNAL_STORAGE", "deny", May::Read),
        ] {
            check(permission, mode);
            assert_eq!(next(), expected, "{permission} {mode}");
        }
    });
    let ops = volume.json(&["appop", "list", "org.example.reader"]);
    assert_eq!(ops[0], serde_json::json!({ "op": "MANAGE_EXTERNAL_STORAGE", "mode": "deny" }));
    check("READ_MEDIA_IMAGES", "deny");
    let uid = READER.to_string();
    let output = volume.command(&["check", "--uid", &uid, "--op", "read", "DCIM/photo.jpg"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.lines().any(|line| line.contains("denied by app-op") && line.contains("READ_MEDIA_IMAGES")),
        "{told}"
    );
}

#[test]
fn expired_files_are_removed_at_the_start_and_on_demand() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let name = |expires: u64, name: &str| format!("DCIM/.trashed-{expires}-{name}");
    let Some(mut volume) = cast().file(&name(now - 60, "outside.jpg"), picture()).start() else { return };
    let own = name(now + 3600, "own.jpg");
    let long = name(now - 30 * 86_400, "long.jpg");
    as_uid(OWNER, || {
        fs::write(volume.path(&own), "x").unwrap();
        fs::write(volume.path(&long), "x").unwrap();
    });
    // That of the start may still be at work, and be the one that removes what the index has found by now.
    await_that(|| {
        volume.json(&["maintain"]);
        !volume.lower().join(name(now - 60, "outside.jpg")).exists()
    });
    assert!(!volume.lower().join(&long).exists() && volume.lower().join(&own).exists());
    let names = names(&volume.lower().join("DCIM"));
    assert!(names.iter().any(|name| name.ends_with("-long.jpg")), "{names:?}");
    let later = (now + 3601).to_string();
    await_that(|| volume.json(&["maintain", "--now", &later])["entries"][0]["outcome"] == "removed");
    assert!(!volume.lower().join(&own).exists());
    // The kernel, which knew it, is told.
    await_that(|| errno(fs::metadata(volume.path(&own))) == Some(libc::ENOENT));
    // What expires while no daemon runs goes when the next one starts.
    as_uid(OWNER, || fs::write(volume.path(&name(now - 10, "late.jpg")), "x").unwrap());
    volume.stop();
    volume.serve();
    await_that(|| !volume.lower().join(name(now - 10, "late.jpg")).exists());
}
