//! GIF: the XMP packet of its application extension; other extensions only must not look like a location.
//!
//! Source: XMP specification part 3, section 1.1.2: the packet stands bare in the sub-blocks, and a trailer of 258
//! bytes leads any decoder out of it. So its characters may change, but only into characters of an XML text.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use super::scan::Scan;
use super::{ScanError, patterns, xmp};

const APPLICATION: &[u8] = b"!\xff\x0bXMP DataXMP";
/// How the trailer after the packet begins.
const TRAILER: &[u8] = b"\x01\xff\xfe\xfd\xfc";

/// Hides the location in the GIF that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let bytes = scan.bytes(range.clone())?;
    for found in memmem::find_iter(&bytes, APPLICATION) {
        let from = found.saturating_add(APPLICATION.len());
        let packet = bytes.get(from..).unwrap_or_default();
        let Some(size) = memmem::find(packet, TRAILER) else { continue };
        let start = range.start.saturating_add(from as u64);
        xmp::scan_or_blank(scan, start..start.saturating_add(size as u64))?;
    }
    for comment in comments(&bytes) {
        if patterns::text(comment) {
            return Err(ScanError::Malformed("GIF comment, with what looks like a location"));
        }
    }
    match patterns::search_since(scan, &range, mark)? {
        Some(_) => Err(ScanError::Malformed("GIF extension, with what looks like a location")),
        None => Ok(()),
    }
}

/// What may be a comment extension: `!`, 0xfe, and its first sub-block.
fn comments(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    memmem::find_iter(bytes, b"!\xfe").filter_map(|at| {
        let block = bytes.get(at.saturating_add(2)..)?;
        let size = usize::from(*block.first()?);
        block.get(1..size.saturating_add(1))
    })
}
