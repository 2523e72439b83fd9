//! The tables of HEIF's items (ISO/IEC 14496-12, 8.11): `iinf` says what each is, `iloc` where it lies.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::Endian;

use super::Iso;
use super::boxes::{BoxAt, Kind, Next, next};

/// Longest table that is read.
const TABLE: u64 = 16 << 20;

/// One item of `iinf`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: u32,
    pub(super) kind: Kind,
    /// Of a `mime` item: its media type.
    pub(super) media_type: Vec<u8>,
    /// Of a `mime` item: how it is compressed, empty for not at all.
    pub(super) encoding: Vec<u8>,
    pub(super) encrypted: bool,
}

/// Where one item of `iloc` lies.
#[derive(Debug)]
pub(super) struct Location {
    pub(super) id: u32,
    /// 0 in the file, 1 in `idat`, 2 in another item.
    pub(super) method: u16,
    /// Whether it lies in another file.
    pub(super) external: bool,
    /// Offset and length of each part.
    pub(super) extents: Vec<(u64, u64)>,
}

/// The items of an `iinf` box.
pub(super) fn items(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Vec<Item>, ScanError> {
    let version = iso.scan.some(found.body, 1, &found.content())?;
    let mut rest = found.full();
    let count = if version.first() == Some(&0) { 2 } else { 4 };
    rest.start = rest.start.saturating_add(count).min(rest.end);
    let mut items = Vec::new();
    while let Next::Box(entry) = next(iso, rest.clone())? {
        if entry.kind == *b"infe" {
            let content = entry.content();
            if content.end.saturating_sub(content.start) > 4096 {
                return Err(ScanError::Malformed("item information"));
            }
            let bytes = iso.peek(content, &rest)?;
            items.push(item(bytes).ok_or(ScanError::Malformed("item information"))?);
        }
        rest.start = entry.end;
    }
    Ok(items)
}

/// An `infe` box: version 2 has 16-bit ids, 3 has 32; older ones know media types only.
fn item(bytes: &[u8]) -> Option<Item> {
    let version = *bytes.first()?;
    let wide = version >= 3;
    let id = if wide { Endian::Big.u32(bytes, 4)? } else { u32::from(Endian::Big.u16(bytes, 4)?) };
    let at = if wide { 8usize } else { 6 };
    let encrypted = Endian::Big.u16(bytes, at)? != 0;
    let at = at.checked_add(2)?;
    let (kind, at) = if version >= 2 {
        (bytes.get(at..at.checked_add(4)?)?.try_into().ok()?, at.checked_add(4)?)
    } else {
        (*b"mime", at)
    };
    let mut strings = bytes.get(at..)?.split(|byte| *byte == 0).skip(1).map(<[u8]>::to_vec);
    let (media_type, encoding) = match &kind {
        b"mime" => (strings.next().unwrap_or_default(), strings.next().unwrap_or_default()),
        _ => Default::default(),
    };
    Some(Item { id, kind, media_type, encoding, encrypted })
}

/// The places of an `iloc` box.
pub(super) fn locations(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Vec<Location>, ScanError> {
    let content = found.content();
    if content.end.saturating_sub(content.start) > TABLE {
        return Err(ScanError::Budget("bytes of item locations"));
    }
    let bytes = iso.bytes(content)?;
    let mut table = Table { bytes: &bytes, at: 0 };
    let mut found = Vec::new();
    let short = || ScanError::Malformed("item locations");
    let version = table.number(1).ok_or_else(short)?;
    table.at = 4;
    let sizes = table.number(2).ok_or_else(short)?;
    let size = |shift: u32| usize::try_from(sizes >> shift & 15).unwrap_or_default();
    let shape = Shape { offset: size(12), length: size(8), base: size(4), index: size(0), version };
    let count = table.number(if version < 2 { 2 } else { 4 }).ok_or_else(short)?;
    for _ in 0..count {
        found.push(location(iso, &mut table, &shape)?);
    }
    Ok(found)
}

/// How wide the fields of a table are, in bytes.
#[derive(Debug)]
struct Shape {
    offset: usize,
    length: usize,
    base: usize,
    index: usize,
    version: u64,
}

fn location(iso: &mut Iso<'_, '_>, table: &mut Table<'_>, shape: &Shape) -> Result<Location, ScanError> {
    let short = || ScanError::Malformed("item locations");
    iso.scan.step()?;
    let numbered = matches!(shape.version, 1 | 2);
    let id = table.number(if shape.version < 2 { 2 } else { 4 }).ok_or_else(short)?;
    let method = if numbered { table.number(2).ok_or_else(short)? & 15 } else { 0 };
    let external = table.number(2).ok_or_else(short)? != 0;
    let base = table.number(shape.base).ok_or_else(short)?;
    let count = table.number(2).ok_or_else(short)?;
    let mut extents = Vec::new();
    for _ in 0..count {
        iso.scan.step()?;
        if numbered {
            table.number(shape.index).ok_or_else(short)?;
        }
        let offset =
            table.number(shape.offset).and_then(|offset| base.checked_add(offset)).ok_or_else(short)?;
        extents.push((offset, table.number(shape.length).ok_or_else(short)?));
    }
    Ok(Location {
        id: u32::try_from(id).map_err(|_| short())?,
        method: u16::try_from(method).map_err(|_| short())?,
        external,
        extents,
    })
}

/// A table whose numbers have any width.
#[derive(Debug)]
struct Table<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Table<'_> {
    /// The number of `width` bytes, at most eight, that comes next; 0 where it has none.
    fn number(&mut self, width: usize) -> Option<u64> {
        let end = self.at.checked_add(width).filter(|_| width <= 8)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// Parts that follow each other, as one; in the whole file, given how offsets become places.
pub(super) fn places(
    location: &Location,
    place: impl Fn(u64, u64) -> Option<Range<u64>>,
) -> Option<Vec<Range<u64>>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for (offset, length) in &location.extents {
        let part = place(*offset, *length)?;
        match joined.last_mut() {
            Some(last) if last.end == part.start => last.end = part.end,
            _ => joined.push(part),
        }
    }
    joined.retain(|part| part.start < part.end);
    Some(joined)
}
