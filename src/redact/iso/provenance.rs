//! C2PA manifest stores (JUMBF, ISO/IEC 19566-5): assertions in JSON or CBOR may repeat Exif's position and IPTC's
//! places. The values are overwritten at their length, so that the boxes and the map around them can still be read.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use crate::redact::bytes::array;
use crate::redact::{Fill, ScanError};

use super::{Iso, sniff};

/// Names of assertions' fields that hold a place; also inside longer names (`exif:GPSLatitudeRef`).
const FIELDS: [&[u8]; 12] = [
    b"GPS",
    b"Latitude",
    b"Longitude",
    b"latitude",
    b"longitude",
    b"LocationCreated",
    b"LocationShown",
    b"photoshop:City",
    b"photoshop:State",
    b"photoshop:Country",
    b"Iptc4xmpCore:Location",
    b"\"location",
];

/// The longest manifest store that is read.
const LONGEST: u64 = 16 << 20;

/// Blanks the places in a manifest store.
pub(super) fn blank(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    if range.end.saturating_sub(range.start) > LONGEST {
        return Err(ScanError::Budget("bytes of a manifest store"));
    }
    let bytes = iso.bytes(range.clone())?;
    for (at, fill) in places(&bytes) {
        iso.scan.step()?;
        iso.scan.patch(range.start.saturating_add(at as u64), fill)?;
    }
    sniff::search(iso, range)
}

/// The values in a manifest store, or a part of one, that tell a place; where they stand and what to put there.
pub(in crate::redact) fn places(bytes: &[u8]) -> Vec<(usize, Fill)> {
    let mut found = Vec::new();
    for field in FIELDS {
        for hit in memmem::find_iter(bytes, field) {
            if let Some((value, kind)) = value_after(bytes, hit.saturating_add(field.len())) {
                found.push((value.start, kind.fill(value.len())));
            }
        }
    }
    found
}

/// How a value is written.
#[derive(Clone, Copy, Debug)]
enum Value {
    Text,
    JsonNumber,
    Float,
}

impl Value {
    /// A value of the same kind and length that says nothing.
    fn fill(self, length: usize) -> Fill {
        match self {
            Value::Text => Fill::Spaces(length as u64),
            Value::Float => Fill::Zeros(length as u64),
            Value::JsonNumber => {
                let digits = std::iter::once(b'0').chain(std::iter::repeat(b' '));
                Fill::Bytes(digits.take(length).collect())
            }
        }
    }
}

/// The text or number that belongs to the name in which `at` lies.
fn value_after(bytes: &[u8], at: usize) -> Option<(Range<usize>, Value)> {
    let rest = bytes.get(at..)?;
    let name = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b":_-.".contains(byte)))?;
    let at = at.checked_add(name)?;
    match bytes.get(at)? {
        b'"' => json(bytes, at.checked_add(1)?),
        _ => cbor(bytes, at),
    }
}

/// JSON (RFC 8259) after the quotation mark that ends a name.
fn json(bytes: &[u8], at: usize) -> Option<(Range<usize>, Value)> {
    let skip = |from: usize| {
        let rest = bytes.get(from..)?;
        from.checked_add(rest.iter().position(|byte| !byte.is_ascii_whitespace())?)
    };
    let colon = skip(at).filter(|colon| bytes.get(*colon) == Some(&b':'))?;
    let start = skip(colon.checked_add(1)?)?;
    match bytes.get(start)? {
        b'"' => {
            let start = start.checked_add(1)?;
            let length = bytes.get(start..)?.iter().position(|byte| *byte == b'"')?;
            Some((start..start.checked_add(length)?, Value::Text))
        }
        b'{' | b'[' => Some((nested(bytes, start)?, Value::Text)),
        _ => {
            let length = bytes.get(start..)?.iter().position(|byte| b",}] \r\n\t".contains(byte))?;
            Some((start..start.checked_add(length)?, Value::JsonNumber))
        }
    }
}

/// What stands inside a JSON object or list.
fn nested(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let mut depth = 0usize;
    for (offset, byte) in bytes.get(start..)?.iter().enumerate() {
        match byte {
            b'{' | b'[' => depth = depth.checked_add(1)?,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(start.checked_add(1)?..start.checked_add(offset)?);
        }
    }
    None
}

/// A text string or a number of CBOR (RFC 8949, 3.1) at `at`.
fn cbor(bytes: &[u8], at: usize) -> Option<(Range<usize>, Value)> {
    let first = *bytes.get(at)?;
    let start = at.checked_add(1)?;
    let (skip, length, kind) = match first {
        0x60..=0x77 => (0usize, usize::from(first & 0x1f), Value::Text),
        0x78 => (1, usize::from(*bytes.get(start)?), Value::Text),
        0x79 => (2, usize::from(u16::from_be_bytes(array(bytes, start)?)), Value::Text),
        0xfa => (0, 4, Value::Float),
        0xfb => (0, 8, Value::Float),
        _ => return None,
    };
    let start = start.checked_add(skip)?;
    let end = start.checked_add(length)?;
    (end <= bytes.len()).then_some((start..end, kind))
}
