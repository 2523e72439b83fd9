//! ID3 version 2: its frames, in all three versions, also those that are unsynchronised or compressed.
//!
//! Texts that tell a place become spaces; pictures, objects and private data go to their scanners; a frame that cannot
//! be made safe gets NUL bytes and a name that nobody reads.
//!
//! Sources: id3.org: ID3v2.2.0, ID3v2.3.0, ID3v2.4.0 (structure and native frames), the addendum on chapters.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{after, array};
use super::scan::Scan;
use super::{Fill, Patches, ScanError, tag};

mod frames;
#[cfg(test)]
mod tests;
mod unsync;

/// Bytes of the header of a tag, and of the footer of one that has any.
const HEADER: u64 = 10;
/// The longest tag that is looked into.
const LONGEST: u64 = 64 << 20;
const UNSYNCHRONISED: u8 = 0x80;
const EXTENDED: u8 = 0x40;
const FOOTER: u8 = 0x10;

/// How the frames of a tag are stored.
#[derive(Clone, Copy, Debug)]
struct Tag {
    version: u8,
    flags: u8,
}

/// The size in a header: four bytes of seven bits each. `None` where any has eight.
pub(super) fn size(head: &[u8]) -> Option<u64> {
    synchsafe(head.get(6..10)?)
}

/// A number in bytes of seven bits.
fn synchsafe(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0u64, |number, byte| (*byte < 0x80).then(|| number << 7 | u64::from(*byte)))
}

/// Hides the location in the tag with which `range` begins; answers where it ends, or `None` where it is no tag.
pub(super) fn scan(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<u64>, ScanError> {
    let head = scan.some(range.start, HEADER, range)?;
    let (Some(size), Some(&version), Some(&flags)) = (size(&head), head.get(3), head.get(5)) else {
        return Ok(None);
    };
    if !head.starts_with(b"ID3") || !(2..=4).contains(&version) {
        return Ok(None);
    }
    if size > LONGEST {
        return Err(ScanError::Budget("bytes of ID3"));
    }
    let body = after(range, HEADER);
    let body = body.start..body.start.saturating_add(size).min(body.end);
    let tag = Tag { version, flags };
    let mark = scan.mark();
    let done = if flags & UNSYNCHRONISED != 0 && version < 4 {
        unsync::scan(scan, body.clone(), |scan, range| whole(scan, tag, range))
    } else {
        whole(scan, tag, body.clone())
    };
    match done {
        Ok(()) => {}
        // Padding and nothing else.
        Err(ScanError::Malformed(_) | ScanError::Found(_)) => {
            scan.rewind(mark);
            scan.patch(body.start, Fill::Zeros(body.end.saturating_sub(body.start)))?;
        }
        Err(error) => return Err(error),
    }
    let footer = if version == 4 && flags & FOOTER != 0 { HEADER } else { 0 };
    Ok(Some(body.end.saturating_add(footer).min(range.end)))
}

/// The extended header, and the frames behind it.
fn whole(scan: &mut Scan<'_>, tag: Tag, range: Range<u64>) -> Result<(), ScanError> {
    if tag.flags & EXTENDED == 0 || tag.version == 2 {
        return frames::scan(scan, tag, range);
    }
    let head = scan.some(range.start, 16, &range)?;
    let Some(size) = array::<4>(&head, 0) else { return Ok(()) };
    // The size counts itself from version 4 on.
    let (size, sum_at) = if tag.version == 3 {
        let checked = head.get(4).is_some_and(|flags| flags & 0x80 != 0);
        (u64::from(u32::from_be_bytes(size)).saturating_add(4), checked.then_some(10))
    } else {
        (synchsafe(&size).unwrap_or(u64::MAX), None)
    };
    let rest = after(&range, size);
    let mark = scan.mark();
    frames::scan(scan, tag, rest.clone())?;
    match sum_at {
        Some(at) if scan.mark() != mark => {
            checksum(scan, range.start.saturating_add(at), (&head, rest), mark)
        }
        Some(_) | None => Ok(()),
    }
}

/// Makes the checksum of version 3 right again, which is that of the frames before the padding.
fn checksum(
    scan: &mut Scan<'_>,
    at: u64,
    (head, rest): (&[u8], Range<u64>),
    mark: usize,
) -> Result<(), ScanError> {
    let padding = array(head, 6).map_or(0, u32::from_be_bytes);
    let covered = rest.start..rest.end.saturating_sub(u64::from(padding)).max(rest.start);
    let stored = array(head, 10).map_or(0, u32::from_be_bytes);
    let (old, new) = scan.checksums(&[covered], mark)?;
    scan.patch(at, Fill::Bytes((stored ^ old ^ new).to_be_bytes().into()))
}

/// Runs `inner` over bytes that are not in the file as they stand; answers with what they became, if anything changed.
fn changed(
    scan: &mut Scan<'_>,
    content: &[u8],
    inner: impl FnOnce(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
) -> Result<Option<Vec<u8>>, ScanError> {
    let ((), found) = scan.inside(&content, |scan| {
        let all = scan.whole();
        inner(scan, all)
    })?;
    if found.is_empty() {
        return Ok(None);
    }
    let mut result = content.to_vec();
    Patches::new(found).apply(0, &mut result);
    Ok((result != content).then_some(result))
}

/// What no frame explains must not look like a location, else it becomes padding.
fn padding(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    match tag::no_text(scan, range) {
        Err(ScanError::Found(_)) => {
            scan.patch(range.start, Fill::Zeros(range.end.saturating_sub(range.start)))
        }
        result => result,
    }
}
