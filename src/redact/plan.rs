//! The answer of a scan: which bytes to change and what to put there.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt;

use super::{Classes, Patches};

/// What has to be done to a file before it is shown to a reader who may not see the private parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Proved: nothing to hide.
    Clean,
    /// These bytes are to be replaced.
    Ranges(Patches),
    /// It cannot be made safe.
    Opaque(OpaqueReason),
}

/// Why a file cannot be made safe; the text is shown to a person by `check`, `inspect` and the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpaqueReason(pub Cow<'static, str>);

impl fmt::Display for OpaqueReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What to put in the place of private bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fill {
    /// So many NUL bytes.
    Zeros(u64),
    /// So many spaces: text stays well-formed.
    Spaces(u64),
    /// Exactly these bytes.
    Bytes(Box<[u8]>),
}

impl Fill {
    /// How many bytes it replaces.
    pub fn length(&self) -> u64 {
        match self {
            Fill::Zeros(count) | Fill::Spaces(count) => *count,
            Fill::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// The part of it from `from` to `to`, counted from its start.
    pub(super) fn part(&self, from: u64, to: u64) -> Fill {
        let to = to.min(self.length());
        let from = from.min(to);
        match self {
            Fill::Zeros(_) => Fill::Zeros(to.saturating_sub(from)),
            Fill::Spaces(_) => Fill::Spaces(to.saturating_sub(from)),
            Fill::Bytes(bytes) => {
                let cut = usize::try_from(from).ok().zip(usize::try_from(to).ok());
                Fill::Bytes(cut.and_then(|(from, to)| bytes.get(from..to)).unwrap_or_default().into())
            }
        }
    }
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// First byte, from the start of the file.
    pub offset: u64,
    /// What stands there afterwards.
    pub fill: Fill,
    /// What stood there, as far as it is known; else all that it may be.
    pub classes: Classes,
}

impl Patch {
    /// The byte after the last.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.fill.length())
    }
}
