//! The position that FLIR's thermal cameras keep in their own segments.
//!
//! The segments joined are one file: `FFF\0`, at 24 the place of its directory and at 28 the count of its entries, 32
//! bytes each: kind at 0, place of the record at 12, its size at 16. Source: ExifTool's FLIR module.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::bytes::{Endian, length, part};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError};

/// What the segments begin with; two bytes follow, the segment's number and the last one's.
pub(super) const SIGNATURE: &[u8] = b"FLIR\0\x01";
/// Bytes of a segment before the part of the file.
pub(super) const HEADER: u64 = 8;
/// The record with the position.
const POSITION: u16 = 0x2b;
const ENTRY: u64 = 32;
/// Versions between which the numbers are in the order that the file has; else they are in the other.
const VERSIONS: Range<u32> = 100..200;

/// Zeros the records with the position.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(range.start, 64, &range)?;
    let version = |endian: Endian| endian.u32(&head, 20).is_some_and(|version| VERSIONS.contains(&version));
    let endian = if version(Endian::Big) { Endian::Big } else { Endian::Little };
    let (Some(directory), Some(count)) = (endian.u32(&head, 24), endian.u32(&head, 28)) else {
        return Ok(());
    };
    let wanted = u64::from(count).saturating_mul(ENTRY);
    let place = range.start.saturating_add(u64::from(directory)).min(range.end);
    let entries = scan.some(place, wanted, &range)?;
    for entry in entries.chunks_exact(32) {
        scan.step()?;
        // Some write the kinds in the other order.
        if endian.u16(entry, 0) != Some(POSITION) && endian.u16(entry, 0) != Some(POSITION.swap_bytes()) {
            continue;
        }
        let fields = endian.u32(entry, 12).zip(endian.u32(entry, 16));
        let record = fields.and_then(|(at, size)| part(&range, u64::from(at), u64::from(size)));
        if let Some(record) = record {
            scan.patch(record.start, Fill::Zeros(length(&record)))?;
        }
    }
    Ok(())
}
