//! The header, directories and entries of a TIFF block, in the classic and the 64-bit layout.
//!
//! Sources: TIFF 6.0 section 2; BigTIFF (libtiff); the raw formats differ in the magic number only.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::{Endian, length, part};
use crate::redact::scan::Scan;

/// How the block stores its numbers, and where it lies.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) endian: Endian,
    /// 64-bit offsets and counts.
    pub(super) big: bool,
    /// The bytes to which offsets refer.
    pub(super) range: Range<u64>,
}

/// One directory.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// From its count to the byte after the pointer to the next one, as far as the block reaches.
    pub(super) span: Range<u64>,
    pub(super) entries: Vec<Entry>,
    /// Offset of the next directory, zero where there is none.
    pub(super) next: u64,
}

/// One entry of a directory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where in the file the entry lies.
    pub(super) place: Range<u64>,
    pub(super) tag: u16,
    pub(super) kind: u16,
    /// The value field as it stands: 4 or 8 bytes.
    pub(super) field: Vec<u8>,
    /// Where in the file its value lies; `None` where the block does not hold it.
    pub(super) value: Option<Range<u64>>,
    /// Whether the block holds only the beginning of it.
    pub(super) cut: bool,
}

/// The number after the two letters in the 64-bit layout.
const BIG_MAGIC: u16 = 43;
/// More entries than the classic layout can count.
const MOST_ENTRIES: u64 = 0xffff;
/// Bytes of each kind of value by its number; those that no version defines count as single bytes.
const KIND_BYTES: [u64; 19] = [1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8];

impl Layout {
    /// Reads the header; answers with the offset of the first directory as well.
    pub(super) fn read(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(Layout, u64), ScanError> {
        const MALFORMED: ScanError = ScanError::Malformed("TIFF header");
        let head = scan.some(range.start, 16, range)?;
        let endian = match head.as_slice() {
            [b'I', b'I', ..] => Endian::Little,
            [b'M', b'M', ..] => Endian::Big,
            _ => return Err(MALFORMED),
        };
        let magic = endian.u16(&head, 2).ok_or(MALFORMED)?;
        // Readers take any other number for the classic layout: raw formats have their own.
        let layout = Layout { endian, big: magic == BIG_MAGIC, range: range.clone() };
        let first = if layout.big { endian.u64(&head, 8) } else { endian.u32(&head, 4).map(u64::from) };
        Ok((layout, first.ok_or(MALFORMED)?))
    }

    /// The bytes that tell the layout and lead to the first directory.
    pub(super) fn header(&self) -> Range<u64> {
        let size = if self.big { 16 } else { 8 };
        self.range.start..self.range.start.saturating_add(size).min(self.range.end)
    }

    /// The directory at `offset`, as far as the block holds it; `None` where it does not hold its count.
    pub(super) fn directory(&self, scan: &mut Scan<'_>, offset: u64) -> Result<Option<Directory>, ScanError> {
        scan.step()?;
        let count_bytes = if self.big { 8 } else { 2 };
        let Some(place) = part(&self.range, offset, count_bytes) else { return Ok(None) };
        let head = scan.bytes(place.clone())?;
        let count = self.number(&head, 0, count_bytes).unwrap_or(0);
        if count > MOST_ENTRIES {
            return Err(ScanError::Budget("entries of a directory"));
        }
        let entry_bytes = self.entry_bytes();
        let wanted = count.saturating_mul(entry_bytes).saturating_add(self.word());
        let body = scan.some(place.end, wanted, &self.range)?;
        let span = place.start..place.end.saturating_add(body.len() as u64);
        let mut entries = Vec::new();
        let size = usize::try_from(entry_bytes).unwrap_or(usize::MAX);
        let whole = usize::try_from(count).unwrap_or(usize::MAX);
        for (index, raw) in body.chunks_exact(size).take(whole).enumerate() {
            scan.step()?;
            let start = place.end.saturating_add((index as u64).saturating_mul(entry_bytes));
            if let Some(entry) = self.entry(raw, start) {
                entries.push(entry);
            }
        }
        let end = whole.saturating_mul(size);
        let next = self.number(&body, end, self.word()).unwrap_or(0);
        Ok(Some(Directory { span, entries, next }))
    }

    fn entry(&self, raw: &[u8], start: u64) -> Option<Entry> {
        let tag = self.endian.u16(raw, 0)?;
        let kind = self.endian.u16(raw, 2)?;
        let count = self.number(raw, 4, self.word())?;
        let field_at = if self.big { 12usize } else { 8 };
        let field = raw.get(field_at..)?.to_vec();
        let bytes = count.saturating_mul(KIND_BYTES.get(usize::from(kind)).copied().unwrap_or(1));
        let place = start..start.saturating_add(raw.len() as u64);
        let value = if bytes <= self.word() {
            part(&place, field_at as u64, bytes)
        } else {
            // Readers take what there is of a value that the block cuts off.
            let offset = self.number(&field, 0, self.word())?;
            let start = self.range.start.saturating_add(offset).min(self.range.end);
            let found = start..start.saturating_add(bytes).min(self.range.end);
            (length(&found) > 0).then_some(found)
        };
        let cut = value.as_ref().is_some_and(|value| length(value) < bytes);
        Some(Entry { place, tag, kind, field, value, cut })
    }

    /// The numbers of an entry, at most `limit`: offsets, counts and pointers of whatever kind was written.
    pub(super) fn numbers(
        &self,
        scan: &mut Scan<'_>,
        entry: &Entry,
        limit: u64,
    ) -> Result<Vec<u64>, ScanError> {
        let size = match KIND_BYTES.get(usize::from(entry.kind)) {
            Some(size @ (2 | 4 | 8)) if !matches!(entry.kind, 5 | 10 | 12) => *size,
            Some(_) | None => return Ok(self.number(&entry.field, 0, self.word()).into_iter().collect()),
        };
        let Some(place) = &entry.value else { return Ok(Vec::new()) };
        let bytes = scan.some(place.start, size.saturating_mul(limit), place)?;
        let step = usize::try_from(size).unwrap_or(1);
        Ok(bytes.chunks_exact(step).filter_map(|raw| self.number(raw, 0, size)).collect())
    }

    fn number(&self, bytes: &[u8], at: usize, size: u64) -> Option<u64> {
        match size {
            2 => self.endian.u16(bytes, at).map(u64::from),
            4 => self.endian.u32(bytes, at).map(u64::from),
            _ => self.endian.u64(bytes, at),
        }
    }

    /// Bytes of an offset.
    pub(super) fn word(&self) -> u64 {
        if self.big { 8 } else { 4 }
    }

    fn entry_bytes(&self) -> u64 {
        if self.big { 20 } else { 12 }
    }
}
