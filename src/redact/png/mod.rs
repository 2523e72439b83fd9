//! PNG: the chunks with Exif, XMP, IPTC and text, and what follows the last chunk.
//!
//! A chunk that changes gets its new checksum.
//!
//! Source: PNG specification (third edition), sections 5 and 11.3; ExifTool and ImageMagick for the raw profiles.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, length, part};
use super::scan::Scan;
use super::trailer::{self, Unknown};
use super::{Fill, ScanError, patterns, tiff};

pub(super) mod deflate;
mod profile;
#[cfg(test)]
mod tests;
mod text;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a chunk that are no data: its length, its type, its checksum.
const FRAME: u64 = 12;
/// A private chunk that every reader skips and every writer drops.
const PRIVATE: &[u8; 4] = b"rdCt";

/// Hides the location in the PNG image that starts where `range` starts, and in whatever follows it there.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.nested(|scan| {
        if scan.some(range.start, 8, &range)? != SIGNATURE {
            return Err(ScanError::Malformed("PNG"));
        }
        let mark = scan.mark();
        let mut rest = range.start.saturating_add(8)..range.end;
        while length(&rest) >= FRAME {
            scan.step()?;
            let head = scan.some(rest.start, 8, &rest)?;
            let name = head.get(4..).unwrap_or_default();
            let size = u64::from(Endian::Big.u32(&head, 0).unwrap_or(u32::MAX));
            let whole = part(&rest, 0, size.saturating_add(FRAME));
            let Some(whole) = whole.filter(|_| name.iter().all(u8::is_ascii_alphabetic)) else { break };
            let last = name == b"IEND";
            chunk(scan, name, &whole)?;
            rest.start = whole.end;
            if last {
                return trailer::scan(scan, rest, mark, Unknown::Blank);
            }
        }
        cut(scan, rest)
    })
}

/// A chunk that the file cuts off, or what is none: readers show what there is of it. Text and metadata go whole, because
/// what they would say cannot be known.
fn cut(scan: &mut Scan<'_>, rest: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(rest.start, 8, &rest)?;
    let body = rest.start.saturating_add(8).min(rest.end)..rest.end;
    match head.get(4..) {
        Some(b"IDAT") => return Ok(()),
        Some(b"zTXt" | b"iTXt" | b"tEXt" | b"eXIf" | b"exIf" | b"zxIf") => {
            scan.patch(rest.start.saturating_add(4), Fill::Bytes(PRIVATE.as_slice().into()))?;
            return scan.patch(body.start, Fill::Zeros(length(&body)));
        }
        Some(_) | None => {}
    }
    let mark = scan.mark();
    match patterns::search_since(scan, &rest, mark)? {
        None => Ok(()),
        Some(_) => Err(ScanError::Malformed("PNG chunk")),
    }
}

fn chunk(scan: &mut Scan<'_>, name: &[u8], whole: &Range<u64>) -> Result<(), ScanError> {
    let body = whole.start.saturating_add(8)..whole.end.saturating_sub(4);
    let mark = scan.mark();
    match name {
        b"IHDR" | b"IDAT" | b"PLTE" | b"IEND" | b"fdAT" | b"iCCP" => return Ok(()),
        b"eXIf" | b"exIf" => {
            let head = scan.some(body.start, 6, &body)?;
            let skip = if head.starts_with(b"Exif\0") { 6 } else { 0 };
            tiff::scan_or_blank(scan, body.start.saturating_add(skip).min(body.end)..body.end)?;
        }
        b"tEXt" => text::plain(scan, &body)?,
        b"zTXt" => text::compressed(scan, whole, &body)?,
        b"iTXt" => text::international(scan, whole, &body)?,
        b"zxIf" => withdraw(scan, whole)?,
        _ => {
            if patterns::search(scan, &body)?.is_some() {
                withdraw(scan, whole)?;
            }
        }
    }
    if scan.mark() == mark {
        return Ok(());
    }
    let named = whole.start.saturating_add(4)..body.end;
    let stored = Endian::Big.u32(&scan.bytes(body.end..whole.end)?, 0).unwrap_or(0);
    // A checksum that was wrong stays wrong by the same bits, so that every reader accepts or rejects the chunk as
    // it did.
    let wrong = stored ^ crc32fast::hash(&scan.bytes(named.clone())?);
    let sum = wrong ^ crc32fast::hash(&scan.patched(named, mark)?);
    scan.patch(body.end, Fill::Bytes(sum.to_be_bytes().into()))
}

/// Makes of a chunk one that nobody reads.
fn withdraw(scan: &mut Scan<'_>, whole: &Range<u64>) -> Result<(), ScanError> {
    let body = length(whole).saturating_sub(FRAME);
    scan.patch(whole.start.saturating_add(4), Fill::Bytes(PRIVATE.as_slice().into()))?;
    scan.patch(whole.start.saturating_add(8), Fill::Zeros(body))
}
