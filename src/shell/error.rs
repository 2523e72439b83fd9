//! Why a command did not do what it was told, and its exit status.

#![forbid(unsafe_code)]

use std::io;
use std::path::PathBuf;

use crate::admin::{Failure, ImportFileError};
use crate::config::ConfigError;

/// Why a command did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The administration said so.
    #[error("{0}")]
    Failed(#[from] Failure),
    /// The settings are wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// A list of applications is wrong.
    #[error("{0}")]
    Import(#[from] ImportFileError),
    /// A file of the command line cannot be used.
    #[error("cannot {operation} {}: {cause}", .path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        cause: io::Error,
    },
    /// A file that would be the daemon's.
    #[error(
        "{} would be a file of the daemon: name - instead, and hand the list over on the standard input", .0.display()
    )]
    Elsewhere(PathBuf),
    /// The output file is there already.
    #[error("{} exists: choose another name, or remove it first", .0.display())]
    Exists(PathBuf),
    /// The file cannot be made safe.
    #[error("{} cannot be redacted: {reason}", .path.display())]
    Opaque {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl ShellError {
    /// 1 refused or not found, 2 wrong usage, 3 no daemon.
    pub fn exit_status(&self) -> u8 {
        match self {
            ShellError::Failed(failure) => failure.code.exit_status(),
            ShellError::Config(_) | ShellError::Import(_) | ShellError::Elsewhere(_) => 2,
            ShellError::File { .. }
            | ShellError::Exists(_)
            | ShellError::Opaque { .. }
            | ShellError::Output(_) => 1,
        }
    }

    /// Whether it is only that nobody reads the output any more, as in `mediagate dump | head`.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, ShellError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
