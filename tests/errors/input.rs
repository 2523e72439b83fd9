//! Lists of applications, and names on the command line.

#![forbid(unsafe_code)]

use std::fs;

use crate::attempt::{Attempt, assert_says, only_line, shown};
use crate::common::{App, Setup, can_mount};

/// A start with a list of applications fails; its message, which names the list.
fn refused(list: &str) -> String {
    let attempt = Attempt::new();
    let path = attempt.path("apps.toml");
    fs::write(&path, list).expect("a list");
    let line = attempt.with("--apps", &path).fails(2);
    assert_says(&line, &[&shown(&path)]);
    line
}

#[test]
fn a_list_of_applications_that_is_not_there() {
    if !can_mount() {
        return;
    }
    let attempt = Attempt::new();
    let missing = attempt.path("missing.toml");
    assert_says(&attempt.with("--apps", &missing).fails(2), &["cannot read", &shown(&missing)]);
}

#[test]
fn a_list_of_applications_that_is_wrong() {
    if !can_mount() {
        return;
    }
    assert_says(&refused("[[app]]\nname = \"a\"\nuid = \n"), &["line 3"]);
    assert_says(&refused("[[app]]\nname = \"a\"\nuid = 1\nuidd = 2\n"), &["line 4", "uidd"]);
    let line = refused("[[app]]\nname = \"a\"\nuid = 10001\npermissions = [\"READ_MINDS\"]\n");
    assert_says(&line, &["line 4", "unknown permission READ_MINDS", "READ_MEDIA_IMAGES"]);
}

#[test]
fn names_that_a_daemon_does_not_know() {
    let setup = Setup::new().file("Pictures/a.txt", "a").app(App::new("org.example.a", 10_001));
    let Some(volume) = setup.start() else { return };
    let cases: [(&[&str], i32, &[&str]); 7] = [
        (
            &["grant", "add", "org.example.b", "Pictures/a.txt"],
            1,
            &["no application org.example.b", "app set"],
        ),
        (
            &["permission", "grant", "org.example.b", "READ_MEDIA_IMAGES"],
            1,
            &["no application org.example.b"],
        ),
        (&["permission", "grant", "org.example.a", "READ_MINDS"], 2, &["unknown permission READ_MINDS"]),
        (&["grant", "add", "org.example.a", "Pictures/b.txt"], 1, &["Pictures/b.txt"]),
        (&["grant", "add", "org.example.a", "/elsewhere/a.txt"], 1, &["/elsewhere/a.txt"]),
        (
            &["check", "--uid", "10001", "--op", "dance", "Pictures/a.txt"],
            2,
            &["unknown operation dance", "read"],
        ),
        (&["grant", "revoke", "77"], 1, &["77"]),
    ];
    for (arguments, status, parts) in cases {
        assert_says(&only_line(&volume.command(arguments), status), parts);
    }
}
