//! A search for whatever looks like a location, for regions and formats that no scanner understands.
//!
//! It hides nothing: a hit makes its caller blank the region or give the file up. It prefers a false alarm to a miss,
//! but what is short or common is looked at again in its place: a TIFF block counts if its scanner would change it,
//! a four-letter box name if a plausible size stands before it.

#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::bytes::{Endian, after, length};
use super::scan::Scan;
use super::{Classes, ScanError, iptc, tiff, xmp};

mod coordinates;
#[cfg(test)]
mod tests;

pub(super) use coordinates::text;

/// Bytes searched together.
const BLOCK: u64 = 1 << 20;
/// Longer than any pattern with what is looked at around it.
const OVERLAP: u64 = 96;
/// Bytes of a TIFF block that is tried.
const TRIAL: u64 = 16 << 20;

/// What a pattern is, and so how a hit is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Tells coordinates, and what belongs to them, wherever it stands.
    Certain(&'static str),
    /// Tells the name of a place, wherever it stands.
    Place(&'static str),
    /// The name of a box: its size stands before it.
    Box(&'static str),
    /// A TIFF block begins so many bytes after it.
    Tiff(u64),
    /// A Photoshop resource.
    Resource,
    /// The name of a tag, of which a value follows.
    Tag,
    /// An XMP packet begins.
    Packet,
    /// Entries of a camcorder's metadata follow.
    Camcorder,
}

const SIGNS: &[(&[u8], Sign)] = &[
    (b"Exif\0", Sign::Tiff(6)),
    (b"II*\0", Sign::Tiff(0)),
    (b"MM\0*", Sign::Tiff(0)),
    (b"II+\0\x08\0\0\0", Sign::Tiff(0)),
    (b"MM\0+\0\x08\0\0", Sign::Tiff(0)),
    (b"IIU\0", Sign::Tiff(0)),
    (b"8BIM\x04\x04", Sign::Resource),
    (b"8BIM\x04\x22", Sign::Resource),
    (b"8BIM\x04\x24", Sign::Resource),
    (b"<x:xmpmeta", Sign::Packet),
    (b"<rdf:RDF", Sign::Packet),
    (b"GPSLatitude", Sign::Certain("a GPS property")),
    (b"GPSLongitude", Sign::Certain("a GPS property")),
    (b"GpsLatitude", Sign::Certain("a GPS property")),
    (b"GpsLongitude", Sign::Certain("a GPS property")),
    (b"G\0P\0S\0L\0a\0t\0i\0t", Sign::Certain("a GPS property")),
    (b"G\0P\0S\0L\0o\0n\0g\0i", Sign::Certain("a GPS property")),
    (b"L\0o\0c\0a\0t\0i\0o\0n\0C\0r\0e\0a\0t", Sign::Place("a place property")),
    (b"L\0o\0c\0a\0t\0i\0o\0n\0S\0h\0o\0w", Sign::Place("a place property")),
    (b"p\0h\0o\0t\0o\0s\0h\0o\0p\0:\0C\0i\0t\0y", Sign::Place("a place property")),
    (b"freeGPS ", Sign::Certain("GPS records")),
    (b"LIGOGPSINFO", Sign::Certain("GPS records")),
    (b"com.apple.quicktime.location", Sign::Certain("a location key")),
    (b"\xa9xyz", Sign::Box("a location box")),
    (b"loci", Sign::Box("a location box")),
    (b"CMT4", Sign::Box("a GPS block")),
    (b"gpmd", Sign::Box("a GPS track")),
    (b"camm", Sign::Box("a GPS track")),
    (b"brob", Sign::Box("compressed metadata")),
    (b"ctbz", Sign::Box("compressed metadata")),
    (b"LOCATION", Sign::Tag),
    (b"location", Sign::Tag),
    (b"Location", Sign::Tag),
    (b"$GPRMC,", Sign::Certain("NMEA sentences")),
    (b"$GPGGA,", Sign::Certain("NMEA sentences")),
    (b"$GNRMC,", Sign::Certain("NMEA sentences")),
    (b"$GNGGA,", Sign::Certain("NMEA sentences")),
    (b"latitude", Sign::Certain("a latitude")),
    (b"Latitude:", Sign::Certain("a latitude")),
    (b"GPS (", Sign::Certain("GPS text")),
    (b"GPS(", Sign::Certain("GPS text")),
    (b"nctg", Sign::Camcorder),
    (b"MDPM", Sign::Camcorder),
];

/// What in `range` looks like a location; `None` where nothing does.
pub(super) fn search(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<&'static str>, ScanError> {
    let mark = scan.mark();
    search_since(scan, range, mark)
}

/// As [`search`], but in the bytes as they stand with the replacements found since `mark`.
pub(super) fn search_since(
    scan: &mut Scan<'_>,
    range: &Range<u64>,
    mark: usize,
) -> Result<Option<&'static str>, ScanError> {
    let Some(signs) = automaton() else { return Err(ScanError::Malformed("search")) };
    let mut at = range.start;
    while at < range.end {
        let end = at.saturating_add(BLOCK).min(range.end);
        let bytes = scan.patched(at..end, mark)?;
        for found in signs.find_overlapping_iter(&bytes) {
            let Some((_, sign)) = SIGNS.get(found.pattern().as_usize()) else { continue };
            let place = at.saturating_add(found.start() as u64);
            if let Some(reason) = judge(scan, *sign, &bytes, found.start(), (place..range.end, mark))? {
                return Ok(Some(reason));
            }
        }
        at = if end == range.end { end } else { end.saturating_sub(OVERLAP) };
    }
    Ok(None)
}

fn automaton() -> Option<&'static AhoCorasick> {
    static SET: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    SET.get_or_init(|| AhoCorasick::new(SIGNS.iter().map(|(pattern, _)| pattern)).ok()).as_ref()
}

/// Whether a sign at `at` of `bytes`, which in the file begins `rest`, tells a place that no replacement found since
/// `mark` hides.
fn judge(
    scan: &mut Scan<'_>,
    sign: Sign,
    bytes: &[u8],
    at: usize,
    (rest, mark): (Range<u64>, usize),
) -> Result<Option<&'static str>, ScanError> {
    let limit = length(&rest);
    let told = match sign {
        Sign::Certain(reason) => scan.hides(Classes::FIX).then_some(reason),
        Sign::Place(reason) => scan.hides(Classes::PLACES).then_some(reason),
        Sign::Box(reason) => {
            let size = at.checked_sub(4).and_then(|start| Endian::Big.u32(bytes, start));
            size.filter(|size| (8..=limit.saturating_add(4)).contains(&u64::from(*size))).map(|_| reason)
        }
        Sign::Tiff(skip) => {
            let block = after(&rest, skip);
            let block = block.start..block.end.min(block.start.saturating_add(TRIAL));
            changes(scan, tiff::scan, block, mark)?.then_some("a GPS directory")
        }
        Sign::Resource => {
            changes(scan, iptc::resources, rest, mark)?.then_some("a Photoshop resource with a place")
        }
        Sign::Packet => packet(scan, bytes, at, (rest, mark))?.then_some("XMP with a place"),
        Sign::Tag => coordinates::tagged(bytes, at).then_some("a location tag"),
        Sign::Camcorder => coordinates::camcorder(bytes, at).then_some("a camcorder's GPS"),
    };
    Ok(told)
}

/// Whether the scanner would change anything there; what it cannot follow is not of its format.
fn changes(
    scan: &mut Scan<'_>,
    scanner: fn(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
    range: Range<u64>,
    mark: usize,
) -> Result<bool, ScanError> {
    match tried(scan, scanner, range, mark) {
        Err(ScanError::Malformed(_)) => Ok(false),
        result => result,
    }
}

/// Runs a scanner and forgets what it found: whether there was anything that is not replaced since `mark` anyway.
fn tried(
    scan: &mut Scan<'_>,
    scanner: fn(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
    range: Range<u64>,
    mark: usize,
) -> Result<bool, ScanError> {
    scan.step()?;
    let before = scan.mark();
    let result = scan.nested(|scan| scanner(scan, range));
    let found = scan.take(before);
    result?;
    Ok(!scan.covers(mark, &found))
}

/// Whether the packet that begins there tells a place; one that cannot be followed does if it looks so.
fn packet(
    scan: &mut Scan<'_>,
    bytes: &[u8],
    at: usize,
    (rest, mark): (Range<u64>, usize),
) -> Result<bool, ScanError> {
    let open = bytes.get(at..).unwrap_or_default();
    let close: &[u8] = if open.starts_with(b"<x:") { b"</x:xmpmeta>" } else { b"</rdf:RDF>" };
    // A packet that ends in a later block is read whole.
    let end = match memchr::memmem::find(open, close) {
        Some(end) => end,
        None => {
            let more = scan.some(rest.start, TRIAL, &rest)?;
            memchr::memmem::find(&more, close).unwrap_or(more.len())
        }
    };
    let end = rest.start.saturating_add(end as u64).saturating_add(close.len() as u64).min(rest.end);
    match tried(scan, xmp::scan, rest.start..end, mark) {
        Err(ScanError::Malformed(_)) => Ok(true),
        result => result,
    }
}
