//! The frame of an element: identifier, size, content; and how one is made `Void` or its checksum renewed.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::id;
use crate::redact::bytes::{Endian, after, length};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError};

/// The longest content whose checksum is computed again.
const LONGEST: u64 = 32 << 20;

/// Where one element lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) id: u64,
    /// Its first byte.
    pub(super) start: u64,
    /// Its content, never beyond what is around it.
    pub(super) body: Range<u64>,
    /// The size that it claims.
    size: u64,
    /// A segment or cluster whose size is not known.
    pub(super) open: bool,
    /// Whether it claims more than there is.
    pub(super) cut: bool,
}

/// The element with which `range` starts; `None` where none does.
pub(super) fn next(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<Element>, ScanError> {
    let head = scan.some(range.start, 12, range)?;
    let Some((id, id_bytes)) = number(&head, 4, true) else { return Ok(None) };
    let Some((size, size_bytes)) = number(head.get(id_bytes..).unwrap_or_default(), 8, false) else {
        return Ok(None);
    };
    let unknown = size == largest(size_bytes);
    let open = unknown && matches!(id, id::SEGMENT | id::CLUSTER);
    // Nothing else may leave its size open (RFC 9559, section 5.1: unknownsizeallowed).
    if unknown && !open {
        return Ok(None);
    }
    let body = after(range, id_bytes.saturating_add(size_bytes) as u64);
    let end = if open { body.end } else { body.start.saturating_add(size).min(body.end) };
    let cut = !open && size > length(&body);
    Ok(Some(Element { id, start: range.start, body: body.start..end, size, open, cut }))
}

/// The largest number that so many bytes hold: it says that the size is not known.
fn largest(bytes: usize) -> u64 {
    1u64.checked_shl(u32::try_from(bytes.saturating_mul(7)).unwrap_or(u32::MAX))
        .unwrap_or(0)
        .saturating_sub(1)
}

/// A number of variable length (RFC 8794, section 4), with the bit that tells its length or without; and its bytes.
pub(super) fn number(bytes: &[u8], most: u32, marked: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let zeros = first.leading_zeros();
    let count = usize::try_from(zeros).ok()?.checked_add(1)?;
    if zeros >= most {
        return None;
    }
    let start = if marked { u64::from(first) } else { u64::from(first) & (0x7f >> zeros) };
    let rest = bytes.get(1..count)?;
    Some((rest.iter().fold(start, |number, byte| number << 8 | u64::from(*byte)), count))
}

impl Element {
    /// All of it that there is.
    pub(super) fn whole(&self) -> Range<u64> {
        self.start..self.body.end
    }

    /// Makes of it a `Void` element of the same length, with NUL bytes in it.
    pub(super) fn void(&self, scan: &mut Scan<'_>) -> Result<(), ScanError> {
        // Identifier and size took at least two bytes; the identifier of `Void` takes one, the size all others that
        // a size may take.
        let header = self.body.start.saturating_sub(self.start);
        let width = header.saturating_sub(1).clamp(1, 8);
        let size = self.size.saturating_add(header.saturating_sub(1).saturating_sub(width));
        let mark = 1u64.checked_shl(u32::try_from(width.saturating_mul(7)).unwrap_or(0)).unwrap_or(0);
        let number = (size | mark).to_be_bytes();
        let digits =
            number.get(8usize.saturating_sub(usize::try_from(width).unwrap_or(8))..).unwrap_or_default();
        let void = [&[0xec], digits].concat();
        scan.patch(self.start, Fill::Zeros(length(&self.whole())))?;
        scan.patch(self.start, Fill::Bytes(void.into()))
    }

    /// Makes the checksum in it right after its content changed since `mark`. One that was wrong stays wrong by the
    /// same bits, so that every reader accepts or rejects the content as it did.
    pub(super) fn renew(
        &self,
        scan: &mut Scan<'_>,
        checksum: Option<&Element>,
        mark: usize,
    ) -> Result<(), ScanError> {
        let Some(checksum) = checksum.filter(|_| scan.mark() != mark) else { return Ok(()) };
        if self.cut || length(&checksum.body) != 4 || length(&self.body) > LONGEST {
            return checksum.void(scan);
        }
        let covered = [self.body.start..checksum.start, checksum.body.end..self.body.end];
        let (old, new) = scan.checksums(&covered, mark)?;
        let stored = Endian::Little.u32(&scan.bytes(checksum.body.clone())?, 0).unwrap_or(0);
        let sum = stored ^ old ^ new;
        scan.patch(checksum.body.start, Fill::Bytes(sum.to_le_bytes().into()))
    }
}
