//! TIFF blocks: Exif in other formats, TIFF files, and the raw photographs that are TIFF underneath.
//!
//! A GPS directory is emptied: its count becomes zero, its entries and their values become NUL bytes, so that every
//! reader finds a directory with nothing in it. Embedded XMP, IPTC, Photoshop resources, previews and the vendors'
//! notes go to their scanners.
//!
//! INVARIANT: what a kept directory, a kept value or image data occupies is never patched by this module, however a
//! GPS directory overlaps it; then the pointer is renamed instead.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::length;
use super::scan::Scan;
use super::trailer::{self, Unknown};
use super::{Fill, ScanError};

mod gps;
mod keep;
mod layout;
mod nikon;
mod notes;
#[cfg(test)]
mod tests;
mod walk;

/// Bytes of a block with one directory of one entry.
const SMALLEST: u64 = 8 + 2 + 12;
/// A block with one directory of no entries.
pub(super) const EMPTY: [u8; 14] = *b"II*\0\x08\0\0\0\0\0\0\0\0\0";

/// Hides the location in a TIFF block. `range` starts at its header (`II` or `MM`), to which all offsets refer.
///
/// Pointers and values that lie outside the block are nobody's to read and are passed over; only a header that is
/// none is [`ScanError::Malformed`].
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.nested(|scan| {
        let (layout, first) = layout::Layout::read(scan, &range)?;
        walk::Walk::new(layout).run(scan, first).map(|_| ())
    })
}

/// The same for a file, where what follows the last thing that any directory knows of is looked at too.
pub(super) fn file(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let (layout, first) = layout::Layout::read(scan, &range)?;
    let end = walk::Walk::new(layout).run(scan, first)?;
    trailer::scan(scan, end.clamp(range.start, range.end)..range.end, mark, Unknown::Refuse)
}

/// Makes of `range`, which has room for it, a TIFF block without entries.
pub(super) fn blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let length = length(&range);
    scan.patch(range.start, Fill::Zeros(length))?;
    let header = usize::try_from(length).ok().and_then(|length| EMPTY.get(..length)).unwrap_or(&EMPTY);
    scan.patch(range.start, Fill::Bytes(header.into()))
}

/// Hides the location in a TIFF block, and blanks the block where that cannot be done.
pub(super) fn scan_or_blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    match self::scan(scan, range.clone()) {
        Err(ScanError::Malformed(_)) => {
            scan.rewind(mark);
            if length(&range) < SMALLEST { Ok(()) } else { blank(scan, range) }
        }
        result => result,
    }
}
