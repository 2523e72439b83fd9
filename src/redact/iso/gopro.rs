//! GoPro's metadata (the GPMF specification): key, type, size of an element, number of elements, value padded to
//! four bytes; type 0 holds further keys. In samples of `gpmd` tracks and in the user data box `GPMF`.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::{Endian, array};

use super::Iso;
use super::boxes::Kind;

/// Deepest nesting that is followed; cameras write three levels.
const DEPTH: u32 = 8;

/// Blanks what tells a place or the time of a fix.
pub(super) fn blank(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let bytes = iso.bytes(range.clone())?;
    level(iso, &bytes, range.start, DEPTH)
}

fn level(iso: &mut Iso<'_, '_>, bytes: &[u8], start: u64, depth: u32) -> Result<(), ScanError> {
    let depth = depth.checked_sub(1).ok_or(ScanError::Malformed("nesting of GoPro metadata"))?;
    let mut at = 0usize;
    while let (Some(key), Some(shape)) = (array::<4>(bytes, at), array::<4>(bytes, at.saturating_add(4))) {
        if key == [0; 4] {
            break;
        }
        let [kind, size, ..] = shape;
        let count = usize::from(Endian::Big.u16(&shape, 2).unwrap_or_default());
        let body = at.saturating_add(8);
        let padded = usize::from(size).saturating_mul(count).next_multiple_of(4);
        let end = body.saturating_add(padded).min(bytes.len());
        let value = bytes.get(body..end).unwrap_or_default();
        let place = start.saturating_add(body as u64);
        if tells_place(key) {
            iso.zero(place..start.saturating_add(end as u64))?;
        } else if kind == 0 {
            level(iso, value, place, depth)?;
        }
        at = end.max(body);
    }
    Ok(())
}

/// `GPS5`, `GPS9`, `GPSU` and the like; `GPRI` and `GLPI` of the Karma drone.
fn tells_place(key: Kind) -> bool {
    key.starts_with(b"GPS") || [*b"GPRI", *b"GLPI", *b"GPOS"].contains(&key)
}
