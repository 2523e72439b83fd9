//! Vorbis comments, as FLAC, Ogg Vorbis, Opus, Theora and Speex have them: pairs of a name and a value.
//!
//! Sources: Vorbis I specification, section 5; RFC 9639, sections 8.6 and 8.8 (comments and pictures of FLAC).

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, after, length, part};
use super::scan::Scan;
use super::{Fill, Patches, ScanError, tag};

pub(super) mod base64;
#[cfg(test)]
mod tests;

/// Longer than any name of a comment.
const NAME: u64 = 256;
/// Names of comments that hold a picture in base 64: in the shape of FLAC, and as it is.
/// The longest text of a picture that is looked into: it is held several times over.
const ENCODED: u64 = 12 << 20;
const PICTURES: [&[u8]; 2] = [b"METADATA_BLOCK_PICTURE", b"COVERART"];

/// Hides the location in the comments that fill `range`; `false` where they cannot be followed and look as if there
/// was one.
pub(super) fn comments(scan: &mut Scan<'_>, range: Range<u64>) -> Result<bool, ScanError> {
    let mut rest = range;
    let Some(vendor) = sized(scan, &mut rest)? else { return remains(scan, rest) };
    tag::text(scan, vendor)?;
    let Some(count) = Endian::Little.u32(&scan.some(rest.start, 4, &rest)?, 0) else {
        return remains(scan, rest);
    };
    rest = after(&rest, 4);
    for _ in 0..count {
        scan.step()?;
        let Some(pair) = sized(scan, &mut rest)? else { return remains(scan, rest) };
        comment(scan, pair)?;
    }
    remains(scan, rest)
}

/// Makes comments of no vendor and no pairs out of `range`; what a framing bit at the end is stays.
pub(super) fn blank(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    scan.patch(range.start, Fill::Zeros(length(range).saturating_sub(1)))
}

/// What a length before it holds, cut where `rest` ends, which then begins behind it.
fn sized(scan: &mut Scan<'_>, rest: &mut Range<u64>) -> Result<Option<Range<u64>>, ScanError> {
    let Some(size) = Endian::Little.u32(&scan.some(rest.start, 4, rest)?, 0) else { return Ok(None) };
    let body = after(rest, 4);
    let body = body.start..body.start.saturating_add(u64::from(size)).min(body.end);
    rest.start = body.end;
    Ok(Some(body))
}

/// What stands behind the comments must not look like a location.
fn remains(scan: &mut Scan<'_>, rest: Range<u64>) -> Result<bool, ScanError> {
    match tag::no_text(scan, &rest) {
        Ok(()) => Ok(true),
        Err(ScanError::Found(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// One `NAME=value`.
fn comment(scan: &mut Scan<'_>, pair: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(pair.start, NAME, &pair)?;
    let Some(equals) = memchr::memchr(b'=', &head) else { return tag::text(scan, pair) };
    let name = head.get(..equals).unwrap_or_default();
    let value = after(&pair, (equals as u64).saturating_add(1));
    if tag::tells_place(name) {
        return tag::blank(scan, value);
    }
    if PICTURES.iter().any(|picture| picture.eq_ignore_ascii_case(name)) {
        return encoded(scan, value);
    }
    if tag::value(scan, value.clone())? { Ok(()) } else { tag::blank(scan, value) }
}

/// A picture in base 64, with or without what FLAC puts before it.
fn encoded(scan: &mut Scan<'_>, value: Range<u64>) -> Result<(), ScanError> {
    if length(&value) > ENCODED {
        return Err(ScanError::Budget("bytes of a picture in base 64"));
    }
    let text = scan.bytes(value.clone())?;
    let Some(mut content) = base64::decoded(&text) else { return tag::blank(scan, value) };
    let view = content.as_slice();
    let (safe, found) = scan.inside(&view, |scan| {
        let all = scan.whole();
        let head = scan.some(0, 4, &all)?;
        let framed = Endian::Big.u32(&head, 0).is_some_and(|kind| kind <= 20);
        if framed { picture(scan, all) } else { tag::value(scan, all) }
    })?;
    if !safe {
        return tag::blank(scan, value);
    }
    if found.is_empty() {
        return Ok(());
    }
    Patches::new(found).apply(0, &mut content);
    let changed = base64::encoded(&content, &text);
    scan.replace(value.start, &text, &changed)
}

/// A picture of FLAC: kind, media type, description, four numbers, data. `false` where it still tells a place.
pub(super) fn picture(scan: &mut Scan<'_>, range: Range<u64>) -> Result<bool, ScanError> {
    let mut rest = after(&range, 4);
    for text in [false, true] {
        let Some(size) = Endian::Big.u32(&scan.some(rest.start, 4, &rest)?, 0) else { return Ok(true) };
        let Some(string) = part(&rest, 4, u64::from(size)) else {
            return remains(scan, rest);
        };
        rest.start = string.end;
        if text {
            tag::text(scan, string)?;
        }
    }
    // Width, height, depth, colours, and the size of the data, which is all that is left.
    tag::value(scan, after(&rest, 20))
}
