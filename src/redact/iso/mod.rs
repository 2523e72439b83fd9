//! ISO base media (ISO/IEC 14496-12) and what is built of the same boxes: MP4, QuickTime, 3GPP, M4A, HEIF, AVIF, Canon
//! CR3, JPEG XL, JPEG 2000.
//!
//! [`scan`] walks the boxes and reads nothing but headers and metadata: samples are passed over, except those of
//! tracks that record where the camera was. What is found while walking (sample tables, items, fragments) is kept
//! in [`Iso`] and followed at the end, when it is known which bytes are media data.
//!
//! INVARIANT: nothing outside metadata boxes changes, but samples of location tracks and metadata items; those
//! are looked for only inside media data and never where a picture's or a sound's bytes lie.
//! INVARIANT: sizes and offsets of boxes stay. A box that has to go becomes `free`.
//! INVARIANT: what is shown of a file, looked at again, is clean.

#![forbid(unsafe_code)]

mod boxes;
mod codestream;
mod fragment;
mod gopro;
mod heif;
mod item;
mod jxl;
mod maker;
mod meta;
mod provenance;
mod reconstruction;
mod samples;
mod sniff;
mod spans;
pub(super) mod text;
mod timed;
mod track;
mod trailer;
mod uuid;
mod walk;
mod window;

#[cfg(test)]
mod tests;

pub(super) use codestream::walk as codestream;
pub(super) use provenance::places as manifest_places;
pub(super) use text::coordinates;

use std::ops::Range;

use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError};

use boxes::BoxAt;
use fragment::Fragment;
use item::Items;
use spans::Spans;
use track::Track;
use window::Window;

/// Finds the private parts of the ISO file that fills `range`; its own offsets count from the start of `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    follow(Iso::new(scan, range.clone()), range)
}

/// The same for boxes of JPEG XL or JPEG 2000 without the signature of the file.
fn scan_still(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    follow(Iso { still: true, ..Iso::new(scan, range.clone()) }, range)
}

fn follow(mut iso: Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let boxes = trailer::before(&mut iso, range)?;
    walk::top(&mut iso, boxes)?;
    if !iso.data.is_empty() && !iso.described {
        // A recording that is not finished: what its samples are is not yet written.
        return Err(ScanError::Malformed("media data that nothing describes"));
    }
    let data = Spans::new(std::mem::take(&mut iso.data));
    item::follow(&mut iso, &data)?;
    track::follow(&mut iso, &data)
}

/// One ISO file while it is scanned.
#[derive(Debug)]
struct Iso<'s, 'a> {
    scan: &'s mut Scan<'a>,
    window: Window,
    /// Where the ISO file lies.
    file: Range<u64>,
    /// Content of `mdat` and `idat`: only there samples and items may lie.
    data: Vec<Range<u64>>,
    tracks: Vec<Track>,
    fragments: Vec<Fragment>,
    /// `trex` boxes: what holds for all fragments of a track.
    defaults: Vec<BoxAt>,
    items: Vec<Items>,
    /// Blocks that a dash-cam's index points to.
    blocks: Vec<Range<u64>>,
    /// A `moov`, `moof` or `meta` says what the data is.
    described: bool,
    /// Inside a box that readers skip: tracks and items there are not live.
    dead: bool,
    /// Begins as JPEG XL or JPEG 2000 does.
    still: bool,
}

impl<'s, 'a> Iso<'s, 'a> {
    fn new(scan: &'s mut Scan<'a>, file: Range<u64>) -> Iso<'s, 'a> {
        Iso {
            scan,
            window: Window::default(),
            file,
            data: Vec::new(),
            tracks: Vec::new(),
            fragments: Vec::new(),
            defaults: Vec::new(),
            items: Vec::new(),
            blocks: Vec::new(),
            described: false,
            dead: false,
            still: false,
        }
    }

    /// The bytes of `range`, read ahead as far as `within` goes.
    fn peek(&mut self, range: Range<u64>, within: &Range<u64>) -> Result<&[u8], ScanError> {
        self.window.bytes(self.scan, range, within)
    }

    /// The bytes of `range`.
    fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u8>, ScanError> {
        self.scan.bytes(range)
    }

    /// Makes a box one that readers skip, without content.
    fn free(&mut self, found: &BoxAt) -> Result<(), ScanError> {
        self.scan.patch(found.type_at(), Fill::Bytes(Box::from(*b"free")))?;
        self.zero(found.content())
    }

    /// Makes a box one that nobody knows, without content: in files of JPEG XL and JPEG 2000, which some readers take for
    /// QuickTime where they find a `free` box.
    fn withdraw(&mut self, found: &BoxAt) -> Result<(), ScanError> {
        self.scan.patch(found.type_at(), Fill::Bytes(Box::from(*b"rdct")))?;
        self.zero(found.content())
    }

    /// Overwrites a range with NUL.
    fn zero(&mut self, range: Range<u64>) -> Result<(), ScanError> {
        self.scan.patch(range.start, Fill::Zeros(range.end.saturating_sub(range.start)))
    }

    /// Overwrites a range with NUL where anything else stands in it.
    fn erase(&mut self, range: Range<u64>) -> Result<(), ScanError> {
        /// Bytes looked at together.
        const BLOCK: u64 = 64 << 10;
        let mut at = range.start;
        while at < range.end {
            let bytes = self.scan.some(at, BLOCK, &range)?;
            if bytes.is_empty() || bytes.iter().any(|byte| *byte != 0) {
                return self.zero(at..range.end);
            }
            at = at.saturating_add(bytes.len() as u64);
        }
        Ok(())
    }

    /// Whether this is a picture of JPEG XL or JPEG 2000, as far as it was walked: nothing in it but its codestream
    /// is needed to show it, and no offset leads to what stands outside its boxes.
    fn is_still(&self) -> bool {
        self.still && self.data.is_empty() && self.tracks.is_empty()
    }

    /// Overwrites a range of text with spaces.
    fn spaces(&mut self, range: Range<u64>) -> Result<(), ScanError> {
        self.scan.patch(range.start, Fill::Spaces(range.end.saturating_sub(range.start)))
    }

    /// The place in the whole file of an offset that counts from the start of the ISO file; what a download has
    /// not brought yet is left out.
    fn place(&self, offset: u64, length: u64) -> Option<Range<u64>> {
        let start = self.file.start.checked_add(offset)?;
        let end = start.checked_add(length)?;
        Some(start.min(self.file.end)..end.min(self.file.end))
    }
}
