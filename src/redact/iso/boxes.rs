//! The frame of a box (ISO/IEC 14496-12, 4.2; in QuickTime an atom): size, type, content.
//!
//! It decides nothing about content. What is no box at all is answered as [`Next::Junk`], because writers leave
//! padding, terminators and trailers where a box would stand.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::{Endian, array};

use super::Iso;

/// A four-character code.
pub(super) type Kind = [u8; 4];

/// Where one box lies, in bytes from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoxAt {
    pub(super) kind: Kind,
    /// Its first byte.
    pub(super) start: u64,
    /// The first byte of its content.
    pub(super) body: u64,
    /// The byte after its last, never beyond the box around it.
    pub(super) end: u64,
    /// Whether it claims more than that.
    pub(super) cut: bool,
}

impl BoxAt {
    /// Its content.
    pub(super) fn content(&self) -> Range<u64> {
        self.body..self.end
    }

    /// Its content without version and flags (ISO/IEC 14496-12, 4.2: FullBox).
    pub(super) fn full(&self) -> Range<u64> {
        self.body.saturating_add(4).min(self.end)..self.end
    }

    /// Four bytes after its start: where its type stands.
    pub(super) fn type_at(&self) -> u64 {
        self.start.saturating_add(4)
    }
}

/// What stands at a place where a box may begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The end of the box around it.
    End,
    /// A box.
    Box(BoxAt),
    /// No box; nothing after it can be found by its length.
    Junk(Range<u64>),
}

/// The box at the start of `range`. One that claims more than `range` holds is cut there, as readers do.
pub(super) fn next(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<Next, ScanError> {
    if range.start >= range.end {
        return Ok(Next::End);
    }
    let left = range.end.saturating_sub(range.start);
    if left < 8 {
        return Ok(Next::Junk(range));
    }
    iso.scan.step()?;
    let start = range.start;
    let header = iso.peek(start..start.saturating_add(left.min(16)), &range)?;
    let size = Endian::Big.u32(header, 0).unwrap_or_default();
    let kind: Kind = array(header, 4).unwrap_or_default();
    let (size, length) = match size {
        0 if kind == [0; 4] => return Ok(Next::Junk(range)),
        0 => (left, 8u64),
        1 => (Endian::Big.u64(header, 8).unwrap_or_default(), 16),
        size => (u64::from(size), 8),
    };
    if size < length || length > left {
        return Ok(Next::Junk(range));
    }
    let end = start.saturating_add(size).min(range.end);
    let cut = size > left;
    Ok(Next::Box(BoxAt { kind, start, body: start.saturating_add(length), end, cut }))
}

/// Whether a type looks like one: letters, digits, a few signs, or the copyright sign that QuickTime begins with.
pub(super) fn plausible(kind: Kind) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b" _-.+!".contains(&byte);
    let [first, rest @ ..] = kind;
    (letter(first) || first == 0xa9 || first == b'@') && rest.into_iter().all(letter)
}
