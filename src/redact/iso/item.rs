//! The items of HEIF and AVIF that hold metadata: Exif blocks, XMP packets, and what has no known type.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::Range;

use crate::redact::bytes::{Endian, after};
use crate::redact::scan::Scan;
use crate::redact::{ScanError, xmp};

use super::boxes::BoxAt;
use super::heif::{self, Item, Location};
use super::spans::Spans;
use super::{Iso, sniff, walk};

/// The tables of one `meta` box.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) information: Vec<BoxAt>,
    pub(super) locations: Vec<BoxAt>,
    /// Content of its `idat`.
    pub(super) data: Option<Range<u64>>,
}

/// What an item's content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Picture,
    Exif,
    Xmp,
    /// XMP in a compression that cannot be edited at its length.
    Packed,
    Unknown,
}

/// Picture codings and what is derived from pictures.
const PICTURES: [&[u8; 4]; 24] = [
    b"hvc1", b"hev1", b"lhv1", b"hvt1", b"av01", b"avc1", b"vvc1", b"evc1", b"unci", b"j2k1", b"jxl ",
    b"grid", b"iden", b"iovl", b"tmap", b"auxl", b"rgan", b"mski", b"mp4v", b"a1lx", b"vvs1", b"av1C",
    b"tili", b"sato",
];

fn role(item: &Item) -> Role {
    if item.encrypted || PICTURES.contains(&&item.kind) {
        return Role::Picture;
    }
    let media_type = item.media_type.to_ascii_lowercase();
    let names = |word: &[u8]| memchr::memmem::find(&media_type, word).is_some();
    match &item.kind {
        b"Exif" => Role::Exif,
        b"mime" if !item.encoding.is_empty() => Role::Packed,
        b"mime" if names(b"rdf+xml") || names(b"xmp") => Role::Xmp,
        b"mime" if media_type.starts_with(b"image/") && !names(b"jpeg") => Role::Picture,
        _ => Role::Unknown,
    }
}

/// Blanks the places in the items of all `meta` boxes.
pub(super) fn follow(iso: &mut Iso<'_, '_>, data: &Spans) -> Result<(), ScanError> {
    for items in std::mem::take(&mut iso.items) {
        let mut locations: BTreeMap<u32, Vec<Location>> = BTreeMap::new();
        for found in &items.locations {
            for location in heif::locations(iso, found)? {
                locations.entry(location.id).or_default().push(location);
            }
        }
        let mut metadata: Vec<(Role, Vec<Range<u64>>)> = Vec::new();
        for found in &items.information {
            for item in heif::items(iso, found)? {
                let role = role(&item);
                if role != Role::Picture {
                    for location in locations.remove(&item.id).unwrap_or_default() {
                        metadata.push((role, parts(iso, data, &items, &location)?));
                    }
                }
            }
        }
        apart(iso, &items, &locations, &metadata)?;
        for (role, parts) in metadata {
            content(iso, role, &parts)?;
        }
    }
    Ok(())
}

/// Where the bytes of a metadata item lie.
fn parts(
    iso: &Iso<'_, '_>,
    data: &Spans,
    items: &Items,
    location: &Location,
) -> Result<Vec<Range<u64>>, ScanError> {
    if location.external || location.method > 1 {
        return Err(ScanError::Malformed("metadata item in another item or file"));
    }
    if location.extents.iter().any(|(_, length)| *length == 0) && location.extents.len() == 1 {
        return Err(ScanError::Malformed("metadata item without a length"));
    }
    let parts = heif::places(location, |offset, length| place(iso, items, location, offset, length))
        .ok_or(ScanError::Malformed("place of a metadata item"))?;
    match parts.iter().all(|part| part.is_empty() || data.cover(part)) {
        true => Ok(parts),
        false => Err(ScanError::Malformed("metadata item outside the media data")),
    }
}

fn place(
    iso: &Iso<'_, '_>,
    items: &Items,
    location: &Location,
    offset: u64,
    length: u64,
) -> Option<Range<u64>> {
    if location.method == 0 {
        return iso.place(offset, length);
    }
    let data = items.data.as_ref()?;
    let start = data.start.checked_add(offset)?;
    let end = start.checked_add(length)?;
    (end <= data.end).then_some(start..end)
}

/// Whether metadata and pictures share no byte; a file where they do cannot be blanked and still be seen.
fn apart(
    iso: &Iso<'_, '_>,
    items: &Items,
    pictures: &BTreeMap<u32, Vec<Location>>,
    metadata: &[(Role, Vec<Range<u64>>)],
) -> Result<(), ScanError> {
    let touched = Spans::new(metadata.iter().flat_map(|(_, parts)| parts.iter().cloned()).collect());
    for location in pictures.values().flatten().filter(|location| !location.external && location.method < 2) {
        for (offset, length) in &location.extents {
            let picture = place(iso, items, location, *offset, *length);
            if picture.is_some_and(|picture| touched.meet(&picture)) {
                return Err(ScanError::Malformed("metadata item that shares data with a picture"));
            }
        }
    }
    Ok(())
}

/// Blanks the places in one item; parts that lie apart are read as if they followed each other.
fn content(iso: &mut Iso<'_, '_>, role: Role, parts: &[Range<u64>]) -> Result<(), ScanError> {
    match parts {
        [] => Ok(()),
        [part] => blank(iso.scan, role, part.clone()),
        parts => iso.scan.joined(parts, |scan, range| blank(scan, role, range)),
    }
}

fn blank(scan: &mut Scan<'_>, role: Role, range: Range<u64>) -> Result<(), ScanError> {
    let mut iso = Iso::new(scan, range.clone());
    match role {
        Role::Exif => exif(&mut iso, range),
        Role::Xmp => walk::packet(&mut iso, range),
        Role::Packed => packed(&mut iso, range),
        Role::Unknown => sniff::sniff(&mut iso, range),
        Role::Picture => Ok(()),
    }
}

/// An Exif item (ISO/IEC 23008-12, annex A.2.1), or an Exif box of JPEG XL (ISO/IEC 18181-2): how many bytes lie before the TIFF header, those, the header.
pub(super) fn exif(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let head = iso.scan.some(range.start, 4, &range)?;
    let skip = Endian::Big.u32(&head, 0).map(u64::from).unwrap_or_default();
    let tiff = after(&range, skip.saturating_add(4));
    let mark = iso.scan.some(tiff.start, 2, &tiff)?;
    if mark != b"II" && mark != b"MM" {
        return sniff::headless(iso, range);
    }
    if skip > 6 {
        sniff::search(iso, range.start..tiff.start)?;
    }
    sniff::tiff_block(iso, tiff)
}

/// A compressed item: looked into where that is possible, and blanked whole if it tells a place or may do so.
fn packed(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    /// Most bytes that a packet may inflate to.
    const LARGEST: usize = 4 << 20;
    let bytes = iso.bytes(range.clone())?;
    iso.scan.inflate(LARGEST as u64)?;
    let plain = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&bytes, LARGEST)
        .or_else(|_| miniz_oxide::inflate::decompress_to_vec_with_limit(&bytes, LARGEST));
    let Ok(plain) = plain else { return iso.zero(range) };
    let looked = iso.scan.inside(&plain.as_slice(), |scan| {
        let whole = scan.whole();
        xmp::scan(scan, whole)
    });
    match looked {
        Ok(((), patches)) if patches.is_empty() => Ok(()),
        _ => iso.zero(range),
    }
}
