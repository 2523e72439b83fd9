//! FLAC: the metadata blocks before the sound, and tags of other formats around it.
//!
//! A block that cannot be made safe becomes padding of the same length.
//!
//! Source: RFC 9639, section 8.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::bytes::{after, length};
use super::scan::Scan;
use super::{Fill, ScanError, mp3, tag, vorbis};

#[cfg(test)]
mod tests;

const PADDING: u8 = 1;
const COMMENTS: u8 = 4;
const PICTURE: u8 = 6;
/// Stream information and the table of places to seek to.
const STRUCTURE: [u8; 2] = [0, 3];
/// Bytes before the content of a block: its kind, with a bit that says that it is the last, and its size.
const HEADER: u64 = 4;

/// Hides the location in the FLAC file that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    if scan.some(range.start, 4, &range)? != b"fLaC" {
        return Err(ScanError::Malformed("FLAC"));
    }
    let mut rest = after(&range, 4);
    loop {
        scan.step()?;
        let head = scan.some(rest.start, HEADER, &rest)?;
        // Sound begins with fourteen bits set, which is no kind of block.
        let Some(&[kind, a, b, c]) = head.get(..4).filter(|head| head.first() != Some(&0xff)) else { break };
        let size = u64::from(u32::from_be_bytes([0, a, b, c]));
        let body = after(&rest, HEADER);
        let body = body.start..body.start.saturating_add(size).min(body.end);
        block(scan, kind, rest.start, body.clone())?;
        rest.start = body.end;
        if kind & 0x80 != 0 {
            break;
        }
    }
    let sound = mp3::tail(scan, &rest)?;
    tag::samples(scan, &sound)
}

/// One block, whose header begins at `start`.
fn block(scan: &mut Scan<'_>, kind: u8, start: u64, body: Range<u64>) -> Result<(), ScanError> {
    let number = kind & 0x7f;
    let safe = if STRUCTURE.contains(&number) {
        return tag::absent(scan, &body);
    } else if number == PADDING {
        return tag::stale(scan, &body);
    } else {
        metadata(scan, number, body.clone())
    };
    match safe {
        Ok(true) => Ok(()),
        Ok(false) | Err(ScanError::Malformed(_) | ScanError::Found(_)) => {
            scan.patch(start, Fill::Bytes([kind & 0x80 | PADDING].into()))?;
            scan.patch(body.start, Fill::Zeros(length(&body)))
        }
        Err(error) => Err(error),
    }
}

/// The content of a block; `false` where it still tells a place. Inside Ogg it has the same shape.
pub(super) fn metadata(scan: &mut Scan<'_>, number: u8, body: Range<u64>) -> Result<bool, ScanError> {
    match number {
        COMMENTS => vorbis::comments(scan, body),
        PICTURE => vorbis::picture(scan, body),
        _ => tag::value(scan, body),
    }
}
