//! The command grammar and its printing: one for the command line and for tests, whatever transport is beneath.
//!
//! A command is parsed here, runs against an [`Administration`](crate::admin::Administration), and prints tables
//! for people or JSON. It starts nothing and connects to nothing.

#![forbid(unsafe_code)]

mod called;
mod console;
mod duration;
mod error;
mod files;
mod grammar;
mod print;
mod remote;
mod scan;
mod table;
#[cfg(test)]
mod tests;

pub use called::{command, dumpsys};
pub use console::Console;
pub use error::ShellError;
pub use files::{inspect, redact};
pub use grammar::{
    AppCommand, AppOpCommand, Command, CommandLine, GrantCommand, PermissionCommand, RemoteCommand,
    RequestCommand, ServeArguments, UserCommand,
};
pub use remote::run;

/// How a command that failed in no way ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done.
    Done,
    /// The answer is a refusal: `check` of something that is not allowed, `inspect` of what cannot be made safe.
    Refused,
}

impl Outcome {
    /// The exit status of the command.
    pub fn exit_status(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Refused => 1,
        }
    }
}
