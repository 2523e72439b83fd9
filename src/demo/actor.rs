//! An application of the demonstration as a real process with a user of its own.
//!
//! The process is this program again, with a subcommand that `--help` does not list. It opens, reads or writes one
//! file by its path, as any program would, and knows nothing of mediagate. The errno of a failure is its only line on
//! the standard error.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::interrupt::Interrupt;
use crate::error::Errno;

/// This program, also where its path may not be walked by another user.
pub(super) const PROGRAM: &str = "/proc/self/exe";
/// The hidden subcommand.
const SUBCOMMAND: &str = "demo-application";
/// How long one open may take.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// What the process of an application does: it prints a file, or makes one of what comes on the standard input.
pub fn act(write: bool, path: &Path) -> ExitCode {
    let done = match write {
        false => fs::read(path).and_then(|bytes| io::stdout().lock().write_all(&bytes)),
        true => make(path),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent notices that nothing was said.
            let _ = writeln!(io::stderr().lock(), "{}", Errno::from(&error).raw());
            ExitCode::FAILURE
        }
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, bytes)
}

/// Reads a file as user `uid`, or as the present user.
pub(super) fn read(
    path: &Path,
    uid: Option<u32>,
    interrupt: &Interrupt,
) -> Result<std::result::Result<Vec<u8>, Errno>> {
    let child = start(&[], path, uid)?;
    ended(child, path, interrupt)
}

/// Makes a file as user `uid`, or as the present user.
pub(super) fn write(path: &Path, uid: Option<u32>, bytes: &[u8], interrupt: &Interrupt) -> Result<()> {
    let mut child = start(&["--write"], path, uid)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(bytes).context("cannot hand a file to the camera's process")?;
    }
    if let Err(errno) = ended(child, path, interrupt)? {
        bail!("the camera could not make {}: {errno}", path.display());
    }
    Ok(())
}

fn start(options: &[&str], path: &Path, uid: Option<u32>) -> Result<Child> {
    let mut command = Command::new(PROGRAM);
    command.arg(SUBCOMMAND).args(options).arg(path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(uid) = uid {
        command.uid(uid).gid(uid);
    }
    command.spawn().context("cannot start an application's process: let every user run the program's file")
}

/// Waits for the process, `PATIENCE` at most.
fn ended(child: Child, path: &Path, interrupt: &Interrupt) -> Result<std::result::Result<Vec<u8>, Errno>> {
    let process = Pid::from_child(&child);
    let (send, ended) = channel();
    std::thread::Builder::new().name("application".to_owned()).spawn(move || {
        // Nobody waits any more when the demonstration was interrupted.
        let _sent = send.send(child.wait_with_output());
    })?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let waited = match ended.recv_timeout(POLL) {
            Ok(output) => return said(&output?, path),
            Err(RecvTimeoutError::Disconnected) => bail!("lost sight of an application's process"),
            Err(RecvTimeoutError::Timeout) => interrupt.check(),
        };
        let late = Instant::now() > deadline;
        if late || waited.is_err() {
            // It ended just now if this fails.
            let _ = kill_process(process, Signal::KILL);
            waited?;
            bail!("opening {} takes longer than {PATIENCE:?}", path.display());
        }
    }
}

fn said(output: &Output, path: &Path) -> Result<std::result::Result<Vec<u8>, Errno>> {
    if output.status.success() {
        return Ok(Ok(output.stdout.clone()));
    }
    let text = String::from_utf8_lossy(&output.stderr);
    match text.trim().parse() {
        Ok(errno) => Ok(Err(Errno::new(errno))),
        Err(_) => bail!("the process that opened {} ended with {}: {text}", path.display(), output.status),
    }
}
