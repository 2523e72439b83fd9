//! Boxes whose type is a UUID (ISO/IEC 14496-12, 4.2): XMP, Canon's and Garmin's own, C2PA, the Exif, IPTC and GeoTIFF of
//! JPEG 2000, and what is not known.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::bytes::{Endian, after, array};
use crate::redact::{Classes, ScanError, iptc};

use super::boxes::{BoxAt, Next, next};
use super::{Iso, provenance, sniff, walk};

/// XMP specification part 3, 2.4.
const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
/// Canon: in `moov` of a CR3 the Exif blocks, in a MOV thumbnails.
const CANON: [u8; 16] = *b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
/// Garmin: a list of fixes.
const GARMIN: [u8; 16] = *b"\x9b\x63\x0f\x8d\x63\x74\x40\xec\x82\x04\xbc\x5f\xf5\x09\x17\x28";
/// 360Fly: records of sensors, fixes among them.
const FLY360: [u8; 16] = *b"\xef\xe1\x58\x9a\xbb\x77\x49\xef\x80\x95\x27\x75\x9e\xb1\xdc\x6f";
/// FLIR: where a thermal recording was made.
const FLIR: [u8; 16] = *b"\x7f\x2e\x21\x00\x8b\x46\x49\x18\xaf\xb1\xde\x70\x9a\x74\xf6\xf5";
/// C2PA specification, 11.3: a manifest store.
const C2PA: [u8; 16] = *b"\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";
/// JPEG 2000: IPTC datasets, under two names.
const IPTC: [[u8; 16]; 2] = [
    *b"\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38",
    *b"\x09\xa1\x4e\x97\xc0\xb4\x42\xe0\xbe\xbf\x36\xdf\x6f\x0c\xe3\x6f",
];
/// JPEG 2000: Photoshop resources.
const PHOTOSHOP: [u8; 16] = *b"\x2c\x4c\x01\x00\x85\x04\x40\xb9\xa0\x3e\x56\x21\x48\xd6\xdf\xeb";
/// JPEG 2000: Exif, under two names.
const EXIF: [[u8; 16]; 2] =
    [*b"JpgTiffExif->JP2", *b"\x05\x37\xcd\xab\x9d\x0c\x44\x31\xa7\x2a\xfa\x56\x1f\x2a\x11\x3e"];
/// JPEG 2000: where the picture lies on the map, as a TIFF picture of one pixel (GeoJP2).
const GEOTIFF: [u8; 16] = *b"\xb1\x4b\xf8\xbd\x08\x3d\x4b\x43\xa5\xae\x8c\xd7\xd5\xa6\xce\x03";
/// JPEG 2000: the same as a world file.
const WORLD: [u8; 16] = *b"\x96\xa9\xf1\xf1\xdc\x98\x40\x2d\xa7\xae\xd6\x8e\x34\x45\x18\x09";

/// A `uuid` box by its extended type.
pub(super) fn walk(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let content = found.content();
    if content.end.saturating_sub(content.start) < 16 {
        return sniff::search(iso, content);
    }
    let id: [u8; 16] = {
        let bytes = iso.peek(content.start..content.start.saturating_add(16), &content)?;
        array(bytes, 0).unwrap_or_default()
    };
    let payload = after(&content, 16);
    match id {
        XMP => walk::packet(iso, payload),
        CANON => canon(iso, found, depth),
        GARMIN | FLY360 | FLIR => iso.zero(payload),
        C2PA => provenance::blank(iso, payload),
        PHOTOSHOP => iptc::resources(iso.scan, payload),
        id if EXIF.contains(&id) => exif(iso, payload),
        id if IPTC.contains(&id) => iptc::datasets(iso.scan, payload),
        GEOTIFF | WORLD if !iso.scan.hides(Classes::GEOTIFF) => Ok(()),
        GEOTIFF => sniff::tiff_block(iso, payload),
        WORLD => iso.withdraw(found),
        _ => sniff::sniff(iso, payload),
    }
}

/// A TIFF block, which the signature of a JPEG segment may precede.
fn exif(iso: &mut Iso<'_, '_>, payload: Range<u64>) -> Result<(), ScanError> {
    let head = iso.scan.some(payload.start, 6, &payload)?;
    let tiff = if head.starts_with(b"Exif\0") { after(&payload, 6) } else { payload.clone() };
    match iso.scan.some(tiff.start, 2, &tiff)?.as_slice() {
        b"II" | b"MM" => sniff::tiff_block(iso, tiff),
        _ => sniff::headless(iso, payload),
    }
}

/// Canon's boxes: `CMT1` to `CMT4` are TIFF blocks, the first directory of the last one is that of GPS.
fn canon(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let mut rest = after(&found.content(), 16);
    loop {
        match next(iso, rest.clone())? {
            Next::End => return Ok(()),
            Next::Junk(junk) => return sniff::search(iso, junk),
            Next::Box(inner) => {
                match &inner.kind {
                    b"CMT1" | b"CMT2" | b"CMT3" => sniff::tiff_block(iso, inner.content())?,
                    b"CMT4" => position(iso, &inner)?,
                    _ => walk::visit(iso, &inner, depth)?,
                }
                rest.start = inner.end;
            }
        }
    }
}

/// A TIFF block whose first directory is that of GPS; cameras without a receiver write its version alone. The
/// header stays, so that it is a block whose directory is empty.
fn position(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<(), ScanError> {
    let bytes = iso.bytes(found.content())?;
    let order = if bytes.starts_with(b"MM") { Endian::Big } else { Endian::Little };
    let first = order.u32(&bytes, 4).and_then(|first| usize::try_from(first).ok()).unwrap_or(usize::MAX);
    let count = usize::from(order.u16(&bytes, first).unwrap_or(u16::MAX));
    let entries = bytes.get(first.saturating_add(2)..).unwrap_or_default().chunks_exact(12).take(count);
    let version_alone = count <= 1 && entries.clone().all(|entry| order.u16(entry, 0) == Some(0));
    if version_alone && entries.len() == count {
        return Ok(());
    }
    iso.zero(after(&found.content(), 8))
}
