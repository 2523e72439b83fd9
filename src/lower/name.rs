//! One component of a path, checked once.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::error::Errno;

/// Longest component that Linux file systems take, in bytes.
const LONGEST: usize = 255;
/// Characters that applications may not use in new names: those that FAT refuses.
const REFUSED: &[char] = &['"', '*', '/', ':', '<', '>', '?', '\\', '|', '\u{7f}'];

/// A name within a directory: not empty, not `.` or `..`, no `/`, no NUL, at most 255 bytes of UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileName(Box<str>);

/// Why bytes are no [`FileName`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// `.` or `..`, empty, or with a `/` or NUL in it.
    #[error("the name is not a single path component")]
    NotAComponent,
    /// More than 255 bytes.
    #[error("the name is longer than 255 bytes")]
    TooLong,
    /// Not UTF-8: its folding is not defined, so that it could not be protected.
    #[error("the name is not valid UTF-8")]
    NotUnicode,
}

impl NameError {
    /// What a walk to such a name answers. Nothing has a name that is too long or not UTF-8; and only where a walk ends
    /// with ENOENT does the kernel go on to ask whether one may be made, which is the policy's to refuse.
    pub fn errno(self) -> Errno {
        match self {
            NameError::NotAComponent => Errno::EINVAL,
            NameError::TooLong | NameError::NotUnicode => Errno::ENOENT,
        }
    }
}

impl FileName {
    /// Checks what the kernel sent.
    ///
    /// # Errors
    /// If it is no single component, too long or not UTF-8.
    pub fn parse(raw: &OsStr) -> Result<FileName, NameError> {
        let bytes = raw.as_bytes();
        if matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') || bytes.contains(&0) {
            return Err(NameError::NotAComponent);
        }
        if bytes.len() > LONGEST {
            return Err(NameError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NameError::NotUnicode)?;
        Ok(FileName(text.into()))
    }

    /// The nearest name to bytes that are none, to judge and to report a refusal by; never one to look up.
    ///
    /// # Errors
    /// If it is no single component.
    pub fn resembling(raw: &OsStr) -> Result<FileName, NameError> {
        let mut text = raw.to_string_lossy().into_owned();
        let end = (0..=LONGEST).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or_default());
        FileName::parse(OsStr::new(&text))
    }

    /// Whether an application may give it to a new entry: no control characters and nothing that FAT refuses.
    pub fn is_portable(&self) -> bool {
        !self.0.chars().any(|c| c.is_control() || REFUSED.contains(&c))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
