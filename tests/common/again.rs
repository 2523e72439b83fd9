//! This test program once more, as another process of another user.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::identity::as_uid;

/// What the other process has to work on; a test that is started without it has nothing to do.
const ON: &str = "MEDIAGATE_TEST_ON";
/// For how many milliseconds it has to do so.
const FOR: &str = "MEDIAGATE_TEST_FOR";

/// A process that runs one test of this program; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Again {
    process: Option<Child>,
    test: &'static str,
}

impl Again {
    /// Starts `test` of this program as user `uid`.
    pub(crate) fn start(test: &'static str, uid: u32, on: &Path, time: Duration) -> Again {
        let program = env::current_exe().expect("the program knows where it is");
        let mut command = Command::new(program);
        command.args(["--exact", test, "--test-threads", "1", "--nocapture"]).stdin(Stdio::null());
        command.env(ON, on).env(FOR, time.as_millis().to_string()).stdout(Stdio::null());
        let process = as_uid(uid, || command.spawn().expect("other users may start the test program"));
        Again { process: Some(process), test }
    }

    /// Waits for its end; it must have succeeded.
    pub(crate) fn succeeds(mut self) {
        let mut process = self.process.take().expect("it was not waited for before");
        let status = process.wait().expect("it is our child");
        assert!(status.success(), "{}: {status}", self.test);
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// In a process that [`Again::start`] started: what to work on, and until when.
pub(crate) fn asked() -> Option<(PathBuf, Instant)> {
    let on = env::var_os(ON)?;
    let time = env::var(FOR).expect("both are set").parse().expect("a number of milliseconds");
    Some((on.into(), Instant::now() + Duration::from_millis(time)))
}
