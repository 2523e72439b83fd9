//! What cameras append after the last box and recognise from the end: Insta360's records.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::Endian;

use super::Iso;

/// The last bytes of an Insta360 file.
const INSTA360: &[u8; 32] = b"8db42d694ccc418790edff439fe026bf";

/// Length of the description that ends in [`INSTA360`].
const DESCRIPTION: u64 = 78;

/// The record that holds fixes.
const FIXES: u16 = 0x700;

/// The part of `range` before the trailer, whose fixes are blanked.
pub(super) fn before(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<Range<u64>, ScanError> {
    let Some(start) = range.end.checked_sub(DESCRIPTION).filter(|start| *start > range.start) else {
        return Ok(range);
    };
    let description = iso.bytes(start..range.end)?;
    if !description.ends_with(INSTA360) {
        return Ok(range);
    }
    let length = Endian::Little.u32(&description, 38).map(u64::from).unwrap_or_default();
    let first = range.end.checked_sub(length).filter(|first| (range.start..start).contains(first));
    let first = first.ok_or(ScanError::Malformed("trailer"))?;
    records(iso, first, start, &description)?;
    Ok(range.start..first)
}

/// The records from the last one on: data, then id and length, which for the last stand in the description.
fn records(iso: &mut Iso<'_, '_>, first: u64, end: u64, description: &[u8]) -> Result<(), ScanError> {
    let mut end = end;
    let mut footer = description.to_vec();
    loop {
        iso.scan.step()?;
        let id = Endian::Little.u16(&footer, 0).unwrap_or_default();
        let length = Endian::Little.u32(&footer, 2).map(u64::from).unwrap_or_default();
        let Some(start) = end.checked_sub(length).filter(|start| *start >= first) else { return Ok(()) };
        if id == FIXES {
            iso.zero(start..end)?;
        }
        let Some(next) = start.checked_sub(6).filter(|next| *next >= first) else { return Ok(()) };
        footer = iso.bytes(next..start)?;
        end = next;
    }
}
