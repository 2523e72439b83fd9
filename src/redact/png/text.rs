//! Text chunks: plain, compressed and international.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::{memchr, memmem};

use super::{deflate, profile, withdraw};
use crate::redact::bytes::{after, length};
use crate::redact::scan::Scan;
use crate::redact::{Fill, Patches, ScanError, patterns, tag, xmp};

const XMP: &[u8] = b"XML:com.adobe.xmp";
/// Longer than any keyword (the specification allows 79 bytes) with the fields after it that are usual.
const HEAD: u64 = 512;

/// `tEXt`: keyword, NUL, text.
pub(super) fn plain(scan: &mut Scan<'_>, body: &Range<u64>) -> Result<(), ScanError> {
    let (keyword, start) = keyword(scan, body)?;
    content(scan, &keyword, after(body, start))
}

/// `zTXt`: keyword, NUL, method, zlib stream.
pub(super) fn compressed(
    scan: &mut Scan<'_>,
    whole: &Range<u64>,
    body: &Range<u64>,
) -> Result<(), ScanError> {
    let (keyword, start) = keyword(scan, body)?;
    recompress(scan, &keyword, whole, after(body, start.saturating_add(1)))
}

/// `iTXt`: keyword, NUL, whether compressed, method, language, NUL, translated keyword, NUL, text.
pub(super) fn international(
    scan: &mut Scan<'_>,
    whole: &Range<u64>,
    body: &Range<u64>,
) -> Result<(), ScanError> {
    let (keyword, start) = keyword(scan, body)?;
    let rest = after(body, start);
    let head = scan.some(rest.start, HEAD, &rest)?;
    let Some(compressed) = head.first().map(|flag| *flag != 0) else { return Ok(()) };
    let fields = head.get(2..).unwrap_or_default();
    let language = memchr(0, fields);
    let text = language.and_then(|end| {
        let translated = end.saturating_add(1);
        let end = memchr(0, fields.get(translated..)?)?;
        Some(translated.saturating_add(end).saturating_add(3))
    });
    match text {
        Some(at) if compressed => recompress(scan, &keyword, whole, after(&rest, at as u64)),
        Some(at) => content(scan, &keyword, after(&rest, at as u64)),
        None => withdraw(scan, whole),
    }
}

/// The keyword of a text chunk, and where what follows its NUL starts.
fn keyword(scan: &mut Scan<'_>, body: &Range<u64>) -> Result<(Vec<u8>, u64), ScanError> {
    let mut head = scan.some(body.start, HEAD, body)?;
    let end = memchr(0, &head).unwrap_or(head.len());
    head.truncate(end);
    Ok((head, (end as u64).saturating_add(1)))
}

/// Hides the location in the text of a chunk.
fn content(scan: &mut Scan<'_>, keyword: &[u8], text: Range<u64>) -> Result<(), ScanError> {
    if keyword == XMP {
        return xmp::scan_or_blank(scan, text);
    }
    if let Some(name) = keyword.strip_prefix(b"Raw profile type ") {
        return profile::scan(scan, name, text);
    }
    let told =
        names_a_place(keyword) || tag::has_text(scan, &text)? || patterns::search(scan, &text)?.is_some();
    if told { scan.patch(text.start, Fill::Spaces(length(&text))) } else { Ok(()) }
}

/// Keywords under which programs write coordinates and places. ImageMagick copies the GPS directory into such texts;
/// its clock, datum and version tell none.
fn names_a_place(keyword: &[u8]) -> bool {
    let lower = keyword.to_ascii_lowercase();
    let local = lower.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    let told = [&b"latitude"[..], b"longitude", b"altitude", b"area", b"method", b"position", b"dest"];
    local == b"gpstrack"
        || (local.starts_with(b"gps") && told.iter().any(|part| memmem::find(local, part).is_some()))
        || [&b"location"[..], b"latitude", b"longitude", b"city", b"country", b"state", b"sublocation"]
            .contains(&local)
}

/// The same for a text that is deflated: its changed form takes as many bytes, or the chunk goes.
fn recompress(
    scan: &mut Scan<'_>,
    keyword: &[u8],
    whole: &Range<u64>,
    stream: Range<u64>,
) -> Result<(), ScanError> {
    let bytes = scan.bytes(stream.clone())?;
    let Some(mut text) = deflate::inflated(scan, &bytes)? else { return withdraw(scan, whole) };
    let view = text.as_slice();
    let ((), found) = scan.inside(&view, |scan| {
        let all = scan.whole();
        content(scan, keyword, all)
    })?;
    if found.is_empty() {
        return Ok(());
    }
    Patches::new(found).apply(0, &mut text);
    match deflate::deflated(&text, bytes.len()) {
        Some(stream_bytes) => scan.patch(stream.start, Fill::Bytes(stream_bytes.into())),
        None => withdraw(scan, whole),
    }
}
