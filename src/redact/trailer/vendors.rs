//! Blocks that vendors append to images and find from the end of the file.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memmem;

use crate::redact::bytes::{Endian, array};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, iptc};

/// A Samsung block whose value is the mobile country code.
const COUNTRY_CODE: &[u8] = b"MCC_Data";
/// How the block and its copy at the end begin, in either order of bytes.
const AFCP: [(&[u8], Endian); 2] = [(b"AXS!", Endian::Big), (b"AXS*", Endian::Little)];

/// Samsung's directory at the end of a file: `SEFH`, version, count, entries; its size; `SEFT`.
pub(super) fn samsung(scan: &mut Scan<'_>, range: &Range<u64>, bytes: &[u8]) -> Result<(), ScanError> {
    let Some(body) = bytes.strip_suffix(b"SEFT") else { return Ok(()) };
    let Some(size_at) = body.len().checked_sub(4) else { return Ok(()) };
    let size = Endian::Little.u32(body, size_at).and_then(|size| usize::try_from(size).ok());
    let Some(directory) = size.and_then(|size| size_at.checked_sub(size)) else { return Ok(()) };
    let count = Endian::Little.u32(body, directory.saturating_add(8)).unwrap_or(0);
    let entries = body.get(directory.saturating_add(12)..size_at).unwrap_or_default();
    for entry in entries.chunks_exact(12).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        scan.step()?;
        let field = |at: usize| Endian::Little.u32(entry, at).and_then(|field| usize::try_from(field).ok());
        let Some(start) = field(4).and_then(|back| directory.checked_sub(back)) else { continue };
        let end = start.saturating_add(field(8).unwrap_or(0)).min(directory);
        // Two numbers, the name's length, the name, the value.
        let block = body.get(start..end).unwrap_or_default();
        let name_end = array(block, 4).map(u32::from_le_bytes).and_then(|name| usize::try_from(name).ok());
        let Some(name_end) = name_end.and_then(|name| name.checked_add(8)) else { continue };
        if block.get(8..name_end) == Some(COUNTRY_CODE) {
            let value = start.saturating_add(name_end).min(end);
            let place = range.start.saturating_add(value as u64);
            scan.patch(place, Fill::Zeros(end.saturating_sub(value) as u64))?;
        }
    }
    Ok(())
}

/// AXS File Concatenation Protocol: version, count and a reserved word, then entries of a name, a size and a place
/// in the file. Source: ExifTool's AFCP module.
pub(super) fn afcp(scan: &mut Scan<'_>, range: &Range<u64>, bytes: &[u8]) -> Result<(), ScanError> {
    for (signature, endian) in AFCP {
        for start in memmem::find_iter(bytes, signature) {
            scan.step()?;
            let count = endian.u16(bytes, start.saturating_add(6)).map_or(0, usize::from);
            let entries = bytes.get(start.saturating_add(12)..).unwrap_or_default().chunks_exact(12);
            for entry in entries.take(count).filter(|entry| entry.starts_with(b"IPTC")) {
                let Some((size, place)) = endian.u32(entry, 4).zip(endian.u32(entry, 8)) else { continue };
                let place = u64::from(place).max(range.start);
                let end = u64::from(size).saturating_add(place).min(range.end);
                iptc::datasets(scan, place.min(end)..end)?;
            }
        }
    }
    Ok(())
}
