//! Why a test cannot run here.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::thread;

use rustix::process::geteuid;

/// Whether this process can mount volumes and act as other users; records the reason where it cannot.
pub(crate) fn can_mount() -> bool {
    if !geteuid().is_root() {
        skip("mounting and acting as other users needs root");
        return false;
    }
    if let Err(error) = fs::File::options().read(true).write(true).open("/dev/fuse") {
        skip(&format!("/dev/fuse: {error}"));
        return false;
    }
    true
}

/// Records that the current test is skipped: past the test runner's capture, and for the summary of `tests/run`.
pub(crate) fn skip(reason: &str) {
    let line = format!("{}: {reason}\n", thread::current().name().unwrap_or("?"));
    let _ = io::stderr().write_all(format!("skipped {line}").as_bytes());
    if let Some(log) = env::var_os("MEDIAGATE_SKIP_LOG") {
        let file = OpenOptions::new().append(true).create(true).open(log);
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
}
