//! Where a command that a daemon does reads and writes, wherever it was typed.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::{Read, Write};

/// The three streams, and what else is known of who typed the command.
pub struct Console<'a> {
    /// The standard input.
    pub input: &'a mut dyn Read,
    /// The standard output.
    pub out: &'a mut dyn Write,
    /// The standard error.
    pub err: &'a mut (dyn Write + Send),
    /// Whether the standard error is a terminal.
    pub terminal: bool,
    /// Whether the files of who typed the command are those of this process.
    pub files: bool,
    /// Whether somebody still waits for the command.
    pub wanted: &'a (dyn Fn() -> bool + Sync),
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Console { terminal, files, .. } = self;
        f.debug_struct("Console").field("terminal", terminal).field("files", files).finish_non_exhaustive()
    }
}
