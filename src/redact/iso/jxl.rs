//! The boxes of JPEG XL (ISO/IEC 18181-2) that hold metadata in compressed form: `brob`, which is another box as a
//! Brotli stream, and `jbrd`, from which the JPEG file is made again that the image was made of.
//!
//! A text that tells a place is changed and compressed again to the same length. Where that cannot be done the box
//! becomes one that readers skip: the image is in other boxes, and stays as it is.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::scan::Scan;
use crate::redact::{Fill, Patches, ScanError, brotli, jpeg};

use super::Iso;
use super::boxes::BoxAt;
use super::reconstruction::{self, Layout};

/// The longest of these boxes that is read.
const LONGEST: u64 = 16 << 20;
/// Size and type of the box that a stream holds.
const HEADER: usize = 8;

/// `brob`: the type of a box, then its content as a stream.
pub(super) fn compressed(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<(), ScanError> {
    let Some(bytes) = whole(iso, found)? else { return iso.withdraw(found) };
    let Some((kind, stream)) = bytes.split_at_checked(4) else { return iso.withdraw(found) };
    let Some(content) = brotli::inflated(iso.scan, stream)? else { return iso.withdraw(found) };
    let size = u32::try_from(content.len().saturating_add(HEADER)).unwrap_or(u32::MAX).to_be_bytes();
    let header = [&size[..], kind].concat();
    let inner = [&header[..], &content].concat();
    let Some(changed) = changed(iso, &inner, super::scan_still)? else { return iso.withdraw(found) };
    let (start, text) = changed.split_at_checked(HEADER).unwrap_or_default();
    if start != header {
        // The whole of it was to go.
        return iso.withdraw(found);
    }
    replace(iso, found, (&content, text), (bytes.len().saturating_sub(stream.len()), stream.len()))
}

/// `jbrd` (annex A): the structure of the JPEG file, then its segments that are in no other box, as a stream.
pub(super) fn reconstruction(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<(), ScanError> {
    let Some(bytes) = whole(iso, found)? else { return iso.withdraw(found) };
    let Some(layout) = reconstruction::layout(&bytes) else { return iso.withdraw(found) };
    let stream = bytes.get(layout.header..).unwrap_or_default();
    let Some(content) = brotli::inflated(iso.scan, stream)? else { return iso.withdraw(found) };
    let Some(image) = Image::of(&content, &layout) else { return iso.withdraw(found) };
    let Some(changed) = changed(iso, &image.bytes, jpeg::scan)? else { return iso.withdraw(found) };
    replace(iso, found, (&content, &image.content(&changed)), (layout.header, stream.len()))
}

/// The content of a box, where there is all of it and it is not too much.
fn whole(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Option<Vec<u8>>, ScanError> {
    let content = found.content();
    if found.cut || content.end.saturating_sub(content.start) > LONGEST {
        return Ok(None);
    }
    iso.bytes(content).map(Some)
}

type Scanner = for<'a> fn(&mut Scan<'a>, Range<u64>) -> Result<(), ScanError>;

/// What a scanner makes of bytes that are not in the file; `None` where it cannot make them safe, or would change what it
/// made of them once more.
fn changed(iso: &mut Iso<'_, '_>, bytes: &[u8], scanner: Scanner) -> Result<Option<Vec<u8>>, ScanError> {
    let Some(once) = applied(iso, bytes, scanner)? else { return Ok(None) };
    if once == bytes {
        return Ok(Some(once));
    }
    let again = applied(iso, &once, scanner)?;
    Ok(again.filter(|again| *again == once))
}

/// Bytes with the replacements that a scanner finds in them.
fn applied(iso: &mut Iso<'_, '_>, bytes: &[u8], scanner: Scanner) -> Result<Option<Vec<u8>>, ScanError> {
    let looked = iso.scan.inside(&bytes, |scan| {
        let whole = scan.whole();
        scanner(scan, whole)
    });
    match looked {
        Ok(((), found)) => {
            let mut bytes = bytes.to_vec();
            Patches::new(found).apply(0, &mut bytes);
            Ok(Some(bytes))
        }
        Err(ScanError::Malformed(_) | ScanError::Found(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts the changed text into the stream of a box, which begins so many bytes after its content and is so long.
fn replace(
    iso: &mut Iso<'_, '_>,
    found: &BoxAt,
    (before, after): (&[u8], &[u8]),
    (skip, length): (usize, usize),
) -> Result<(), ScanError> {
    if before == after {
        return Ok(());
    }
    match brotli::deflated(iso.scan, after, length)? {
        Some(stream) => {
            let start = found.body.saturating_add(skip as u64);
            iso.scan.patch(start, Fill::Bytes(stream.into()))
        }
        None => iso.withdraw(found),
    }
}

/// The segments of a `jbrd` box, set in a JPEG image without any other.
#[derive(Debug)]
struct Image {
    bytes: Vec<u8>,
    /// Where the parts of the content lie in it, in the content's order.
    parts: Vec<Range<usize>>,
}

impl Image {
    /// `None` where the content is not as long as the layout says.
    fn of(content: &[u8], layout: &Layout) -> Option<Image> {
        let mut image = Image { bytes: b"\xff\xd8".to_vec(), parts: Vec::new() };
        let mut rest = content;
        for size in &layout.segments {
            image.bytes.push(0xff);
            rest = image.push(rest, *size)?;
        }
        image.bytes.extend(b"\xff\xd9");
        for size in &layout.loose {
            rest = image.push(rest, *size)?;
        }
        rest.is_empty().then_some(image)
    }

    fn push<'c>(&mut self, content: &'c [u8], size: usize) -> Option<&'c [u8]> {
        let (part, rest) = content.split_at_checked(size)?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(part);
        self.parts.push(start..self.bytes.len());
        Some(rest)
    }

    /// The content as it stands in a changed image.
    fn content(&self, changed: &[u8]) -> Vec<u8> {
        let parts = self.parts.iter().filter_map(|part| changed.get(part.clone()));
        parts.flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Budget;

    fn hiding(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
        scan.patch(range.start, Fill::Zeros(2))
    }

    fn never_content(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
        let first = scan.bytes(range.start..range.start + 1)?;
        scan.patch(range.start, Fill::Bytes(Box::from([first[0].wrapping_add(1)])))
    }

    #[test]
    fn what_would_be_changed_once_more_is_not_shown() {
        let nothing: &[u8] = &[];
        let mut scan = Scan::new(&nothing, Budget::STANDARD);
        let mut iso = Iso::new(&mut scan, 0..0);
        assert_eq!(changed(&mut iso, b"place", hiding).unwrap(), Some(b"\0\0ace".to_vec()));
        assert_eq!(changed(&mut iso, b"place", never_content).unwrap(), None);
    }
}
