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
/// Bytes of a trailer that are held in memory together.
const MOST: u64 = 64 << 20;

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
    if length(&range) > MOST {
        return Err(ScanError::Budget("bytes after the image"));
    }
    let bytes = scan.bytes(range.clone())?;
    let mut rest = range.start;
    for (start, kind) in starts(&bytes) {
        let start = range.start.saturating_add(start as u64);
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
    vendors::samsung(scan, &range, &bytes)?;
    vendors::afcp(scan, &range, &bytes)?;
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
fn starts(bytes: &[u8]) -> Vec<(usize, Kind)> {
    let videos = memmem::find_iter(bytes, b"ftyp").filter_map(|at| {
        let start = at.checked_sub(4)?;
        let size = Endian::Big.u32(bytes, start)?;
        (8..=1024).contains(&size).then_some((start, Kind::Video))
    });
    let pictures = memmem::find_iter(bytes, PNG).map(|at| (at, Kind::Png));
    let photographs = memmem::find_iter(bytes, JPEG).map(|at| (at, Kind::Jpeg));
    let mut found: Vec<_> = videos.chain(pictures).chain(photographs).collect();
    found.sort_unstable();
    found
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
