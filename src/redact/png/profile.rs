//! Raw profiles: Exif, XMP or IPTC as hexadecimal digits in a text chunk.
//!
//! The text is a line feed, the profile's name, a line feed, the number of bytes, a line feed, and then digits in
//! lines. Source: ImageMagick's PNG coder.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::bytes::length;
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, hex, iptc, tiff, xmp};

/// The longest text that is looked into: the place of each digit is held.
const LONGEST: u64 = 4 << 20;

/// Hides the location in the raw profile `name` whose text fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, name: &[u8], range: Range<u64>) -> Result<(), ScanError> {
    if length(&range) > LONGEST {
        return Err(ScanError::Budget("bytes of a raw profile"));
    }
    let before = scan.bytes(range.clone())?;
    let mut text = before.clone();
    let digits = digits(&text);
    hex::change(scan, &mut text, &digits, |scan, all| profile(scan, name, all))?;
    scan.replace(range.start, &before, &text)
}

/// Where the digits of the content stand.
fn digits(text: &[u8]) -> Vec<u32> {
    let mut lines = 0usize;
    let mut named = false;
    let mut found = Vec::new();
    for (at, byte) in (0u32..).zip(text) {
        match byte {
            b'\n' if named => lines = lines.saturating_add(1),
            b'\n' => {}
            byte if lines >= 2 && byte.is_ascii_hexdigit() => found.push(at),
            _ => named = true,
        }
    }
    found
}

/// What is in a profile tells itself; the name only says where XMP and IPTC begin at once.
fn profile(scan: &mut Scan<'_>, name: &[u8], range: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(range.start, 64, &range)?;
    let from = |skip: usize| range.start.saturating_add(skip as u64).min(range.end)..range.end;
    if head.starts_with(b"Exif\0") {
        return tiff::scan_or_blank(scan, from(6));
    }
    if head.starts_with(b"II*\0") || head.starts_with(b"MM\0*") {
        return tiff::scan_or_blank(scan, range);
    }
    if head.starts_with(b"8BIM") {
        return iptc::resources(scan, range);
    }
    if let Some(at) = memchr::memchr(b'<', &head) {
        return xmp::scan_or_blank(scan, from(at));
    }
    if name.eq_ignore_ascii_case(b"iptc") || head.first() == Some(&0x1c) {
        return iptc::datasets(scan, range);
    }
    if name.eq_ignore_ascii_case(b"exif")
        || name.eq_ignore_ascii_case(b"app1")
        || name.eq_ignore_ascii_case(b"xmp")
    {
        return scan.patch(range.start, Fill::Zeros(range.end.saturating_sub(range.start)));
    }
    Ok(())
}
