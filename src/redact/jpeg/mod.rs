//! JPEG files and JPEG images inside other files.
//!
//! The segments up to the first scan are walked; everything after it is searched for segments too, because readers
//! find metadata between scans, after the end of the image and in further images. What follows the image goes to
//! [`trailer`].
//!
//! Sources: ITU-T T.81 annex B; Exif 2.32 section 4.5; XMP specification part 3, section 1.1.3.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memchr;

use super::ScanError;
use super::bytes::{array, length};
use super::patterns;
use super::scan::Scan;
use super::trailer::{self, Unknown};
use segment::Segments;

mod flir;
mod ricoh;
mod segment;
#[cfg(test)]
mod tests;

const MALFORMED: ScanError = ScanError::Malformed("JPEG");
/// What an image starts with.
const START: &[u8] = b"\xff\xd8";
/// What exiv2 writes in its place where there is no image.
const EXV: &[u8] = b"\xff\x01Exiv2";
/// Bytes looked at together when searching.
const BLOCK: usize = 128 << 10;
/// Bytes of a segment from its marker on that tell what it is.
const SIGNATURE: u64 = 64;

/// Hides the location in the JPEG image that starts where `range` starts, and in whatever follows it there.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    segments(scan, &range, START)
}

/// The same for the segments of an image without the image, as exiv2 writes them.
pub(super) fn exv(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    segments(scan, &range, EXV)
}

fn segments(scan: &mut Scan<'_>, range: &Range<u64>, start: &[u8]) -> Result<(), ScanError> {
    scan.nested(|scan| {
        let mark = scan.mark();
        let mut segments = Segments::default();
        let (data, lost) = header(scan, range, start, &mut segments)?;
        let end = search(scan, &data, &mut segments)?;
        segments.finish(scan)?;
        if lost && patterns::search_since(scan, &data, mark)?.is_some() {
            return Err(ScanError::Malformed("JPEG segments, with what looks like a location"));
        }
        match end {
            Some(end) if end < range.end => trailer::scan(scan, end..range.end, mark, Unknown::Blank),
            Some(_) | None => Ok(()),
        }
    })
}

/// Hides the location in the segments before the first scan; the rest is known to be image data.
pub(super) fn scan_header(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.nested(|scan| {
        let mut segments = Segments::default();
        header(scan, &range, START, &mut segments)?;
        segments.finish(scan)
    })
}

/// Walks the segments up to the first scan or the end of the image; what comes then is still to be searched. Also
/// answers whether the walk was lost before: then it is not known what that is.
fn header(
    scan: &mut Scan<'_>,
    range: &Range<u64>,
    start: &[u8],
    segments: &mut Segments,
) -> Result<(Range<u64>, bool), ScanError> {
    if scan.some(range.start, start.len() as u64, range)? != start {
        return Err(MALFORMED);
    }
    let mut at = range.start.saturating_add(start.len() as u64);
    loop {
        scan.step()?;
        let head = scan.some(at, SIGNATURE, range)?;
        let fill = head.iter().take_while(|byte| **byte == 0xff).count();
        let Some(marker) = head.get(fill).copied().filter(|_| fill > 0) else {
            if fill == 0 || fill as u64 == length(&(at..range.end)) {
                return Ok((at..range.end, fill == 0 && at < range.end));
            }
            // More fill than was read: the last of it may belong to the marker.
            at = at.saturating_add(fill as u64).saturating_sub(1);
            continue;
        };
        let after = at.saturating_add(fill as u64).saturating_add(1);
        match marker {
            0x01 | 0xd0..=0xd8 => at = after,
            // Image data, or the end: searched from the marker on.
            0x00 | 0xd9 | 0xda => return Ok((after.saturating_sub(2)..range.end, false)),
            _ => {
                let Some(size) = array(&scan.some(after, 2, range)?, 0).map(u16::from_be_bytes) else {
                    return Ok((at..range.end, false));
                };
                if size < 2 {
                    return Ok((after.saturating_sub(2)..range.end, true));
                }
                let end = after.saturating_add(u64::from(size)).min(range.end);
                segments.add(scan, marker, after.saturating_add(2)..end)?;
                at = end;
            }
        }
    }
}

/// Looks for segments with metadata in image data and what follows it; answers where the image ends.
fn search(
    scan: &mut Scan<'_>,
    range: &Range<u64>,
    segments: &mut Segments,
) -> Result<Option<u64>, ScanError> {
    let mut end = None;
    let mut buffer = vec![0; BLOCK.min(usize::try_from(length(range)).unwrap_or(BLOCK))];
    let mut at = range.start;
    while at < range.end {
        let count = usize::try_from(length(&(at..range.end))).unwrap_or(BLOCK).min(buffer.len());
        let block = buffer.get_mut(..count).unwrap_or_default();
        scan.fill(at, block)?;
        let mut seen = 0usize;
        while let Some(found) = memchr(0xff, block.get(seen..).unwrap_or_default()) {
            let position = seen.saturating_add(found);
            let rest = block.get(position.saturating_add(1)..).unwrap_or_default();
            let place = at.saturating_add(position as u64);
            seen = position.saturating_add(1);
            match rest.first() {
                Some(0xd9) if end.is_none() => end = Some(place.saturating_add(2)),
                Some(marker @ (0xe0..=0xef | 0xfe)) if segment::worth_a_look(rest) => {
                    segments.found(scan, *marker, place.saturating_add(2)..range.end, end.is_some())?;
                }
                Some(_) | None => {}
            }
        }
        // The next block begins early enough to see a signature whole that this one cuts.
        let overlap = SIGNATURE.min(count as u64 / 2);
        let last = at.saturating_add(count as u64);
        at = if last >= range.end { last } else { last.saturating_sub(overlap) };
    }
    Ok(end)
}
