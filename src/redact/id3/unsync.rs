//! Unsynchronisation (ID3v2.3.0, section 5): a NUL follows every 0xff that a decoder of sound could take for the
//! start of a packet. Readers take it away, so a replacement must neither make nor unmake one.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::changed;
use crate::redact::ScanError;
use crate::redact::bytes::length;
use crate::redact::scan::Scan;

/// The most unsynchronised bytes that are looked into: they are held several times over.
const LONGEST: u64 = 8 << 20;

/// Runs `inner` over what the bytes of `range` stand for, and puts what it changes into the file.
pub(super) fn scan(
    scan: &mut Scan<'_>,
    range: Range<u64>,
    inner: impl FnOnce(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    if length(&range) > LONGEST {
        return Err(ScanError::Budget("bytes of unsynchronised ID3"));
    }
    let raw = scan.bytes(range.clone())?;
    let content = decoded(&raw);
    let Some(changed) = changed(scan, &content, inner)? else { return Ok(()) };
    let result = encoded(&raw, &changed);
    if meant(&result).count() != content.len() {
        return Err(ScanError::Malformed("unsynchronised ID3"));
    }
    scan.replace(range.start, &raw, &result)
}

/// What bytes stand for.
pub(super) fn decoded(raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(raw.len());
    content.extend(meant(raw).map(|(_, byte)| byte));
    content
}

/// The bytes that were not inserted, and where each of them stands.
fn meant(raw: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let before = [0].into_iter().chain(raw.iter().copied());
    let marked = raw.iter().copied().enumerate().zip(before);
    marked.filter(|((_, byte), before)| !(*before == 0xff && *byte == 0)).map(|(found, _)| found)
}

/// The changed content in as many bytes: 0xff with an inserted NUL stays, and no 0xff gets a follower that reads as
/// inserted.
fn encoded(raw: &[u8], changed: &[u8]) -> Vec<u8> {
    let mut result = raw.to_vec();
    for ((place, old), new) in meant(raw).zip(changed) {
        let inserted = old == 0xff && raw.get(place.saturating_add(1)) == Some(&0);
        if old == *new || inserted {
            continue;
        }
        let follows = place.checked_sub(1).and_then(|before| result.get(before)) == Some(&0xff);
        let byte = if follows && (*new == 0 || *new >= 0xe0) { b' ' } else { *new };
        let byte = if byte == 0xff { b' ' } else { byte };
        if let Some(target) = result.get_mut(place) {
            *target = byte;
        }
    }
    result
}
