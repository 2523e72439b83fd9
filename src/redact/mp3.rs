//! MPEG audio and AAC: ID3 before and behind the sound, and the tags that other programs put at the end.
//!
//! Sources: id3.org (ID3v1, Lyrics3), Hydrogenaudio's APE tags specification.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{Endian, after, length};
use super::scan::Scan;
use super::{Fill, ScanError, flac, id3, tag};

#[cfg(test)]
mod tests;

/// More tags than any file has at its end.
const TAGS: usize = 16;
/// Bytes of the header or footer of an APE tag.
const APE: u64 = 32;
/// Bytes of the fields of ID3v1 and of its extension.
const OLD: u64 = 128;
const EXTENDED: u64 = 227;

/// Hides the location in the file of sound that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let rest = front(scan, range)?;
    if scan.some(rest.start, 4, &rest)? == b"fLaC" {
        return flac::scan(scan, rest);
    }
    let sound = tail(scan, &rest)?;
    tag::samples(scan, &sound)
}

/// The tags before the sound; answers what follows them.
fn front(scan: &mut Scan<'_>, range: Range<u64>) -> Result<Range<u64>, ScanError> {
    let mut rest = range;
    loop {
        scan.step()?;
        let head = scan.some(rest.start, APE, &rest)?;
        let end = if head.starts_with(b"ID3") {
            id3::scan(scan, &rest)?
        } else if head.starts_with(b"APETAGEX") {
            ape_in_front(scan, &head, &rest)?
        } else {
            None
        };
        match end {
            Some(end) if end > rest.start => rest.start = end,
            Some(_) | None => return Ok(rest),
        }
    }
}

fn ape_in_front(scan: &mut Scan<'_>, head: &[u8], rest: &Range<u64>) -> Result<Option<u64>, ScanError> {
    let size = u64::from(Endian::Little.u32(head, 12).unwrap_or(0));
    let body = after(rest, APE);
    let body = body.start..body.start.saturating_add(size).min(body.end);
    ape(scan, body.clone())?;
    Ok(Some(body.end))
}

/// The tags behind the sound; answers what stands before them.
pub(super) fn tail(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Range<u64>, ScanError> {
    let mut rest = range.clone();
    for _ in 0..TAGS {
        scan.step()?;
        match last(scan, &rest)? {
            Some(start) if start < rest.end => rest.end = start.max(rest.start),
            Some(_) | None => return Ok(rest),
        }
    }
    Err(ScanError::Budget("tags at the end"))
}

/// The tag with which `range` ends; answers where it begins.
fn last(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<u64>, ScanError> {
    let behind = |count: u64| range.end.checked_sub(count).filter(|start| *start >= range.start);
    for (count, sign) in [(OLD, &b"TAG"[..]), (EXTENDED, b"TAG+")] {
        if let Some(start) = behind(count) {
            // A tag of the older kind begins with three letters and a title.
            let head = scan.some(start, sign.len() as u64, range)?;
            if head == sign {
                tag::text(scan, start.saturating_add(sign.len() as u64)..range.end)?;
                return Ok(Some(start));
            }
        }
    }
    if let Some(footer) = behind(APE) {
        let bytes = scan.some(footer, APE, range)?;
        if bytes.starts_with(b"APETAGEX") {
            return ape_behind(scan, &bytes, range, footer).map(Some);
        }
    }
    if let Some(footer) = behind(10) {
        let bytes = scan.some(footer, 10, range)?;
        if bytes.starts_with(b"3DI") {
            let size = id3::size(&bytes).unwrap_or(0).saturating_add(20);
            let Some(start) = behind(size) else { return Ok(None) };
            id3::scan(scan, &(start..range.end))?;
            return Ok(Some(start));
        }
    }
    lyrics(scan, range)
}

/// An APE tag by its footer, whose size counts items and footer, not the header that may stand before them.
fn ape_behind(scan: &mut Scan<'_>, footer: &[u8], range: &Range<u64>, at: u64) -> Result<u64, ScanError> {
    let size = u64::from(Endian::Little.u32(footer, 12).unwrap_or(0));
    let start = at.saturating_add(APE).saturating_sub(size).clamp(range.start, at);
    ape(scan, start..at)?;
    let header = start.checked_sub(APE).filter(|header| *header >= range.start);
    let Some(header) = header else { return Ok(start) };
    let headed = scan.some(header, 8, range)? == b"APETAGEX";
    Ok(if headed { header } else { start })
}

/// The items of an APE tag: size, flags, name, NUL, value.
fn ape(scan: &mut Scan<'_>, items: Range<u64>) -> Result<(), ScanError> {
    let mut rest = items;
    while length(&rest) > 8 {
        scan.step()?;
        let head = scan.some(rest.start, 8 + 256, &rest)?;
        let size = u64::from(Endian::Little.u32(&head, 0).unwrap_or(0));
        let name = head.get(8..).unwrap_or_default();
        let Some(end) = memchr::memchr(0, name) else { break };
        let name = name.get(..end).unwrap_or_default();
        let value = after(&rest, 9u64.saturating_add(end as u64));
        let value = value.start..value.start.saturating_add(size).min(value.end);
        rest.start = value.end;
        item(scan, name, value)?;
    }
    tag::stale(scan, &rest)
}

fn item(scan: &mut Scan<'_>, name: &[u8], value: Range<u64>) -> Result<(), ScanError> {
    if tag::tells_place(name) {
        return tag::blank(scan, value);
    }
    let mut content = value.clone();
    if name.to_ascii_lowercase().starts_with(b"cover art") {
        // The picture's file name stands before it.
        let head = scan.some(value.start, 256, &value)?;
        content = after(&value, memchr::memchr(0, &head).map_or(0, |end| end.saturating_add(1) as u64));
    }
    if tag::value(scan, content)? {
        return Ok(());
    }
    scan.patch(value.start, Fill::Zeros(length(&value)))
}

/// Lyrics3: the version 2 ends with its size in six digits, the first version does not tell it.
fn lyrics(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<u64>, ScanError> {
    const MOST: u64 = 5100 + 20;
    let Some(end) = range.end.checked_sub(15).filter(|start| *start >= range.start) else { return Ok(None) };
    let bytes = scan.some(end, 15, range)?;
    let start = match bytes.get(6..) {
        Some(b"LYRICS200") => {
            let digits = std::str::from_utf8(bytes.get(..6).unwrap_or_default()).unwrap_or_default();
            let Ok(size) = digits.parse::<u64>() else { return Ok(None) };
            end.checked_sub(size)
        }
        Some(b"LYRICSEND") => {
            let from = range.end.saturating_sub(MOST).max(range.start);
            let window = scan.bytes(from..range.end)?;
            memchr::memmem::rfind(&window, b"LYRICSBEGIN").map(|at| from.saturating_add(at as u64))
        }
        _ => None,
    };
    let Some(start) = start.filter(|start| *start >= range.start) else { return Ok(None) };
    let text = start..range.end;
    tag::text(scan, text)?;
    Ok(Some(start))
}
