//! GIF: the XMP packet of its application extension, and comments with coordinates; other extensions only must not look
//! like a location.
//!
//! Source: XMP specification part 3, section 1.1.2: the packet stands bare in the sub-blocks, and a trailer of 258
//! bytes leads any decoder out of it. So its characters may change, but only into characters of an XML text.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use super::bytes::part;
use super::scan::Scan;
use super::{Fill, ScanError, patterns, xmp};

const APPLICATION: &[u8] = b"!\xff\x0bXMP DataXMP";
/// How the trailer after the packet begins.
const TRAILER: &[u8] = b"\x01\xff\xfe\xfd\xfc";

/// Bytes looked at together, and how many of them again with the next ones: a whole sub-block.
const BLOCK: u64 = 1 << 20;
const OVERLAP: u64 = 512;
/// Bytes that are read ahead.
const AHEAD: u64 = 64 << 10;
/// The longest packet with its trailer.
const PACKET: u64 = 16 << 20;

/// Hides the location in the GIF that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let walked = comments(scan, &range)?;
    for comment in &walked {
        let text = scan.bytes(comment.clone())?;
        if patterns::text(&text) {
            scan.patch(comment.start, Fill::Spaces(text.len() as u64))?;
        }
    }
    let mut at = range.start;
    while at < range.end {
        let bytes = scan.some(at, BLOCK, &range)?;
        packets(scan, at..range.end, &bytes)?;
        strays(at, &bytes, &walked)?;
        let end = at.saturating_add(bytes.len() as u64);
        at = if end >= range.end { range.end } else { end.saturating_sub(OVERLAP) };
    }
    match patterns::search_since(scan, &range, mark)? {
        Some(_) => Err(ScanError::Malformed("GIF extension, with what looks like a location")),
        None => Ok(()),
    }
}

/// The packets that begin in `bytes`, with which `rest` begins.
fn packets(scan: &mut Scan<'_>, rest: Range<u64>, bytes: &[u8]) -> Result<(), ScanError> {
    for found in memmem::find_iter(bytes, APPLICATION) {
        scan.step()?;
        let start = rest.start.saturating_add(found.saturating_add(APPLICATION.len()) as u64);
        let packet = scan.some(start, PACKET, &rest)?;
        let Some(size) = memmem::find(&packet, TRAILER) else { continue };
        drop(packet);
        xmp::scan_or_blank(scan, start..start.saturating_add(size as u64))?;
    }
    Ok(())
}

/// What may be comments in `bytes`, which stand at `at`, and is none that was found by following the blocks.
fn strays(at: u64, bytes: &[u8], walked: &[Range<u64>]) -> Result<(), ScanError> {
    for start in memmem::find_iter(bytes, b"!\xfe").map(|found| found.saturating_add(3)) {
        let place = at.saturating_add(start as u64);
        let known = walked.binary_search_by_key(&place, |comment| comment.start).is_ok();
        let size = bytes.get(start.saturating_sub(1)).map_or(0, |size| usize::from(*size));
        if !known && bytes.get(start..start.saturating_add(size)).is_some_and(patterns::text) {
            return Err(ScanError::Malformed("GIF comment, with what looks like a location"));
        }
    }
    Ok(())
}

/// The sub-blocks of the comments, as far as the blocks can be followed (GIF89a, sections 15 to 27).
fn comments(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Vec<Range<u64>>, ScanError> {
    let mut found = Vec::new();
    let mut file = Ahead { range: range.clone(), start: range.start, bytes: Vec::new() };
    let mut at = 13u64.saturating_add(file.colours(scan, 10)?);
    loop {
        scan.step()?;
        let comment = match (file.byte(scan, at)?, file.byte(scan, at.saturating_add(1))?) {
            (Some(b'!'), Some(label)) => {
                at = at.saturating_add(2);
                label == 0xfe
            }
            (Some(b','), Some(_)) => {
                // Place and size, flags, colours, and the size of a code.
                at = at.saturating_add(11).saturating_add(file.colours(scan, at.saturating_add(9))?);
                false
            }
            _ => return Ok(found),
        };
        while let Some(size) = file.byte(scan, at)?.map(u64::from).filter(|size| *size > 0) {
            let block = part(range, at.saturating_add(1), size);
            at = at.saturating_add(1).saturating_add(size);
            let Some(block) = block else { return Ok(found) };
            if comment {
                scan.step()?;
                found.push(block);
            }
        }
        at = at.saturating_add(1);
    }
}

/// The bytes of a file by their places in it, read ahead.
#[derive(Debug)]
struct Ahead {
    range: Range<u64>,
    start: u64,
    bytes: Vec<u8>,
}

impl Ahead {
    fn byte(&mut self, scan: &mut Scan<'_>, at: u64) -> Result<Option<u8>, ScanError> {
        let place = self.range.start.saturating_add(at);
        if place >= self.range.end {
            return Ok(None);
        }
        let held = |ahead: &Ahead| {
            let index = usize::try_from(place.checked_sub(ahead.start)?).ok()?;
            ahead.bytes.get(index).copied()
        };
        if held(self).is_none() {
            self.bytes = scan.some(place, AHEAD, &self.range)?;
            self.start = place;
        }
        Ok(held(self))
    }

    /// Bytes of the table of colours that the flags at `at` announce.
    fn colours(&mut self, scan: &mut Scan<'_>, at: u64) -> Result<u64, ScanError> {
        Ok(match self.byte(scan, at)? {
            Some(flags) if flags & 0x80 != 0 => 3u64 << (flags & 7).saturating_add(1),
            Some(_) | None => 0,
        })
    }
}

#[cfg(test)]
mod tests;
