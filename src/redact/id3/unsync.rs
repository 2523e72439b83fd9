//! Unsynchronisation (ID3v2.3.0, section 5): a NUL follows every 0xff that a decoder of sound could take for the
//! start of a packet. Readers take it away, so a replacement must neither make nor unmake one.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::changed;
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError};

/// Runs `inner` over what `raw`, which begins at `start`, stands for, and puts what it changes into the file.
pub(super) fn scan(
    scan: &mut Scan<'_>,
    start: u64,
    raw: &[u8],
    inner: impl FnOnce(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    let (content, places) = decoded(raw);
    let Some(changed) = changed(scan, &content, inner)? else { return Ok(()) };
    let result = encoded(raw, &content, &changed, &places);
    if decoded(&result).0.len() != content.len() {
        return Err(ScanError::Malformed("unsynchronised ID3"));
    }
    scan.patch(start, Fill::Bytes(result.into()))
}

/// What bytes stand for, and where each of them stands.
pub(super) fn decoded(raw: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut content = Vec::with_capacity(raw.len());
    let mut places = Vec::with_capacity(raw.len());
    let mut before = 0u8;
    for (place, byte) in raw.iter().enumerate() {
        let inserted = before == 0xff && *byte == 0;
        if !inserted {
            content.push(*byte);
            places.push(place);
        }
        before = *byte;
    }
    (content, places)
}

/// The changed content in as many bytes: 0xff with an inserted NUL stays, and no 0xff gets a follower that reads as
/// inserted.
fn encoded(raw: &[u8], content: &[u8], changed: &[u8], places: &[usize]) -> Vec<u8> {
    let mut result = raw.to_vec();
    for ((old, new), place) in content.iter().zip(changed).zip(places) {
        let inserted = *old == 0xff && raw.get(place.saturating_add(1)) == Some(&0);
        if old == new || inserted {
            continue;
        }
        let follows = place.checked_sub(1).and_then(|before| result.get(before)) == Some(&0xff);
        let byte = if follows && (*new == 0 || *new >= 0xe0) { b' ' } else { *new };
        let byte = if byte == 0xff { b' ' } else { byte };
        if let Some(target) = result.get_mut(*place) {
            *target = byte;
        }
    }
    result
}
