//! What stands after the end of a JPEG or PNG image: videos of motion photos, further images, vendors' blocks.
//!
//! What no scanner knows and looks like a location goes; behind image data whose end is not certain it makes the file one
//! that cannot be made safe.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use crate::redact::bytes::{Endian, length, part};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, iso, jpeg, patterns, png};

mod vendors;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";
/// Bytes looked at together, and how many of them again with the next ones.
const BLOCK: u64 = 1 << 20;
const OVERLAP: usize = 16;

/// What becomes of bytes that no scanner knows, where they look like a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// They become NUL: the image has ended.
    Blank,
    /// They may belong to the image, so it is refused.
    Refuse,
}

/// Hides the location in what follows an image; `mark` is that of the image's scan.
pub(super) fn scan(
    scan: &mut Scan<'_>,
    range: Range<u64>,
    mark: usize,
    unknown: Unknown,
) -> Result<(), ScanError> {
    scan.step()?;
    let mut rest = range.start;
    for (start, kind) in starts(scan, &range)? {
        if start < rest {
            continue;
        }
        leftover(scan, rest..start, mark, unknown)?;
        match kind {
            // They look at all that follows them as well.
            Kind::Png => return png::scan(scan, start..range.end),
            Kind::Jpeg => return jpeg::scan(scan, start..range.end),
            Kind::Video => rest = boxes(scan, &(start..range.end))?,
        }
        scan.nested(|scan| iso::scan(scan, start..rest))?;
    }
    vendors::samsung(scan, &range)?;
    vendors::afcp(scan, &range)?;
    leftover(scan, rest..range.end, mark, unknown)
}

/// What begins in a trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Video,
    Png,
    Jpeg,
}

/// Where files of other formats begin.
fn starts(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Vec<(u64, Kind)>, ScanError> {
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let bytes = scan.some(at, BLOCK, range)?;
        let end = at.saturating_add(bytes.len() as u64);
        let last = end >= range.end;
        // What begins in the overlap is seen with the next block.
        let limit = if last { bytes.len() } else { bytes.len().saturating_sub(OVERLAP) };
        let before = found.len();
        found.extend(beginnings(&bytes, limit).map(|(start, kind)| (at.saturating_add(start as u64), kind)));
        scan.steps(found.len().saturating_sub(before))?;
        at = if last { end } else { at.saturating_add(limit as u64) };
    }
    found.sort_unstable();
    Ok(found)
}

/// The same in one block, up to `limit`.
fn beginnings(bytes: &[u8], limit: usize) -> impl Iterator<Item = (usize, Kind)> {
    let videos = memmem::find_iter(bytes, b"ftyp").filter_map(|at| {
        let start = at.checked_sub(4)?;
        let size = Endian::Big.u32(bytes, start)?;
        (8..=1024).contains(&size).then_some((start, Kind::Video))
    });
    let pictures = memmem::find_iter(bytes, PNG).map(|at| (at, Kind::Png));
    let photographs = memmem::find_iter(bytes, JPEG).map(|at| (at, Kind::Jpeg));
    videos.chain(pictures).chain(photographs).filter(move |(at, _)| *at < limit)
}

/// Where the boxes of a video end that begins where `range` does.
fn boxes(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<u64, ScanError> {
    let mut at = range.start;
    while at < range.end {
        scan.step()?;
        let head = scan.some(at, 16, range)?;
        let name = head.get(4..8).unwrap_or_default();
        if name.len() < 4 || !name.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, 0xa9 | b' ')) {
            break;
        }
        let size = match Endian::Big.u32(&head, 0) {
            Some(0) => length(&(at..range.end)),
            Some(1) => Endian::Big.u64(&head, 8).unwrap_or(0),
            size => u64::from(size.unwrap_or(0)),
        };
        match part(&(at..range.end), 0, size).filter(|_| size >= 8) {
            Some(whole) => at = whole.end,
            None => break,
        }
    }
    Ok(at)
}

/// What no scanner knows must not look like a location.
fn leftover(scan: &mut Scan<'_>, range: Range<u64>, mark: usize, unknown: Unknown) -> Result<(), ScanError> {
    match (patterns::search_since(scan, &range, mark)?, unknown) {
        (None, _) => Ok(()),
        (Some(_), Unknown::Blank) => scan.patch(range.start, Fill::Zeros(length(&range))),
        (Some(_), Unknown::Refuse) => {
            Err(ScanError::Malformed("data after the image, with what looks like a location"))
        }
    }
}
