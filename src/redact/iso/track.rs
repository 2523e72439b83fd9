//! Tracks: what kind of samples they hold and where their tables stand. Only the samples of tracks that record
//! places are looked at; the others' tables are read only to be sure that nothing of theirs would be overwritten.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::{Endian, array};

use super::boxes::{BoxAt, Kind, Next, next};
use super::samples::Layout;
use super::spans::Spans;
use super::timed::Stream;
use super::{Iso, fragment, meta, sniff, timed, walk};

/// Most sample descriptions of a track that are read: old recordings have one for each frame.
const ENTRIES: u32 = 1 << 16;

/// One `trak`.
#[derive(Debug, Default)]
pub(super) struct Track {
    header: Option<BoxAt>,
    handler: Kind,
    streams: Vec<Stream>,
    pub(super) chunks: Vec<BoxAt>,
    pub(super) sizes: Vec<BoxAt>,
    pub(super) offsets: Vec<BoxAt>,
    descriptions: Vec<BoxAt>,
}

/// A `trak` box.
pub(super) fn walk(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    if iso.dead {
        return walk::children(iso, found.content(), depth);
    }
    let mut track = Track::default();
    gather(iso, found, depth, &mut track)?;
    for description in std::mem::take(&mut track.descriptions) {
        track.read_description(iso, &description)?;
    }
    iso.tracks.push(track);
    Ok(())
}

/// The boxes of a track that matter here; the rest is walked as anywhere else.
fn gather(iso: &mut Iso<'_, '_>, outer: &BoxAt, depth: u32, track: &mut Track) -> Result<(), ScanError> {
    let Some(depth) = depth.checked_sub(1) else { return sniff::search(iso, outer.content()) };
    let mut rest = outer.content();
    loop {
        match next(iso, rest.clone())? {
            Next::End => return Ok(()),
            Next::Junk(junk) => return sniff::search(iso, junk),
            Next::Box(found) => {
                match &found.kind {
                    b"mdia" | b"minf" | b"stbl" => gather(iso, &found, depth, track)?,
                    b"tkhd" => track.header = Some(found),
                    b"hdlr" if outer.kind == *b"mdia" => track.handler = handler(iso, &found)?,
                    b"stsd" => track.descriptions.push(found),
                    b"stsc" => track.chunks.push(found),
                    b"stsz" | b"stz2" => track.sizes.push(found),
                    b"stco" | b"co64" => track.offsets.push(found),
                    _ => walk::visit(iso, &found, depth)?,
                }
                rest.start = found.end;
            }
        }
    }
}

/// ISO/IEC 14496-12, 8.4.3: the handler type stands after version, flags and a reserved word.
fn handler(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Kind, ScanError> {
    let content = found.content();
    if content.end.saturating_sub(content.start) < 12 {
        return Ok(Kind::default());
    }
    let bytes = iso.peek(content.start..content.start.saturating_add(12), &content)?;
    Ok(array(bytes, 8).unwrap_or_default())
}

impl Track {
    /// ISO/IEC 14496-12, 8.5.2: the formats of the samples.
    fn read_description(&mut self, iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<(), ScanError> {
        let mut rest = found.full();
        rest.start = rest.start.saturating_add(4).min(rest.end);
        for _ in 0..ENTRIES {
            let Next::Box(entry) = next(iso, rest.clone())? else { return Ok(()) };
            if let Some(stream) = timed::stream(self.handler, entry.kind) {
                let stream = match stream {
                    Stream::Keyed(_) => Stream::Keyed(local_keys(iso, &entry)?),
                    Stream::Text if entry.kind == *b"mett" && is_parrot(iso, &entry)? => Stream::Whole,
                    other => other,
                };
                self.streams.push(stream);
            }
            rest.start = entry.end;
        }
        Err(ScanError::Budget("sample descriptions"))
    }

    /// ISO/IEC 14496-12, 8.3.2.
    fn id(&self, iso: &mut Iso<'_, '_>) -> Result<Option<u32>, ScanError> {
        let Some(header) = self.header else { return Ok(None) };
        let bytes = iso.scan.some(header.body, 24, &header.content())?;
        let wide = bytes.first() == Some(&1);
        Ok(Endian::Big.u32(&bytes, if wide { 20 } else { 12 }))
    }

    /// All samples of the track, in fragments too.
    fn samples(&self, iso: &mut Iso<'_, '_>) -> Result<Vec<Range<u64>>, ScanError> {
        let mut samples = Layout::read(iso, self)?.samples()?;
        if !iso.fragments.is_empty() {
            let id = self.id(iso)?.ok_or(ScanError::Malformed("track without a header"))?;
            samples.extend(fragment::samples(iso, id)?);
        }
        Ok(samples)
    }
}

/// Whether a `mett` sample description names the metadata of Parrot's drones, which are binary.
fn is_parrot(iso: &mut Iso<'_, '_>, entry: &BoxAt) -> Result<bool, ScanError> {
    let names = iso.scan.some(entry.body, 256, &entry.content())?;
    Ok(memchr::memmem::find(&names, b"parrot").is_some())
}

/// The keys of a `mebx` sample description (QuickTime File Format, "Timed metadata"): which of the four-byte ids
/// in its samples stand for places.
fn local_keys(iso: &mut Iso<'_, '_>, entry: &BoxAt) -> Result<Vec<Kind>, ScanError> {
    let mut places = Vec::new();
    let mut rest = entry.body.saturating_add(8).min(entry.end)..entry.end;
    while let Next::Box(found) = next(iso, rest.clone())? {
        if found.kind == *b"keys" {
            let mut keys = found.content();
            while let Next::Box(key) = next(iso, keys.clone())? {
                let bytes = iso.scan.some(key.body, 1024, &key.content())?;
                if meta::tells_place(&bytes) {
                    places.push(key.kind);
                }
                keys.start = key.end;
            }
        }
        rest.start = found.end;
    }
    Ok(places)
}

/// Blanks the places in the samples of all tracks, and the blocks that a dash-cam's index points to.
pub(super) fn follow(iso: &mut Iso<'_, '_>, data: &Spans) -> Result<(), ScanError> {
    let tracks = std::mem::take(&mut iso.tracks);
    let mut touched = std::mem::take(&mut iso.blocks);
    for block in &touched {
        iso.zero(block.clone())?;
    }
    for track in tracks.iter().filter(|track| !track.streams.is_empty()) {
        let mark = iso.scan.mark();
        let (samples, stray): (Vec<_>, Vec<_>) =
            track.samples(iso)?.into_iter().partition(|sample| data.cover(sample));
        track.streams.iter().try_for_each(|stream| stream.blank(iso, &stray))?;
        if iso.scan.mark() != mark {
            return Err(ScanError::Malformed("place in a sample outside the media data"));
        }
        track.streams.iter().try_for_each(|stream| stream.blank(iso, &samples))?;
        if iso.scan.mark() != mark {
            touched.extend(samples);
        }
    }
    let touched = Spans::new(touched);
    if touched.is_empty() {
        return Ok(());
    }
    for track in tracks.iter().filter(|track| track.streams.is_empty()) {
        for chunk in Layout::read(iso, track)?.chunks() {
            if touched.meet(&chunk) {
                return Err(ScanError::Malformed("sample tables that share data"));
            }
        }
    }
    Ok(())
}
