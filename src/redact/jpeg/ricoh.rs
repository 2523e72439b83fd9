//! What a photographer notes down on Ricoh's cameras for surveys: fields with names of their own.
//!
//! Order of bytes at 0, segment number at 4, place of the directory at 8; there, the count of fields, and ten bytes later
//! sections of a kind, their size with these two bytes, and content: 1 names, 2 or 18 texts, each ended by NUL, 3 numbers
//! of 16 bits, which choose from a menu. Source: ExifTool's Ricoh module.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::bytes::Endian;
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, tag};

/// What the segments begin with.
pub(super) const SIGNATURE: &[u8] = b"RMETA\0";

/// Blanks the fields whose names are those of a place.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let bytes = scan.bytes(range.clone())?;
    let endian = if bytes.starts_with(b"II") { Endian::Little } else { Endian::Big };
    let number = |at: usize| endian.u16(&bytes, at).map(usize::from);
    let (Some(0), Some(directory)) = (number(4), number(8)) else { return Ok(()) };
    let mut at = directory.saturating_add(10);
    let mut places = Vec::new();
    while let (Some(kind), Some(size)) = (number(at), number(at.saturating_add(2)).filter(|size| *size >= 2))
    {
        scan.step()?;
        let start = at.saturating_add(4);
        let end = start.saturating_add(size).saturating_sub(2);
        let Some(content) = bytes.get(start..end) else { return Ok(()) };
        let place = |offset: usize| range.start.saturating_add(start.saturating_add(offset) as u64);
        match kind {
            1 => places = content.split(|byte| *byte == 0).map(tag::tells_place).collect(),
            2 | 18 => {
                let mut offset = 0usize;
                for (index, text) in content.split(|byte| *byte == 0).enumerate() {
                    if places.get(index) == Some(&true) {
                        scan.patch(place(offset), Fill::Spaces(text.len() as u64))?;
                    }
                    offset = offset.saturating_add(text.len()).saturating_add(1);
                }
            }
            3 => {
                for (index, chosen) in content.chunks_exact(2).enumerate() {
                    if places.get(index) == Some(&true) && chosen != [0, 0] {
                        scan.patch(place(index.saturating_mul(2)), Fill::Zeros(2))?;
                    }
                }
            }
            _ => {}
        }
        at = end;
    }
    Ok(())
}
