//! A shell that works in some directory.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::identity::as_uid;

/// A shell of a user with its working directory in a directory; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Inside {
    shell: Child,
}

impl Inside {
    /// Starts one.
    pub(crate) fn start(uid: u32, directory: &Path) -> Inside {
        let mut command = Command::new("sh");
        command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        Inside { shell: as_uid(uid, || command.spawn().expect("the shell starts")) }
    }

    /// The first line that a command prints.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        let asked = writeln!(self.shell.stdin.as_mut().expect("it is piped"), "{command}");
        asked.expect("the shell listens");
        let mut line = String::new();
        let mut told = BufReader::with_capacity(1, self.shell.stdout.as_mut().expect("it is piped"));
        told.read_line(&mut line).expect("the shell answers");
        line.trim_end().to_owned()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
