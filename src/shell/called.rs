//! What `cmd` and `dumpsys` call: the grammar of the command line without what needs no daemon, and the daemon's state
//! as a report.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use clap::Parser;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use crate::admin::{Administration, Dump, Status, section_names};

use super::print::{self, json};
use super::{Console, RemoteCommand, ShellError, run};

/// What the daemon is told by `cmd mediagate`.
///
/// Exit status: 0 done, 1 refused or not found, 2 wrong usage.
#[derive(Parser, Debug)]
#[command(name = "cmd mediagate", version)]
pub(super) struct CalledLine {
    #[command(subcommand)]
    command: RemoteCommand,
}

/// The daemon's state.
#[derive(Parser, Debug)]
#[command(name = "dumpsys mediagate", disable_version_flag = true)]
pub(super) struct DumpLine {
    /// Which part of it; without it the daemon, its volumes, and every part.
    #[arg(value_parser = PossibleValuesParser::new(section_names()))]
    section: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print the paths of users' files, too.
    #[arg(long)]
    paths: bool,
    /// Every part; what `dumpsys` adds for a report of the whole system.
    #[arg(short = 'a', hide = true)]
    all: bool,
    /// What `dumpsys` adds when it is told a priority; there is one for all parts.
    #[arg(long, hide = true)]
    dump_priority: Option<String>,
}

/// The whole state.
#[derive(Serialize)]
struct Report {
    status: Status,
    #[serde(flatten)]
    dump: Dump,
}

/// Runs the command that these words are, as `cmd mediagate` hands them over; its exit status.
pub fn command(words: &[String], daemon: &(dyn Administration + Sync), console: &mut Console<'_>) -> u8 {
    let words = std::iter::once("cmd mediagate").chain(words.iter().map(String::as_str));
    let line = match CalledLine::try_parse_from(words) {
        Ok(line) => line,
        Err(usage) => return explain(&usage, console),
    };
    match run(&line.command, daemon, console) {
        Ok(outcome) => outcome.exit_status(),
        Err(error) if error.is_closed_pipe() => 0,
        Err(error) => {
            // Nobody is left to tell if that fails, too.
            let _unread = writeln!(console.err, "mediagate: {error}");
            error.exit_status()
        }
    }
}

/// Prints what was wrong, or the help that was asked for; the exit status of that.
fn explain(usage: &clap::Error, console: &mut Console<'_>) -> u8 {
    let text = usage.render();
    let _unread = match usage.use_stderr() {
        true => write!(console.err, "{text}"),
        false => write!(console.out, "{text}"),
    };
    u8::try_from(usage.exit_code()).unwrap_or(2)
}

/// Prints the part of the daemon's state that these words ask for, as `dumpsys mediagate` hands them over. It is part of
/// reports that leave the device, so the paths of users' files are left out unless they are asked for.
///
/// # Errors
/// Those of writing; what else goes wrong is printed.
pub fn dumpsys(words: &[String], daemon: &dyn Administration, out: &mut dyn Write) -> io::Result<()> {
    let words = std::iter::once("dumpsys mediagate").chain(words.iter().map(String::as_str));
    let line = match DumpLine::try_parse_from(words) {
        Ok(line) => line,
        Err(usage) => return write!(out, "{}", usage.render()),
    };
    match report(&line, daemon, out) {
        Err(ShellError::Output(error)) => Err(error),
        Err(error) => writeln!(out, "mediagate: {error}"),
        Ok(()) => Ok(()),
    }
}

fn report(line: &DumpLine, daemon: &dyn Administration, out: &mut dyn Write) -> Result<(), ShellError> {
    let status = if line.section.is_none() || line.all { Some(daemon.status()?) } else { None };
    let section = line.section.as_deref().filter(|_| !line.all).unwrap_or("all");
    let dump = daemon.dump(section)?;
    let dump = if line.paths { dump } else { dump.without_paths() };
    match (status, line.json) {
        (Some(status), true) => json(out, &Report { status, dump })?,
        (None, true) => json(out, &dump)?,
        (status, false) => {
            status.iter().try_for_each(|status| print::status(out, status))?;
            print::dump(out, &dump)?;
        }
    }
    Ok(())
}
