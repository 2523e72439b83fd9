//! Following Android's `packages.list`: what is installed and uninstalled while the daemon serves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{READER, STRANGER, Setup, Volume, as_uid};

const PATIENCE: Duration = Duration::from_secs(10);
const READS: &str = "READ_MEDIA_IMAGES";

/// A line as Android's package manager writes it.
fn line(name: &str, uid: u32) -> String {
    format!("{name} {uid} 0 /data/user/0/{name} default:targetSdkVersion=34 none 0 0 1 @null\n")
}

/// Replaces the list as Android does: by another file.
fn replace(volume: &Volume, list: &str) {
    let new = volume.apps().with_extension("list.tmp");
    fs::write(&new, list).unwrap();
    fs::rename(&new, volume.apps()).unwrap();
}

/// The registered packages: name, uid and permissions.
fn registered(volume: &Volume) -> Vec<(String, u64, String)> {
    let listed = volume.json(&["app", "list"]);
    let listed = listed.as_array().or_else(|| listed["applications"].as_array()).unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let permissions = |value: &serde_json::Value| value.as_array().unwrap().iter().map(text).collect();
    listed
        .iter()
        .map(|app| (text(&app["name"]), app["uid"].as_u64().unwrap(), permissions(&app["permissions"])))
        .collect()
}

fn until(volume: &Volume, expected: &[(&str, u32, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, uid, permissions)| ((*name).to_owned(), u64::from(*uid), (*permissions).to_owned()))
        .collect();
    let deadline = Instant::now() + PATIENCE;
    while registered(volume) != expected {
        assert!(Instant::now() < deadline, "{:?} is not {expected:?}", registered(volume));
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn packages_come_and_go() {
    let (first, second) = ("org.example.first", "org.example.second");
    let list = line(first, READER);
    let Some(volume) = Setup::new().file("DCIM/picture.png", "no picture").packages(&list).start() else {
        return;
    };
    assert!(volume.command(&["permission", "grant", first, READS]).status.success());
    until(&volume, &[(first, READER, READS)]);

    replace(&volume, &(list.clone() + &line(second, STRANGER)));
    until(&volume, &[(first, READER, READS), (second, STRANGER, "")]);

    // What it made is its own, until it is uninstalled.
    as_uid(STRANGER, || fs::write(volume.path("DCIM/own.png"), "own").unwrap());
    assert_eq!(fs::read_to_string(volume.path("DCIM/own.png")).unwrap(), "own");
    replace(&volume, &list);
    until(&volume, &[(first, READER, READS)]);
    replace(&volume, &(list + &line(second, STRANGER)));
    until(&volume, &[(first, READER, READS), (second, STRANGER, "")]);
    as_uid(STRANGER, || assert!(fs::read(volume.path("DCIM/own.png")).is_err()));
}

/// Permissions are of an installation, not of a uid or of a name.
#[test]
fn what_was_granted_goes_with_the_package() {
    let (first, second) = ("org.example.first", "org.example.second");
    let Some(mut volume) = Setup::new().packages(&line(first, READER)).start() else { return };
    assert!(volume.command(&["permission", "grant", first, READS]).status.success());
    replace(&volume, &line(second, READER));
    until(&volume, &[(second, READER, "")]);

    assert!(volume.command(&["permission", "grant", second, READS]).status.success());
    replace(&volume, &line(second, STRANGER));
    until(&volume, &[(second, STRANGER, "")]);

    // The same while the daemon does not run.
    assert!(volume.command(&["permission", "grant", second, READS]).status.success());
    volume.stop();
    replace(&volume, &line(first, STRANGER));
    volume.serve();
    until(&volume, &[(first, STRANGER, "")]);
}

#[test]
fn a_list_that_is_none_changes_nothing() {
    let (first, second) = ("org.example.first", "org.example.second");
    let Some(volume) = Setup::new().packages(&line(first, READER)).start() else { return };
    replace(&volume, "");
    replace(&volume, "org.example.second many\n");
    let deadline = Instant::now() + PATIENCE;
    while !volume.log().contains("is not a number") {
        assert!(Instant::now() < deadline, "{}", volume.log());
        sleep(Duration::from_millis(20));
    }
    assert!(volume.log().contains("names no package") || volume.log().contains("is not taken"));
    until(&volume, &[(first, READER, "")]);
    // Written in place, too.
    fs::write(volume.apps(), line(first, READER) + &line(second, STRANGER)).unwrap();
    until(&volume, &[(first, READER, ""), (second, STRANGER, "")]);
}
