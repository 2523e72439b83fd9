//! Which tracks hold something else than pictures and sound, and how their blocks are stored.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::element::{Element, next};
use crate::redact::bytes::length;
use crate::redact::png::deflate;
use crate::redact::scan::Scan;
use crate::redact::{Fill, Patches, ScanError, tag};

/// What a decoder needs before the first block; for subtitles a header in text.
pub(super) const CODEC_PRIVATE: u64 = 0x63a2;

const NUMBER: u64 = 0xd7;
const KIND: u64 = 0x83;
const CODEC: u64 = 0x86;
/// Encodings, one encoding, its compression, the algorithm of that.
const ENCODING: [u64; 3] = [0x6d80, 0x6240, 0x5034];
const ALGORITHM: u64 = 0x4254;
const ZLIB: u64 = 0;

/// Track kinds of pictures and sound.
const PLAIN: [u64; 2] = [1, 2];
/// Subtitles that are pictures.
const PICTURES: [&[u8]; 4] = [b"S_VOBSUB", b"S_HDMV/PGS", b"S_DVBSUB", b"S_IMAGE"];

/// One track.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    pub(super) number: u64,
    kind: u64,
    codec: Vec<u8>,
    /// Whether its blocks are zlib streams.
    deflated: bool,
}

impl Track {
    /// Reads a track entry; `None` where it has no number.
    pub(super) fn read(scan: &mut Scan<'_>, entry: &Element) -> Result<Option<Track>, ScanError> {
        let mut track = Track::default();
        track.parts(scan, entry.body.clone())?;
        Ok((track.number != 0).then_some(track))
    }

    fn parts(&mut self, scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
        let mut rest = range;
        while !rest.is_empty() {
            scan.step()?;
            let Some(part) = next(scan, &rest)? else { return Ok(()) };
            rest.start = part.body.end;
            match part.id {
                NUMBER => self.number = unsigned(scan, &part)?,
                KIND => self.kind = unsigned(scan, &part)?,
                CODEC => self.codec = scan.some(part.body.start, 64, &part.body)?,
                ALGORITHM => self.deflated = unsigned(scan, &part)? == ZLIB,
                other if ENCODING.contains(&other) => {
                    // The algorithm is zlib where none is named.
                    self.deflated |= other == 0x5034;
                    scan.nested(|scan| self.parts(scan, part.body))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether its blocks may tell a place.
    pub(super) fn is_looked_into(&self) -> bool {
        !PLAIN.contains(&self.kind) && !PICTURES.iter().any(|codec| self.codec.starts_with(codec))
    }

    /// Hides the location in the content of a block.
    pub(super) fn block(&self, scan: &mut Scan<'_>, content: Range<u64>) -> Result<(), ScanError> {
        if self.deflated {
            return inflated(scan, content);
        }
        if self.codec.starts_with(b"S_") {
            return tag::text(scan, content);
        }
        match tag::value(scan, content.clone())? {
            true => Ok(()),
            false => scan.patch(content.start, Fill::Zeros(length(&content))),
        }
    }
}

/// Hides the location in a zlib stream of text; its changed form takes as many bytes, or all its text goes.
fn inflated(scan: &mut Scan<'_>, content: Range<u64>) -> Result<(), ScanError> {
    let stream = scan.bytes(content.clone())?;
    let Some(mut text) = deflate::inflated(scan, &stream)? else { return tag::text(scan, content) };
    let view = text.as_slice();
    let ((), found) = scan.inside(&view, |scan| {
        let all = scan.whole();
        tag::text(scan, all)
    })?;
    if found.is_empty() {
        return Ok(());
    }
    Patches::new(found).apply(0, &mut text);
    let changed = deflate::deflated(&text, stream.len())
        .or_else(|| deflate::deflated(&vec![b' '; text.len()], stream.len()))
        .unwrap_or_else(|| vec![0; stream.len()]);
    scan.patch(content.start, Fill::Bytes(changed.into()))
}

/// What a decoder needs may not change, save for the text before subtitles.
pub(super) fn private(scan: &mut Scan<'_>, content: Range<u64>) -> Result<(), ScanError> {
    tag::text(scan, content.clone())?;
    tag::absent(scan, &content)
}

/// An unsigned number (RFC 8794, section 7.2).
fn unsigned(scan: &mut Scan<'_>, element: &Element) -> Result<u64, ScanError> {
    let bytes = scan.some(element.body.start, 8, &element.body)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
