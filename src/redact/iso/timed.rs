//! Samples that tell where the camera was: GoPro, CAMM, Sony, Apple, DJI, dash-cams, subtitles.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::{Endian, array};

use super::boxes::{BoxAt, Kind};
use super::{Iso, gopro, sniff, text};

/// How the samples of a track have to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// GoPro's KLV (`gpmd`).
    Gopro,
    /// Camera Motion Metadata (`camm`).
    Motion,
    /// Sony's real-time metadata (`rtmd`).
    Sony,
    /// Apple's keyed metadata (`mebx`): the ids that stand for places.
    Keyed(Vec<Kind>),
    /// Subtitles and lines of text.
    Text,
    /// Records whose places cannot be told from the rest.
    Whole,
    /// Anything else that is no sound or picture.
    Unknown,
}

/// What the samples of a handler and format are; `None` for sound, pictures and what is encrypted.
pub(super) fn stream(handler: Kind, format: Kind) -> Option<Stream> {
    match &format {
        b"gpmd" => Some(Stream::Gopro),
        b"camm" => Some(Stream::Motion),
        b"rtmd" => Some(Stream::Sony),
        b"mebx" => Some(Stream::Keyed(Vec::new())),
        b"djmd" | b"dbgi" | b"priv" | b"marl" | b"RVMI" => Some(Stream::Whole),
        b"text" | b"tx3g" | b"sbtl" | b"stxt" | b"sbtt" | b"wvtt" | b"stpp" | b"mett" | b"metx" => {
            Some(Stream::Text)
        }
        b"tmcd" | b"c608" | b"c708" | b"encm" | b"enct" | b"encv" | b"enca" | b"encs" | b"rtp " | b"mp4s" => {
            None
        }
        _ => match &handler {
            b"vide" | b"auxv" | b"pict" | b"soun" | b"hint" | b"tmcd" | b"clcp" | b"sdsm" | b"odsm" => None,
            b"gps " => Some(Stream::Whole),
            b"text" | b"sbtl" | b"subt" => Some(Stream::Text),
            _ => Some(Stream::Unknown),
        },
    }
}

impl Stream {
    /// Blanks the places in these samples.
    pub(super) fn blank(&self, iso: &mut Iso<'_, '_>, samples: &[Range<u64>]) -> Result<(), ScanError> {
        if *self == Stream::Whole {
            return joined(samples).into_iter().try_for_each(|range| iso.zero(range));
        }
        if matches!(self, Stream::Keyed(keys) if keys.is_empty()) {
            return Ok(());
        }
        samples.iter().try_for_each(|sample| match self {
            Stream::Gopro => gopro::blank(iso, sample.clone()),
            Stream::Motion => motion(iso, sample),
            Stream::Sony => sony(iso, sample),
            Stream::Keyed(keys) => keyed(iso, sample, keys),
            Stream::Text => lines(iso, sample),
            Stream::Unknown => sniff::search(iso, sample.clone()),
            Stream::Whole => Ok(()),
        })
    }
}

/// Samples that follow each other, as one range.
fn joined(samples: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for sample in samples {
        match joined.last_mut() {
            Some(last) if last.end == sample.start => last.end = sample.end,
            _ => joined.push(sample.clone()),
        }
    }
    joined
}

/// Camera Motion Metadata specification: packets of two reserved bytes, a type, and values; 5 and 6 are fixes.
fn motion(iso: &mut Iso<'_, '_>, sample: &Range<u64>) -> Result<(), ScanError> {
    let bytes = iso.peek(sample.clone(), sample)?.to_vec();
    if bytes.first() == Some(&b'X') {
        return lines(iso, sample);
    }
    let mut at = 0usize;
    while let Some(kind) = Endian::Little.u16(&bytes, at.saturating_add(2)) {
        let values: usize = match kind {
            0 | 2 | 3 | 4 | 7 => 12,
            1 => 8,
            5 => 24,
            6 => 56,
            // Neither what it says nor how long it is can be known.
            _ => bytes.len(),
        };
        let start = sample.start.saturating_add(at as u64);
        let end = start.saturating_add(4).saturating_add(values as u64).min(sample.end);
        if !matches!(kind, 0..=4 | 7) {
            // The type goes too: a fix of zeros would be a place and a date.
            iso.zero(start..end)?;
        }
        at = at.saturating_add(4).saturating_add(values);
    }
    Ok(())
}

/// Sony: a header that begins with its length, then tag, length and value; 0x8300 holds further tags. Those from
/// 0x8500 to 0x851f are the GPS tags of Exif.
fn sony(iso: &mut Iso<'_, '_>, sample: &Range<u64>) -> Result<(), ScanError> {
    let bytes = iso.bytes(sample.clone())?;
    let mut at = usize::from(Endian::Big.u16(&bytes, 0).unwrap_or_default());
    while let (Some(tag), Some(length)) =
        (Endian::Big.u16(&bytes, at), Endian::Big.u16(&bytes, at.saturating_add(2)))
    {
        let value = at.saturating_add(4);
        at = match tag {
            0 => break,
            0x060e => at.saturating_add(16),
            0x8300 => value,
            _ => value.saturating_add(usize::from(length)),
        };
        if (0x8500..=0x851f).contains(&tag) {
            let start = sample.start.saturating_add(value as u64);
            iso.zero(start..start.saturating_add(u64::from(length)).min(sample.end))?;
        }
    }
    Ok(())
}

/// Apple: boxes whose type is a key of the sample description.
fn keyed(iso: &mut Iso<'_, '_>, sample: &Range<u64>, keys: &[Kind]) -> Result<(), ScanError> {
    let bytes = iso.peek(sample.clone(), sample)?.to_vec();
    let mut at = 0usize;
    while let (Some(size), Some(key)) =
        (Endian::Big.u32(&bytes, at), array::<4>(&bytes, at.saturating_add(4)))
    {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size < 8 {
            break;
        }
        let start = sample.start.saturating_add(at as u64);
        if keys.contains(&key) {
            iso.zero(start.saturating_add(8)..start.saturating_add(size as u64).min(sample.end))?;
        }
        at = at.saturating_add(size);
    }
    Ok(())
}

/// Text with or without its length before it.
fn lines(iso: &mut Iso<'_, '_>, sample: &Range<u64>) -> Result<(), ScanError> {
    let bytes = iso.peek(sample.clone(), sample)?.to_vec();
    let start = |offset: usize| sample.start.saturating_add(offset as u64);
    for binary in [0usize, 4] {
        // Garmin writes its records as text samples.
        if bytes.get(binary..).is_some_and(|rest| rest.starts_with(b"PNDM")) {
            return iso.zero(start(binary.saturating_add(4))..sample.end);
        }
    }
    if enciphered(&bytes) {
        return iso.spaces(start(1)..sample.end);
    }
    for hit in text::coordinates(&bytes) {
        iso.spaces(start(hit.start)..start(hit.end))?;
    }
    Ok(())
}

/// E-PRANCE cameras add a constant to each character; the fourth from the end is the asterisk of NMEA.
fn enciphered(bytes: &[u8]) -> bool {
    let [0, cipher @ .., b'\n'] = bytes else { return false };
    let Some(star) = cipher.len().checked_sub(3).and_then(|at| cipher.get(at)) else { return false };
    let plain: Vec<u8> = cipher.iter().map(|byte| byte.wrapping_add(b'*').wrapping_sub(*star)).collect();
    !text::coordinates(&plain).is_empty()
}

/// Novatek's index in `moov`: version, count, then offset and size of each block in `mdat`.
pub(super) fn index(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<(), ScanError> {
    let bytes = iso.bytes(found.content())?;
    if !iso.dead
        && let Some(count) = Endian::Big.u32(&bytes, 4)
    {
        let entries = bytes.get(8..).unwrap_or_default().chunks_exact(8);
        for entry in entries.take(usize::try_from(count).unwrap_or(usize::MAX)) {
            let word = |at| Endian::Big.u32(entry, at).map(u64::from).unwrap_or_default();
            block(iso, word(0), word(4))?;
        }
    }
    iso.free(found)
}

/// One block: a `free` box whose content begins with `GPS `.
fn block(iso: &mut Iso<'_, '_>, offset: u64, size: u64) -> Result<(), ScanError> {
    let Some(place) = iso.place(offset, size) else { return Ok(()) };
    iso.scan.step()?;
    let head = iso.scan.some(place.start, 12, &place)?;
    if head.get(4..12) == Some(b"freeGPS ") {
        iso.blocks.push(place.start.saturating_add(8)..place.end);
    }
    Ok(())
}
