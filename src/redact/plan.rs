//! The answer of a scan: which bytes to change and what to put there.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt;

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
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// First byte, from the start of the file.
    pub offset: u64,
    /// What stands there afterwards.
    pub fill: Fill,
}

/// Replacements in ascending order that do not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Patches(Vec<Patch>);
