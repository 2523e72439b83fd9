//! The daemon of an ordinary user: what mounts and unmounts for it is another program.

use std::fs::{self, File};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{AS_ORDINARY_USER, FUSE_FOR_EVERYBODY, can_be_ordinary, within};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mediagate");
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_mount_of_an_ordinary_user_ends_without_a_complaint() {
    if !can_be_ordinary() {
        return;
    }
    let place = tempfile::Builder::new().prefix("ordinary-").tempdir().unwrap();
    let script = format!(
        "{FUSE_FOR_EVERYBODY} mkdir lower mount state; chown -R 1000:1000 lower mount state .; {AS_ORDINARY_USER}"
    );
    fs::write(place.path().join("apps.toml"), "").unwrap();
    fs::copy(PROGRAM, place.path().join("mediagate")).unwrap();
    let log = place.path().join("log");
    let output = File::create(&log).unwrap();
    let mut daemon = within(&script)
        .args([
            "./mediagate",
            "serve",
            "--lower",
            "lower",
            "--mount",
            "mount",
            "--state",
            "state",
            "--apps",
            "apps.toml",
            "--socket",
            "state/socket",
        ])
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let told = || fs::read_to_string(&log).unwrap();
    let until = Instant::now() + PATIENCE;
    while !told().contains("mediagate::daemon: serving") && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
    }
    let pid = Pid::from_child(&daemon);
    let asked = kill_process(pid, Signal::TERM);
    let status = daemon.wait().unwrap();
    let told = told();
    assert!(asked.is_ok() && status.success(), "{status}: {told}");
    assert!(
        told.contains("mediagate::daemon: serving") && told.contains("mediagate::daemon: stopping"),
        "{told}"
    );
    assert!(!told.contains("panicked"), "{told}");
}
