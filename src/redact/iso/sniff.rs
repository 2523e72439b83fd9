//! Bytes whose format no box type tells: makers' boxes, thumbnails, padding, trailers, what follows a broken box.
//!
//! They are recognised by how they begin, or searched for everything that readers would find in them.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use crate::redact::bytes::{Endian, array, length};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, jpeg, png, tiff};

use super::boxes::{Kind, plausible};
use super::{Iso, text, walk};

/// Bytes searched at once.
const CHUNK: u64 = 256 << 10;

/// What two pieces share, so that no mark and no coordinate is cut in two.
const OVERLAP: usize = 512;

/// The longest stretch that is searched: more than that is no metadata, and cannot be proved to hold none.
const LONGEST: u64 = 64 << 20;

/// The marks that readers recognise metadata by, wherever it stands.
const MARKS: [(&[u8], Mark); 14] = [
    (b"\xff\xd8\xff", Mark::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Mark::Png),
    (b"Exif\0\0", Mark::Exif),
    (b"II*\0", Mark::Tiff),
    (b"MM\0*", Mark::Tiff),
    (b"<x:xmpmeta", Mark::Xmp),
    (b"<rdf:RDF", Mark::Xmp),
    (b"\xa9xyz", Mark::Location),
    (b"loci", Mark::Location),
    (b"XMP_", Mark::Packet),
    (b"ftyp", Mark::Movie),
    (b"MCC_Data", Mark::Country),
    (b"freeGPS ", Mark::Records),
    (b"LIGOGPSINFO", Mark::Records),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Jpeg,
    Png,
    Exif,
    Tiff,
    Xmp,
    Location,
    Packet,
    /// A motion photo's recording.
    Movie,
    /// Samsung's code of the country, as digits.
    Country,
    /// Records of dash-cams, which fill what they stand in.
    Records,
}

/// Content of one box: a picture or a TIFF block when it begins like one, else searched.
pub(super) fn sniff(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let head: [u8; 4] = {
        let count = range.end.saturating_sub(range.start).min(4);
        let bytes = iso.peek(range.start..range.start.saturating_add(count), &range)?;
        array(bytes, 0).unwrap_or_default()
    };
    let whole = match &head {
        [0xff, 0xd8, 0xff, _] => attempt(iso, range.clone(), jpeg::scan)?,
        b"\x89PNG" => attempt(iso, range.clone(), png::scan)?,
        b"II*\0" | b"MM\0*" => {
            tiff_block(iso, range.clone())?;
            true
        }
        _ => false,
    };
    if whole { Ok(()) } else { search(iso, range) }
}

/// Exif that does not begin with the header of a TIFF block: it may stand somewhat later. In a still picture, where no
/// item's frame tells more of it, it goes whole if there is none.
pub(super) fn headless(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    /// How far a header is looked for.
    const NEAR: u64 = 64;
    let head = iso.scan.some(range.start, NEAR, &range)?;
    let header = [b"II*\0", b"MM\0*"].iter().any(|mark| memmem::find(&head, *mark).is_some());
    if iso.is_still() && !header { iso.erase(range) } else { sniff(iso, range) }
}

/// A TIFF block. One that cannot be followed is blanked, and so is one whose parts lie over each other, so that it would
/// be followed otherwise once they are changed.
pub(super) fn tiff_block(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = iso.scan.mark();
    match iso.scan.nested(|scan| tiff::scan(scan, range.clone())) {
        Ok(()) if iso.scan.is_settled(mark, |scan| tiff::scan(scan, range.clone()))? => return Ok(()),
        Ok(()) | Err(ScanError::Malformed(_)) => {}
        Err(error) => return Err(error),
    }
    iso.scan.rewind(mark);
    if length(&range) < tiff::EMPTY.len() as u64 {
        // A block without entries has no room.
        return iso.erase(range);
    }
    tiff::blank(iso.scan, range)
}

type Scanner = for<'a> fn(&mut Scan<'a>, Range<u64>) -> Result<(), ScanError>;

/// Runs a scanner on what may be its format; answers whether it was.
fn attempt(iso: &mut Iso<'_, '_>, range: Range<u64>, scanner: Scanner) -> Result<bool, ScanError> {
    let mark = iso.scan.mark();
    match iso.scan.nested(|scan| scanner(scan, range)) {
        Ok(()) => Ok(true),
        Err(ScanError::Malformed(_)) => {
            iso.scan.rewind(mark);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Everything that readers would find in `range`, at any place in it.
pub(super) fn search(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    if range.end.saturating_sub(range.start) > LONGEST {
        return Err(ScanError::Budget("bytes of an unknown format"));
    }
    let mut at = range.start;
    while at < range.end {
        iso.scan.step()?;
        let bytes = iso.scan.some(at, CHUNK, &range)?;
        let last = at.saturating_add(bytes.len() as u64) >= range.end;
        if bytes.iter().any(|byte| *byte != 0) {
            let limit = if last { bytes.len() } else { bytes.len().saturating_sub(OVERLAP) };
            let done = marks(iso, &bytes, at, limit, &range)?;
            coordinates(iso, &bytes, at, limit)?;
            at = at.saturating_add(done as u64);
        } else {
            at = at.saturating_add(bytes.len() as u64);
        }
        if last {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether none of these types stands in `range`, at any place in it.
pub(super) fn lacks(iso: &mut Iso<'_, '_>, range: &Range<u64>, kinds: &[&Kind]) -> Result<bool, ScanError> {
    if length(range) > LONGEST {
        return Ok(false);
    }
    let mut at = range.start;
    while at < range.end {
        iso.scan.step()?;
        let bytes = iso.scan.some(at, CHUNK, range)?;
        if kinds.iter().any(|kind| memmem::find(&bytes, *kind).is_some()) {
            return Ok(false);
        }
        let end = at.saturating_add(bytes.len() as u64);
        // A type that this piece cuts is whole in the next one.
        at = if end >= range.end || bytes.is_empty() { range.end } else { end.saturating_sub(3) };
    }
    Ok(true)
}

/// Handles the marks that begin before `limit`; answers where the next piece begins.
fn marks(
    iso: &mut Iso<'_, '_>,
    bytes: &[u8],
    at: u64,
    limit: usize,
    range: &Range<u64>,
) -> Result<usize, ScanError> {
    for (needle, mark) in MARKS {
        for hit in memmem::find_iter(bytes, needle).take_while(|hit| *hit < limit) {
            iso.scan.step()?;
            let place = at.saturating_add(hit as u64);
            found(iso, mark, place, range)?;
        }
    }
    Ok(limit)
}

/// What begins at `place` by its mark.
fn found(iso: &mut Iso<'_, '_>, mark: Mark, place: u64, range: &Range<u64>) -> Result<(), ScanError> {
    match mark {
        Mark::Jpeg => attempt(iso, place..range.end, jpeg::scan).map(|_| ()),
        Mark::Png => attempt(iso, place..range.end, png::scan).map(|_| ()),
        Mark::Exif => tiff_block(iso, place.saturating_add(6).min(range.end)..range.end),
        Mark::Tiff => attempt(iso, place..range.end, tiff::scan).map(|_| ()),
        Mark::Movie => movie(iso, place, range),
        Mark::Country => {
            let bytes = iso.scan.some(place.saturating_add(8), 6, range)?;
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count() as u64;
            iso.spaces(place.saturating_add(8)..place.saturating_add(8).saturating_add(digits))
        }
        Mark::Records => iso.zero(place..range.end),
        Mark::Xmp => xmp(iso, place, range),
        Mark::Location | Mark::Packet => stray(iso, mark, place, range),
    }
}

/// A carrier box after something that is no box.
fn stray(iso: &mut Iso<'_, '_>, mark: Mark, place: u64, range: &Range<u64>) -> Result<(), ScanError> {
    let Some(start) = place.checked_sub(4).filter(|start| *start >= range.start) else { return Ok(()) };
    let header = iso.bytes(start..start.saturating_add(8).min(range.end))?;
    let size = Endian::Big.u32(&header, 0).map(u64::from).unwrap_or_default();
    let kind: Kind = array(&header, 4).unwrap_or_default();
    let end = start.saturating_add(size);
    if size < 8 || end > range.end || kind == [0; 4] {
        return Ok(());
    }
    let body = start.saturating_add(8);
    if mark == Mark::Packet {
        return walk::packet(iso, body..end);
    }
    iso.scan.patch(place, Fill::Bytes(Box::from(*b"free")))?;
    iso.zero(body..end)
}

/// A whole ISO file inside something else.
fn movie(iso: &mut Iso<'_, '_>, place: u64, range: &Range<u64>) -> Result<(), ScanError> {
    let Some(start) = place.checked_sub(4).filter(|start| *start >= range.start) else { return Ok(()) };
    let header = iso.scan.some(start, 12, range)?;
    let size = Endian::Big.u32(&header, 0).unwrap_or_default();
    let brand = array(&header, 8).is_some_and(plausible);
    if !(brand && (12..=256).contains(&size)) {
        return Ok(());
    }
    iso.scan.nested(|scan| super::scan(scan, start..range.end))
}

/// An XMP packet in the middle of something: up to the end of its outermost element.
fn xmp(iso: &mut Iso<'_, '_>, place: u64, range: &Range<u64>) -> Result<(), ScanError> {
    let bytes = iso.scan.some(place, LONGEST, range)?;
    let outer: &[u8] = if bytes.starts_with(b"<x:") { b"</x:xmpmeta>" } else { b"</rdf:RDF>" };
    let length = memmem::find(&bytes, outer).map_or(bytes.len(), |at| at.saturating_add(outer.len()));
    walk::packet(iso, place..place.saturating_add(length as u64))
}

/// Coordinates written as text.
fn coordinates(iso: &mut Iso<'_, '_>, bytes: &[u8], at: u64, limit: usize) -> Result<(), ScanError> {
    for hit in text::coordinates(bytes).into_iter().filter(|hit| hit.start < limit) {
        let start = at.saturating_add(hit.start as u64);
        iso.spaces(start..at.saturating_add(hit.end as u64))?;
    }
    Ok(())
}
