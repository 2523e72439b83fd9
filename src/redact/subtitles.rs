//! Subtitles in files of their own: drones and dash-cams write their position into them, line by line.
//!
//! Only the numbers of a position go, so that the lines keep their times and whatever else they say.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use super::scan::Scan;
use super::{ScanError, iso, tag};

#[cfg(test)]
mod tests;

/// Whether the start of a file is that of subtitles: SubRip, WebVTT or SubStation Alpha.
pub(super) fn begin(head: &[u8]) -> bool {
    let mut plain = head.to_vec();
    plain.retain(|byte| !matches!(byte, 0 | 0xfe | 0xff));
    let text = plain.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&plain).trim_ascii_start();
    let binary = text.iter().any(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n'));
    let start = text.get(..256.min(text.len())).unwrap_or_default();
    // Some drones leave out the times; where the coordinates are gone already, their names are left.
    let named = [&b" --> "[..], b"latitude", b"Latitude:", b"GPS (", b"GPS("];
    let numbered = text.first().is_some_and(u8::is_ascii_digit)
        && (named.iter().any(|name| memmem::find(start, name).is_some())
            || !iso::coordinates(start).is_empty());
    !binary && (numbered || text.starts_with(b"WEBVTT") || text.starts_with(b"[Script Info]"))
}

/// Hides the location in the subtitles that fill `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    tag::text(scan, range)
}
