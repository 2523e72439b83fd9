//! XMP packets.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::scan::Scan;
use super::{Fill, ScanError};

/// Hides the location in the XMP packet that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let _ = (scan, range);
    Err(ScanError::Malformed("XMP"))
}

/// Makes of `range` a packet without content: spaces.
pub(super) fn blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.patch(range.start, Fill::Spaces(range.end.saturating_sub(range.start)))
}
