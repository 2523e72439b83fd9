//! PostScript and PDF documents: XMP packets, photographs and Photoshop resources that stand in them as they are.
//!
//! What is left must not look like a location. Streams of a PDF document that may hold metadata in compressed form are
//! looked into and not changed. Pages are not: what is drawn on them is what the document is for.
//!
//! Sources: Encapsulated PostScript File Format 3.0, section 5; ISO 32000-1, sections 7.3.8, 7.5.7, 7.6 and 14.3; ExifTool's
//! PostScript module for Photoshop's comments.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::bytes::{Endian, length, part};
use super::scan::Scan;
use super::{ScanError, hex, iptc, jpeg, patterns, tiff, xmp};

#[cfg(test)]
mod tests;

/// Documents of more bytes are refused.
const LONGEST: u64 = 40 << 20;
/// Bytes before a stream in which its dictionary is looked for.
const DICTIONARY: usize = 4096;
/// Most bytes that one stream may inflate to.
const MOST: usize = 4 << 20;
/// Most bytes that Photoshop's resources take in digits: the place of each digit is held.
const RESOURCES: usize = 3 << 20;
/// So many bytes of them count as one part of the file, as they may be looked at many times.
const STEP: usize = 256;
/// What the dictionary of a stream has that may hold metadata of the document or of a photograph.
const TELLING: [&[u8]; 5] = [b"/Metadata", b"/ObjStm", b"/EmbeddedFile", b"/DCTDecode", b"/JPXDecode"];
/// Codings of streams that are not followed.
const CODINGS: [&[u8]; 8] = [
    b"/LZWDecode",
    b"/LZW",
    b"/ASCII85Decode",
    b"/A85",
    b"/ASCIIHexDecode",
    b"/AHx",
    b"/RunLengthDecode",
    b"/Crypt",
];

/// Hides the location in the PostScript document that fills `range`.
pub(super) fn postscript(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let bytes = whole(scan, &range)?;
    if bytes.starts_with(b"\xc5\xd0\xd3\xc6") {
        preview(scan, &range, &bytes)?;
    }
    for start in memmem::find_iter(&bytes, b"%BeginPhotoshop:") {
        photoshop(scan, range.start.saturating_add(start as u64), bytes.get(start..).unwrap_or_default())?;
    }
    packets(scan, &range, &bytes)?;
    rest(scan, &range, mark)
}

/// Hides the location in the PDF document that fills `range`.
pub(super) fn pdf(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let bytes = whole(scan, &range)?;
    if memmem::find(&bytes, b"/Encrypt").is_some() {
        return Err(ScanError::Malformed("document: it is encrypted"));
    }
    packets(scan, &range, &bytes)?;
    streams(scan, &range, &bytes)?;
    rest(scan, &range, mark)
}

fn whole(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Vec<u8>, ScanError> {
    if length(range) > LONGEST {
        return Err(ScanError::Budget("bytes of a document"));
    }
    scan.bytes(range.clone())
}

/// What was not changed must not look like a location.
fn rest(scan: &mut Scan<'_>, range: &Range<u64>, mark: usize) -> Result<(), ScanError> {
    match patterns::search_since(scan, range, mark)? {
        Some(reason) => Err(ScanError::Found(reason)),
        None => Ok(()),
    }
}

/// XMP packets, each up to the end of its outermost element.
fn packets(scan: &mut Scan<'_>, range: &Range<u64>, bytes: &[u8]) -> Result<(), ScanError> {
    let mut elements = [
        Outermost::new(b"<x:xmpmeta", b"</x:xmpmeta>"),
        Outermost::new(b"<x:xapmeta", b"</x:xapmeta>"),
        Outermost::new(b"<rdf:RDF", b"</rdf:RDF>"),
    ];
    let mut at = 0usize;
    while let Some(found) = elements.iter_mut().filter_map(|element| element.next(bytes, at)).min() {
        scan.step()?;
        at = found.1;
        let place = |offset: usize| range.start.saturating_add(offset as u64);
        xmp::scan_or_blank(scan, place(found.0)..place(at))?;
    }
    Ok(())
}

/// One of the elements that may be the outermost of a packet, and where it is found next: so that no part of a document
/// is searched for it twice.
#[derive(Debug)]
struct Outermost {
    open: &'static [u8],
    close: &'static [u8],
    /// Its first byte and the one after its last; `None` where there is none any more.
    found: Option<(usize, usize)>,
}

impl Outermost {
    fn new(open: &'static [u8], close: &'static [u8]) -> Outermost {
        Outermost { open, close, found: Some((0, 0)) }
    }

    /// Where the first one stands that begins at `at` or later.
    fn next(&mut self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        let (start, end) = self.found?;
        if start < at || end == 0 {
            let start = memmem::find(bytes.get(at..)?, self.open).map(|found| at.saturating_add(found));
            self.found = start.and_then(|start| {
                // A closing tag that is further on closes this one as well.
                let from = start.max(end.saturating_sub(self.close.len()));
                let close = memmem::find(bytes.get(from..)?, self.close)?;
                Some((start, from.saturating_add(close).saturating_add(self.close.len())))
            });
        }
        self.found
    }
}

/// The streams of a PDF document: keyword, line feed, content, keyword.
fn streams(scan: &mut Scan<'_>, range: &Range<u64>, bytes: &[u8]) -> Result<(), ScanError> {
    // Where the next content ends: no part is searched for it twice.
    let mut ending = Some(0usize);
    for keyword in memmem::find_iter(bytes, b"stream") {
        scan.step()?;
        let before = bytes.get(keyword.saturating_sub(DICTIONARY)..keyword).unwrap_or_default();
        if before.ends_with(b"end") {
            continue;
        }
        scan.steps(before.len() / 1024)?;
        let rest = bytes.get(keyword.saturating_add(6)..).unwrap_or_default();
        let content = rest.strip_prefix(b"\r").unwrap_or(rest);
        let content = content.strip_prefix(b"\n").unwrap_or(content);
        let start = range.end.saturating_sub(content.len() as u64);
        let from = bytes.len().saturating_sub(content.len());
        if ending.is_some_and(|end| end < from) {
            let found = memmem::find(content, b"endstream");
            ending = found.map(|found| from.saturating_add(found));
        }
        let size = ending.unwrap_or(bytes.len()).saturating_sub(from);
        let place = start..start.saturating_add(size as u64);
        match content {
            [0xff, 0xd8, 0xff, ..] => attempt(scan, place, jpeg::scan)?,
            [b'8', b'B', b'I', b'M', ..] => attempt(scan, place, iptc::resources)?,
            _ => {
                let dictionary = memmem::rfind(before, b"obj").and_then(|at| before.get(at..));
                compressed(scan, dictionary.unwrap_or(before), content)?;
            }
        }
    }
    Ok(())
}

type Scanner = for<'a> fn(&mut Scan<'a>, Range<u64>) -> Result<(), ScanError>;

/// Runs a scanner on what may be its format; if it is not, the search has the last word.
fn attempt(scan: &mut Scan<'_>, range: Range<u64>, scanner: Scanner) -> Result<(), ScanError> {
    let mark = scan.mark();
    match scan.nested(|scan| scanner(scan, range)) {
        Err(ScanError::Malformed(_)) => {
            scan.rewind(mark);
            Ok(())
        }
        result => result,
    }
}

/// A compressed stream that may hold metadata must not look like a location.
fn compressed(scan: &mut Scan<'_>, dictionary: &[u8], content: &[u8]) -> Result<(), ScanError> {
    const UNREADABLE: ScanError = ScanError::Malformed("document: metadata in a coding that is not read");
    let names = |name: &&[u8]| memmem::find(dictionary, name).is_some();
    if !TELLING.iter().any(names) {
        return Ok(());
    }
    if CODINGS.iter().any(names) {
        return Err(UNREADABLE);
    }
    if !names(&&b"/Fl"[..]) {
        return Ok(());
    }
    let text = decompress_to_vec_zlib_with_limit(content, MOST).map_err(|_| UNREADABLE)?;
    scan.inflate(text.len() as u64)?;
    let (found, _) = scan.inside(&text.as_slice(), |scan| {
        let all = scan.whole();
        patterns::search(scan, &all)
    })?;
    match found {
        Some(reason) => Err(ScanError::Found(reason)),
        None => Ok(()),
    }
}

/// Photoshop's resources, as comments of hexadecimal digits.
fn photoshop(scan: &mut Scan<'_>, start: u64, text: &[u8]) -> Result<(), ScanError> {
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let first = text.iter().position(ends).unwrap_or(text.len());
    let most = text.get(..RESOURCES.min(text.len())).unwrap_or_default();
    let last = match memmem::find(most, b"%EndPhotoshop") {
        None if most.len() < text.len() => return Err(ScanError::Budget("bytes of Photoshop's resources")),
        last => last.unwrap_or(most.len()),
    };
    let before = most.get(..last).unwrap_or_default();
    // As much work as reading them.
    scan.steps(before.len() / STEP)?;
    let mut text = before.to_vec();
    let digits: Vec<u32> = (0u32..)
        .zip(&text)
        .skip(first)
        .filter_map(|(at, byte)| byte.is_ascii_hexdigit().then_some(at))
        .collect();
    hex::change(scan, &mut text, &digits, iptc::resources)?;
    scan.replace(start, before, &text)
}

/// The picture beside a document in PostScript's binary wrapping: its place and size stand at 20.
fn preview(scan: &mut Scan<'_>, range: &Range<u64>, bytes: &[u8]) -> Result<(), ScanError> {
    let fields = Endian::Little.u32(bytes, 20).zip(Endian::Little.u32(bytes, 24));
    let picture = fields.and_then(|(at, size)| part(range, u64::from(at), u64::from(size)));
    let Some(picture) = picture.filter(|picture| !picture.is_empty()) else { return Ok(()) };
    attempt(scan, picture, tiff::scan)
}
