//! The codestream of JPEG 2000 (ISO/IEC 15444-1, annex A): its comments may tell a place; nothing else is read.
//!
//! Marker segments are walked in the main header and in the header of each tile-part, whose data is passed over.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::bytes::{Endian, after, length, part};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, patterns};

use super::{Iso, sniff};

/// Start and end of the codestream, start of a tile-part and of its data, comment.
const SOC: u16 = 0xff4f;
const EOC: u16 = 0xffd9;
const SOT: u16 = 0xff90;
const SOD: u16 = 0xff93;
const COM: u16 = 0xff64;
/// What a comment is registered as that is text.
const TEXT: u16 = 1;

/// Hides the location in the comments of the codestream that fills `range`, and in what follows its end.
pub(in crate::redact) fn walk(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mut rest = range;
    // Where the tile-part ends whose header is being walked.
    let mut tile: Option<u64> = None;
    while !rest.is_empty() {
        scan.step()?;
        let head = scan.some(rest.start, 10, &rest)?;
        let Some(marker) = Endian::Big.u16(&head, 0) else { return broken(scan, rest) };
        match marker {
            SOC => rest = after(&rest, 2),
            EOC => {
                let rest = after(&rest, 2);
                return sniff::search(&mut Iso::new(scan, rest.clone()), rest);
            }
            SOD => match tile.take().filter(|end| *end > rest.start) {
                Some(end) => rest.start = end.min(rest.end),
                // The last tile-part may leave its length open.
                None => return broken(scan, rest),
            },
            _ => {
                let size = Endian::Big.u16(&head, 2).filter(|size| *size >= 2).map(u64::from);
                let Some(body) = size.and_then(|size| part(&rest, 2, size)) else {
                    return broken(scan, rest);
                };
                if marker == SOT {
                    let size = Endian::Big.u32(&head, 6).filter(|size| *size > 0);
                    tile = size.map(|size| rest.start.saturating_add(u64::from(size)));
                }
                if marker == COM {
                    comment(scan, after(&body, 2))?;
                }
                rest.start = body.end;
            }
        }
    }
    Ok(())
}

/// A comment: what it is registered as, then its text.
fn comment(scan: &mut Scan<'_>, body: Range<u64>) -> Result<(), ScanError> {
    let bytes = scan.bytes(body.clone())?;
    let text = after(&body, 2);
    if !patterns::text(bytes.get(2..).unwrap_or_default()) && patterns::search(scan, &text)?.is_none() {
        return Ok(());
    }
    let plain = Endian::Big.u16(&bytes, 0) == Some(TEXT);
    let count = length(&text);
    scan.patch(text.start, if plain { Fill::Spaces(count) } else { Fill::Zeros(count) })
}

/// What cannot be followed must not look like a location.
fn broken(scan: &mut Scan<'_>, rest: Range<u64>) -> Result<(), ScanError> {
    match patterns::search(scan, &rest)? {
        Some(_) => Err(ScanError::Malformed("codestream, with what looks like a location")),
        None => Ok(()),
    }
}
