//! What fuzzing once found, and what it begins with, held to the law that the fuzz targets check.
//!
//! `tests/regressions/` has a directory for each fuzz target (`fuzz/README.md`), and in it inputs that broke the law.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use mediagate::redact;

#[path = "../fuzz/src/law.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets are other crates than the law")]
mod law;

/// Inputs of all targets below a directory.
fn inputs(directory: &str) -> Vec<PathBuf> {
    let list = |directory: &Path| {
        let entries =
            fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    let targets = list(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory));
    targets.iter().flat_map(|target| list(target)).collect()
}

/// One test, as it measures the memory of the whole process.
#[test]
fn the_law_holds_for_what_fuzzing_found_and_begins_with() {
    let all = [inputs("tests/regressions"), inputs("fuzz/seeds")].concat();
    for path in all {
        let file = fs::read(&path).expect("an input");
        println!("{}", path.display());
        law::hold(&file, None);
        law::hold(&file, Some("mp4"));
    }
}
