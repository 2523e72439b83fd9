//! The plan of a file: which scanners see it, and what their answers come to.

#![forbid(unsafe_code)]

use std::io;
use std::ops::Range;

use memchr::memmem;

use super::paged::Paged;
use super::plan::OpaqueReason;
use super::scan::Scan;
use super::shown::Shown;
use super::sniff::{Format, candidates};
use super::{
    Budget, Classes, Fill, Patches, Plan, ReadAt, ScanError, document, flac, gif, iso, jpeg, matroska, mp3,
    ogg, patterns, png, psd, raw, riff, subtitles, tiff, webp, xmp,
};

/// Formats that editors rewrite in place, by adding at the end.
const REWRITTEN: [Format; 3] = [Format::Tiff, Format::Heif, Format::Avif];
/// Files of more bytes are not searched for stale copies.
const MOST_SEARCHED: u64 = 64 << 20;
/// Bytes searched together, and how many of them again with the next ones.
const BLOCK: u64 = 1 << 20;
const OVERLAP: u64 = 32;
/// How often a file is looked at again with its replacements; what is not settled then is given up.
const MOST_LOOKS: usize = 4;
/// Bytes from the start of a file that tell its format.
const HEAD: u64 = 4096;

/// Where the private bytes of a file lie, and what to put in their place.
///
/// `extension` is that of the file's name, without the dot and in any case. It adds a candidate for content that by
/// itself is nothing known, and takes none away.
///
/// The plan is settled: a plan of the file as it is shown is [`Plan::Clean`]. The budget is that of one look at it.
///
/// # Errors
/// Only what reading the file answers: then nothing is known of it. What cannot be made safe is [`Plan::Opaque`].
pub fn plan(source: &dyn ReadAt, extension: Option<&str>, budget: &Budget) -> io::Result<Plan> {
    plan_hiding(source, extension, budget, Classes::ALL)
}

/// The same where no more than these classes has to be hidden.
///
/// # Errors
/// As [`plan`].
pub fn plan_hiding(
    source: &dyn ReadAt,
    extension: Option<&str>,
    budget: &Budget,
    hide: Classes,
) -> io::Result<Plan> {
    match settled(&Paged::new(source), extension, budget, hide) {
        Ok(patches) if patches.is_empty() => Ok(Plan::Clean),
        Ok(patches) => Ok(Plan::Ranges(patches)),
        Err(ScanError::Read(error)) => Err(error),
        Err(error @ (ScanError::Budget(_) | ScanError::Malformed(_) | ScanError::Found(_))) => {
            Ok(Plan::Opaque(OpaqueReason(error.to_string().into())))
        }
    }
}

/// Looks at the file as it is shown until nothing is left to replace: in damaged files what is replaced may change
/// how the rest is understood.
fn settled(
    source: &dyn ReadAt,
    extension: Option<&str>,
    budget: &Budget,
    hide: Classes,
) -> Result<Patches, ScanError> {
    let mut patches = look(source, extension, budget, hide)?;
    for _ in 0..MOST_LOOKS {
        if patches.is_empty() {
            return Ok(patches);
        }
        let shown = Shown::new(source, patches);
        let more = look(&shown, extension, budget, hide)?;
        patches = shown.into_patches();
        if more.is_empty() {
            return Ok(patches);
        }
        patches = patches.followed_by(more);
    }
    Err(ScanError::Malformed("content, which is not the same twice"))
}

/// The replacements that one look at a file finds; none where they would change nothing.
fn look(
    source: &dyn ReadAt,
    extension: Option<&str>,
    budget: &Budget,
    hide: Classes,
) -> Result<Patches, ScanError> {
    let mut scan = Scan::hiding(source, *budget, hide);
    scan_all(&mut scan, extension)?;
    if scan.changes_nothing()? {
        return Ok(Patches::default());
    }
    let patches = Patches::new(scan.finish());
    if patches.end() > source.size() {
        return Err(ScanError::Malformed("replacements beyond the end of the file"));
    }
    Ok(patches)
}

fn scan_all(scan: &mut Scan<'_>, extension: Option<&str>) -> Result<(), ScanError> {
    let whole = scan.whole();
    let head = scan.some(0, HEAD, &whole)?;
    let formats = candidates(&head);
    // The mark of UTF-16 looks like sound, so that text is told first.
    let subtitles = subtitles::begin(&head);
    if subtitles {
        subtitles::scan(scan, whole.clone())?;
    } else if formats.is_empty() {
        return unknown(scan, whole, extension);
    }
    for format in &formats {
        scan_as(scan, *format, whole.clone())?;
    }
    if formats.iter().any(|format| REWRITTEN.contains(format)) {
        return stale(scan, &whole);
    }
    Ok(())
}

/// Hides copies of what was hidden: editors leave whole directories and packets behind that nothing points to any more.
fn stale(scan: &mut Scan<'_>, whole: &Range<u64>) -> Result<(), ScanError> {
    let coordinates = scan.coordinates().to_vec();
    if scan.mark() == 0 || whole.end > MOST_SEARCHED {
        return Ok(());
    }
    let mut at = 0u64;
    while at < whole.end {
        let end = at.saturating_add(BLOCK).min(whole.end);
        let bytes = scan.bytes(at..end)?;
        for coordinate in &coordinates {
            for found in memmem::find_iter(&bytes, coordinate) {
                scan.patch(at.saturating_add(found as u64), Fill::Zeros(coordinate.len() as u64))?;
            }
        }
        for found in memmem::find_iter(&bytes, b"<x:xmpmeta") {
            packet(scan, at.saturating_add(found as u64), whole)?;
        }
        at = if end == whole.end { end } else { end.saturating_sub(OVERLAP) };
    }
    Ok(())
}

/// Exif blocks and packets in a format whose directories are not followed; a search has the last word.
fn embedded(scan: &mut Scan<'_>, whole: &Range<u64>) -> Result<(), ScanError> {
    const EXIF: &[u8] = b"Exif\0\0";
    if whole.end > MOST_SEARCHED {
        return Ok(());
    }
    let bytes = scan.bytes(whole.clone())?;
    for found in memmem::find_iter(&bytes, b"<x:xmpmeta") {
        packet(scan, whole.start.saturating_add(found as u64), whole)?;
    }
    for found in memmem::find_iter(&bytes, EXIF) {
        scan.step()?;
        let block = whole.start.saturating_add(found.saturating_add(EXIF.len()) as u64)..whole.end;
        let mark = scan.mark();
        match tiff::scan(scan, block) {
            Err(ScanError::Malformed(_)) => scan.rewind(mark),
            result => result?,
        }
    }
    Ok(())
}

/// The packet that begins at `start`, if it has an end.
fn packet(scan: &mut Scan<'_>, start: u64, whole: &Range<u64>) -> Result<(), ScanError> {
    const END: &[u8] = b"</x:xmpmeta>";
    scan.step()?;
    let bytes = scan.some(start, BLOCK, whole)?;
    let Some(end) = memmem::find(&bytes, END) else { return Ok(()) };
    let end = start.saturating_add(end as u64).saturating_add(END.len() as u64);
    xmp::scan_or_blank(scan, start..end)
}

/// Content that is nothing known: boxes where the name says so and they can be followed, else only a search.
fn unknown(scan: &mut Scan<'_>, whole: Range<u64>, extension: Option<&str>) -> Result<(), ScanError> {
    const BOXED: [&str; 10] = ["mp4", "m4v", "m4a", "mov", "qt", "3gp", "3g2", "heic", "heif", "avif"];
    let boxed = extension.is_some_and(|name| BOXED.iter().any(|boxed| boxed.eq_ignore_ascii_case(name)));
    let mark = scan.mark();
    if boxed {
        match iso::scan(scan, whole.clone()) {
            Ok(()) | Err(ScanError::Malformed(_)) => {}
            Err(error) => return Err(error),
        }
    }
    searched(scan, &whole, mark)
}

/// Scans `whole` as a file of this format.
pub(super) fn scan_as(scan: &mut Scan<'_>, format: Format, whole: Range<u64>) -> Result<(), ScanError> {
    match format {
        Format::Jpeg => jpeg::scan(scan, whole),
        Format::Exv => jpeg::exv(scan, whole),
        Format::Pdf => document::pdf(scan, whole),
        Format::Postscript => document::postscript(scan, whole),
        Format::Png => png::scan(scan, whole),
        Format::Webp => webp::scan(scan, whole),
        Format::Gif => gif::scan(scan, whole),
        Format::Tiff => tiff::file(scan, whole),
        Format::Raf => raw::raf(scan, whole),
        Format::Mrw => raw::mrw(scan, whole),
        Format::Psd => psd::scan(scan, whole),
        Format::Heif | Format::Avif | Format::Cr3 | Format::Mp4 | Format::M4a | Format::Quicktime => {
            iso::scan(scan, whole)
        }
        Format::Jxl | Format::Jp2 => iso::scan(scan, whole),
        Format::Jp2Codestream => iso::codestream(scan, whole),
        Format::Xmp => xmp::scan(scan, whole),
        Format::Matroska | Format::Webm => matroska::scan(scan, whole),
        Format::Avi | Format::Wav => riff::scan(scan, whole),
        Format::Mp3 => mp3::scan(scan, whole),
        Format::Flac => flac::scan(scan, whole),
        Format::Ogg => ogg::scan(scan, whole),
        Format::JxlCodestream | Format::TransportStream => {
            let mark = scan.mark();
            searched(scan, &whole, mark)
        }
        Format::ProgramStream | Format::Asf | Format::Flv | Format::Midi | Format::Amr | Format::Bmp => {
            let mark = scan.mark();
            searched(scan, &whole, mark)
        }
        Format::Crw | Format::X3f => {
            let mark = scan.mark();
            embedded(scan, &whole)?;
            searched(scan, &whole, mark)
        }
        Format::Xml => {
            let mark = scan.mark();
            searched(scan, &whole, mark)
        }
    }
}

/// A format without a scanner must not look like a location anywhere.
fn searched(scan: &mut Scan<'_>, range: &Range<u64>, mark: usize) -> Result<(), ScanError> {
    match patterns::search_since(scan, range, mark)? {
        Some(reason) => Err(ScanError::Found(reason)),
        None => Ok(()),
    }
}
