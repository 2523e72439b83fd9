//! Ogg: the packets before the sound or pictures of every stream in it, and all packets of streams of text.
//!
//! A page that changes gets its new checksum.
//!
//! Sources: RFC 3533 (Ogg); Vorbis I, section 4.2; RFC 7845 (Opus); Theora, section 6; RFC 9639, section 10.1 (FLAC).

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::Range;

use super::bytes::{Endian, after, length, part};
use super::scan::Scan;
use super::{Fill, Patches, ScanError, flac, tag, vorbis};

#[cfg(test)]
mod tests;

/// Bytes of a page before its table of segments.
const HEADER: u64 = 27;
/// Where in a page its checksum stands.
const CHECKSUM: u64 = 22;
/// Packets at the start of a stream that are looked at where the format does not say how many hold no samples.
const FIRST: usize = 3;
/// The longest packet of comments.
const LONGEST: u64 = 64 << 20;

/// One page: all of it, and what it holds of packets.
#[derive(Clone, Debug)]
struct Page {
    whole: Range<u64>,
    body: Range<u64>,
    /// The ends of segments of fewer than 255 bytes end a packet.
    table: Vec<u8>,
    serial: u32,
    first: bool,
}

/// What a stream is, as far as its packets have been seen.
#[derive(Debug, Default)]
struct Stream {
    kind: Kind,
    packets: usize,
    /// The parts of the packet that is not ended.
    open: Vec<Range<u64>>,
    done: bool,
}

/// How the packets of a stream are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Comments in one of the first packets.
    #[default]
    Other,
    /// Blocks of FLAC, up to the first packet of sound.
    Flac,
    /// Text in all packets.
    Text,
}

/// Hides the location in the Ogg file that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let mut streams: BTreeMap<u32, Stream> = BTreeMap::new();
    let mut touched: Vec<Range<u64>> = Vec::new();
    let mut rest = range;
    while !rest.is_empty() {
        scan.step()?;
        let Some(page) = page(scan, &rest)? else {
            tag::no_text(scan, &rest)?;
            break;
        };
        rest.start = page.whole.end;
        if page.first {
            streams.insert(page.serial, Stream::default());
        }
        let stream = streams.entry(page.serial).or_default();
        if !stream.done {
            touched.push(page.whole.clone());
            stream.take(scan, &page)?;
        }
    }
    // What the end of the file cuts is read as far as it goes.
    for stream in streams.values_mut() {
        stream.packet(scan)?;
    }
    checksums(scan, &touched, mark)
}

/// The page with which `range` starts.
fn page(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<Page>, ScanError> {
    let head = scan.some(range.start, HEADER.saturating_add(255), range)?;
    let (Some(serial), Some(count)) = (Endian::Little.u32(&head, 14), head.get(26)) else { return Ok(None) };
    // The version is zero; what is no page is searched instead.
    if !head.starts_with(b"OggS\0") {
        return Ok(None);
    }
    let table_end = 27usize.saturating_add(usize::from(*count)).min(head.len());
    let table = head.get(27..table_end).unwrap_or_default().to_vec();
    let size = table.iter().fold(0u64, |sum, segment| sum.saturating_add(u64::from(*segment)));
    let body = after(range, table_end as u64);
    let end = body.start.saturating_add(size).min(body.end);
    let first = head.get(5).is_some_and(|flags| flags & 2 != 0);
    Ok(Some(Page { whole: range.start..end, body: body.start..end, table, serial, first }))
}

impl Stream {
    /// The parts of packets on a page.
    fn take(&mut self, scan: &mut Scan<'_>, page: &Page) -> Result<(), ScanError> {
        let mut start = page.body.start;
        let mut size = 0u64;
        for segment in &page.table {
            size = size.saturating_add(u64::from(*segment));
            if *segment == 255 {
                continue;
            }
            let end = start.saturating_add(size).min(page.body.end);
            self.open.push(start..end);
            self.packet(scan)?;
            (start, size) = (end, 0);
            if self.done {
                return Ok(());
            }
        }
        self.open.push(start..page.body.end);
        Ok(())
    }

    /// A packet that is ended.
    fn packet(&mut self, scan: &mut Scan<'_>) -> Result<(), ScanError> {
        let mut parts = std::mem::take(&mut self.open);
        parts.retain(|part| !part.is_empty());
        let size = parts.iter().fold(0u64, |sum, part| sum.saturating_add(length(part)));
        if size == 0 || self.done {
            return Ok(());
        }
        if size > LONGEST {
            return Err(ScanError::Budget("bytes of a packet"));
        }
        let index = self.packets;
        self.packets = self.packets.saturating_add(1);
        let mut head = Vec::new();
        scan.joined(&parts, |scan, range| {
            head = scan.some(0, 16, &range)?;
            Ok(())
        })?;
        if index == 0 {
            self.kind = kind(&head);
        }
        self.done = match self.kind {
            Kind::Text => false,
            Kind::Flac => index > 0 && head.first() == Some(&0xff),
            Kind::Other => index.saturating_add(1) >= FIRST || (index == 1 && head.starts_with(b"OpusTags")),
        };
        let kind = self.kind;
        scan.joined(&parts, |scan, range| packet(scan, kind, &head, range))
    }
}

/// The kind of a stream by its first packet.
fn kind(head: &[u8]) -> Kind {
    if head.starts_with(b"\x7fFLAC") {
        return Kind::Flac;
    }
    let text: [&[u8]; 4] = [b"\x80kate\0\0\0", b"CMML\0\0\0\0", b"fishead\0", b"Writ\0\0"];
    if text.iter().any(|start| head.starts_with(start)) { Kind::Text } else { Kind::Other }
}

/// One packet, `range` of the view that joins its parts.
fn packet(scan: &mut Scan<'_>, kind: Kind, head: &[u8], range: Range<u64>) -> Result<(), ScanError> {
    let comments = match head {
        [0x03, b'v', b'o', b'r', b'b', b'i', b's', ..] => Some(7),
        [0x81, b't', b'h', b'e', b'o', b'r', b'a', ..] => Some(7),
        [0x81, b'd', b'a', b'a', b'l', b'a', ..] => Some(6),
        [0x81, b'k', b'a', b't', b'e', 0, 0, 0, ..] => Some(9),
        [b'O', b'p', b'u', b's', b'T', b'a', b'g', b's', ..] => Some(8),
        [b'O', b'V', b'P', b'8', b'0', 2, b' ', ..] => Some(7),
        _ => None,
    };
    let mark = scan.mark();
    let safe = match (kind, comments) {
        (_, Some(skip)) => vorbis::comments(scan, after(&range, skip)),
        (Kind::Text, None) => return tag::text(scan, range),
        (Kind::Flac, None) if head.first() == Some(&0xff) || head.starts_with(b"\x7fFLAC") => return Ok(()),
        (Kind::Flac, None) => {
            flac::metadata(scan, head.first().copied().unwrap_or(0) & 0x7f, after(&range, 4))
        }
        // Speex and old formats begin their comments at once.
        (Kind::Other, None) => plain(scan, range.clone()),
    };
    match safe {
        Ok(true) => Ok(()),
        Ok(false) | Err(ScanError::Malformed(_) | ScanError::Found(_)) => {
            scan.rewind(mark);
            vorbis::blank(scan, &after(&range, comments.unwrap_or(4)))
        }
        Err(error) => Err(error),
    }
}

/// A packet that says nothing of itself: comments, if their sizes fit, or what no scanner knows.
fn plain(scan: &mut Scan<'_>, range: Range<u64>) -> Result<bool, ScanError> {
    let vendor = Endian::Little.u32(&scan.some(range.start, 4, &range)?, 0).map(u64::from);
    let fits = vendor.is_some_and(|size| size < 1024 && part(&range, 4, size.saturating_add(4)).is_some());
    if fits {
        return vorbis::comments(scan, range);
    }
    tag::absent(scan, &range).map(|()| true)
}

/// Makes the checksums of the pages right again in which anything changed since `mark`. One that was wrong stays
/// wrong by the same bits.
fn checksums(scan: &mut Scan<'_>, pages: &[Range<u64>], mark: usize) -> Result<(), ScanError> {
    let found = scan.take(mark);
    let patches = Patches::new(found.clone());
    for patch in found {
        scan.patch(patch.offset, patch.fill)?;
    }
    for page in pages.iter().filter(|page| patches.meets(page)) {
        let old = scan.bytes(page.clone())?;
        let mut new = old.clone();
        patches.apply(page.start, &mut new);
        let at = page.start.saturating_add(CHECKSUM);
        let stored = Endian::Little.u32(&old, 22).unwrap_or(0);
        let sum = stored ^ checksum(&old) ^ checksum(&new);
        if at.saturating_add(4) <= page.end {
            scan.patch(at, Fill::Bytes(sum.to_le_bytes().into()))?;
        }
    }
    Ok(())
}

/// The checksum of a page (RFC 3533, section 6): polynomial 0x04c11db7, most significant bit first, from zero, with
/// its own field as zero.
fn checksum(page: &[u8]) -> u32 {
    let mut sum = 0u32;
    for (at, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        sum ^= u32::from(byte) << 24;
        for _ in 0..8 {
            sum = if sum & 0x8000_0000 != 0 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
        }
    }
    sum
}
