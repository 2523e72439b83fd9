//! The demonstration: as root, as an ordinary user, where nothing can be mounted, and interrupted.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{AS_ORDINARY_USER, FUSE_FOR_EVERYBODY, can_be_ordinary, can_mount, within};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mediagate");

/// A temporary directory for the demonstration, which every user can write.
fn place() -> TempDir {
    let place = tempfile::Builder::new().prefix("demo-").tempdir().expect("a temporary directory");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    place
}

fn demo(place: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("demo").args(arguments).env("TMPDIR", place.path());
    command
}

/// The demonstration in a mount name space of its own, below a shell script that runs `"$@"`.
fn demo_within(place: &TempDir, script: &str, arguments: &[&str]) -> Command {
    let program = place.path().join("mediagate");
    fs::copy(PROGRAM, &program).expect("a copy that every user may run");
    let mut command = within(script);
    command.arg(program).arg("demo").args(arguments);
    command.env("TMPDIR", place.path());
    command
}

fn output(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// No directory and no mount of the demonstration is left.
fn assert_clear(place: &TempDir) {
    let left: Vec<_> = fs::read_dir(place.path())
        .expect("the temporary directory")
        .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
        .filter(|name| name.starts_with("mediagate-demo-"))
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("the kernel lists the mounts");
    assert!(!mounts.contains(place.path().to_str().expect("a plain name")), "a mount is left behind");
}

#[test]
fn everybody_sees_what_is_theirs_to_see() {
    if !can_mount() {
        return;
    }
    let place = place();
    let began = Instant::now();
    let (status, text, error) = output(demo(&place, &[]));
    assert_eq!((status, error.as_str()), (Some(0), ""), "{text}");
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    let row =
        |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{text}"));
    for kind in
        ["DCIM/Camera/tower.jpg", "DCIM/Camera/tower.heic", "DCIM/Camera/tower.mp4", "Pictures/tower.png"]
    {
        let cells = row(kind).split("  ").filter(|cell| !cell.is_empty()).map(str::trim).skip(1);
        let cells: Vec<_> = cells.collect();
        assert_eq!(&cells[..1], ["yes"], "{text}");
        assert!(cells[1].starts_with("full, ") && cells[3] == cells[1], "{text}");
        assert_eq!((cells[2], cells[4]), ("redacted", "denied (EACCES)"), "{text}");
    }
    assert!(row("Movies/indoors.mp4").contains("  no"), "{text}");
    assert!(text.contains("rule `not-yours`"), "{text}");
    assert!(text.contains("All 32 answers are as expected."), "{text}");
    assert_clear(&place);
}

#[test]
fn json_says_the_same() {
    if !can_mount() {
        return;
    }
    let place = place();
    let (status, text, _) = output(demo(&place, &["--json"]));
    assert_eq!(status, Some(0), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["as_expected"], true);
    assert_eq!(report["rows"].as_array().expect("rows").len(), 8);
    let gallery = &report["rows"][0]["cells"][1];
    assert_eq!((&gallery["application"], &gallery["seen"]), (&"gallery".into(), &"redacted".into()));
    assert_eq!(report["refusal"]["rule"], "not-yours");
    assert_clear(&place);
}

#[test]
fn an_ordinary_user_sees_all_and_learns_what_is_missing() {
    if !can_be_ordinary() {
        return;
    }
    let place = place();
    let script = format!("cd \"$TMPDIR\"; {FUSE_FOR_EVERYBODY} cd /; {AS_ORDINARY_USER}");
    let (status, text, error) = output(demo_within(&place, &script, &[]));
    assert_eq!((status, error.as_str()), (Some(0), ""), "{text}");
    assert!(text.contains("gallery *") && text.contains("full, daemon"), "{text}");
    assert!(text.contains("Not opened, only asked") && text.contains("sudo mediagate demo"), "{text}");
    assert!(text.contains("at full speed. Not here: "), "{text}");
    assert!(text.contains("All 32 answers are as expected."), "{text}");
    assert_clear(&place);
}

#[test]
fn without_fuse_it_says_so_in_one_line() {
    if !can_be_ordinary() {
        return;
    }
    let place = place();
    let hidden = "mount --bind /dev/null /dev/fuse; exec \"$@\"";
    let (status, text, error) = output(demo_within(&place, hidden, &[]));
    assert_eq!((status, text.as_str()), (Some(1), ""));
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.contains("cannot open /dev/fuse") && error.contains("load the kernel module fuse"),
        "{error}"
    );
    assert_clear(&place);
}

#[test]
fn interrupted_it_leaves_nothing() {
    if !can_mount() {
        return;
    }
    for delay in [5, 40, 90, 150] {
        let place = place();
        let mut command = demo(&place, &[]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(delay));
        kill_process(Pid::from_child(&child), Signal::INT).expect("it is our child");
        child.wait().expect("it is our child");
        assert_clear(&place);
    }
}

#[test]
fn the_part_of_the_applications_is_not_offered() {
    let help = Command::new(PROGRAM).arg("--help").output().expect("it starts");
    let help = String::from_utf8(help.stdout).expect("text");
    assert!(help.contains("  demo ") && !help.contains("demo-application"), "{help}");
}
