//! Makers' own boxes that hold a place in a form of their own.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use crate::redact::ScanError;
use crate::redact::bytes::Endian;

use super::boxes::BoxAt;
use super::{Iso, meta, sniff, walk};

/// Longest of these boxes that is read.
const LONGEST: u64 = 16 << 20;

/// Properties of Windows by their identifiers: city, country, state, and the place where a photograph was made.
const PROPERTIES: [&[u8]; 4] = [
    b"{C8EA94F0-A9E3-4969-A94B-9C62A95324E0} 100",
    b"{E53D799D-0F3F-466E-B2FF-74634A3CB7A4} 100",
    b"{F1176DFE-7138-4640-8B4C-AE375DC70A6D} 100",
    b"{F6272D18-CECC-40B1-B26A-3911717AA7BD} 100",
];

/// Nikon's `NCTG`: tag, format and count as in TIFF, then the value. Tags from 0x1200000 on are Exif's GPS tags.
pub(super) fn nikon(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let bytes = short(iso, &range)?;
    let mut at = 0usize;
    while let (Some(tag), Some(format), Some(count)) = (
        Endian::Big.u32(&bytes, at),
        Endian::Big.u16(&bytes, at.saturating_add(4)),
        Endian::Big.u16(&bytes, at.saturating_add(6)),
    ) {
        // TIFF 6.0, section 2: the sizes of the field types.
        let size: usize = match format {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return sniff::search(iso, range),
        };
        let value = at.saturating_add(8);
        let end = value.saturating_add(size.saturating_mul(usize::from(count))).min(bytes.len());
        if (0x0120_0001..=0x0120_001f).contains(&tag) {
            let place = |offset: usize| range.start.saturating_add(offset as u64);
            iso.zero(place(value)..place(end))?;
        }
        at = end;
    }
    sniff::search(iso, range)
}

/// Pentax's `PENT`: fields at fixed places, those of a fix from 0xc7 up to the date of the fix and its end at 0x14d.
pub(super) fn pentax(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    const FIX: Range<u64> = 0xc7..0x14d;
    let place = |offset: u64| range.start.saturating_add(offset).min(range.end);
    let fix = place(FIX.start)..place(FIX.end);
    iso.erase(fix)?;
    sniff::search(iso, range)
}

/// Microsoft's `Xtra`: properties, each of its size, its name with the length before it, the number of its values, and
/// these, each with its size and kind before it. The values of those that name a place go.
pub(super) fn microsoft(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let bytes = short(iso, &range)?;
    let word = |at: usize| Endian::Big.u32(&bytes, at).and_then(|word| usize::try_from(word).ok());
    let mut at = 0usize;
    while let (Some(size), Some(length)) = (word(at), word(at.saturating_add(4))) {
        iso.scan.step()?;
        let end = at.saturating_add(size).min(bytes.len());
        let values = at.saturating_add(12).saturating_add(length).min(end);
        let name = bytes.get(at.saturating_add(8)..values.saturating_sub(4)).unwrap_or_default();
        if size < 12 {
            break;
        }
        if PROPERTIES.iter().any(|known| known.eq_ignore_ascii_case(name)) || meta::tells_place(name) {
            let mut value = values;
            while let Some(size) = word(value).filter(|size| *size >= 6 && value < end) {
                let next = value.saturating_add(size).min(end);
                let place = |offset: usize| range.start.saturating_add(offset as u64);
                iso.zero(place(value.saturating_add(6).min(next))..place(next))?;
                value = next;
            }
        }
        at = end;
    }
    sniff::search(iso, range)
}

/// An `xml ` box: XMP, or another document. Sony's non-real-time metadata have a group `ExifGPS` of names and values; a
/// GML document (OGC 05-047, GMLJP2) tells a place and nothing else.
pub(super) fn xml(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<(), ScanError> {
    let range = found.content();
    let bytes = short(iso, &range)?;
    if memmem::find(&bytes, b"opengis.net/gml").is_some() {
        return iso.withdraw(found);
    }
    walk::packet(iso, range.clone())?;
    for start in memmem::find_iter(&bytes, b"\"ExifGPS\"") {
        let group = bytes.get(start..).unwrap_or_default();
        let group = group.get(..memmem::find(group, b"</Group>").unwrap_or(group.len())).unwrap_or_default();
        let mut at = 0usize;
        while let Some(found) = group.get(at..).and_then(|rest| memmem::find(rest, b"value=\"")) {
            let value = at.saturating_add(found).saturating_add(7);
            let rest = group.get(value..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
            let place = range.start.saturating_add(start.saturating_add(value) as u64);
            iso.spaces(place..place.saturating_add(length as u64))?;
            at = value.saturating_add(length);
        }
    }
    sniff::search(iso, range)
}

fn short(iso: &mut Iso<'_, '_>, range: &Range<u64>) -> Result<Vec<u8>, ScanError> {
    if range.end.saturating_sub(range.start) > LONGEST {
        return Err(ScanError::Budget("bytes of a maker's box"));
    }
    iso.bytes(range.clone())
}
