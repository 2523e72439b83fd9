//! The operations of cases as system calls, made by the thread that calls.

mod attributes;
mod content;
mod names;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// What an operation that succeeded gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Done,
    Bytes(Vec<u8>),
    Listed(bool),
    Value(String),
}

type Attempt = io::Result<Outcome>;

/// Performs an operation of [`crate::language::OPERATIONS`].
///
/// # Errors
/// The errno of the system call that failed.
pub(crate) fn act(operation: &str, mount: &Path, arguments: &[OsString]) -> Attempt {
    let path = |argument: &OsString| match argument.as_os_str() {
        here if here == "." => mount.to_owned(),
        below => mount.join(below),
    };
    let first: PathBuf = path(&arguments[0]);
    let family = [content::act, names::act, attributes::act];
    let second = arguments.get(1).map(|argument| Second { path: path(argument), word: argument.clone() });
    family
        .iter()
        .find_map(|act| act(operation, &first, second.as_ref()))
        .unwrap_or_else(|| panic!("no operation {operation}"))
}

/// The second word of an operation.
struct Second {
    /// As a path.
    path: PathBuf,
    /// As it stands.
    word: OsString,
}

fn done<T, E: Into<io::Error>>(result: Result<T, E>) -> Attempt {
    result.map(|_| Outcome::Done).map_err(Into::into)
}
