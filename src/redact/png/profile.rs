//! Raw profiles: Exif, XMP or IPTC as hexadecimal digits in a text chunk.
//!
//! The text is a line feed, the profile's name, a line feed, the number of bytes, a line feed, and then digits in
//! lines. Source: ImageMagick's PNG coder.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::scan::Scan;
use crate::redact::{Fill, Patches, ScanError, iptc, tiff, xmp};

/// Hides the location in the raw profile `name` whose text fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, name: &[u8], range: Range<u64>) -> Result<(), ScanError> {
    let mut text = scan.bytes(range.clone())?;
    let digits = digits(&text);
    let mut content: Vec<u8> = digits.chunks_exact(2).filter_map(|pair| byte(&text, pair)).collect();
    let view = content.as_slice();
    let ((), found) = scan.inside(&view, |scan| {
        let all = scan.whole();
        profile(scan, name, all)
    })?;
    if found.is_empty() {
        return Ok(());
    }
    Patches::new(found).apply(0, &mut content);
    for (pair, byte) in digits.chunks_exact(2).zip(&content) {
        for (at, digit) in pair.iter().zip([byte >> 4, byte & 15]) {
            if let Some(place) = text.get_mut(*at) {
                *place = b"0123456789abcdef".get(usize::from(digit)).copied().unwrap_or(b'0');
            }
        }
    }
    scan.patch(range.start, Fill::Bytes(text.into()))
}

/// Where the digits of the content stand.
fn digits(text: &[u8]) -> Vec<usize> {
    let mut lines = 0usize;
    let mut named = false;
    let mut found = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' if named => lines = lines.saturating_add(1),
            b'\n' => {}
            byte if lines >= 2 && byte.is_ascii_hexdigit() => found.push(at),
            _ => named = true,
        }
    }
    found
}

fn byte(text: &[u8], pair: &[usize]) -> Option<u8> {
    let digit =
        |at: &usize| char::from(*text.get(*at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    }
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
