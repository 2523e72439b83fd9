//! `scan`: one call that lasts, and beside it how far it is.
//!
//! On a terminal that is one line, written again and again; elsewhere a line every few seconds. With `--json` nothing
//! but the report is printed.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::admin::{Administration, ScanProgress};

use super::print::{self, show};
use super::{Console, Outcome, ShellError};

/// How often a terminal is told.
const TERMINAL: Duration = Duration::from_millis(250);
/// How often anything else is.
const LINES: Duration = Duration::from_secs(2);
/// Goes to the start of the line and clears it.
const CLEAR: &str = "\r\x1b[K";

/// What to index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) path: Option<&'a str>,
    pub(super) full: bool,
    pub(super) json: bool,
}

/// Indexes and prints what came of it; meanwhile the standard error tells how far it is.
///
/// # Errors
/// The administration's, and those of writing.
pub(super) fn scan(
    asked: Asked<'_>,
    daemon: &(dyn Administration + Sync),
    console: &mut Console<'_>,
) -> Result<Outcome, ShellError> {
    let mut teller = Teller::of(&mut *console.err, console.terminal);
    let (through, wait) = sync_channel::<()>(0);
    let report = thread::scope(|scope| {
        if !asked.json {
            scope.spawn(|| tell(daemon, wait, &mut teller));
        }
        let report = daemon.scan(asked.path, asked.full);
        drop(through);
        report
    })?;
    show(console.out, asked.json, &report, print::scan)?;
    Ok(Outcome::Done)
}

/// Ends the running scan.
///
/// # Errors
/// The administration's, and those of writing.
pub(super) fn cancel(daemon: &dyn Administration, out: &mut dyn Write) -> Result<Outcome, ShellError> {
    let ran = daemon.cancel_scan()?;
    writeln!(out, "{}", if ran { "the scan ends" } else { "no scan is running" })?;
    Ok(Outcome::Done)
}

/// Tells how far the scan is until `through` is closed. What cannot be learned or written is left out: the scan and
/// its report do not depend on it.
fn tell<W: Write>(daemon: &dyn Administration, through: Receiver<()>, teller: &mut Teller<W>) {
    while through.recv_timeout(teller.every) == Err(RecvTimeoutError::Timeout) {
        if let Ok(Some(progress)) = daemon.scan_progress() {
            let _unheard = teller.tell(progress);
        }
    }
    let _unheard = teller.end();
}

/// Where progress is told.
#[derive(Debug)]
struct Teller<W> {
    to: W,
    terminal: bool,
    every: Duration,
    /// What was told last.
    last: ScanProgress,
}

impl<W: Write> Teller<W> {
    fn of(to: W, terminal: bool) -> Teller<W> {
        let every = if terminal { TERMINAL } else { LINES };
        Teller { to, terminal, every, last: ScanProgress::default() }
    }

    fn tell(&mut self, now: ScanProgress) -> io::Result<()> {
        let ScanProgress { files, directories, read, .. } = now;
        let rate = rate(self.last, now);
        let (before, after) = if self.terminal { (CLEAR, "") } else { ("", "\n") };
        self.last = now;
        write!(
            self.to,
            "{before}scanning: {files} files in {directories} directories, {read} read, {rate} files/s{after}"
        )?;
        self.to.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        if self.terminal {
            self.to.write_all(CLEAR.as_bytes())?;
        }
        self.to.flush()
    }
}

/// Files a second between the two.
fn rate(before: ScanProgress, now: ScanProgress) -> u64 {
    let files = now.files.saturating_sub(before.files);
    let milliseconds = now.milliseconds.saturating_sub(before.milliseconds).max(1);
    files.saturating_mul(1000).checked_div(milliseconds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(terminal: bool) -> String {
        let mut teller = Teller::of(Vec::new(), terminal);
        let at =
            |files, milliseconds| ScanProgress { files, directories: 2, read: 1, failed: 0, milliseconds };
        teller.tell(at(100, 500)).unwrap();
        teller.tell(at(1100, 1000)).unwrap();
        teller.end().unwrap();
        String::from_utf8(teller.to).unwrap()
    }

    #[test]
    fn a_terminal_has_one_line_that_is_gone_at_the_end() {
        assert_eq!(
            told(true),
            "\r\x1b[Kscanning: 100 files in 2 directories, 1 read, 200 files/s\
             \r\x1b[Kscanning: 1100 files in 2 directories, 1 read, 2000 files/s\r\x1b[K"
        );
    }

    #[test]
    fn anything_else_has_a_line_each_time() {
        assert_eq!(
            told(false),
            "scanning: 100 files in 2 directories, 1 read, 200 files/s\n\
             scanning: 1100 files in 2 directories, 1 read, 2000 files/s\n"
        );
    }

    #[test]
    fn a_scan_that_began_anew_has_no_rate() {
        let before = ScanProgress { files: 10, milliseconds: 10, ..ScanProgress::default() };
        assert_eq!(rate(before, ScanProgress::default()), 0);
    }
}
