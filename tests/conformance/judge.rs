//! Whether what came is what must come.

#![forbid(unsafe_code)]

use std::io;
use std::path::Path;

use mediagate::error::Errno;

use crate::act::Outcome;
use crate::fixture::tells_place;
use crate::language::{Case, Expected};

/// Compares; `source` is what the lower file held before the operation.
///
/// # Errors
/// What came instead.
pub(crate) fn judge(case: &Case, came: &io::Result<Outcome>, source: Option<&[u8]>) -> Result<(), String> {
    match (&case.expected, came) {
        (Expected::Done, Ok(_)) => Ok(()),
        (Expected::Errno(errno), Err(error)) if Errno::from(error).name() == *errno => Ok(()),
        (Expected::Listed, Ok(Outcome::Listed(true))) | (Expected::Unlisted, Ok(Outcome::Listed(false))) => {
            Ok(())
        }
        (Expected::Value(expected), Ok(Outcome::Value(value))) if expected == value => Ok(()),
        // The attribute that names the view.
        (Expected::Full | Expected::Redacted, Ok(Outcome::Value(value)))
            if *value == shown(&case.expected) =>
        {
            Ok(())
        }
        (Expected::Full | Expected::Redacted, Ok(Outcome::Bytes(bytes))) => {
            let source = source.ok_or("nothing on the lower file system to compare with")?;
            let seen = view(bytes, source)?;
            if seen == case.expected { Ok(()) } else { Err(shown(&seen)) }
        }
        (_, Ok(outcome)) => Err(described(outcome)),
        (_, Err(error)) => Err(Errno::from(error).name()),
    }
}

/// How `bytes` show the lower file: whole, or as many others without the place.
fn view(bytes: &[u8], source: &[u8]) -> Result<Expected, String> {
    if bytes == source {
        return Ok(Expected::Full);
    }
    match (bytes.len() == source.len(), tells_place(bytes)) {
        (true, false) => Ok(Expected::Redacted),
        (true, true) => Err("other bytes that tell the place".to_owned()),
        (false, _) => Err(format!("{} bytes of {}", bytes.len(), source.len())),
    }
}

fn shown(expected: &Expected) -> String {
    if *expected == Expected::Full { "full".to_owned() } else { "redacted".to_owned() }
}

fn described(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "ok".to_owned(),
        Outcome::Bytes(bytes) => format!("ok, {} bytes", bytes.len()),
        Outcome::Listed(true) => "listed".to_owned(),
        Outcome::Listed(false) => "unlisted".to_owned(),
        Outcome::Value(value) => value.clone(),
    }
}

/// What the lower file holds; `None` where there is none.
pub(crate) fn source(path: &Path) -> Option<Vec<u8>> {
    if path.is_file() { std::fs::read(path).ok() } else { None }
}
