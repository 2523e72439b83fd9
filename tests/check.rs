//! `mediagate check` foretells what the operation then answers: for many callers, operations and paths, on a real mount.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use mediagate::admin::{Administration, Explanation};
use mediagate::binder::Client;
use mediagate::error::Errno;
use mediagate::id::Uid;
use mediagate::sample;

use common::{App, KNOWING, MANAGER, OWNER, READER, STRANGER, Setup, Volume, as_uid, cast};

const LEGACY_WRITE: u32 = 10_201;
const LEGACY_READ: u32 = 10_202;
const LEGACY_NOTHING: u32 = 10_203;
const GALLERY: u32 = 10_204;
const SHELL: u32 = 2000;
const UNKNOWN: u32 = 19_999;
const OTHER_USER: u32 = 1_010_106;
/// What a uid of user 10 has more than that of the same application of user 0.
const TENTH: u32 = 1_000_000;

const CALLERS: [u32; 12] = [
    0,
    SHELL,
    OWNER,
    MANAGER,
    KNOWING,
    READER,
    STRANGER,
    LEGACY_WRITE,
    LEGACY_READ,
    LEGACY_NOTHING,
    GALLERY,
    UNKNOWN,
];

/// What the owner makes, in this order; directories end with a slash.
const MADE: [&str; 14] = [
    "DCIM/",
    "Download/",
    "Music/",
    "DCIM/a.jpg",
    "DCIM/full/",
    "DCIM/full/b.jpg",
    "DCIM/empty/",
    "DCIM/.hidden.jpg",
    "DCIM/.pending-1900000000-p.jpg",
    "Download/text.txt",
    "Download/opaque.mp4",
    "Download/mixed/",
    "Download/mixed/c.txt",
    "Android/data/org.example.owner/",
];

/// Where operations on one path are tried.
const PATHS: [&str; 24] = [
    "DCIM",
    "Podcasts",
    "Elsewhere",
    "DCIM/a.jpg",
    "DCIM/a.jpg/below",
    "DCIM/new.jpg",
    "DCIM/new.txt",
    "DCIM/a:b.jpg",
    "DCIM/full",
    "DCIM/empty",
    "DCIM/.hidden.jpg",
    "DCIM/.pending-1900000000-p.jpg",
    "DCIM/none/none.jpg",
    "Download/text.txt",
    "Download/opaque.mp4",
    "Download/new.bin",
    "Music/new.jpg",
    "top.jpg",
    "Android/media/org.example.stranger",
    "Android/new.txt",
    "Android/data/org.example.owner",
    "Android/data/org.example.owner/none.txt",
    "Android/data/org.example.nowhere/x",
    "Android/data/ORG.example.Stranger/x",
];

/// Renames that are tried.
const RENAMES: [(&str, &str); 16] = [
    ("DCIM/a.jpg", "DCIM/moved.jpg"),
    ("DCIM/a.jpg", "Music/moved.jpg"),
    ("DCIM/a.jpg", "DCIM/a:b.jpg"),
    ("DCIM/a.jpg", "Download/text.txt"),
    ("DCIM/a.jpg", "DCIM/empty"),
    ("DCIM/a.jpg", "DCIM/none/x.jpg"),
    ("DCIM/a.jpg", "Android/data/org.example.owner/a.jpg"),
    ("DCIM/none.jpg", "DCIM/moved.jpg"),
    ("DCIM/empty", "DCIM/full"),
    ("DCIM/full", "DCIM/empty"),
    ("DCIM/full", "Music/full"),
    ("DCIM/full", "DCIM/full/inside"),
    ("Download/mixed", "DCIM/mixed"),
    ("DCIM", "Elsewhere"),
    ("Android/data", "Elsewhere"),
    ("Download/text.txt", "top.txt"),
];

const OPERATIONS: [&str; 14] = [
    "look",
    "read",
    "write",
    "readwrite",
    "truncate",
    "create",
    "mknod",
    "mkdir",
    "unlink",
    "rmdir",
    "opendir",
    "utime",
    "symlink",
    "mknod-special",
];

fn setup() -> Setup {
    cast()
        .app(
            App::new("org.example.legacywrite", LEGACY_WRITE)
                .target_sdk(28)
                .permission("WRITE_EXTERNAL_STORAGE"),
        )
        .app(
            App::new("org.example.legacyread", LEGACY_READ)
                .target_sdk(28)
                .permission("READ_EXTERNAL_STORAGE"),
        )
        .app(App::new("org.example.legacynothing", LEGACY_NOTHING).target_sdk(28))
        .app(App::new("org.example.gallery", GALLERY).permission("WRITE_MEDIA_IMAGES"))
}

/// What the owner writes into it.
fn content(path: &str) -> Vec<u8> {
    match path {
        // Two containers in one, of which one cannot be walked.
        "Download/opaque.mp4" => [b"OggS", &sample::jpeg_with_location()[..]].concat(),
        path if path.ends_with(".jpg") => sample::jpeg_with_location(),
        _ => b"text".to_vec(),
    }
}

/// A volume on which it is tried: where the tree is, and the user to whose applications it belongs.
struct Tree {
    volume: Volume,
    root: &'static str,
    user: u32,
    callers: Vec<u32>,
}

impl Tree {
    fn of_one_user(setup: Setup) -> Option<Tree> {
        Some(Tree { volume: setup.start()?, root: "", user: 0, callers: CALLERS.to_vec() })
    }

    /// The tree of user 10, with the same applications of that user and of user 0.
    fn of_tenth_user(setup: Setup) -> Option<Tree> {
        let setup = setup.argument("--users").file("0/DCIM/zero.jpg", content("zero.jpg"));
        let volume = setup.file("10/Podcasts/ten.mp3", "").start()?;
        let tenth = |uid: &u32| if *uid > 10_000 { TENTH + uid } else { *uid };
        let mut callers: Vec<u32> = CALLERS.iter().map(tenth).collect();
        callers.extend([OWNER, MANAGER, READER, UNKNOWN]);
        Some(Tree { volume, root: "10/", user: TENTH, callers })
    }

    fn inside(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.volume.path(&self.inside(path))
    }
}

/// Makes what is missing, as its owner.
fn restore(tree: &Tree) {
    for made in MADE {
        let path = tree.path(made.trim_end_matches('/'));
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir() || found.len() > 0) {
            continue;
        }
        as_uid(tree.user + OWNER, || match made.ends_with('/') {
            true => fs::create_dir(&path).unwrap_or_else(|error| panic!("{made}: {error}")),
            false => fs::write(&path, content(made)).unwrap_or_else(|error| panic!("{made}: {error}")),
        });
    }
}

/// Removes what an operation made, as root.
fn clear(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

fn open(path: &Path, read: bool, write: bool) -> io::Result<()> {
    OpenOptions::new().read(read).write(write).custom_flags(libc::O_NOFOLLOW).open(path).map(drop)
}

fn try_it(operation: &str, path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    match operation {
        "look" => fs::symlink_metadata(path).map(drop),
        "read" => open(path, true, false),
        "write" => open(path, false, true),
        "readwrite" => open(path, true, true),
        "truncate" => OpenOptions::new().write(true).truncate(true).open(path).map(drop),
        "create" => OpenOptions::new().write(true).create_new(true).open(path).map(drop),
        "mknod" => Ok(mknodat(CWD, path, FileType::RegularFile, Mode::from_raw_mode(0o600), 0)?),
        "mkdir" => fs::create_dir(path),
        "unlink" => fs::remove_file(path),
        "rmdir" => fs::remove_dir(path),
        "opendir" => fs::read_dir(path).map(drop),
        "utime" => {
            let times = rustix::fs::Timestamps {
                last_access: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
                last_modification: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
            };
            Ok(rustix::fs::utimensat(CWD, path, &times, rustix::fs::AtFlags::empty())?)
        }
        "symlink" => std::os::unix::fs::symlink("elsewhere", path),
        "mknod-special" => Ok(mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0)?),
        other => panic!("no operation {other}"),
    }
}

/// Acts as a user; as root with all that root may.
fn act<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    if uid == 0 { work() } else { as_uid(uid, work) }
}

fn errno(done: io::Result<()>) -> String {
    match done {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.raw_os_error().map_or(error.to_string(), |raw| Errno::new(raw).name()),
    }
}

/// Whether the kernel answers so by itself to a user in whose tree the entry does not lie, because its owner uses it:
/// that the name is taken, and by what. A directory may be opened: it lists nothing.
fn of_other_user(operation: &str, answered: &str) -> bool {
    matches!(answered, "EEXIST" | "EISDIR" | "ENOTDIR" | "ENOTEMPTY" | "EINVAL")
        || (matches!(operation, "read" | "opendir") && answered == "ok")
}

fn foretold(explanation: &Explanation) -> String {
    assert_eq!(explanation.allowed, explanation.errno.is_none(), "{explanation:?}");
    assert!(explanation.sentence.ends_with('.'), "{explanation:?}");
    assert!(explanation.facts.iter().all(|fact| !fact.source.is_empty()), "{explanation:?}");
    explanation.errno.clone().unwrap_or_else(|| "ok".to_owned())
}

#[test]
fn check_foretells_every_answer() {
    let Some(tree) = Tree::of_one_user(setup()) else { return };
    assert_foretold(&tree);
}

#[test]
fn check_foretells_every_answer_where_entries_are_concealed() {
    let Some(tree) = Tree::of_one_user(setup().argument("--visibility").argument("private")) else { return };
    assert_foretold(&tree);
}

#[test]
fn check_foretells_every_answer_among_several_users() {
    let Some(tree) = Tree::of_tenth_user(setup()) else { return };
    assert_foretold(&tree);
}

fn assert_foretold(tree: &Tree) {
    let client = Client::connect(&tree.volume.socket()).unwrap();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for uid in tree.callers.iter().copied() {
        for path in PATHS {
            for operation in OPERATIONS {
                restore(tree);
                let told = client.check(Uid::new(uid), operation, &tree.inside(path), None).unwrap();
                let target = tree.path(path);
                let existed = fs::symlink_metadata(&target).is_ok();
                let answered = act(uid, || errno(try_it(operation, &target)));
                if !existed {
                    clear(&target);
                }
                tried += 1;
                let by_kernel = told.rule == "other-user" && of_other_user(operation, &answered);
                if answered != foretold(&told) && !by_kernel {
                    wrong.push(format!(
                        "{uid} {operation} {path}: {answered}, foretold {} by {}",
                        foretold(&told),
                        told.rule
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn check_foretells_every_rename() {
    let Some(tree) = Tree::of_one_user(setup()) else { return };
    assert_renames_foretold(&tree);
}

#[test]
fn check_foretells_every_rename_where_entries_are_concealed() {
    let Some(tree) = Tree::of_one_user(setup().argument("--visibility").argument("private")) else { return };
    assert_renames_foretold(&tree);
}

#[test]
fn check_foretells_every_rename_among_several_users() {
    let Some(tree) = Tree::of_tenth_user(setup()) else { return };
    assert_renames_foretold(&tree);
}

fn assert_renames_foretold(tree: &Tree) {
    let client = Client::connect(&tree.volume.socket()).unwrap();
    let mut wrong = Vec::new();
    for uid in tree.callers.iter().copied() {
        for (from, to) in RENAMES {
            restore(tree);
            let (inside, into) = (tree.inside(from), tree.inside(to));
            let told = client.check(Uid::new(uid), "rename", &inside, Some(&into)).unwrap();
            let (source, target): (PathBuf, PathBuf) = (tree.path(from), tree.path(to));
            let existed = fs::symlink_metadata(&target).is_ok();
            let answered = act(uid, || errno(fs::rename(&source, &target)));
            if answered == "ok" {
                fs::rename(&target, &source).unwrap();
            } else if !existed {
                assert!(fs::symlink_metadata(&target).is_err());
            }
            let by_kernel = told.rule == "other-user" && of_other_user("rename", &answered);
            if answered != foretold(&told) && !by_kernel {
                wrong.push(format!(
                    "{uid} {from} {to}: {answered}, foretold {} by {}",
                    foretold(&told),
                    told.rule
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_command_line_explains_and_ends_with_the_verdict() {
    let Some(tree) = Tree::of_one_user(setup()) else { return };
    restore(&tree);
    let volume = &tree.volume;
    let ask = |uid: u32, rest: &[&str]| {
        let uid = uid.to_string();
        let output = volume.command(&[&["check", "--uid", &uid, "--op"], rest].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (status, text) = ask(STRANGER, &["rename", "DCIM/full", "--to", "Download/full"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("part") && text.contains("rename-from of /DCIM/full/b.jpg"), "{text}");
    assert!(text.contains("not-yours"), "{text}");
    assert_eq!(ask(OWNER, &["rename", "DCIM/full", "--to", "Download/full"]).0, Some(0));
    let (status, text) = ask(READER, &["read", "DCIM/.hidden.jpg", "--json"]);
    assert_eq!(status, Some(1));
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fact =
        |name: &str| told["facts"].as_array().unwrap().iter().find(|fact| fact["name"] == name).unwrap();
    assert_eq!(fact("hidden")["source"], "the name .hidden.jpg of /DCIM/.hidden.jpg");
    assert_eq!((&told["errno"], &told["rule"]), (&"EACCES".into(), &"not-yours".into()));
    assert!(fact("owner")["source"].as_str().unwrap().starts_with("row "));
    let (status, text) = ask(READER, &["read", "Download/opaque.mp4"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("opaque") && text.contains("cannot be made safe"), "{text}");
    for wrong in [&["rename", "DCIM/a.jpg"][..], &["read", "DCIM/a.jpg", "--to", "x"], &["dance", "DCIM"]] {
        assert_eq!(ask(READER, wrong).0, Some(2), "{wrong:?}");
    }
    assert_eq!(ask(READER, &["read", "DCIM/../DCIM/a.jpg"]).0, Some(2));
    // What can be no name is told as the kernel is told it.
    let long = format!("Download/{}", "x".repeat(300));
    assert_eq!(ask(READER, &["read", &long]).0, Some(1));
    let (status, text) = ask(READER, &["create", &long]);
    assert!(status == Some(1) && text.contains("bad-name"), "{text}");
}

#[test]
fn check_foretells_refusals_to_another_user() {
    let Some(tree) = Tree::of_one_user(setup()) else { return };
    restore(&tree);
    let volume = &tree.volume;
    let client = Client::connect(&volume.socket()).unwrap();
    for path in ["DCIM/a.jpg", "Download/text.txt", "DCIM/.hidden.jpg"] {
        for operation in ["read", "write", "unlink", "utime", "truncate"] {
            let told = client.check(Uid::new(OTHER_USER), operation, path, None).unwrap();
            assert_eq!(
                (foretold(&told).as_str(), told.rule.as_str()),
                ("EACCES", "other-user"),
                "{operation}"
            );
            let answered = as_uid(OTHER_USER, || errno(try_it(operation, &volume.path(path))));
            assert_eq!(answered, "EACCES", "{operation} {path}");
        }
    }
}
