//! TIFF blocks: Exif, raw photographs and TIFF files.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::scan::Scan;
use super::{Fill, ScanError};

/// Hides the location in a TIFF block. `range` starts at its header (`II` or `MM`), to which all offsets refer.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let _ = (scan, range);
    Err(ScanError::Malformed("TIFF"))
}

/// Makes of `range` a TIFF block without entries.
pub(super) fn blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    const EMPTY: [u8; 14] = *b"II*\0\x08\0\0\0\0\0\0\0\0\0";
    let length = range.end.saturating_sub(range.start);
    scan.patch(range.start, Fill::Zeros(length))?;
    match usize::try_from(length).ok().and_then(|length| EMPTY.get(..length.min(EMPTY.len()))) {
        Some(header) => scan.patch(range.start, Fill::Bytes(header.into())),
        None => scan.patch(range.start, Fill::Bytes(EMPTY.into())),
    }
}
