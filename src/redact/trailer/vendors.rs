//! Blocks that vendors append to images and find from the end of the file.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use crate::redact::bytes::{Endian, array, length};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, iptc};

/// A Samsung block whose value is the mobile country code.
const COUNTRY_CODE: &[u8] = b"MCC_Data";
/// How the block and its copy at the end begin, in either order of bytes.
const AFCP: [(&[u8], Endian); 2] = [(b"AXS!", Endian::Big), (b"AXS*", Endian::Little)];
/// Bytes looked at together, and how many of them again with the next ones.
const BLOCK: u64 = 1 << 20;
const OVERLAP: u64 = 4;

/// Samsung's directory at the end of a file: `SEFH`, version, count, entries; its size; `SEFT`.
pub(super) fn samsung(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    let Some(tail) = range.end.checked_sub(8).filter(|tail| *tail >= range.start) else { return Ok(()) };
    let bytes = scan.some(tail, 8, range)?;
    let size = bytes.strip_suffix(b"SEFT").and_then(|size| Endian::Little.u32(size, 0)).map(u64::from);
    let directory = size.and_then(|size| tail.checked_sub(size)).filter(|start| *start >= range.start);
    let Some(directory) = directory else { return Ok(()) };
    let head = scan.some(directory, 12, &(directory..tail))?;
    let count = Endian::Little.u32(&head, 8).unwrap_or(0);
    let mut at = directory.saturating_add(12);
    for _ in 0..count {
        scan.step()?;
        let entry = scan.some(at, 12, &(at.min(tail)..tail))?;
        let Some((back, size)) = Endian::Little.u32(&entry, 4).zip(Endian::Little.u32(&entry, 8)) else {
            return Ok(());
        };
        at = at.saturating_add(12);
        let start = directory.checked_sub(u64::from(back)).filter(|start| *start >= range.start);
        let Some(start) = start else { continue };
        country(scan, start..start.saturating_add(u64::from(size)).min(directory))?;
    }
    Ok(())
}

/// A block of Samsung's: two numbers, the name's length, the name, the value, which goes where it is the country.
fn country(scan: &mut Scan<'_>, block: Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(block.start, 8 + COUNTRY_CODE.len() as u64, &block)?;
    let name = array(&head, 4).map(u32::from_le_bytes).and_then(|name| usize::try_from(name).ok());
    if name != Some(COUNTRY_CODE.len()) || head.get(8..) != Some(COUNTRY_CODE) {
        return Ok(());
    }
    let value = block.start.saturating_add(head.len() as u64)..block.end;
    scan.patch(value.start, Fill::Zeros(length(&value)))
}

/// AXS File Concatenation Protocol: version, count and a reserved word, then entries of a name, a size and a place
/// in the file. Source: ExifTool's AFCP module.
pub(super) fn afcp(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<(), ScanError> {
    let mut at = range.start;
    while at < range.end {
        let bytes = scan.some(at, BLOCK, range)?;
        for (signature, endian) in AFCP {
            for start in memmem::find_iter(&bytes, signature) {
                scan.step()?;
                parts(scan, endian, at.saturating_add(start as u64)..range.end, range)?;
            }
        }
        let end = at.saturating_add(bytes.len() as u64);
        at = if end >= range.end { end } else { end.saturating_sub(OVERLAP) };
    }
    Ok(())
}

/// The datasets that a block leads to, with which `rest` begins.
fn parts(scan: &mut Scan<'_>, endian: Endian, rest: Range<u64>, range: &Range<u64>) -> Result<(), ScanError> {
    let head = scan.some(rest.start, 12, &rest)?;
    let count = endian.u16(&head, 6).map_or(0, u64::from);
    let entries = scan.some(rest.start.saturating_add(12), count.saturating_mul(12), &rest)?;
    for entry in entries.chunks_exact(12).filter(|entry| entry.starts_with(b"IPTC")) {
        let Some((size, place)) = endian.u32(entry, 4).zip(endian.u32(entry, 8)) else { continue };
        let place = u64::from(place).max(range.start);
        let end = u64::from(size).saturating_add(place).min(range.end);
        iptc::datasets(scan, place.min(end)..end)?;
    }
    Ok(())
}
