//! IPTC datasets, and the Photoshop resources in which they and other metadata lie.
//!
//! Sources: IPTC-IIM 4.2 chapter 1 and dataset tables; Adobe Photoshop File Formats, "Image Resources".

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, after, length, part};
use super::scan::Scan;
use super::{Classes, Fill, ScanError, jpeg, tiff, xmp};

/// Datasets of record 2 that tell a place: content location code and name, city, sub-location, state, country code
/// and name.
const PLACES: [u8; 7] = [26, 27, 90, 92, 95, 100, 101];
/// The longest run of datasets.
const LONGEST: u64 = 16 << 20;
/// Bytes that are searched together, and how many of them again with the next ones.
const BLOCK: u64 = 1 << 20;
const OVERLAP: u64 = 3;
/// Bytes before the JPEG stream of a thumbnail resource.
const THUMBNAIL_HEADER: u64 = 28;

/// Hides the places in a run of IPTC datasets: their values become spaces.
///
/// What is between datasets and is none is passed over, as readers do that look for the next tag marker.
pub(super) fn datasets(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    if !scan.hides(Classes::PLACES) {
        return Ok(());
    }
    if length(&range) > LONGEST {
        return Err(ScanError::Budget("bytes of IPTC"));
    }
    let bytes = scan.bytes(range.clone())?;
    let mut at = 0usize;
    while let Some(found) = memchr::memchr(0x1c, bytes.get(at..).unwrap_or_default()) {
        at = at.saturating_add(found);
        let Some(&[_, record, dataset, high, low]) = bytes.get(at..at.saturating_add(5)) else {
            return Ok(());
        };
        let declared = u16::from_be_bytes([high, low]);
        let (header, size) = extended(&bytes, at, declared);
        if record == 0 || record > 9 {
            at = at.saturating_add(1);
            continue;
        }
        let left = bytes.len().saturating_sub(at).saturating_sub(header);
        // A dataset that claims more than there is hides no other: what follows its header is looked at as well.
        let (take, skip) = if size <= left { (size, header.saturating_add(size)) } else { (left, 1) };
        let from = at.saturating_add(header);
        let value = bytes.get(from..from.saturating_add(take)).unwrap_or_default();
        if record == 2 && PLACES.contains(&dataset) && !value.trim_ascii().is_empty() {
            let start = range.start.saturating_add(at.saturating_add(header) as u64);
            scan.of(Classes::PLACES, |scan| scan.patch(start, Fill::Spaces(take as u64)))?;
        }
        at = at.saturating_add(skip);
    }
    Ok(())
}

/// Bytes of a dataset's header and of its value; the length takes more bytes where its first bit is set.
fn extended(bytes: &[u8], at: usize, declared: u16) -> (usize, usize) {
    if declared & 0x8000 == 0 {
        return (5, usize::from(declared));
    }
    let count = usize::from(declared & 0x7fff).min(8);
    let from = at.saturating_add(5);
    let digits = bytes.get(from..from.saturating_add(count)).unwrap_or_default();
    let size = digits
        .iter()
        .fold(0usize, |size, digit| size.saturating_mul(256).saturating_add(usize::from(*digit)));
    (5usize.saturating_add(count), size)
}

/// Hides the location in Photoshop resources: IPTC, Exif, XMP and thumbnails.
pub(super) fn resources(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mut rest = range;
    while length(&rest) >= 12 {
        scan.step()?;
        // Signature, number, name with its length (padded to be even), size.
        let head = scan.some(rest.start, 6 + 256 + 4, &rest)?;
        let name = usize::from(head.get(6).copied().unwrap_or(0));
        let size_at = name.saturating_add(8) & !1usize;
        let known = matches!(head.get(..4), Some(b"8BIM" | b"MeSa" | b"AgHg" | b"PHUT" | b"DCSR"));
        let fields = Endian::Big.u16(&head, 4).zip(Endian::Big.u32(&head, size_at));
        let Some((number, size)) = fields.filter(|_| known) else { return unknown(scan, &rest) };
        let body = after(&rest, (size_at as u64).saturating_add(4));
        let body = body.start..body.start.saturating_add(u64::from(size)).min(body.end);
        resource(scan, number, body.clone())?;
        rest.start = body.end.saturating_add(u64::from(size & 1)).min(rest.end);
    }
    Ok(())
}

fn resource(scan: &mut Scan<'_>, number: u16, body: Range<u64>) -> Result<(), ScanError> {
    match number {
        0x0404 => datasets(scan, body),
        0x0422 | 0x0423 => tiff::scan_or_blank(scan, body),
        0x0424 => xmp::scan_or_blank(scan, body),
        0x0409 | 0x040c => match part(&body, THUMBNAIL_HEADER, 2) {
            Some(start) if scan.bytes(start.clone())? == [0xff, 0xd8] => {
                scan.nested(|scan| jpeg::scan(scan, start.start..body.end))
            }
            Some(_) | None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What is no resource is padding, unless another resource begins in it: then it cannot be followed.
fn unknown(scan: &mut Scan<'_>, rest: &Range<u64>) -> Result<(), ScanError> {
    let mut at = rest.start.saturating_add(1);
    while at < rest.end {
        let bytes = scan.some(at, BLOCK, rest)?;
        if let Some(found) = memchr::memmem::find(&bytes, b"8BIM") {
            let start = at.saturating_add(found as u64);
            drop(bytes);
            return scan.nested(|scan| resources(scan, start..rest.end));
        }
        let end = at.saturating_add(bytes.len() as u64);
        at = if end >= rest.end { end } else { end.saturating_sub(OVERLAP) };
    }
    Ok(())
}
