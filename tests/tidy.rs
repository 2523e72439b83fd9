//! Keeps the repository in the shape that docs/ARCHITECTURE.md describes: who may import whom, where `unsafe`, SQL,
//! FUSE and Binder may stand, how long a file may grow, and which licences a dependency may have.
//!
//! Each rule is a function over text, so each is also seen to fail on a seeded violation (`tidy/seeded.rs`).

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/licences.rs"]
mod licences;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/seeded.rs"]
mod seeded;
#[path = "tidy/tree.rs"]
mod tree;

use std::fmt;

use tree::{SourceFile, repository_files};

/// One place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    file: String,
    line: usize,
    what: String,
}

impl Violation {
    fn new(file: &SourceFile, line: usize, what: impl Into<String>) -> Violation {
        Violation { file: file.path.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Runs one rule over every file of the repository and shows all that it found at once.
fn hold(rule: impl Fn(&SourceFile) -> Vec<Violation>) {
    let found: Vec<Violation> = repository_files().iter().flat_map(rule).collect();
    report(&found);
}

fn report(found: &[Violation]) {
    let lines: Vec<String> = found.iter().map(Violation::to_string).collect();
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), lines.join("\n"));
}

#[test]
fn imports_follow_the_table() {
    hold(imports::check);
}

#[test]
fn every_module_is_in_the_import_table() {
    hold(imports::known_module);
}

#[test]
fn no_file_passes_500_lines() {
    hold(places::length);
}

#[test]
fn the_median_source_file_stays_under_200_lines() {
    report(&places::median_length(&repository_files()));
}

#[test]
fn unsafe_stands_only_in_its_files() {
    hold(places::unsafe_code);
}

#[test]
fn every_other_file_forbids_unsafe() {
    hold(places::forbids_unsafe);
}

#[test]
fn sql_stands_only_in_the_store() {
    hold(places::sql);
}

#[test]
fn foreign_interfaces_are_named_only_by_their_adapters() {
    hold(places::adapters);
}

#[test]
fn operating_systems_differ_only_in_their_place() {
    hold(places::systems);
}

#[test]
fn nothing_names_a_place_outside_the_repository() {
    hold(places::outside_paths);
}

#[test]
fn dependencies_have_licences_that_go_with_apache_2() {
    let refused = licences::refused(&licences::of_dependencies());
    assert!(refused.is_empty(), "licences that are not on the list:\n{}", refused.join("\n"));
}
