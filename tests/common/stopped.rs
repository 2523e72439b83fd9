//! A daemon that does not answer for a while.

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a daemon stays stopped at most: a test that waits for it fails, but ends.
const LIMIT: Duration = Duration::from_secs(15);

/// Holds a process under SIGSTOP until it is dropped, or [`LIMIT`] is over.
#[derive(Debug)]
pub(crate) struct Stopped {
    end: Option<Sender<()>>,
    waker: Option<JoinHandle<bool>>,
}

impl Stopped {
    /// Stops `process`, which is a child of ours.
    pub(crate) fn hold(process: Pid) -> Stopped {
        kill_process(process, Signal::STOP).expect("the process is our child");
        let (end, ended) = channel();
        let waker = thread::spawn(move || {
            let in_time = ended.recv_timeout(LIMIT).is_ok();
            kill_process(process, Signal::CONT).expect("the process is our child");
            in_time
        });
        Stopped { end: Some(end), waker: Some(waker) }
    }

    /// Lets it go on; tells whether it was stopped all the time.
    pub(crate) fn release(mut self) -> bool {
        self.wake().expect("it was not released before")
    }

    fn wake(&mut self) -> Option<bool> {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        self.waker.take().map(|waker| waker.join().unwrap_or(false))
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.wake();
    }
}
