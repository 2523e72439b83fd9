//! What Nikon's programs write into the notes of its cameras: the edits of a photograph, and its IPTC datasets again.
//!
//! Records after a header of 22 bytes: identifier at 0, size of the content and four at 18, content at 22, all least
//! significant byte first. Source: ExifTool's NikonCapture module.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::layout::Entry;
use crate::redact::bytes::{Endian, after};
use crate::redact::scan::Scan;
use crate::redact::{ScanError, iptc};

/// The entry of the note that holds them.
pub(super) const CAPTURE: u16 = 0x0e01;
const HEADER: u64 = 22;
/// The record of IPTC datasets.
const IPTC: u32 = 0x9ef5_f6e0;

/// Hides the places in the records that `entry` of a note holds.
pub(super) fn capture(scan: &mut Scan<'_>, note: &Range<u64>, entry: &Entry) -> Result<(), ScanError> {
    let Some(value) = entry.value.as_ref().filter(|value| note.start <= value.start && value.end <= note.end)
    else {
        return Ok(());
    };
    let mut rest = after(value, HEADER);
    loop {
        let head = scan.some(rest.start, HEADER, &rest)?;
        let fields = Endian::Little.u32(&head, 0).zip(Endian::Little.u32(&head, 18));
        let Some((record, size)) = fields.filter(|(_, size)| *size >= 4) else { return Ok(()) };
        scan.step()?;
        let body = after(&rest, HEADER);
        let end = body.start.saturating_add(u64::from(size).saturating_sub(4)).min(body.end);
        if record == IPTC {
            iptc::datasets(scan, body.start..end)?;
        }
        rest.start = end;
    }
}
