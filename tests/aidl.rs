//! The interface is frozen: `aidl/api/mediagate/VERSION` holds it without its comments, as AOSP keeps the interfaces of
//! an `aidl_interface`, with the hash that AOSP's build checks and that the services answer to `getInterfaceHash`.
//!
//! Whoever changes `aidl/org` on purpose renews it: `MEDIAGATE_FREEZE=1 cargo test --test aidl`. Once a version was
//! released, a change is a new version, and only adds to the end.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the interface is written.
const SOURCE: &str = "aidl/org/mediagate";
/// The version that `build.rs` builds.
const VERSION: &str = "1";
/// What stands in front of every frozen file.
const HEADER: &str = "// Frozen. Nobody edits this file: it is written from the interface's own.\n";

fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn frozen() -> PathBuf {
    path("aidl/api/mediagate").join(VERSION)
}

/// Every AIDL file of a directory, by name.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let listed = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("the directory can be listed");
        let name = entry.file_name().into_string().expect("names are text");
        (name, fs::read_to_string(entry.path()).expect("it can be read"))
    };
    listed.map(file).filter(|(name, _)| name.ends_with(".aidl")).collect()
}

/// What of an interface matters to who calls it.
fn without_comments(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("/*") {
        plain.push_str(&rest[..begin]);
        let end = rest[begin..].find("*/").expect("every comment ends");
        rest = &rest[begin + end + 2..];
    }
    plain.push_str(rest);
    let lines = plain.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end());
    lines.filter(|line| !line.is_empty()).fold(HEADER.to_owned(), |all, line| all + line + "\n")
}

/// The hash of AOSP's build (system/tools/aidl, build/aidl_api.go), made by the same commands.
fn hash(directory: &Path) -> String {
    let sums = "find ./ -name '*.aidl' -print0 | LC_ALL=C sort -z | xargs -0 sha1sum";
    let script = format!("{{ {sums} && echo {VERSION}; }} | sha1sum | cut -d ' ' -f 1");
    let made = Command::new("sh").args(["-c", &script]).current_dir(directory).output().expect("a shell");
    String::from_utf8(made.stdout).expect("a sum is text")
}

#[test]
fn the_interface_is_as_it_was_frozen() {
    let (into, hashed) = (frozen().join("org/mediagate"), frozen().join(".hash"));
    let now: BTreeMap<_, _> =
        files(&path(SOURCE)).into_iter().map(|(name, text)| (name, without_comments(&text))).collect();
    if env::var_os("MEDIAGATE_FREEZE").is_some() {
        let _none_yet = fs::remove_dir_all(&into);
        fs::create_dir_all(&into).expect("the repository can be written");
        for (name, text) in &now {
            fs::write(into.join(name), text).expect("the repository can be written");
        }
        fs::write(&hashed, hash(&frozen())).expect("the repository can be written");
    }
    let before = files(&into);
    let renew = "it is not as it was frozen: MEDIAGATE_FREEZE=1 cargo test --test aidl";
    assert_eq!(now.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{renew}");
    for (name, text) in &now {
        assert_eq!(text, &before[name], "{name}: {renew}");
    }
    assert_eq!(fs::read_to_string(hashed).expect("it was frozen"), hash(&frozen()), "{renew}");
}

#[test]
fn comments_are_no_part_of_it_and_all_else_is() {
    let commented =
        "/** What\n * it is. */\ninterface I {\n    // Beside.\n\n    void a(in int b); // Behind.\n}\n";
    let plain = "interface I {\n    void a(in int b);\n}\n";
    assert_eq!(without_comments(commented), format!("{HEADER}{plain}"));
    assert_ne!(without_comments(commented), without_comments(&plain.replace("int b", "long b")));
}
