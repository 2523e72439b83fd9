//! Each rule seen to fail on a seeded violation, and to leave its nearest lawful neighbour alone.

use crate::licences::refused;
use crate::tree::SourceFile;
use crate::{Violation, imports, places};

/// The lines on which a rule finds something.
fn lines(rule: impl Fn(&SourceFile) -> Vec<Violation>, path: &str, text: &str) -> Vec<usize> {
    rule(&SourceFile::new(path, text)).into_iter().map(|violation| violation.line).collect()
}

fn imports_of(path: &str, text: &str) -> Vec<String> {
    imports::check(&SourceFile::new(path, text)).iter().map(Violation::to_string).collect()
}

#[test]
fn a_violation_names_file_and_line() {
    let shown = imports_of("src/policy/rules.rs", "//! Rules.\n\nuse crate::store::Row;\n");
    assert_eq!(shown, ["src/policy/rules.rs:3: `policy` may not import `store`"]);
}

#[test]
fn imports_are_seen_in_every_spelling() {
    for text in [
        "use crate::store::Row;",
        "use crate::{id::Uid, store::Row};",
        "use crate::{\n    id::{Uid, AppId},\n    store,\n};",
        "use super::super::store;",
        "fn f() -> crate::store::Row { crate::id::x() }",
        "mod tests { use super::super::super::store::Row; }",
        "pub(in crate::store) fn f() {}",
        "use crate::*;",
    ] {
        assert_eq!(imports_of("src/policy/rules.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn lawful_imports_pass() {
    for text in [
        "use crate::id::{Uid, AppId};",
        "use super::types::Caller;",
        "use super::super::id::Uid;",
        "mod tests { use super::*; fn f() { { } } }\nuse crate::policy::Verdict;",
        "// use crate::store::Row;",
        "const TEXT: &str = \"use crate::store::Row;\";",
        "pub(crate) fn f() {}",
        "use std::{fs, io};",
    ] {
        assert_eq!(imports_of("src/policy/rules.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn the_table_knows_its_strict_modules() {
    assert_eq!(imports_of("src/store/rows.rs", "use crate::error::Errno;"), [""; 0]);
    assert_eq!(imports_of("src/redact/jpeg.rs", "use crate::error::Errno;").len(), 1);
    assert_eq!(imports_of("src/policy/rules.rs", "use crate::error::Errno;").len(), 1);
    assert_eq!(imports_of("src/config.rs", "use super::store;\nmod tests { use super::*; }"), [""; 0]);
    assert_eq!(imports_of("src/bin/mediagate.rs", "use mediagate::store::Row;").len(), 1);
    assert_eq!(imports_of("src/bin/mediagate.rs", "use mediagate::daemon;"), [""; 0]);
    assert_eq!(lines(imports::known_module, "src/misc/mod.rs", ""), [1]);
    assert_eq!(lines(imports::known_module, "src/lib.rs", ""), [0; 0]);
}

#[test]
fn unsafe_is_seen_outside_its_files_only() {
    let text = "//! unsafe\nfn f() {\n    unsafe { g() }\n}\nconst S: &str = \"unsafe\";\n";
    assert_eq!(lines(places::unsafe_code, "src/fs/open.rs", text), [3]);
    assert_eq!(lines(places::unsafe_code, "tests/mount.rs", text), [3]);
    assert_eq!(lines(places::unsafe_code, "src/lower/sys.rs", text), [0; 0]);
}

#[test]
fn a_missing_forbid_is_seen() {
    let late = "//! Doc.\n\nuse std::fs;\n#![forbid(unsafe_code)]\n";
    let commented = "//! Doc.\n// #![forbid(unsafe_code)]\nuse std::fs;\n";
    assert_eq!(lines(places::forbids_unsafe, "src/fs/open.rs", late), [1]);
    assert_eq!(lines(places::forbids_unsafe, "src/fs/open.rs", commented), [1]);
    assert_eq!(lines(places::forbids_unsafe, "src/bin/mediagate.rs", "fn main() {}"), [1]);
    let good = "//! Doc.\n\n#![cfg(test)]\n#![forbid(unsafe_code)]\nuse std::fs;\n";
    assert_eq!(lines(places::forbids_unsafe, "src/fs/open.rs", good), [0; 0]);
    for around in ["src/lib.rs", "src/lower/mod.rs", "src/lower/sys.rs"] {
        assert_eq!(lines(places::forbids_unsafe, around, ""), [0; 0], "{around}");
    }
}

#[test]
fn sql_is_seen_outside_the_store_only() {
    let text =
        "fn f() {\n    g(\"SELECT id FROM entries\");\n    h(r#\"\n        DELETE FROM grants\"#);\n}\n";
    assert_eq!(lines(places::sql, "src/admin/grants.rs", text), [2, 4]);
    assert_eq!(lines(places::sql, "src/store/grants.rs", text), [0; 0]);
    assert_eq!(
        lines(places::sql, "src/fs/open.rs", "// SELECT x\nconst A: &str = \"select a file\";"),
        [0; 0]
    );
}

#[test]
fn adapters_are_named_only_at_home() {
    assert_eq!(lines(places::adapters, "src/fs/open.rs", "//! fuser\nuse fuser::Request;\n"), [2]);
    assert_eq!(lines(places::adapters, "src/daemon.rs", "use rsbinder::Status;"), [1]);
    assert_eq!(lines(places::adapters, "src/fuse/session.rs", "use io_uring::IoUring;"), [1]);
    assert_eq!(lines(places::adapters, "src/fs/open.rs", "fn f(error: rusqlite::Error) {}"), [1]);
    assert_eq!(lines(places::adapters, "src/fuse/session.rs", "use fuser::Request;"), [0; 0]);
    assert_eq!(lines(places::adapters, "build.rs", "use rsbinder_aidl::Builder;"), [0; 0]);
}

#[test]
fn differences_of_systems_are_seen() {
    let code = "#[cfg(target_os = \"android\")]\nfn f() {}";
    assert_eq!(lines(places::systems, "src/lower/path.rs", code), [1]);
    assert_eq!(lines(places::systems, "src/fs/open.rs", "if cfg!(target_family = \"unix\") {}"), [1]);
    assert_eq!(lines(places::systems, "src/platform/mod.rs", code), [0; 0]);
    assert_eq!(lines(places::systems, "tests/views.rs", code), [0; 0]);
}

#[test]
fn long_files_are_seen() {
    assert_eq!(lines(places::length, "src/fs/open.rs", &"\n".repeat(501)), [501]);
    assert_eq!(lines(places::length, "src/fs/open.rs", &"\n".repeat(500)), [0; 0]);
    assert_eq!(lines(places::length, "docs/LONG.md", &"\n".repeat(501)), [0; 0]);
    let files = ["src/a.rs", "src/b.rs", "src/c.rs"].map(|path| SourceFile::new(path, &"\n".repeat(200)));
    assert_eq!(places::median_length(&files).len(), 1);
    let files = ["src/a.rs", "src/b.rs", "src/c.rs"].map(|path| SourceFile::new(path, &"\n".repeat(199)));
    assert_eq!(places::median_length(&files), []);
}

#[test]
fn paths_outside_the_repository_are_seen() {
    let machine = format!("see `/{}/someone/file`", "home");
    assert_eq!(lines(places::outside_paths, "docs/A.md", &machine), [1]);
    let climbing = format!("include_str!(\"{}LICENSE\")", "../".repeat(2));
    assert_eq!(lines(places::outside_paths, "tests/a.rs", &climbing), [1]);
    assert_eq!(lines(places::outside_paths, "tests/a/b.rs", &climbing), [0; 0]);
    assert_eq!(lines(places::outside_paths, "docs/A.md", "a/home/b, https://example.org/home/x"), [0; 0]);
}

#[test]
fn licences_are_evaluated() {
    let listed = |licence: Option<&str>| refused(&[("a 1.0.0".to_owned(), licence.map(str::to_owned))]);
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR GPL-3.0-only",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert_eq!(listed(Some(good)), [""; 0], "{good}");
    }
    for bad in
        ["GPL-3.0-only", "MIT AND LGPL-2.1-only", "MPL-2.0", "(MIT", "MIT)", "", "MIT WITH Odd-exception"]
    {
        assert_eq!(listed(Some(bad)), [format!("a 1.0.0: {bad}")], "{bad}");
    }
    assert_eq!(listed(None), ["a 1.0.0: no licence stated"]);
}
