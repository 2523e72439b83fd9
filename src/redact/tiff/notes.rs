//! The place names that some vendors put in their notes (MakerNote).
//!
//! Only the values of the tags named here change; what a vendor has that is not named here stays.
//! Source: ExifTool's tag tables of the vendors.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::layout::{Entry, Layout};
use super::nikon;
use crate::redact::bytes::{Endian, after, length};
use crate::redact::scan::Scan;
use crate::redact::{Classes, Fill, ScanError};

/// What the offsets in a note refer to.
#[derive(Clone, Copy)]
enum Base {
    /// The header of the block that holds the note.
    Block,
    /// The first byte of the note.
    Note,
    /// A header inside the note, so many bytes after its start; the directory's place stands there.
    Header(u64),
}

/// In which order a note stores its numbers.
#[derive(Clone, Copy)]
enum Order {
    /// That of the block, or of the header inside the note.
    Block,
    /// Most significant first.
    Big,
    /// That in which the directory has few entries: what the note says of it is not always true.
    Likely,
}

/// One vendor's note.
struct Note {
    /// What it begins with.
    magic: &'static [u8],
    /// What the camera's maker begins with, upper case.
    make: &'static [u8],
    /// Where in the note its directory begins.
    directory: u64,
    order: Order,
    base: Base,
    tags: &'static [Place],
}

/// What of the value of a tag tells a place: the bytes from one to another.
type Place = (u16, u64, u64);

/// Nikon's altitude; all others are names.
const BAROMETER: u16 = 0xc3;
/// As many bytes as there are.
const ALL: u64 = u64::MAX;
/// Home town and destination, and both again beside the time.
const PENTAX: &[Place] = &[(0x23, 0, ALL), (0x24, 0, ALL), (0x6b, 2, 4)];

const NOTES: &[Note] = &[
    Note {
        magic: b"Panasonic\0",
        make: b"",
        directory: 12,
        order: Order::Block,
        base: Base::Block,
        // Location, country, state, city, landmark, second city.
        tags: &[
            (0x67, 0, ALL),
            (0x69, 0, ALL),
            (0x6b, 0, ALL),
            (0x6d, 0, ALL),
            (0x6f, 0, ALL),
            (0x80, 0, ALL),
        ],
    },
    // Location info (country and place after a version and a coding) and barometer (altitude after a version).
    Note {
        magic: b"Nikon\0",
        make: b"",
        directory: 0,
        order: Order::Block,
        base: Base::Header(10),
        tags: &[(0x39, 5, 8), (0x39, 9, ALL), (BAROMETER, 6, 10)],
    },
    Note {
        magic: b"AOC\0",
        make: b"",
        directory: 6,
        order: Order::Likely,
        base: Base::Block,
        tags: &[(0x23, 0, ALL), (0x24, 0, ALL), (0x6b, 2, 4), (0x3006, 0, ALL)],
    },
    Note {
        magic: b"PENTAX \0",
        make: b"",
        directory: 10,
        order: Order::Likely,
        base: Base::Note,
        tags: PENTAX,
    },
    // The same by other makers of the same cameras.
    Note {
        magic: b"SAMSUNG\0",
        make: b"",
        directory: 10,
        order: Order::Likely,
        base: Base::Note,
        tags: PENTAX,
    },
    Note {
        magic: b"RICOH\0II",
        make: b"",
        directory: 8,
        order: Order::Likely,
        base: Base::Note,
        tags: PENTAX,
    },
    Note {
        magic: b"RICOH\0MM",
        make: b"",
        directory: 8,
        order: Order::Likely,
        base: Base::Note,
        tags: PENTAX,
    },
    // Home town, by Casio.
    Note {
        magic: b"QVC\0\0\0",
        make: b"",
        directory: 6,
        order: Order::Big,
        base: Base::Block,
        tags: &[(0x3006, 0, ALL)],
    },
    // Name of the place, and the same in the local script.
    Note {
        magic: b"",
        make: b"SAMSUNG",
        directory: 0,
        order: Order::Block,
        base: Base::Note,
        tags: &[(0x30, 0, ALL), (0x31, 0, ALL)],
    },
];

/// Hides the place names in the note at `range` of a block.
pub(super) fn scan(
    scan: &mut Scan<'_>,
    block: &Layout,
    range: &Range<u64>,
    make: &[u8],
) -> Result<(), ScanError> {
    let head = scan.some(range.start, 16, range)?;
    let make = make.to_ascii_uppercase();
    for note in NOTES {
        if head.starts_with(note.magic) && make.starts_with(note.make) {
            return hide(scan, block, range, note);
        }
    }
    Ok(())
}

/// Zeros coordinates of the GPS directory that a camera wrote into its note as well.
pub(super) fn copies(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    let coordinates = scan.coordinates().to_vec();
    if coordinates.is_empty() {
        return Ok(());
    }
    let note = scan.bytes(range.clone())?;
    for coordinate in coordinates {
        for found in memchr::memmem::find_iter(&note, &coordinate) {
            let place = range.start.saturating_add(found as u64);
            scan.of(Classes::COORDINATES, |scan| scan.patch(place, Fill::Zeros(coordinate.len() as u64)))?;
        }
    }
    Ok(())
}

/// Hides the place names in what the makers of a DNG file put aside for themselves: the note as cameras write it, or,
/// after `Adobe`, parts (name, size, content) of which one is the note with its order of bytes and its former place.
pub(super) fn private(
    scan: &mut Scan<'_>,
    block: &Layout,
    range: &Range<u64>,
    make: &[u8],
) -> Result<(), ScanError> {
    let head = scan.some(range.start, 16, range)?;
    if !head.starts_with(b"Adobe\0") {
        let known = [&b"PENTAX \0"[..], b"SAMSUNG\0", b"RICOH\0II", b"RICOH\0MM"];
        return if known.iter().any(|magic| head.starts_with(magic)) {
            self::scan(scan, block, range, make)
        } else {
            Ok(())
        };
    }
    let mut rest = after(range, 6);
    loop {
        scan.step()?;
        let head = scan.some(rest.start, 14, &rest)?;
        let Some(size) = Endian::Big.u32(&head, 4) else { return Ok(()) };
        let body = after(&rest, 8);
        let body = body.start..body.start.saturating_add(u64::from(size)).min(body.end);
        if head.starts_with(b"MakN")
            && let Some(former) = Endian::Big.u32(&head, 10)
        {
            let note = after(&body, 6);
            let endian = if head.get(8..10) == Some(b"II") { Endian::Little } else { Endian::Big };
            // Offsets count from where the block began in which the note was: before this one, maybe.
            let start = note.start.checked_sub(u64::from(former));
            let moved = start.map(|start| start..note.end);
            let layout = Layout { endian, big: false, range: moved.unwrap_or_else(|| note.clone()) };
            self::scan(scan, &layout, &note, make)?;
        }
        // Parts are of an even number of bytes.
        rest.start = body.end.saturating_add(u64::from(size & 1)).min(rest.end);
    }
}

fn hide(scan: &mut Scan<'_>, block: &Layout, range: &Range<u64>, note: &Note) -> Result<(), ScanError> {
    let mut layout = Layout { big: false, ..block.clone() };
    let inside = after(range, note.directory);
    match note.order {
        Order::Block => {}
        Order::Big => layout.endian = Endian::Big,
        Order::Likely => {
            let count = scan.some(inside.start, 2, &inside)?;
            let few = |endian: &Endian| endian.u16(&count, 0).is_some_and(|count| count < 256);
            layout.endian =
                [layout.endian, Endian::Little, Endian::Big].into_iter().find(few).unwrap_or(layout.endian);
        }
    }
    let offset = match note.base {
        Base::Block => length(&(block.range.start..inside.start)),
        Base::Note => {
            layout.range = range.clone();
            note.directory
        }
        Base::Header(at) => match Layout::read(scan, &after(range, at)) {
            Ok((inner, first)) => {
                layout = inner;
                first
            }
            Err(ScanError::Malformed(_)) => return Ok(()),
            Err(error) => return Err(error),
        },
    };
    let Some(directory) = layout.directory(scan, offset)? else { return Ok(()) };
    for entry in &directory.entries {
        for (tag, from, to) in note.tags.iter().filter(|(tag, ..)| *tag == entry.tag) {
            let classes = if *tag == BAROMETER { Classes::COORDINATES } else { Classes::PLACES };
            if scan.hides(classes) {
                scan.of(classes, |scan| zero(scan, range, entry, *from..*to))?;
            }
        }
        if entry.tag == nikon::CAPTURE && note.magic == b"Nikon\0" {
            nikon::capture(scan, range, entry)?;
        }
    }
    Ok(())
}

/// Zeros a part of a value that lies in the note.
fn zero(scan: &mut Scan<'_>, note: &Range<u64>, entry: &Entry, part: Range<u64>) -> Result<(), ScanError> {
    match &entry.value {
        Some(value) if note.start <= value.start && value.end <= note.end => {
            let from = value.start.saturating_add(part.start).min(value.end);
            let to = value.start.saturating_add(part.end).min(value.end);
            scan.patch(from, Fill::Zeros(length(&(from..to))))
        }
        Some(_) | None => Ok(()),
    }
}
