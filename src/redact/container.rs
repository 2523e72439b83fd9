//! Matroska and RIFF (AVI, WAV): everything but the samples must not look like a location.
//!
//! Nothing is replaced in them. The walk only tells samples from the rest, so that a long film need not be read; with
//! a text track the samples are searched too.
//!
//! Sources: RFC 8794 (EBML), RFC 9559 (Matroska); Microsoft's RIFF and AVI file reference.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::ScanError;
use super::bytes::{Endian, after, length, part};
use super::patterns;
use super::scan::Scan;

/// Matroska element identifiers.
mod id {
    pub(super) const EBML: u64 = 0x1a45_dfa3;
    pub(super) const SEGMENT: u64 = 0x1853_8067;
    pub(super) const CLUSTER: u64 = 0x1f43_b675;
    pub(super) const TRACKS: u64 = 0x1654_ae6b;
    pub(super) const TRACK: u64 = 0xae;
    pub(super) const TRACK_TYPE: u64 = 0x83;
}

/// Tracks of pictures and sound; others may hold text.
const PLAIN_TRACKS: [u8; 2] = [1, 2];
/// Bytes of text that are searched for coordinates together.
const BLOCK: u64 = 1 << 20;

/// One element: its identifier and where its content lies; `open` where its size is not known.
#[derive(Debug)]
struct Element {
    id: u64,
    body: Range<u64>,
    open: bool,
}

/// Looks for a location in the Matroska file that fills `range`.
pub(super) fn matroska(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mut rest = range;
    let mut clusters = Vec::new();
    let mut text = false;
    while !rest.is_empty() {
        scan.step()?;
        let Some(element) = element(scan, &rest)? else {
            // No element begins here: all that is left is looked at.
            searched(scan, &rest)?;
            break;
        };
        let next = element.body.end;
        match element.id {
            id::SEGMENT => {
                rest.start = element.body.start;
                continue;
            }
            id::CLUSTER if element.open => {
                // It ends where the next element of its level begins, and its parts are walked like its siblings.
                rest.start = element.body.start;
                continue;
            }
            // Timestamp, position, previous size, silent tracks, simple blocks and block groups of such a cluster.
            id::CLUSTER | 0xe7 | 0xa7 | 0xab | 0x5854 | 0xa3 | 0xa0 => clusters.push(rest.start..next),
            other => {
                if other == id::TRACKS {
                    text |= text_tracks(scan, &element.body)?;
                }
                searched(scan, &(rest.start..next))?;
            }
        }
        rest.start = next;
    }
    if text {
        for cluster in clusters {
            searched(scan, &cluster)?;
            searched_text(scan, &cluster)?;
        }
    }
    Ok(())
}

/// The element with which `range` starts; `None` where none does.
fn element(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<Element>, ScanError> {
    let head = scan.some(range.start, 12, range)?;
    let Some((id, id_bytes)) = number(&head, 4, true) else { return Ok(None) };
    let Some((size, size_bytes)) = number(head.get(id_bytes..).unwrap_or_default(), 8, false) else {
        return Ok(None);
    };
    let unknown = size == (1u64 << (size_bytes.saturating_mul(7))).saturating_sub(1);
    let body = after(range, id_bytes.saturating_add(size_bytes) as u64);
    let open = unknown && matches!(id, id::SEGMENT | id::CLUSTER);
    if id != id::EBML && id_bytes < 4 && unknown {
        return Ok(None);
    }
    let end = if unknown { body.end } else { body.start.saturating_add(size).min(body.end) };
    Ok(Some(Element { id, body: body.start..end, open }))
}

/// A number of variable length (RFC 8794 section 4), with the bit that tells its length or without; and its bytes.
fn number(bytes: &[u8], most: u32, marked: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let zeros = first.leading_zeros();
    let count = usize::try_from(zeros).ok()?.checked_add(1)?;
    if zeros >= most {
        return None;
    }
    let start = if marked { u64::from(first) } else { u64::from(first) & (0x7f >> zeros) };
    let rest = bytes.get(1..count)?;
    Some((rest.iter().fold(start, |number, byte| number << 8 | u64::from(*byte)), count))
}

/// Whether any track is neither pictures nor sound.
fn text_tracks(scan: &mut Scan<'_>, tracks: &Range<u64>) -> Result<bool, ScanError> {
    let mut rest = tracks.clone();
    while !rest.is_empty() {
        scan.step()?;
        let Some(found) = element(scan, &rest)? else { return Ok(true) };
        rest.start = match found.id {
            id::TRACK => found.body.start,
            id::TRACK_TYPE => {
                let kind = scan.some(found.body.start, 8, &found.body)?;
                if !kind.last().is_some_and(|kind| PLAIN_TRACKS.contains(kind)) {
                    return Ok(true);
                }
                found.body.end
            }
            _ => found.body.end,
        };
    }
    Ok(false)
}

/// Looks for a location in the RIFF file that fills `range`.
pub(super) fn riff(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(range.start, 4, &range)?;
    if head == b"RIFX" {
        // The numbers are in the other order, which hardly anybody writes.
        return searched(scan, &range);
    }
    let mut rest = range;
    let mut text = false;
    while length(&rest) >= 8 {
        scan.step()?;
        let head = scan.some(rest.start, 12, &rest)?;
        let size = u64::from(Endian::Little.u32(&head, 4).unwrap_or(0));
        let (name, form) = (head.get(..4).unwrap_or_default(), head.get(8..).unwrap_or_default());
        let body = part(&rest, 8, size);
        let samples = name == b"data" || (name == b"LIST" && form == b"movi");
        let end = body.as_ref().map_or(rest.end, |body| body.end);
        match name {
            b"RIFF" | b"RF64" | b"BW64" => {
                rest = after(&rest, 12);
                continue;
            }
            _ if samples && !text => {}
            _ if samples => {
                searched(scan, &(rest.start..end))?;
                searched_text(scan, &(rest.start..end))?;
            }
            b"LIST" | b"INFO" | b"JUNK" => {
                let bytes = scan.bytes(rest.start..end)?;
                text |= memchr::memmem::find(&bytes, b"txts").is_some();
                if patterns::text(&bytes) {
                    return Err(ScanError::Found("coordinates"));
                }
                searched(scan, &(rest.start..end))?;
            }
            _ => searched(scan, &(rest.start..end))?,
        }
        rest.start = end.saturating_add(size & 1).min(rest.end);
    }
    Ok(())
}

fn searched(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    match patterns::search(scan, range)? {
        Some(reason) => Err(ScanError::Found(reason)),
        None => Ok(()),
    }
}

/// Looks for coordinates in text, block by block.
fn searched_text(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    let mut at = range.start;
    while at < range.end {
        let end = at.saturating_add(BLOCK).min(range.end);
        if patterns::text(&scan.bytes(at..end)?) {
            return Err(ScanError::Found("coordinates"));
        }
        at = if end == range.end { end } else { end.saturating_sub(64) };
    }
    Ok(())
}
