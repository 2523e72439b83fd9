//! The policy on a real mount: tables of cases, one a line, played by real users against a real daemon.
//!
//! `cases/*.txt` are the tables; the header of `language.rs` is their grammar. `cases/cast.txt` says who plays. A case
//! that fails prints where it stands, itself, and what came instead; all cases run before the test fails, and the
//! totals are printed. `MEDIAGATE_CASES=WORD` plays only the sections whose file or name contains the word.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod act;
mod arrange;
mod ask;
mod cast;
#[path = "../common/mod.rs"]
mod common;
mod existing;
mod fixture;
mod judge;
mod language;
mod lasting;
mod named;
mod number;
mod play;
mod stage;
mod totals;
mod word;

use std::io::Write;
use std::{env, fs, io};

use cast::Cast;
use language::Section;
use named::Named;
use play::Play;
use totals::Totals;

/// Where the tables are.
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/cases");

/// Tables about what files contain.
const CONTENTS: [&str; 2] = ["cts-redaction.txt", "cts-revocation.txt"];

/// The cast and the sections of all tables, in the order of the files' names.
fn tables() -> (Cast, Vec<Section>) {
    let directory = fs::read_dir(TABLES).expect("the tables are there");
    let mut files: Vec<_> = directory.map(|entry| entry.expect("a table").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let mut wrong = Vec::new();
    let mut sections = Vec::new();
    let mut cast = Cast::default();
    for file in files {
        let text = fs::read_to_string(&file).expect("a table is text");
        let name = file.file_name().expect("a table has a name").to_string_lossy().into_owned();
        if name == "cast.txt" {
            cast = Cast::parse(&name, &text, &mut wrong);
        } else {
            sections.extend(language::parse(&name, &text, &mut wrong));
        }
    }
    assert!(wrong.is_empty(), "the tables are not well formed:\n{}", wrong.join("\n"));
    (cast, sections)
}

#[test]
fn every_named_test_is_a_section_or_has_its_reason() {
    let (_, sections) = tables();
    let mut wrong = Vec::new();
    let named = Named::of(&sections, &mut wrong);
    let _ = io::stderr().write_all(named.to_string().as_bytes());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_of_the_tables_holds() {
    if !common::can_mount() {
        return;
    }
    let (cast, mut sections) = tables();
    if let Ok(word) = env::var("MEDIAGATE_CASES") {
        sections.retain(|section| section.file.contains(&word) || section.name.contains(&word));
    }
    hold(cast, &sections);
}

/// What several descriptors of a file show depends on whether the kernel or the daemon serves it.
#[test]
fn the_cases_of_contents_hold_without_passthrough() {
    if !common::can_mount() {
        return;
    }
    let (cast, mut sections) = tables();
    sections.retain(|section| CONTENTS.contains(&section.file.as_str()));
    for section in &mut sections {
        section.options.push("--no-passthrough".to_owned());
    }
    hold(cast, &sections);
}

/// Plays the sections, prints the totals, and fails if a case did.
fn hold(cast: Cast, sections: &[Section]) {
    let mut totals = Totals::default();
    let mut play = Play::new(cast);
    for section in sections {
        play.section(section, &mut totals);
    }
    // Past the capture of the test runner: the totals are an outcome of their own.
    let _ = io::stderr().write_all(totals.to_string().as_bytes());
    let failures = totals.failures();
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
}
