//! Raw photographs that are no TIFF files but hold TIFF blocks: Fujifilm RAF and Minolta MRW.
//!
//! Sources: ExifTool's FujiFilm and MinoltaRaw modules (neither format is published).

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, after, part};
use super::scan::Scan;
use super::{ScanError, jpeg, patterns, tiff};

/// Where a RAF header has the place and size of the JPEG preview, which holds the Exif block.
const RAF_JPEG: u64 = 84;
/// Where a RAF header has the places and sizes of its other two parts: settings and image data.
const RAF_PARTS: [u64; 2] = [92, 100];

/// Hides the location in the RAF file that fills `range`.
pub(super) fn raf(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let preview = raf_part(scan, &range, RAF_JPEG)?;
    jpeg::scan(scan, preview)?;
    for field in RAF_PARTS {
        let part = raf_part(scan, &range, field)?;
        let head = scan.some(part.start, 4, &part)?;
        if matches!(head.as_slice(), b"II*\0" | b"MM\0*") {
            tiff::scan(scan, part)?;
        }
    }
    Ok(())
}

fn raf_part(scan: &mut Scan<'_>, range: &Range<u64>, field: u64) -> Result<Range<u64>, ScanError> {
    const MALFORMED: ScanError = ScanError::Malformed("RAF header");
    let fields = scan.bytes(part(range, field, 8).ok_or(MALFORMED)?)?;
    let numbers = Endian::Big.u32(&fields, 0).zip(Endian::Big.u32(&fields, 4));
    let (offset, size) = numbers.ok_or(MALFORMED)?;
    part(range, u64::from(offset), u64::from(size)).ok_or(MALFORMED)
}

/// Hides the location in the MRW file that fills `range`: a block of blocks, one of which is TIFF.
pub(super) fn mrw(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    const MALFORMED: ScanError = ScanError::Malformed("MRW header");
    let head = scan.some(range.start, 8, &range)?;
    let size = Endian::Big.u32(&head, 4).ok_or(MALFORMED)?;
    let mut blocks = part(&range, 8, u64::from(size)).ok_or(MALFORMED)?;
    let data = blocks.end..range.end;
    while !blocks.is_empty() {
        scan.step()?;
        let head = scan.some(blocks.start, 8, &blocks)?;
        let size = Endian::Big.u32(&head, 4).ok_or(MALFORMED)?;
        let body = part(&blocks, 8, u64::from(size)).ok_or(MALFORMED)?;
        blocks = after(&blocks, u64::from(size).saturating_add(8));
        if head.starts_with(b"\0TTW") {
            tiff::scan_or_blank(scan, body)?;
        }
    }
    match patterns::search(scan, &data)? {
        Some(_) => Err(ScanError::Malformed("image data, with what looks like a location")),
        None => Ok(()),
    }
}
