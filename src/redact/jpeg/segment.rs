//! The segments of a JPEG image that hold metadata.
//!
//! Extended XMP is one text in many segments, in any order, and Photoshop resources may be split over several:
//! both are collected and scanned when all segments are known.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;

use crate::redact::bytes::{Endian, after, array, length, part};
use crate::redact::scan::Scan;
use crate::redact::{Fill, ScanError, iptc, iso, patterns, tiff, xmp};

use super::{flir, ricoh};

const EXIF: &[u8] = b"Exif\0";
/// The end of the XMP signature; what stands before it differs between writers.
const XMP: &[u8] = b"://ns.adobe.com/xap/1.0/";
const EXTENDED: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// The common identifier of segments with JUMBF boxes (ISO/IEC 19566-5), in which C2PA manifests lie.
const MANIFEST: &[u8] = b"JP";
const COMMENT: u8 = 0xfe;
const GUID: usize = 32;
/// More extended packets than the images of one file have.
const MAX_EXTENDED: usize = 256;
/// Signatures of segments that hold neither text nor metadata: colour profiles, the index of further images, JFIF.
const INNOCENT: [&[u8]; 4] = [b"ICC_PROFILE\0", b"MPF\0", b"JFIF\0", b"Adobe\0"];

/// What the body of a segment is; positions count from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A TIFF block from there on.
    Exif(u64),
    /// An XMP packet from there on.
    Xmp(u64),
    ExtendedXmp,
    Photoshop,
    Flir,
    Ricoh,
    Manifest,
    Other,
}

/// The texts that are collected over several segments.
#[derive(Debug, Default)]
pub(super) struct Segments {
    extended: Vec<Extended>,
    photoshop: Vec<Range<u64>>,
    flir: Vec<Range<u64>>,
}

#[derive(Debug)]
struct Extended {
    guid: [u8; GUID],
    /// By their offsets in the packet.
    parts: BTreeMap<u32, Range<u64>>,
}

/// Whether what follows 0xff may be a segment that holds metadata; says yes where too little is there to know.
pub(super) fn worth_a_look(rest: &[u8]) -> bool {
    rest.len() < 48
        || rest.first() == Some(&COMMENT)
        || kind(rest.get(3..).unwrap_or_default()) != Kind::Other
}

fn kind(head: &[u8]) -> Kind {
    let within = |signature: &[u8], slack: usize| {
        let window = head.get(..signature.len().saturating_add(slack).min(head.len())).unwrap_or_default();
        memmem::find(window, signature).map(|at| at as u64)
    };
    // Some writers put bytes before the signature, and readers accept up to four.
    if let Some(at) = within(EXIF, 4) {
        return Kind::Exif(at.saturating_add(6));
    }
    if let Some(at) = within(XMP, 8) {
        let past = at.saturating_add(XMP.len() as u64);
        let ended = usize::try_from(past).ok().and_then(|past| head.get(past)) == Some(&0);
        return Kind::Xmp(past.saturating_add(u64::from(ended)));
    }
    if head.starts_with(EXTENDED) {
        return Kind::ExtendedXmp;
    }
    if head.starts_with(PHOTOSHOP) {
        return Kind::Photoshop;
    }
    if head.starts_with(flir::SIGNATURE) {
        return Kind::Flir;
    }
    if head.starts_with(ricoh::SIGNATURE) {
        return Kind::Ricoh;
    }
    if head.starts_with(MANIFEST) {
        return Kind::Manifest;
    }
    let packet = [&b"<x:xmpmeta"[..], b"<?xpacket", b"<rdf:RDF"];
    packet.iter().find_map(|start| within(start, 8)).map_or(Kind::Other, Kind::Xmp)
}

impl Segments {
    /// A segment of the header, whole.
    pub(super) fn add(&mut self, scan: &mut Scan<'_>, marker: u8, body: Range<u64>) -> Result<(), ScanError> {
        if !matches!(marker, 0xe0..=0xef | COMMENT) {
            return Ok(());
        }
        let head = scan.some(body.start, super::SIGNATURE, &body)?;
        match kind(&head) {
            Kind::Other => other(scan, marker, &head, body),
            known => self.known(scan, known, body),
        }
    }

    /// What may be a segment in image data or after it; `rest` starts at its length.
    pub(super) fn found(
        &mut self,
        scan: &mut Scan<'_>,
        marker: u8,
        rest: Range<u64>,
        ended: bool,
    ) -> Result<(), ScanError> {
        let head = scan.some(rest.start, super::SIGNATURE, &rest)?;
        let Some(size) = Endian::Big.u16(&head, 0) else { return Ok(()) };
        let end = rest.start.saturating_add(u64::from(size.max(2))).min(rest.end);
        let body = rest.start.saturating_add(2).min(end)..end;
        match kind(head.get(2..).unwrap_or_default()) {
            // After the image any two bytes look like a comment.
            Kind::Other if marker == COMMENT && !ended => other(scan, marker, &[], body),
            Kind::Other => Ok(()),
            known => {
                scan.step()?;
                self.known(scan, known, body)
            }
        }
    }

    fn known(&mut self, scan: &mut Scan<'_>, kind: Kind, body: Range<u64>) -> Result<(), ScanError> {
        match kind {
            Kind::Exif(at) => tiff::scan_or_blank(scan, after(&body, at)),
            Kind::Xmp(at) => xmp::scan_or_blank(scan, after(&body, at)),
            Kind::ExtendedXmp => self.extend(scan, &body),
            Kind::Photoshop => {
                self.photoshop.push(after(&body, PHOTOSHOP.len() as u64));
                Ok(())
            }
            Kind::Flir => {
                self.flir.push(after(&body, flir::HEADER));
                Ok(())
            }
            Kind::Ricoh => ricoh::scan(scan, after(&body, ricoh::SIGNATURE.len() as u64)),
            Kind::Manifest => manifest(scan, body),
            Kind::Other => Ok(()),
        }
    }

    /// One part of an extended packet: its identifier, the size of the whole, the part's offset, the part.
    fn extend(&mut self, scan: &mut Scan<'_>, body: &Range<u64>) -> Result<(), ScanError> {
        let Some(head) = part(body, EXTENDED.len() as u64, 40) else { return Ok(()) };
        let content = head.end..body.end;
        let head = scan.bytes(head)?;
        let (Some(guid), Some(offset)) = (array::<GUID>(&head, 0), Endian::Big.u32(&head, 36)) else {
            return Ok(());
        };
        // A part that is there twice begins another packet: the second image has its own.
        let full = self.extended.len() >= MAX_EXTENDED;
        let group = self.extended.iter_mut().rev().find(|group| group.guid == guid);
        match group.filter(|group| !group.parts.contains_key(&offset)) {
            Some(group) => {
                group.parts.insert(offset, content);
            }
            None if full => return Err(ScanError::Budget("extended XMP packets")),
            None => {
                self.extended.push(Extended { guid, parts: BTreeMap::from([(offset, content)]) });
            }
        }
        Ok(())
    }

    /// Scans what was collected.
    pub(super) fn finish(self, scan: &mut Scan<'_>) -> Result<(), ScanError> {
        for group in self.extended {
            let parts: Vec<_> = group.parts.into_values().collect();
            joined(scan, &parts, xmp::scan)?;
        }
        if !self.photoshop.is_empty() {
            joined(scan, &self.photoshop, iptc::resources)?;
        }
        if !self.flir.is_empty() {
            joined(scan, &self.flir, flir::scan)?;
        }
        Ok(())
    }
}

/// Scans parts as one text, and fills them with spaces where that cannot be done.
fn joined(
    scan: &mut Scan<'_>,
    parts: &[Range<u64>],
    inner: fn(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    let mark = scan.mark();
    match scan.joined(parts, inner) {
        Err(ScanError::Malformed(_)) => {
            scan.rewind(mark);
            parts.iter().try_for_each(|part| scan.patch(part.start, Fill::Spaces(length(part))))
        }
        result => result,
    }
}

/// A part of a manifest: its places are overwritten at their length.
fn manifest(scan: &mut Scan<'_>, body: Range<u64>) -> Result<(), ScanError> {
    let bytes = scan.bytes(body.clone())?;
    for (at, fill) in iso::manifest_places(&bytes) {
        scan.patch(body.start.saturating_add(at as u64), fill)?;
    }
    Ok(())
}

/// A segment of a vendor, or a comment: emptied where it tells a place.
fn other(scan: &mut Scan<'_>, marker: u8, head: &[u8], body: Range<u64>) -> Result<(), ScanError> {
    if INNOCENT.iter().any(|signature| head.starts_with(signature)) {
        return Ok(());
    }
    let bytes = scan.bytes(body.clone())?;
    if !patterns::text(&bytes) && patterns::search(scan, &body)?.is_none() {
        return Ok(());
    }
    let fill = if marker == COMMENT { Fill::Spaces(length(&body)) } else { Fill::Zeros(length(&body)) };
    scan.patch(body.start, fill)
}
