//! Files of many cameras and programs, served to a reader who may not know where they were made, and judged by programs
//! that are none of ours.
//!
//! Not all of these files may be passed on, so they are no part of the project: the tests take them, and the program
//! that asks the others (`oracle/oracle.py`), from the directory that `MEDIAGATE_SHARED` names or from `../shared` beside
//! the project, and are skipped where there is none. `tests/corpus/run` runs all and prints the tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod judge;
mod serve;
mod table;

use std::path::PathBuf;

use common::skip;
use files::{File, Sort};
use serve::Way;
use table::Table;

/// A control that tells a place after all: in the photograph attached to it.
const TELLING_CONTROL: &str = "74b5304c_test_cover.mkv";
/// Of a hundred files so many may be refused because they cannot be made safe.
const MOST_REFUSED: usize = 2;

/// The directory with the files and the program; records the reason where there is none.
fn shared() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let shared = std::env::var_os("MEDIAGATE_SHARED").map_or_else(beside, PathBuf::from);
    if !shared.join("corpus/open").is_dir() {
        skip(&format!("there are no files of other programs in {}/corpus", shared.display()));
        return None;
    }
    Some(shared)
}

/// The files of the corpus and how each of them was served.
fn served(shared: &std::path::Path) -> Option<(serve::Copies, Vec<(File, Way)>)> {
    let files = files::below(&shared.join("corpus"));
    assert!(files.len() > 400, "{} files", files.len());
    serve::copy(files)
}

#[test]
fn clean_files_are_passed_through_and_few_are_refused() {
    let Some(shared) = shared() else { return };
    let Some((_copies, served)) = served(&shared) else { return };
    println!("{}", Table::of(&served));
    for (file, way) in &served {
        if file.sort == Sort::Control && !file.name.ends_with(TELLING_CONTROL) {
            assert_eq!(*way, Way::PassedThrough, "{}", file.name);
        }
    }
    let refused: Vec<_> = served.iter().filter(|(_, way)| matches!(way, Way::Refused(_))).collect();
    for (file, way) in &refused {
        println!("{}: {way:?}", file.name);
    }
    assert!(refused.len() * 100 <= served.len() * MOST_REFUSED, "{refused:?}");
}

#[test]
#[ignore = "asks six programs about each file, which takes minutes; tests/corpus/run does it"]
fn other_programs_find_no_location_and_miss_nothing_else() {
    let Some(shared) = shared() else { return };
    if let Some(missing) = judge::missing(&shared) {
        return skip(&format!("{missing} is not there, and judges the files"));
    }
    let Some((copies, served)) = served(&shared) else { return };
    let verdicts = judge::verdicts(&shared, copies.originals(), copies.seen());
    println!("{}", Table::of(&served).with(&verdicts));
    let judged = served.iter().filter(|(_, way)| !matches!(way, Way::Refused(_))).count();
    assert_eq!(verdicts.len(), judged, "files that were judged");
    let failed: Vec<_> = verdicts.values().filter(|verdict| !verdict.is_as_expected()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
