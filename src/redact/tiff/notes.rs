//! The place names that some vendors put in their notes (MakerNote).
//!
//! Only the values of the tags named here change; what a vendor has that is not named here stays.
//! Source: ExifTool's tag tables of the vendors.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::layout::{Entry, Layout};
use crate::redact::bytes::{Endian, after, length};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError};

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

/// One vendor's note.
struct Note {
    /// What it begins with.
    magic: &'static [u8],
    /// What the camera's maker begins with, upper case.
    make: &'static [u8],
    /// Where in the note its directory begins.
    directory: u64,
    endian: Option<Endian>,
    base: Base,
    tags: &'static [u16],
}

const NOTES: &[Note] = &[
    Note {
        magic: b"Panasonic\0",
        make: b"",
        directory: 12,
        endian: None,
        base: Base::Block,
        // State, country, landmark, city, location, second city.
        tags: &[0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x80],
    },
    // Location info and barometer.
    Note {
        magic: b"Nikon\0",
        make: b"",
        directory: 0,
        endian: None,
        base: Base::Header(10),
        tags: &[0x39, 0xc3],
    },
    // Home town and destination, by Pentax and as Casio has it.
    Note {
        magic: b"AOC\0",
        make: b"",
        directory: 6,
        endian: None,
        base: Base::Block,
        tags: &[0x23, 0x24, 0x3006],
    },
    Note {
        magic: b"PENTAX \0",
        make: b"",
        directory: 10,
        endian: None,
        base: Base::Note,
        tags: &[0x23, 0x24],
    },
    Note {
        magic: b"QVC\0\0\0",
        make: b"",
        directory: 6,
        endian: Some(Endian::Big),
        base: Base::Block,
        tags: &[0x3006],
    },
    // Name of the place, and the same in the local script.
    Note { magic: b"", make: b"SAMSUNG", directory: 0, endian: None, base: Base::Note, tags: &[0x30, 0x31] },
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

fn hide(scan: &mut Scan<'_>, block: &Layout, range: &Range<u64>, note: &Note) -> Result<(), ScanError> {
    let mut layout = Layout { big: false, ..block.clone() };
    if let Some(endian) = note.endian {
        layout.endian = endian;
    }
    let inside = after(range, note.directory);
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
    for entry in directory.entries.iter().filter(|entry| note.tags.contains(&entry.tag)) {
        zero(scan, range, entry)?;
    }
    Ok(())
}

/// Zeros a value that lies in the note.
fn zero(scan: &mut Scan<'_>, note: &Range<u64>, entry: &Entry) -> Result<(), ScanError> {
    match &entry.value {
        Some(value) if note.start <= value.start && value.end <= note.end => {
            scan.patch(value.start, Fill::Zeros(length(value)))
        }
        Some(_) | None => Ok(()),
    }
}
