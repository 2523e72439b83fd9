//! WebP: the `EXIF` and `XMP ` chunks of its RIFF, and what follows it.
//!
//! Source: WebP Container Specification (RFC 9649), section 2.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, after, length};
use super::scan::Scan;
use super::{ScanError, patterns, tiff, trailer, xmp};

/// Hides the location in the WebP file that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(range.start, 12, &range)?;
    if !head.starts_with(b"RIFF") || head.get(8..) != Some(b"WEBP") {
        return Err(ScanError::Malformed("WebP"));
    }
    let mark = scan.mark();
    let mut rest = after(&range, 12);
    while length(&rest) >= 8 {
        scan.step()?;
        let head = scan.some(rest.start, 8, &rest)?;
        let name = head.get(..4).unwrap_or_default();
        if !name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
            break;
        }
        let size = u64::from(Endian::Little.u32(&head, 4).unwrap_or(0));
        let body = after(&rest, 8);
        // The size of the whole is not heeded, as readers differ on it: chunks are walked as long as there are any.
        let body = body.start..body.start.saturating_add(size).min(body.end);
        chunk(scan, name, body.clone())?;
        rest.start = body.end.saturating_add(size & 1).min(rest.end);
    }
    trailer::scan(scan, rest, mark, trailer::Unknown::Blank)
}

fn chunk(scan: &mut Scan<'_>, name: &[u8], body: Range<u64>) -> Result<(), ScanError> {
    match name {
        b"VP8 " | b"VP8L" | b"VP8X" | b"ALPH" | b"ANMF" | b"ANIM" | b"ICCP" => Ok(()),
        b"EXIF" => {
            let head = scan.some(body.start, 6, &body)?;
            let skip = if head.starts_with(b"Exif\0") { 6 } else { 0 };
            tiff::scan_or_blank(scan, after(&body, skip))
        }
        name if name.eq_ignore_ascii_case(b"XMP ") || name == b"XMP\0" => xmp::scan_or_blank(scan, body),
        _ => match patterns::search(scan, &body)? {
            Some(_) => Err(ScanError::Malformed("WebP chunk, with what looks like a location")),
            None => Ok(()),
        },
    }
}
