//! AVI and WAV: lists of texts, metadata of cameras and recorders, and streams of text.
//!
//! A chunk that cannot be made safe becomes `JUNK` of the same length. Samples are passed over unless a stream of text
//! is among them.
//!
//! Sources: Microsoft's RIFF and AVI file reference, OpenDML 1.02; EBU Tech 3285 (`bext`) and 3306 (RF64); iXML 1.6;
//! XMP specification part 3, sections 2.2 and 2.5.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use super::bytes::{Endian, after, array, length};
use super::scan::Scan;
use super::{Fill, ScanError, id3, mp3, patterns, tag};

#[cfg(test)]
mod tests;

/// Forms that begin a file or, in AVI, a further part of one.
const FILES: [&[u8]; 4] = [b"RIFF", b"RIFX", b"RF64", b"BW64"];
/// Chunks without which the file cannot be read, and which hold numbers only.
const STRUCTURE: [&[u8]; 9] =
    [b"fmt ", b"fact", b"avih", b"dmlh", b"idx1", b"indx", b"cue ", b"ds64", b"vprp"];
/// Texts in `INFO` that tell a place: country, location.
const PLACES: [&[u8]; 3] = [b"ICNT", b"LOCA", b"ILOC"];
/// What records positions in no text: BikeBro's and others' GPS tracks.
const RECORDS: [&[u8]; 4] = [b"SLLT", b"gps0", b"GPS0", b"GPS "];
/// Bytes of a chunk's header; with the kind of a list.
const HEADER: u64 = 8;
const LIST: u64 = 12;
/// The entry of a directory that points to one of GPS: tag, kind, count.
const GPS_POINTER: &[u8] = b"\x25\x88\x04\0\x01\0\0\0";
/// Chunks of samples that cost as much as one part of the file.
const CHUNKS_A_STEP: u32 = 8;
/// What says that a size of 32 bits is to be looked up in `ds64`.
const IN_DS64: u64 = 0xffff_ffff;

/// One chunk.
#[derive(Clone, Debug)]
struct Chunk {
    name: [u8; 4],
    start: u64,
    body: Range<u64>,
    /// Where the next one begins.
    end: u64,
}

/// Hides the location in the RIFF file that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let endian = if scan.some(range.start, 4, &range)? == b"RIFX" { Endian::Big } else { Endian::Little };
    let mut riff = Riff { endian, streams: 0, texts: Vec::new(), samples: Vec::new(), data: 0, visited: 0 };
    riff.level(scan, range)?;
    if riff.texts.is_empty() {
        return Ok(());
    }
    std::mem::take(&mut riff.samples).into_iter().try_for_each(|samples| riff.movie(scan, samples))
}

#[derive(Debug)]
struct Riff {
    endian: Endian,
    /// Headers of streams so far.
    streams: usize,
    /// Numbers of the streams of text.
    texts: Vec<usize>,
    /// Contents of `movi` lists.
    samples: Vec<Range<u64>>,
    /// Size of `data` by `ds64`.
    data: u64,
    visited: u32,
}

impl Riff {
    /// The chunk with which `range` begins; `None` where none does.
    fn next(&mut self, scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<Chunk>, ScanError> {
        let head = scan.some(range.start, HEADER, range)?;
        let (Some(name), Some(size)) = (array::<4>(&head, 0), self.endian.u32(&head, 4)) else {
            return Ok(None);
        };
        if !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Ok(None);
        }
        let mut size = u64::from(size);
        if size == IN_DS64 && name == *b"data" && self.data != 0 {
            size = self.data;
        }
        let body = after(range, HEADER);
        let body = body.start..body.start.saturating_add(size).min(body.end);
        let end = body.end.saturating_add(size & 1).min(range.end);
        Ok(Some(Chunk { name, start: range.start, body, end }))
    }

    /// The chunks that fill `range`.
    fn level(&mut self, scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
        let mut rest = range;
        while !rest.is_empty() {
            scan.step()?;
            let Some(chunk) = self.next(scan, &rest)? else { break };
            // The size of the whole is not heeded, as readers differ on it.
            rest.start = if FILES.contains(&chunk.name.as_slice()) {
                chunk.start.saturating_add(LIST)
            } else {
                chunk.end
            };
            rest.start = rest.start.min(rest.end);
            self.chunk(scan, &chunk)?;
        }
        // What is no chunk: tags of other formats at the end, or a recording that was broken off.
        let rest = mp3::tail(scan, &rest)?;
        tag::no_text(scan, &rest)
    }

    fn chunk(&mut self, scan: &mut Scan<'_>, chunk: &Chunk) -> Result<(), ScanError> {
        let name = chunk.name.as_slice();
        if FILES.contains(&name) || name == b"data" {
            return Ok(());
        }
        if name == b"LIST" {
            return self.list(scan, chunk);
        }
        if name == b"strh" {
            let head = scan.some(chunk.body.start, 4, &chunk.body)?;
            if head == b"txts" {
                self.texts.push(self.streams);
            }
            self.streams = self.streams.saturating_add(1);
            return tag::absent(scan, &chunk.body);
        }
        if name == b"ds64" {
            let body = scan.some(chunk.body.start, 16, &chunk.body)?;
            self.data = Endian::Little.u64(&body, 8).unwrap_or(0);
        }
        if STRUCTURE.contains(&name) || name.starts_with(b"ix") {
            return tag::absent(scan, &chunk.body);
        }
        let mark = scan.mark();
        match content(scan, name, chunk.body.clone()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(ScanError::Malformed(_) | ScanError::Found(_)) => {
                scan.rewind(mark);
                scan.patch(chunk.start, Fill::Bytes((*b"JUNK").into()))?;
                scan.patch(chunk.body.start, Fill::Zeros(length(&chunk.body)))
            }
            Err(error) => Err(error),
        }
    }

    /// A list: texts, headers of a stream, camera data; or the samples.
    fn list(&mut self, scan: &mut Scan<'_>, chunk: &Chunk) -> Result<(), ScanError> {
        let kind = scan.some(chunk.body.start, 4, &chunk.body)?;
        let inner = after(&chunk.body, 4);
        if kind == b"movi" {
            self.samples.push(inner);
            return Ok(());
        }
        scan.nested(|scan| {
            let mut rest = inner;
            while !rest.is_empty() {
                scan.step()?;
                let Some(chunk) = self.next(scan, &rest)? else { break };
                rest.start = chunk.end;
                self.chunk(scan, &chunk)?;
            }
            match tag::no_text(scan, &rest) {
                Err(ScanError::Found(_)) => scan.patch(rest.start, Fill::Zeros(length(&rest))),
                result => result,
            }
        })
    }

    /// The samples of the streams of text: their chunks are named by the stream's number in two digits.
    fn movie(&mut self, scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
        let mut rest = range;
        while !rest.is_empty() {
            self.visited = self.visited.wrapping_add(1);
            if self.visited.checked_rem(CHUNKS_A_STEP) == Some(0) {
                scan.step()?;
            }
            let Some(chunk) = self.next(scan, &rest)? else { return tag::no_text(scan, &rest) };
            rest.start = chunk.end;
            if chunk.name == *b"LIST" {
                // Records of chunks that are read together.
                rest.start = chunk.start.saturating_add(LIST).min(rest.end);
            } else if self.is_text(chunk.name) {
                tag::text(scan, chunk.body)?;
            }
        }
        Ok(())
    }

    fn is_text(&self, name: [u8; 4]) -> bool {
        let [tens, ones, kind @ ..] = name;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| usize::try_from(digit).ok());
        let number = digit(tens).zip(digit(ones)).map(|(tens, ones)| {
            let decimal = tens.saturating_mul(10).saturating_add(ones);
            let hexadecimal = tens.saturating_mul(16).saturating_add(ones);
            [decimal, hexadecimal]
        });
        matches!(&kind, b"tx" | b"st" | b"sb")
            || number.is_some_and(|numbers| numbers.iter().any(|number| self.texts.contains(number)))
    }
}

/// The content of a chunk; `false` where it still tells a place.
fn content(scan: &mut Scan<'_>, name: &[u8], body: Range<u64>) -> Result<bool, ScanError> {
    if PLACES.contains(&name) {
        return tag::blank(scan, body).map(|()| true);
    }
    if RECORDS.contains(&name) {
        return Ok(body.is_empty());
    }
    match name {
        b"JUNK" | b"junk" | b"PAD " | b"FLLR" | b"Fake" => padding(scan, body).map(|()| true),
        b"_PMX" | b"iXML" | b"aXML" | b"axml" => tag::markup(scan, body).map(|()| true),
        b"id3 " | b"ID3 " => Ok(id3::scan(scan, &body)?.is_some() || tag::value(scan, body)?),
        b"bext" | b"cart" => tag::text(scan, body).map(|()| true),
        // What cameras put here begins with their name, and Exif follows.
        b"strd" => {
            let head = scan.some(body.start, 8, &body)?;
            let camera = head.starts_with(b"AVIF");
            if camera && memmem::find(&scan.bytes(body.clone())?, GPS_POINTER).is_some() {
                // A directory without the header that would say where its offsets count from.
                return Ok(false);
            }
            tag::value(scan, after(&body, if camera { 8 } else { 0 }))
        }
        _ => tag::value(scan, body),
    }
}

/// Padding, in which cameras hide what they know.
fn padding(scan: &mut Scan<'_>, body: Range<u64>) -> Result<(), ScanError> {
    let bytes = scan.bytes(body.clone())?;
    let told = memmem::find(&bytes, b"0GPS").is_some()
        || patterns::text(&bytes)
        || patterns::search(scan, &body)?.is_some();
    if told { scan.patch(body.start, Fill::Zeros(length(&body))) } else { Ok(()) }
}
