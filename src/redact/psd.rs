//! Photoshop documents: their image resources; layers only must not look like a location.
//!
//! Source: Adobe Photoshop File Formats, "Photoshop File Format": header of 26 bytes, colour mode data, image
//! resources, layers, image data.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, part};
use super::scan::Scan;
use super::{ScanError, iptc, patterns};

const MALFORMED: ScanError = ScanError::Malformed("Photoshop document");
const HEADER: u64 = 26;

/// Hides the location in the document that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let colours = section(scan, &range, HEADER)?;
    let resources = section(scan, &range, colours.end.saturating_sub(range.start))?;
    let mark = scan.mark();
    iptc::resources(scan, resources.clone())?;
    match patterns::search_since(scan, &(resources.end..range.end), mark)? {
        Some(_) => Err(ScanError::Malformed("layers, with what looks like a location")),
        None => Ok(()),
    }
}

/// A section at `offset`: its size in four bytes, and then so many.
fn section(scan: &mut Scan<'_>, range: &Range<u64>, offset: u64) -> Result<Range<u64>, ScanError> {
    let head = part(range, offset, 4).ok_or(MALFORMED)?;
    let start = offset.saturating_add(4);
    let size = Endian::Big.u32(&scan.bytes(head)?, 0).ok_or(MALFORMED)?;
    part(range, start, u64::from(size)).ok_or(MALFORMED)
}
