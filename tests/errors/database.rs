//! State that cannot be used.

#![forbid(unsafe_code)]

use std::fs;

use crate::attempt::{Attempt, assert_says, shown};
use crate::common::{Setup, can_mount};

#[test]
fn a_state_directory_that_cannot_be_made() {
    if !can_mount() {
        return;
    }
    let line = Attempt::new().with("--state", "/proc/mediagate").fails(1);
    assert_says(&line, &["cannot make the state directory /proc/mediagate", "--state DIR"]);
    let attempt = Attempt::new();
    let file = attempt.path("file");
    fs::write(&file, "").expect("a file");
    assert_says(&attempt.with("--state", &file).fails(1), &[&shown(&file), "--state DIR"]);
}

#[test]
fn a_state_directory_that_cannot_be_written() {
    if !can_mount() {
        return;
    }
    let line = Attempt::new().with("--state", "/proc/self").fails(1);
    assert_says(
        &line,
        &["/proc/self/mediagate.db", "let this user write there, or choose another directory"],
    );
}

#[test]
fn a_database_of_a_newer_program() {
    let Some(mut volume) = Setup::new().start() else { return };
    volume.stop();
    let path = volume.state().join("mediagate.db");
    let database = rusqlite::Connection::open(&path).expect("the database");
    database.pragma_update(None, "user_version", 900).expect("the database is ours");
    drop(database);
    let bytes = fs::read(&path).expect("the database");
    let line = Attempt::new().with("--state", volume.state()).fails(1);
    assert_says(&line, &[&shown(&path), "schema 900", "run the program that wrote it", "move the file away"]);
    assert_eq!(fs::read(&path).expect("the database"), bytes, "it is left alone");
}

#[test]
fn a_database_that_is_none() {
    if !can_mount() {
        return;
    }
    let attempt = Attempt::new();
    let state = attempt.path("state");
    fs::create_dir(&state).expect("a state directory");
    fs::write(state.join("mediagate.db"), "Dear diary, ".repeat(400)).expect("a file");
    let line = attempt.fails_dirty(1);
    assert_says(&line, &[&shown(&state.join("mediagate.db")), "no database of this program", "move it away"]);
    assert_eq!(fs::read_dir(&state).expect("the state directory").count(), 1, "it is left alone");
}
