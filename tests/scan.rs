//! Scans of a real daemon: killed in the middle, left by their client, asked for twice, ended by others and by the
//! daemon's own end.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{MANAGER, OWNER, Volume, as_uid, cast};
use mediagate::admin::Administration as _;
use mediagate::binder::Client;
use mediagate::id::MediaId;
use mediagate::policy::Kind;
use mediagate::store::{Entry, Store};
use rustix::process::Signal;

const DIRECTORIES: u64 = 20;
const EACH: u64 = 300;
const FILES: u64 = DIRECTORIES * EACH;
/// After so many files of a scan something happens to it: well after the beginning and well before the end.
const MIDDLE: u64 = FILES / 3;
const PATIENCE: Duration = Duration::from_secs(30);
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9";

fn directory(number: u64) -> String {
    format!("Pictures/{number:02}")
}

/// A volume with some thousand files that others put there; one more is the owner's.
fn with_many() -> Option<Volume> {
    let setup = cast();
    for number in 0..DIRECTORIES {
        let directory = setup.lower().join(directory(number));
        fs::create_dir_all(&directory).unwrap();
        for file in 0..EACH {
            let (name, content) = if file % 2 == 0 { ("jpg", PICTURE) } else { ("txt", &b"text"[..]) };
            fs::write(directory.join(format!("{file:03}.{name}")), content).unwrap();
        }
    }
    let volume = setup.start()?;
    let own = volume.path("Pictures/00/own.jpg");
    as_uid(OWNER, || fs::write(own, PICTURE)).unwrap();
    Some(volume)
}

fn begin(volume: &Volume) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediagate"));
    command.args(["scan", "--json", "--socket"]).arg(volume.socket());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn client(volume: &Volume) -> Client {
    Client::connect(&volume.socket()).unwrap()
}

/// Waits until the running scan has met so many files.
fn await_files(client: &Client, files: u64) {
    let deadline = Instant::now() + PATIENCE;
    while client.scan_progress().unwrap().is_none_or(|progress| progress.files < files) {
        assert!(Instant::now() < deadline, "the scan does not get to {files} files");
    }
}

fn await_no_scan(client: &Client) {
    let deadline = Instant::now() + PATIENCE;
    while client.scan_progress().unwrap().is_some() {
        assert!(Instant::now() < deadline, "the scan does not end");
        thread::sleep(Duration::from_millis(5));
    }
}

fn report(child: Child) -> serde_json::Value {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The rows below `Pictures` whose files were looked into. The daemon is gone meanwhile.
fn looked_into(volume: &Volume) -> Vec<Entry> {
    let store = Store::open(&volume.state().join("mediagate.db")).unwrap();
    let root =
        store.volume(&fs::canonicalize(volume.lower()).unwrap(), identity(&volume.lower())).unwrap().root;
    let mut found = Vec::new();
    let pictures = store.entry(root, b"Pictures").unwrap();
    collect(&store, pictures.map(|row| row.id), &mut found);
    found
}

fn identity(path: &Path) -> mediagate::id::Identity {
    mediagate::lower::PathFd::root(path).unwrap().stat().unwrap().identity
}

fn collect(store: &Store, below: Option<MediaId>, found: &mut Vec<Entry>) {
    for row in below.map(|below| store.children(below).unwrap()).unwrap_or_default() {
        if row.directory {
            collect(store, Some(row.id), found);
        } else if row.version.is_some() && row.kind.is_some() {
            found.push(row);
        }
    }
}

#[test]
fn a_scan_goes_on_after_the_daemon_was_killed_and_reads_nothing_again() {
    let Some(mut volume) = with_many() else { return };
    let mut known = 0;
    for middle in [MIDDLE, 2 * MIDDLE] {
        let mut scan = begin(&volume);
        await_files(&client(&volume), middle);
        volume.end_with(Signal::KILL);
        assert_eq!(
            scan.wait().unwrap().code(),
            Some(3),
            "a daemon that is gone is told from a scan that is done"
        );
        let rows = looked_into(&volume).len() as u64;
        assert!(known < rows && rows < FILES, "{known} rows, then {rows} of {FILES}");
        known = rows;
        volume.serve();
    }
    let rest = report(begin(&volume));
    assert_eq!((&rest["files"], &rest["read"]), (&(FILES + 1).into(), &(FILES + 1 - known).into()), "{rest}");
    assert_eq!(
        (&rest["failed"], &rest["removed"], &rest["cancelled"]),
        (&0.into(), &0.into(), &false.into())
    );
    let again = report(begin(&volume));
    assert_eq!((&again["read"], &again["changed"]), (&0.into(), &0.into()), "{again}");
    assert!(volume.stop().success());
    let rows = looked_into(&volume);
    assert_eq!(rows.len() as u64, FILES + 1);
    for row in rows {
        let name = String::from_utf8(row.name).unwrap();
        let kind = if name.ends_with(".jpg") { Kind::Image } else { Kind::Document };
        assert_eq!(row.kind, Some(kind), "{name}");
        assert_eq!(row.owner.is_some(), name == "own.jpg", "{name}: {:?}", row.owner);
    }
}

#[test]
fn a_scan_goes_on_without_its_client_and_there_is_one_at_a_time() {
    let Some(volume) = with_many() else { return };
    let asking = client(&volume);
    let mut scan = begin(&volume);
    await_files(&asking, 1);
    scan.kill().unwrap();
    scan.wait().unwrap();
    let second = volume.command(&["scan"]);
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{told}");
    assert!(told.contains("a scan is running already"), "{told}");
    // What needs a scan for itself makes do with the one that runs.
    assert!(volume.command(&["maintain"]).status.success());
    // Somebody who lists meanwhile is served.
    as_uid(MANAGER, || {
        assert_eq!(fs::read_dir(volume.path("Pictures")).unwrap().count() as u64, DIRECTORIES)
    });
    await_no_scan(&asking);
    assert_eq!(volume.json(&["scan"])["read"], 0, "all was read without the client");
}

#[test]
fn a_scan_is_ended_and_so_is_the_daemon_that_scans() {
    let Some(mut volume) = with_many() else { return };
    let asking = client(&volume);
    let scan = begin(&volume);
    await_files(&asking, 500);
    assert!(asking.cancel_scan().unwrap());
    let first = report(scan);
    assert_eq!(first["cancelled"], true, "{first}");
    assert!(first["files"].as_u64().unwrap() < FILES, "{first}");
    await_no_scan(&asking);
    assert!(!asking.cancel_scan().unwrap());
    let scan = begin(&volume);
    await_files(&asking, 1);
    drop(asking);
    assert!(volume.stop().success());
    scan.wait_with_output().unwrap();
    assert!((looked_into(&volume).len() as u64) < FILES, "the daemon waited for the scan");
}
