//! How a daemon ends, and what the next one finds.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::common::{Setup, Volume};

const NAME: &str = "Pictures/long.bin";
const SIZE: usize = 4 << 20;

fn start() -> Option<Volume> {
    // Served by the daemon, so that a read after the signal needs it.
    let volume = Setup::new().file(NAME, vec![7; SIZE]).argument("--no-passthrough").start()?;
    assert_eq!(fs::read_dir(volume.mount()).expect("the mount").filter(is_pictures).count(), 1);
    Some(volume)
}

fn is_pictures(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.file_name() == "Pictures")
}

fn mounted(volume: &Volume) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("the kernel lists the mounts");
    mounts.contains(volume.mount().to_str().expect("a plain name"))
}

fn await_detached(volume: &Volume) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while mounted(volume) {
        assert!(Instant::now() < deadline, "the mount stays:\n{}", volume.log());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A byte far from everything that was read before.
fn read_at(file: &File, offset: usize) -> std::io::Result<u8> {
    let mut byte = [0];
    file.read_exact_at(&mut byte, u64::try_from(offset).expect("small"))?;
    Ok(byte[0])
}

#[test]
fn a_dead_mount_is_cleared_by_the_next_start() {
    let Some(mut volume) = start() else { return };
    volume.end_with(Signal::KILL);
    assert!(mounted(&volume), "a killed daemon cannot unmount");
    assert!(fs::metadata(volume.path(NAME)).is_err(), "the mount is dead");
    volume.serve();
    assert_eq!(fs::read(volume.path(NAME)).expect("it is served again").len(), SIZE);
    assert!(volume.stop().success());
    assert!(!mounted(&volume), "no dead mount lies beneath");
}

#[test]
fn sigterm_serves_what_is_open_until_it_is_closed() {
    let Some(mut volume) = start() else { return };
    let file = File::open(volume.path(NAME)).expect("root may");
    kill_process(volume.pid(), Signal::TERM).expect("the daemon is our child");
    await_detached(&volume);
    assert!(!volume.path(NAME).exists(), "nothing is opened any more");
    assert_eq!(read_at(&file, SIZE / 2).expect("it is still served"), 7);
    assert!(!volume.command(&["status"]).status.success(), "the administration is closed");
    drop(file);
    assert!(volume.wait().success());
    assert!(!volume.socket().exists());
}

#[test]
fn a_second_sigterm_waits_for_nobody() {
    let Some(mut volume) = start() else { return };
    let file = File::open(volume.path(NAME)).expect("root may");
    kill_process(volume.pid(), Signal::TERM).expect("the daemon is our child");
    await_detached(&volume);
    let asked = Instant::now();
    assert!(volume.stop().success());
    assert!(asked.elapsed() < Duration::from_secs(5), "it waited for the open file");
    assert!(read_at(&file, SIZE / 2).is_err(), "nobody is left to answer");
}

#[test]
fn stop_is_an_orderly_end() {
    let Some(mut volume) = start() else { return };
    let output = volume.command(&["stop"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(volume.wait().success());
    assert!(!mounted(&volume) && !volume.socket().exists());
    assert_eq!(volume.command(&["stop"]).status.code(), Some(3));
    assert!(!volume.log().contains("no longer mounted"), "that is no accident:\n{}", volume.log());
}
