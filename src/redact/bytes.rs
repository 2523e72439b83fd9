//! Reading integers out of bytes and cutting ranges, without a panic.

#![forbid(unsafe_code)]

use std::ops::Range;

/// Order of the bytes of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

impl Endian {
    /// The 16 bits at `at`; `None` past the end.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let raw = array(bytes, at)?;
        Some(match self {
            Endian::Little => u16::from_le_bytes(raw),
            Endian::Big => u16::from_be_bytes(raw),
        })
    }

    /// The 32 bits at `at`; `None` past the end.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let raw = array(bytes, at)?;
        Some(match self {
            Endian::Little => u32::from_le_bytes(raw),
            Endian::Big => u32::from_be_bytes(raw),
        })
    }

    /// The 64 bits at `at`; `None` past the end.
    pub(super) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let raw = array(bytes, at)?;
        Some(match self {
            Endian::Little => u64::from_le_bytes(raw),
            Endian::Big => u64::from_be_bytes(raw),
        })
    }

    /// Two bytes in this order.
    pub(super) fn put_u16(self, value: u16) -> [u8; 2] {
        match self {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        }
    }
}

/// `N` bytes from `at` on; `None` past the end.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The part of `range` that starts `offset` after its start; `None` where it would pass its end.
pub(super) fn part(range: &Range<u64>, offset: u64, length: u64) -> Option<Range<u64>> {
    let start = range.start.checked_add(offset)?;
    let end = start.checked_add(length)?;
    (end <= range.end).then_some(start..end)
}

/// What of `range` lies `offset` and more after its start; empty where nothing does.
pub(super) fn after(range: &Range<u64>, offset: u64) -> Range<u64> {
    range.start.saturating_add(offset).min(range.end)..range.end
}

/// Length of a range, zero where it is reversed.
pub(super) fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}
