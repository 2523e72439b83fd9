//! GIF: the XMP packet of its application extension, and comments with coordinates; other extensions only must not look
//! like a location.
//!
//! Source: XMP specification part 3, section 1.1.2: the packet stands bare in the sub-blocks, and a trailer of 258
//! bytes leads any decoder out of it. So its characters may change, but only into characters of an XML text.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use super::scan::Scan;
use super::{Fill, ScanError, patterns, xmp};

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
    let walked = comments(scan, &bytes)?;
    for comment in &walked {
        let text = bytes.get(comment.clone()).unwrap_or_default();
        if patterns::text(text) {
            let start = range.start.saturating_add(comment.start as u64);
            scan.patch(start, Fill::Spaces(text.len() as u64))?;
        }
    }
    for start in memmem::find_iter(&bytes, b"!\xfe").map(|at| at.saturating_add(3)) {
        let known = walked.iter().any(|comment| comment.start == start);
        let size = bytes.get(start.saturating_sub(1)).map_or(0, |size| usize::from(*size));
        if !known && bytes.get(start..start.saturating_add(size)).is_some_and(patterns::text) {
            return Err(ScanError::Malformed("GIF comment, with what looks like a location"));
        }
    }
    match patterns::search_since(scan, &range, mark)? {
        Some(_) => Err(ScanError::Malformed("GIF extension, with what looks like a location")),
        None => Ok(()),
    }
}

/// The sub-blocks of the comments, as far as the blocks can be followed (GIF89a, sections 15 to 27).
fn comments(scan: &mut Scan<'_>, bytes: &[u8]) -> Result<Vec<Range<usize>>, ScanError> {
    let mut found = Vec::new();
    let mut at = 13usize.saturating_add(colours(bytes, 10));
    loop {
        scan.step()?;
        let comment = match (bytes.get(at), bytes.get(at.saturating_add(1))) {
            (Some(b'!'), Some(label)) => {
                at = at.saturating_add(2);
                *label == 0xfe
            }
            (Some(b','), Some(_)) => {
                // Place and size, flags, colours, and the size of a code.
                at = at.saturating_add(11).saturating_add(colours(bytes, at.saturating_add(9)));
                false
            }
            _ => return Ok(found),
        };
        while let Some(size) = bytes.get(at).map(|size| usize::from(*size)).filter(|size| *size > 0) {
            let block = at.saturating_add(1)..at.saturating_add(1).saturating_add(size);
            at = block.end;
            if at > bytes.len() {
                return Ok(found);
            }
            if comment {
                found.push(block);
            }
        }
        at = at.saturating_add(1);
    }
}

/// Bytes of the table of colours that the flags at `at` announce.
fn colours(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(flags) if flags & 0x80 != 0 => 3usize << (flags & 7).saturating_add(1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
