//! The frames of a tag, and what is in them.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::{Tag, changed, padding, synchsafe, unsync};
use crate::redact::bytes::{after, length};
use crate::redact::png::deflate;
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, tag};

/// Longer than any description.
const HEAD: u64 = 1024;

/// One frame.
#[derive(Clone, Debug)]
struct Frame {
    name: Vec<u8>,
    start: u64,
    body: Range<u64>,
    flags: u8,
}

/// The frames that fill `range`, up to the padding.
pub(super) fn scan(scan: &mut Scan<'_>, tag: Tag, range: Range<u64>) -> Result<(), ScanError> {
    scan.nested(|scan| {
        let mut rest = range;
        while let Some(frame) = next(scan, tag, &rest)? {
            scan.step()?;
            rest.start = frame.body.end;
            let mark = scan.mark();
            match stored(scan, tag, &frame) {
                Ok(true) => {}
                Ok(false) | Err(ScanError::Malformed(_) | ScanError::Found(_)) => {
                    scan.rewind(mark);
                    withdraw(scan, &frame)?;
                }
                Err(error) => return Err(error),
            }
        }
        padding(scan, &rest)
    })
}

/// The frame with which `range` starts; `None` at the padding and where there is none.
fn next(scan: &mut Scan<'_>, tag: Tag, range: &Range<u64>) -> Result<Option<Frame>, ScanError> {
    let (letters, header) = if tag.version == 2 { (3usize, 6u64) } else { (4, 10) };
    let head = scan.some(range.start, header, range)?;
    let name = head.get(..letters).unwrap_or_default().to_vec();
    if (head.len() as u64) < header || !is_name(&name) {
        return Ok(None);
    }
    let digits = head.get(letters..letters.saturating_mul(2)).unwrap_or_default();
    let plain = digits.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let body = after(range, header);
    let mut size = plain;
    if tag.version == 4
        && let Some(safe) = synchsafe(digits)
    {
        // Some writers forget that these sizes have seven bits a byte.
        let fits = safe == plain || ends_well(scan, &body, safe)? || !ends_well(scan, &body, plain)?;
        size = if fits { safe } else { plain };
    }
    let body = body.start..body.start.saturating_add(size).min(body.end);
    let flags = if tag.version == 2 { 0 } else { head.get(9).copied().unwrap_or(0) };
    Ok(Some(Frame { name, start: range.start, body, flags }))
}

fn is_name(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ')
        && name.first().is_some_and(u8::is_ascii_uppercase)
}

/// Whether a frame, padding or the end follows so many bytes.
fn ends_well(scan: &mut Scan<'_>, body: &Range<u64>, size: u64) -> Result<bool, ScanError> {
    let rest = after(body, size);
    if size > length(body) {
        return Ok(false);
    }
    let name = scan.some(rest.start, 4, &rest)?;
    Ok(name.is_empty() || name.iter().all(|byte| *byte == 0) || is_name(&name))
}

/// The most compressed bytes that are looked into; they do not inflate to more than [`deflate`] allows.
const COMPRESSED: u64 = 8 << 20;

/// The flags that say how a frame is stored: compressed, encrypted, in a group, unsynchronised, its length before it.
fn stored(scan: &mut Scan<'_>, tag: Tag, frame: &Frame) -> Result<bool, ScanError> {
    let (compressed, encrypted, group, loose, sized) = match tag.version {
        3 => (frame.flags & 0x80, frame.flags & 0x40, frame.flags & 0x20, 0, frame.flags & 0x80),
        4 => (frame.flags & 8, frame.flags & 4, frame.flags & 0x40, frame.flags & 2, frame.flags & 1),
        _ => (0, 0, 0, 0, 0),
    };
    if encrypted != 0 {
        return Ok(true);
    }
    let loose = loose != 0 || (tag.version == 4 && tag.flags & super::UNSYNCHRONISED != 0);
    let skip = if group != 0 { 1u64 } else { 0 }.saturating_add(if sized != 0 { 4 } else { 0 });
    let body = after(&frame.body, skip);
    if loose && compressed == 0 {
        let inner = |scan: &mut Scan<'_>, range| safe(scan, tag, &frame.name, range);
        return unsync::scan(scan, body, inner).map(|()| true);
    }
    if compressed == 0 {
        return content(scan, tag, &frame.name, body);
    }
    if length(&body) > COMPRESSED {
        return Err(ScanError::Budget("bytes of a compressed frame"));
    }
    let raw = scan.bytes(body.clone())?;
    let stream = if loose { unsync::decoded(&raw) } else { raw };
    let Some(text) = deflate::inflated(scan, &stream)? else { return Ok(false) };
    let Some(text) = changed(scan, &text, |scan, range| safe(scan, tag, &frame.name, range))? else {
        return Ok(true);
    };
    match deflate::deflated(&text, stream.len()).filter(|_| !loose) {
        Some(stream) => scan.patch(body.start, Fill::Bytes(stream.into())).map(|()| true),
        None => Ok(false),
    }
}

/// As [`content`], but what cannot be made safe is an error.
fn safe(scan: &mut Scan<'_>, tag: Tag, name: &[u8], range: Range<u64>) -> Result<(), ScanError> {
    if content(scan, tag, name, range)? { Ok(()) } else { Err(ScanError::Found("a location")) }
}

/// Gives a frame NUL bytes, and a name of those that are for experiments.
fn withdraw(scan: &mut Scan<'_>, frame: &Frame) -> Result<(), ScanError> {
    let name = b"XRED".get(..frame.name.len()).unwrap_or_default();
    scan.patch(frame.start, Fill::Bytes(name.into()))?;
    scan.patch(frame.body.start, Fill::Zeros(length(&frame.body)))
}

/// The content of a frame; `false` where it still tells a place.
fn content(scan: &mut Scan<'_>, tag: Tag, name: &[u8], body: Range<u64>) -> Result<bool, ScanError> {
    let text = after(&body, 1);
    match name {
        b"TXXX" | b"TXX" | b"WXXX" | b"WXX" => described(scan, &body, text),
        b"COMM" | b"COM" | b"USLT" | b"ULT" => described(scan, &body, after(&body, 4)),
        b"APIC" | b"PIC" => picture(scan, name, &body),
        b"GEOB" | b"GEO" => object(scan, &body),
        b"PRIV" | b"UFID" | b"UFI" => {
            let owner = terminated(scan, &body, 1)?;
            tag::value(scan, after(&body, owner))
        }
        b"CHAP" => {
            let id = terminated(scan, &body, 1)?;
            self::scan(scan, tag, after(&body, id.saturating_add(16))).map(|()| true)
        }
        b"CTOC" => {
            let id = terminated(scan, &body, 1)?;
            let head = scan.some(after(&body, id).start, 2, &body)?;
            let mut rest = after(&body, id.saturating_add(2));
            for _ in 0..head.get(1).copied().unwrap_or(0) {
                let child = terminated(scan, &rest, 1)?;
                rest = after(&rest, child);
            }
            self::scan(scan, tag, rest).map(|()| true)
        }
        [b'T', ..] => tag::text(scan, text).map(|()| true),
        [b'W', ..] => tag::text(scan, body).map(|()| true),
        _ => tag::value(scan, body),
    }
}

/// A description that ends with NUL, and a text.
fn described(scan: &mut Scan<'_>, body: &Range<u64>, text: Range<u64>) -> Result<bool, ScanError> {
    let unit = unit(scan, body)?;
    let head = scan.some(text.start, HEAD, &text)?;
    let size = terminated(scan, &text, unit)?;
    let name = head.get(..usize::try_from(size).unwrap_or(usize::MAX).min(head.len())).unwrap_or_default();
    let value = after(&text, size);
    if tag::tells_place(name.strip_suffix(&[0]).unwrap_or(name)) {
        return tag::blank(scan, value).map(|()| true);
    }
    tag::text(scan, text.start..value.start)?;
    tag::value(scan, value)
}

/// A picture: encoding, media type (in version 2 three letters), kind, description, data.
fn picture(scan: &mut Scan<'_>, name: &[u8], body: &Range<u64>) -> Result<bool, ScanError> {
    let unit = unit(scan, body)?;
    let mut rest = after(body, 1);
    let media = if name.len() == 3 { 3 } else { terminated(scan, &rest, 1)? };
    rest = after(&rest, media.saturating_add(1));
    let description = terminated(scan, &rest, unit)?;
    tag::text(scan, rest.start..after(&rest, description).start)?;
    tag::value(scan, after(&rest, description))
}

/// An object: encoding, media type, file name, description, data.
fn object(scan: &mut Scan<'_>, body: &Range<u64>) -> Result<bool, ScanError> {
    let unit = unit(scan, body)?;
    let mut rest = after(body, 1);
    for unit in [1, unit, unit] {
        let size = terminated(scan, &rest, unit)?;
        tag::text(scan, rest.start..after(&rest, size).start)?;
        rest = after(&rest, size);
    }
    tag::value(scan, rest)
}

/// Bytes of a character by the first byte of a frame: two in both forms of UTF-16.
fn unit(scan: &mut Scan<'_>, body: &Range<u64>) -> Result<usize, ScanError> {
    let encoding = scan.some(body.start, 1, body)?;
    Ok(if matches!(encoding.first(), Some(1 | 2)) { 2 } else { 1 })
}

/// Bytes of the string with which `range` begins, with the NUL behind it; all of them where there is none.
fn terminated(scan: &mut Scan<'_>, range: &Range<u64>, unit: usize) -> Result<u64, ScanError> {
    let head = scan.some(range.start, HEAD, range)?;
    let end = head.chunks_exact(unit.max(1)).position(|character| character.iter().all(|byte| *byte == 0));
    Ok(match end {
        Some(end) => (end.saturating_add(1).saturating_mul(unit)) as u64,
        // Longer than any description: the value, if it is one, is looked at from its start.
        None if head.len() as u64 == HEAD => 0,
        None => head.len() as u64,
    })
}
