//! Values of tags: what their name tells, what their bytes are, and coordinates in their text.
//!
//! Containers of sound and moving pictures keep pairs of a name and a value. A name that tells a place takes its value
//! with it; any other value is scanned as the format it begins like, or as text, in which only coordinates go.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{after, length};
use super::iso::text::coordinates;
use super::scan::Scan;
use super::sniff::{Format, candidates};
use super::{Fill, ScanError, dispatch, patterns, tiff, xmp};

#[cfg(test)]
mod tests;

/// The longest value that is looked into.
const LONGEST: u64 = 64 << 20;
/// The longest text: it is held several times over.
const LONGEST_TEXT: u64 = 16 << 20;
/// No shorter text tells a place.
const SHORTEST: usize = 7;
/// Bytes of text that are searched together, and how many of them again with the next ones.
const BLOCK: u64 = 1 << 20;
const OVERLAP: u64 = 256;
/// Bytes of a value that tell its format.
const HEAD: u64 = 4096;
/// Parts of a name that tell a place wherever they stand in it.
const PARTS: [&[u8]; 8] =
    [b"location", b"latitude", b"longitude", b"longtitude", b"iso6709", b"gps", b"geotag", b"geoname"];
/// Names that tell a place, after the last dot or colon.
const NAMES: [&[u8]; 16] = [
    b"address",
    b"xyz",
    b"\xa9xyz",
    b"loci",
    b"city",
    b"country",
    b"countrycode",
    b"country_code",
    b"state",
    b"province",
    b"sublocation",
    b"landmark",
    b"altitude",
    b"place",
    b"recorded_at",
    b"coordinates",
];

/// Whether the name of a tag, in any case and of any width of characters, is that of a place.
pub(super) fn tells_place(name: &[u8]) -> bool {
    let mut name = name.to_ascii_lowercase();
    name.retain(|byte| !matches!(byte, 0 | 0xfe | 0xff));
    let last = name.rsplit(|byte| matches!(byte, b'.' | b':')).next().unwrap_or_default().trim_ascii();
    PARTS.iter().any(|part| memchr::memmem::find(&name, part).is_some()) || NAMES.contains(&last)
}

/// How the characters of a text are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    /// One byte each, or UTF-8.
    Narrow,
    /// UTF-16, the least significant byte last or first, from the first byte on.
    Wide { big: bool },
}

impl Width {
    /// By the mark at the start, or by where NUL bytes stand.
    fn of(bytes: &[u8]) -> Width {
        match bytes {
            [0xff, 0xfe, ..] => return Width::Wide { big: false },
            [0xfe, 0xff, ..] => return Width::Wide { big: true },
            _ => {}
        }
        let units = bytes.chunks_exact(2).take(64);
        let (mut count, mut high, mut low) = (0usize, 0usize, 0usize);
        for unit in units {
            count = count.saturating_add(1);
            high = high.saturating_add(usize::from(matches!(unit, [0, byte] if *byte != 0)));
            low = low.saturating_add(usize::from(matches!(unit, [byte, 0] if *byte != 0)));
        }
        let most = |zeros: usize| count >= 4 && zeros.saturating_mul(4) >= count.saturating_mul(3);
        match (most(high), most(low)) {
            (true, _) => Width::Wide { big: true },
            (_, true) => Width::Wide { big: false },
            _ => Width::Narrow,
        }
    }

    /// One byte for each character; 0xff for one that is not ASCII.
    fn narrowed(self, bytes: &[u8]) -> Vec<u8> {
        let Width::Wide { big } = self else { return bytes.to_vec() };
        let units = bytes.chunks_exact(2).map(|unit| match unit {
            [0, byte] if big => *byte,
            [byte, 0] if !big => *byte,
            _ => 0xff,
        });
        units.collect()
    }

    /// Puts spaces in the place of the characters `units` of the text that begins at `start`.
    fn patch(self, scan: &mut Scan<'_>, start: u64, units: &Range<usize>) -> Result<(), ScanError> {
        let count = units.end.saturating_sub(units.start);
        match self {
            Width::Narrow => scan.patch(start.saturating_add(units.start as u64), Fill::Spaces(count as u64)),
            Width::Wide { big } => {
                let space: &[u8] = if big { b"\0 " } else { b" \0" };
                let at = start.saturating_add((units.start as u64).saturating_mul(2));
                scan.patch(at, Fill::Bytes(space.repeat(count).into()))
            }
        }
    }
}

/// Whether bytes are text: nothing but characters, line breaks, and NUL at their end.
fn is_text(narrow: &[u8]) -> bool {
    let end = narrow.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let body = narrow.get(..end).unwrap_or_default();
    body.iter().all(|byte| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r'))
}

fn whole_text(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Vec<u8>, ScanError> {
    if length(range) > LONGEST_TEXT {
        return Err(ScanError::Budget("bytes of text"));
    }
    scan.bytes(range.clone())
}

/// Takes the coordinates out of the text that fills `range`; where they cannot be told from the rest of a line, the
/// line goes.
pub(super) fn text(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let bytes = whole_text(scan, &range)?;
    let width = Width::of(&bytes);
    let mut narrow = width.narrowed(&bytes);
    for found in coordinates(&narrow) {
        let visible = narrow.get(found.clone()).unwrap_or_default().iter().any(|byte| *byte != b' ');
        if visible {
            width.patch(scan, range.start, &found)?;
            narrow.get_mut(found).unwrap_or_default().fill(b' ');
        }
    }
    let mut start = 0usize;
    for line in narrow.split(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
        if line.len() >= SHORTEST && patterns::text(line) {
            width.patch(scan, range.start, &(start..start.saturating_add(line.len())))?;
        }
        start = start.saturating_add(line.len()).saturating_add(1);
    }
    Ok(())
}

/// Puts spaces in the place of the text that fills `range`, up to the NUL bytes at its end.
pub(super) fn blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let bytes = whole_text(scan, &range)?;
    let width = Width::of(&bytes);
    let narrow = width.narrowed(&bytes);
    // The mark of the order of bytes stays, or readers would take the spaces for other characters.
    let marked = usize::from(width != Width::Narrow && narrow.first() == Some(&0xff));
    let end = narrow.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let value = narrow.get(marked..end).unwrap_or_default();
    if value.trim_ascii().is_empty() { Ok(()) } else { width.patch(scan, range.start, &(marked..end)) }
}

/// Hides the location in a value of whatever format. `false` where it still tells a place: then nothing was
/// replaced, and the value has to go as a whole.
pub(super) fn value(scan: &mut Scan<'_>, range: Range<u64>) -> Result<bool, ScanError> {
    if length(&range) > LONGEST {
        return Err(ScanError::Budget("bytes of a tag"));
    }
    let mark = scan.mark();
    let result = scan.nested(|scan| recognised(scan, range));
    match result {
        Err(ScanError::Malformed(_) | ScanError::Found(_)) => {
            scan.rewind(mark);
            Ok(false)
        }
        result => result.map(|()| true),
    }
}

fn recognised(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(range.start, HEAD, &range)?;
    if head.starts_with(b"Exif\0") {
        return tiff::scan_or_blank(scan, after(&range, 6));
    }
    let narrow = Width::of(&head).narrowed(&head);
    let formats = candidates(&head);
    if formats.iter().any(|format| matches!(format, Format::Xmp | Format::Xml)) {
        return markup(scan, range);
    }
    if is_text(&narrow) {
        return text(scan, range);
    }
    for format in &formats {
        dispatch::scan_as(scan, *format, range.clone())?;
    }
    if formats.is_empty() { absent(scan, &range) } else { Ok(()) }
}

/// An XMP packet, or XML with elements that are named like its properties.
pub(super) fn markup(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    // Writers fill up with NUL bytes, which no parser of XML takes.
    let end = {
        let bytes = whole_text(scan, &range)?;
        bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1))
    };
    xmp::scan_or_blank(scan, range.start..range.start.saturating_add(end as u64))?;
    let left = scan.patched(range.clone(), mark)?;
    if patterns::text(&left) { scan.patch(range.start, Fill::Spaces(end as u64)) } else { Ok(()) }
}

/// What no scanner knows must not look like a location.
pub(super) fn absent(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    absent_since(scan, range, mark)
}

/// The same for bytes as they stand with the replacements found since `mark`.
pub(super) fn absent_since(scan: &mut Scan<'_>, range: &Range<u64>, mark: usize) -> Result<(), ScanError> {
    match patterns::search_since(scan, range, mark)? {
        Some(reason) => Err(ScanError::Found(reason)),
        None => Ok(()),
    }
}

/// The same, and there must be no coordinates in text either.
pub(super) fn no_text(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    absent(scan, range)?;
    if has_text(scan, range)? { Err(ScanError::Found("coordinates")) } else { Ok(()) }
}

/// Whether there are coordinates in text.
pub(super) fn has_text(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<bool, ScanError> {
    let mut at = range.start;
    while at < range.end {
        let bytes = scan.some(at, BLOCK, range)?;
        let end = at.saturating_add(bytes.len() as u64);
        if bytes.is_empty() || patterns::text(&bytes) {
            return Ok(true);
        }
        at = if end >= range.end { end } else { end.saturating_sub(OVERLAP) };
    }
    Ok(false)
}

/// Zeros what readers pass over, such as padding, where it holds what is left of a location.
pub(super) fn stale(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    match patterns::search(scan, range)? {
        Some(_) => scan.patch(range.start, Fill::Zeros(length(range))),
        None => Ok(()),
    }
}

/// Sound or pictures that hold no metadata, as far as a search of 32 MiB at either end tells.
pub(super) fn samples(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    const MOST: u64 = 32 << 20;
    let first = range.start..range.end.min(range.start.saturating_add(MOST));
    let last = first.end.max(range.end.saturating_sub(MOST))..range.end;
    absent(scan, &first)?;
    absent(scan, &last)
}
