//! Names that resemble protected ones, on an ordinary lower directory: it takes every spelling for a name of its own,
//! the volume does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use common::{MANAGER, OWNER, READER, STRANGER, Setup, as_uid, cast};
use mediagate::sample;

const PACKAGE: &str = "org.example.owner";
/// Whoever has no business in the package's directory, however many rights elsewhere.
const STRANGERS: [u32; 3] = [STRANGER, READER, MANAGER];
/// Spellings of the path to the private tree that a person, or a file system that folds, takes for it.
const SPELLINGS: [&str; 14] = [
    "Android/da\u{200b}ta",         // zero-width space: CVE-2024-43093
    "Android/\u{200b}data",         // as used against file managers
    "Andr\u{200d}oid/data",         // zero-width joiner
    "Android/d\u{ad}ata",           // soft hyphen
    "Android/data\u{fe0f}",         // variation selector
    "Android/\u{feff}data",         // byte order mark
    "Android/data\u{e0061}",        // tag
    "Android/DATA",                 // case
    "android/Data",                 //
    "ANDROID/\u{2060}dAtA\u{200c}", // both
    "Android\u{34f}/data",          // combining grapheme joiner
    "Android/da\u{3164}ta",         // Hangul filler
    "Android/OBB",
    "Android/o\u{200b}bb",
];
/// Names that no folding of D11's makes equal to the protected ones: compatibility forms and other letters.
const OTHERS: [&str; 5] = [
    "Android/\u{ff44}\u{ff41}\u{ff54}\u{ff41}", // fullwidth
    "Android/d\u{430}ta",                       // Cyrillic
    "Android/da\u{301}ta",                      // with an accent
    "Andro\u{131}d/data",                       // dotless i
    "\u{1d400}ndroid/data",                     // mathematical
];

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

/// A volume on whose lower file system every spelling is a directory of its own with a package's secret.
fn with_decoys(spellings: &[&str]) -> Setup {
    spellings
        .iter()
        .fold(cast(), |setup, spelling| setup.file(&format!("{spelling}/{PACKAGE}/secret.txt"), "secret"))
}

/// Nobody but root gets at anything below, in any way.
fn assert_out_of_reach(tree: &Path) {
    for uid in STRANGERS.into_iter().chain([OWNER]) {
        as_uid(uid, || {
            let package = tree.join(PACKAGE);
            for gone in [&package, &package.join("secret.txt"), &tree.join("other"), &package.join("none")] {
                assert!(fs::symlink_metadata(gone).is_err(), "{uid}: stat {gone:?}");
                assert!(File::open(gone).is_err(), "{uid}: open {gone:?}");
            }
            assert!(fs::read_dir(&package).is_err(), "{uid}: list {package:?}");
            assert!(fs::write(package.join("new.txt"), "").is_err(), "{uid}: create in {package:?}");
            assert!(fs::create_dir(package.join("new")).is_err(), "{uid}: mkdir in {package:?}");
            assert!(fs::remove_file(package.join("secret.txt")).is_err(), "{uid}: unlink in {package:?}");
            let listed = fs::read_dir(tree).map(|mut entries| entries.next().is_some());
            assert!(!listed.unwrap_or(false), "{uid}: {tree:?} lists something");
        });
    }
}

#[test]
fn cve_2024_43093_no_spelling_of_a_protected_component_leads_anywhere() {
    let Some(volume) = with_decoys(&SPELLINGS).start() else { return };
    for spelling in SPELLINGS {
        assert_out_of_reach(&volume.path(spelling));
        assert!(volume.lower().join(spelling).join(PACKAGE).join("secret.txt").exists());
    }
}

#[test]
fn no_spelling_of_a_protected_component_can_be_made_or_renamed_to() {
    let Some(volume) = cast().file("Download/d/file.txt", "").start() else { return };
    for spelling in SPELLINGS {
        let (above, name) = spelling.split_once('/').unwrap();
        for uid in [STRANGER, MANAGER] {
            as_uid(uid, || {
                let path = volume.path("Android").join(name);
                assert!(fs::write(&path, "").is_err(), "{uid}: create {path:?}");
                assert!(fs::rename(volume.path("Download/d"), &path).is_err(), "{uid}: rename to {path:?}");
                assert!(fs::create_dir(path.join("mine")).is_err(), "{uid}: mkdir in {path:?}");
                // A manager may make a directory at the top. It is another `Android` then, under the same rules.
                let made = above != "Android" && fs::create_dir(volume.path(above)).is_ok();
                assert!(!made || uid == MANAGER, "{uid}: mkdir {above:?}");
                assert!(fs::create_dir(volume.path(spelling).join("mine")).is_err(), "{uid}: {spelling:?}");
            });
        }
    }
}

#[test]
fn compatibility_forms_and_lookalikes_are_other_names() {
    let Some(volume) = with_decoys(&OTHERS).start() else { return };
    for other in OTHERS {
        let secret = volume.path(other).join(PACKAGE).join("secret.txt");
        // A shared file like every other: who may not read it is told so, and it is not the private one.
        assert!(as_uid(MANAGER, || fs::read(&secret)).is_ok(), "{other:?}");
        assert_eq!(errno(as_uid(STRANGER, || fs::read(&secret))), Some(libc::EACCES), "{other:?}");
    }
}

/// An ordinary lower directory keeps trailing dots and spaces: they make another name, which is nobody's.
#[test]
fn trailing_dots_and_spaces_make_another_name_which_is_not_the_protected_place() {
    let names = ["Android/data.", "Android/data ", "Android/data. .", "Android/obb..."];
    let Some(volume) = with_decoys(&names).start() else { return };
    as_uid(OWNER, || {
        fs::create_dir(volume.path("Android/data/org.example.owner")).unwrap();
        fs::write(volume.path("Android/data/org.example.owner/secret.txt"), "mine").unwrap();
    });
    for name in names {
        for uid in STRANGERS {
            let read = as_uid(uid, || fs::read(volume.path(name).join(PACKAGE).join("secret.txt")));
            assert_ne!(read.ok().as_deref(), Some(&b"mine"[..]), "{uid}: {name:?}");
        }
    }
}

#[test]
fn folding_is_full_and_canonical_for_default_directories_too() {
    let Some(volume) = cast().start() else { return };
    as_uid(OWNER, || {
        for (name, accepted) in [("MU\u{17f}IC", true), ("D\u{200b}CIM", true), ("MUS\u{131}C", false)] {
            let made = fs::create_dir(volume.path(name));
            assert_eq!(made.is_ok(), accepted, "{name:?}: {made:?}");
        }
        assert!(fs::write(volume.path("MU\u{17f}IC/song.mp3"), "").is_ok(), "long s: it is Music");
        assert_eq!(errno(fs::write(volume.path("MU\u{17f}IC/photo.jpg"), "")), Some(libc::EPERM));
    });
}

#[test]
fn overlong_names_and_names_that_are_no_unicode_are_refused() {
    let Some(volume) = cast().file("Download/x", "").start() else { return };
    let long = "n".repeat(256);
    let fits = "n".repeat(255);
    let invalid: [&[u8]; 4] = [b"da\xffta", b"d\xc1\xa1ta", b"\xed\xa0\x80", b"data\xc0\x80"];
    // What is there already is not listed and not found.
    for name in invalid {
        fs::write(volume.lower().join("Download").join(OsStr::from_bytes(name)), "x").unwrap();
    }
    for uid in [OWNER, MANAGER] {
        as_uid(uid, || {
            assert_eq!(errno(fs::write(volume.path("Download").join(&long), "")), Some(libc::EPERM));
            assert!(fs::metadata(volume.path(&long)).is_err());
            let made = volume.path("Download").join(&fits);
            fs::write(&made, "").unwrap();
            fs::remove_file(&made).unwrap();
            for name in invalid {
                let name = OsStr::from_bytes(name);
                let at = |above: &str| volume.path(above).join(name);
                assert_eq!(errno(fs::metadata(at("Download"))), Some(libc::ENOENT), "{name:?}");
                assert!(fs::create_dir(at("Android")).is_err(), "{name:?}");
                assert!(fs::create_dir(at("")).is_err(), "{name:?}");
                assert_eq!(errno(fs::create_dir(at("Download"))), Some(libc::EPERM), "{name:?}");
                let renamed = fs::rename(volume.path("Download/x"), at("Download"));
                assert!(renamed.is_err(), "{name:?}");
            }
            let mut names = fs::read_dir(volume.path("Download")).unwrap();
            assert!(names.all(|entry| entry.unwrap().file_name().to_str().is_some()));
        });
    }
}

/// Two spellings are two files here: each has its own owner and its own view.
#[test]
fn two_spellings_are_two_files_with_rights_of_their_own() {
    let located = sample::jpeg_with_location();
    let Some(volume) = cast().start() else { return };
    let (lower, upper) = (volume.path("DCIM/photo.jpg"), volume.path("DCIM/PHOTO.JPG"));
    as_uid(OWNER, || {
        fs::create_dir(volume.path("DCIM")).unwrap();
        fs::write(&lower, &located).unwrap();
    });
    assert_eq!(errno(fs::metadata(&upper)), Some(libc::ENOENT));
    as_uid(MANAGER, || fs::write(&upper, &located).unwrap());
    assert_eq!(errno(as_uid(OWNER, || fs::remove_file(&upper))), Some(libc::EACCES));
    assert!(as_uid(READER, || fs::read(&upper)).unwrap() != located);
    as_uid(OWNER, || fs::remove_file(&lower).unwrap());
    assert!(upper.exists() && !lower.exists());
}
