//! The walk through the directories of a block.
//!
//! First everything is looked at and what must stay is noted, then the GPS directories are emptied, and last the
//! embedded formats go to their scanners. A directory is visited once, so that loops end.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::ops::Range;

use super::keep::Keep;
use super::layout::{Directory, Entry, Layout};
use super::{gps, notes};
use crate::redact::bytes::length;
use crate::redact::scan::Scan;
use crate::redact::{Classes, Fill, ScanError, iptc, iso, jpeg, patterns, xmp};

/// Tag numbers: TIFF 6.0, Exif 2.32 section 4.6, Adobe TIFF technical notes, GeoTIFF 1.1.
mod tag {
    /// Description, user's comment; title, comment, author, keywords and subject as Windows writes them.
    pub(super) const TEXTS: [u16; 7] = [0x010e, 0x9286, 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f];
    pub(super) const MAKE: u16 = 0x010f;
    pub(super) const STRIP_OFFSETS: u16 = 0x0111;
    pub(super) const STRIP_BYTES: u16 = 0x0117;
    pub(super) const TILE_OFFSETS: u16 = 0x0144;
    pub(super) const TILE_BYTES: u16 = 0x0145;
    pub(super) const SUB_IFDS: u16 = 0x014a;
    pub(super) const PARAMETERS_IFD: u16 = 0x0190;
    pub(super) const JPEG_OFFSET: u16 = 0x0201;
    pub(super) const JPEG_BYTES: u16 = 0x0202;
    pub(super) const XMP: u16 = 0x02bc;
    pub(super) const PANASONIC_JPEG: u16 = 0x002e;
    pub(super) const IPTC: u16 = 0x83bb;
    pub(super) const AFCP_IPTC: u16 = 0x8568;
    pub(super) const PHOTOSHOP: u16 = 0x8649;
    pub(super) const EXIF_IFD: u16 = 0x8769;
    pub(super) const GPS_IFD: u16 = 0x8825;
    pub(super) const MAKER_NOTE: u16 = 0x927c;
    pub(super) const INTEROPERABILITY_IFD: u16 = 0xa005;
    pub(super) const DNG_PRIVATE: u16 = 0xc634;
    /// The next after the pointer to the GPS directory; nothing has it.
    pub(super) const UNASSIGNED: u16 = 0x8826;
    pub(super) const KODAK_IFD: u16 = 0xfe00;
    /// JPEG XR (ISO/IEC 29199-2, annex A): image data and its transparency.
    pub(super) const IMAGE_OFFSET: u16 = 0xbcc0;
    pub(super) const IMAGE_BYTES: u16 = 0xbcc1;
    pub(super) const ALPHA_OFFSET: u16 = 0xbcc2;
    pub(super) const ALPHA_BYTES: u16 = 0xbcc3;
    pub(super) const GEO: [u16; 6] = [33550, 33922, 34264, 34735, 34736, 34737];
}

/// How far the tags of GeoTIFF are moved to become ones that nobody has, in the same order: strict readers want their
/// entries in order.
const GEO_SHIFT: u16 = 3;
/// Kinds of value that are pointers to directories.
const POINTER_KINDS: [u16; 2] = [13, 18];
/// More strips or tiles than an image within the budget has.
const MAX_STRIPS: u64 = 1 << 18;
/// The longest description: it is held several times over.
const LONGEST_TEXT: u64 = 16 << 20;
/// More directories than one entry points to.
const MAX_POINTERS: u64 = 256;
/// A GPS directory with more entries than this points somewhere else: its pointer goes, and not all it covers.
const MAX_GPS_ENTRIES: usize = 512;
/// The tag of a GPS directory that tells nothing: the version of the scheme.
const VERSION: u16 = 0;
/// The last tag of a GPS directory (Exif 2.32, table 15).
const LAST_GPS_TAG: u16 = 0x1f;
/// The tags of a GPS directory that are a latitude or a longitude, and the bytes of their value: three fractions.
const COORDINATES: [u16; 4] = [0x02, 0x04, 0x14, 0x16];
const TRIPLE: u64 = 24;
/// Bytes that stand for a value whose kind nobody defines.
const UNKNOWN_VALUE: u64 = 64;

/// How a directory was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// Others may follow it.
    Chain,
    Single,
    Gps,
}

/// What lies in a value.
#[derive(Clone, Copy, Debug)]
enum Content {
    Xmp,
    Iptc,
    Photoshop,
    Note,
    /// A vendor's note in a file of another format than the camera's.
    Private,
    /// Words of a person or a program.
    Text,
    Jpeg,
    /// Image data that is a JPEG stream.
    JpegData,
}

#[derive(Debug)]
pub(super) struct Walk {
    layout: Layout,
    seen: HashSet<(u64, bool)>,
    todo: Vec<(u64, Role)>,
    keep: Keep,
    gps: Vec<(u64, Directory)>,
    /// The entries that point to GPS directories, and where to.
    pointers: Vec<(Range<u64>, Vec<u64>)>,
    geo: Vec<Entry>,
    contents: Vec<(Content, Range<u64>)>,
    make: Vec<u8>,
    /// The end of all that was seen.
    end: u64,
}

impl Walk {
    pub(super) fn new(layout: Layout) -> Walk {
        Walk {
            layout,
            seen: HashSet::new(),
            todo: Vec::new(),
            keep: Keep::default(),
            gps: Vec::new(),
            pointers: Vec::new(),
            geo: Vec::new(),
            contents: Vec::new(),
            make: Vec::new(),
            end: 0,
        }
    }

    /// Walks all directories from the one at `first` on; answers with the end of all that they know of.
    pub(super) fn run(mut self, scan: &mut Scan<'_>, first: u64) -> Result<u64, ScanError> {
        self.keep.add(self.layout.header());
        self.todo.push((first, Role::Chain));
        while let Some((offset, role)) = self.todo.pop() {
            if offset != 0 && self.seen.insert((offset, role == Role::Gps)) {
                self.visit(scan, offset, role)?;
            }
        }
        for (offset, directory) in std::mem::take(&mut self.gps) {
            if scan.hides(Classes::COORDINATES) {
                scan.of(Classes::FIX, |scan| self.empty(scan, offset, &directory))?;
            } else {
                self.thin(scan, &directory)?;
            }
        }
        for entry in std::mem::take(&mut self.geo) {
            let name = Fill::Bytes(self.layout.endian.put_u16(entry.tag.saturating_add(GEO_SHIFT)).into());
            scan.of(Classes::GEOTIFF, |scan| {
                scan.patch(entry.place.start, name)?;
                self.zero(scan, entry.value.as_ref())
            })?;
        }
        for (content, range) in std::mem::take(&mut self.contents) {
            self.descend(scan, content, range)?;
        }
        Ok(self.end)
    }

    fn visit(&mut self, scan: &mut Scan<'_>, offset: u64, role: Role) -> Result<(), ScanError> {
        let Some(directory) = self.layout.directory(scan, offset)? else { return Ok(()) };
        let values = directory.entries.iter().filter_map(|entry| entry.value.as_ref());
        let end = values.map(|value| value.end).max().unwrap_or(0).max(directory.span.end);
        self.end = self.end.max(end);
        if role == Role::Gps {
            self.gps.push((offset, directory));
            return Ok(());
        }
        self.keep.add(directory.span.clone());
        if role == Role::Chain {
            self.todo.push((directory.next, Role::Chain));
        }
        for entry in &directory.entries {
            self.entry(scan, entry)?;
        }
        self.images(scan, &directory)
    }

    fn entry(&mut self, scan: &mut Scan<'_>, entry: &Entry) -> Result<(), ScanError> {
        let content = match entry.tag {
            tag::GPS_IFD => return self.gps_pointer(scan, entry),
            tag::EXIF_IFD | tag::INTEROPERABILITY_IFD | tag::PARAMETERS_IFD | tag::KODAK_IFD => {
                return self.pointer(scan, entry, Role::Single);
            }
            tag::SUB_IFDS => return self.pointer(scan, entry, Role::Chain),
            tag::XMP => Content::Xmp,
            tag::IPTC | tag::AFCP_IPTC => Content::Iptc,
            tag::PHOTOSHOP => Content::Photoshop,
            tag::MAKER_NOTE => Content::Note,
            tag::PANASONIC_JPEG => Content::Jpeg,
            tag::DNG_PRIVATE => Content::Private,
            text if tag::TEXTS.contains(&text) => {
                self.keep.add(entry.value.clone().filter(|_| !entry.cut).unwrap_or_default());
                Content::Text
            }
            geo if tag::GEO.contains(&geo) && scan.hides(Classes::GEOTIFF) => {
                self.geo.push(entry.clone());
                return Ok(());
            }
            _ if POINTER_KINDS.contains(&entry.kind) => return self.pointer(scan, entry, Role::Single),
            other => {
                if let (tag::MAKE, Some(value)) = (other, &entry.value) {
                    self.make = scan.some(value.start, 64, value)?;
                }
                let value = entry.value.clone().unwrap_or_default();
                // A directory that is a GPS directory as well: nothing else has three fractions under these tags. A value
                // that goes on beyond the block claims what is not its own.
                if !(entry.cut || COORDINATES.contains(&other) && length(&value) == TRIPLE) {
                    self.keep.add(value);
                }
                return Ok(());
            }
        };
        if let Some(value) = &entry.value {
            self.contents.push((content, value.clone()));
        }
        Ok(())
    }

    fn pointer(&mut self, scan: &mut Scan<'_>, entry: &Entry, role: Role) -> Result<(), ScanError> {
        for offset in self.layout.numbers(scan, entry, MAX_POINTERS)? {
            scan.step()?;
            self.todo.push((offset, role));
        }
        self.keep.add(entry.value.clone().unwrap_or_default());
        Ok(())
    }

    /// Readers differ in whether they heed the kind of the pointer: both readings count.
    fn gps_pointer(&mut self, scan: &mut Scan<'_>, entry: &Entry) -> Result<(), ScanError> {
        let mut offsets = self.layout.numbers(scan, entry, MAX_POINTERS)?;
        offsets.extend(self.layout.endian.u32(&entry.field, 0).map(u64::from));
        if self.layout.big {
            offsets.extend(self.layout.endian.u64(&entry.field, 0));
        }
        for offset in &offsets {
            scan.step()?;
            self.todo.push((*offset, Role::Gps));
        }
        self.pointers.push((entry.place.clone(), offsets));
        Ok(())
    }

    /// Notes where the image data of a directory lies.
    fn images(&mut self, scan: &mut Scan<'_>, directory: &Directory) -> Result<(), ScanError> {
        let pairs = [
            (tag::STRIP_OFFSETS, tag::STRIP_BYTES),
            (tag::TILE_OFFSETS, tag::TILE_BYTES),
            (tag::JPEG_OFFSET, tag::JPEG_BYTES),
            (tag::IMAGE_OFFSET, tag::IMAGE_BYTES),
            (tag::ALPHA_OFFSET, tag::ALPHA_BYTES),
        ];
        for (at, bytes) in pairs {
            let named = |tag: u16| directory.entries.iter().find(move |entry| entry.tag == tag);
            let Some(offsets) = named(at) else { continue };
            let offsets = self.layout.numbers(scan, offsets, MAX_STRIPS)?;
            let sizes = match named(bytes) {
                Some(sizes) => self.layout.numbers(scan, sizes, MAX_STRIPS)?,
                None => Vec::new(),
            };
            let single = offsets.len() == 1;
            for (index, offset) in offsets.into_iter().enumerate() {
                scan.step()?;
                let start = self.layout.range.start.saturating_add(offset);
                let size = sizes.get(index).copied().unwrap_or(u64::MAX);
                let data = start..start.saturating_add(size).min(self.layout.range.end);
                if data.is_empty() {
                    continue;
                }
                if single && scan.some(data.start, 2, &data)? == [0xff, 0xd8] {
                    let content = if at == tag::JPEG_OFFSET { Content::Jpeg } else { Content::JpegData };
                    self.contents.push((content, data.clone()));
                }
                if sizes.get(index).is_some() {
                    self.end = self.end.max(data.end);
                    self.keep.add(data);
                }
            }
        }
        Ok(())
    }

    /// Empties a GPS directory.
    fn empty(&mut self, scan: &mut Scan<'_>, offset: u64, directory: &Directory) -> Result<(), ScanError> {
        if directory.entries.iter().all(|entry| entry.tag == VERSION) {
            return Ok(());
        }
        let regular = directory.entries.len() <= MAX_GPS_ENTRIES && self.keep.spares(&directory.span);
        if regular {
            self.zero(scan, Some(&directory.span))?;
        } else {
            let pointing = self.pointers.iter().filter(|(_, offsets)| offsets.contains(&offset));
            let places: Vec<_> = pointing.map(|(place, _)| place.clone()).collect();
            for place in places {
                self.rename(scan, &place)?;
            }
        }
        for entry in &directory.entries {
            if !regular && entry.tag > LAST_GPS_TAG {
                continue;
            }
            if COORDINATES.contains(&entry.tag)
                && let Some(value) = entry.value.as_ref().filter(|value| length(value) == TRIPLE)
            {
                let value = scan.bytes(value.clone())?;
                scan.remember(value);
            }
            self.zero(scan, Some(&entry.place))?;
            self.zero_value(scan, entry)?;
        }
        Ok(())
    }

    /// Zeros the value of an entry, also as readers take it that heed no unknown kind.
    fn zero_value(&mut self, scan: &mut Scan<'_>, entry: &Entry) -> Result<(), ScanError> {
        self.zero(scan, entry.value.as_ref())?;
        if entry.kind == 0 || entry.kind > 18 {
            let at = self.layout.endian.u32(&entry.field, 0).map_or(0, u64::from);
            let start = self.layout.range.start.saturating_add(at);
            let value = start..start.saturating_add(UNKNOWN_VALUE).min(self.layout.range.end);
            self.zero(scan, Some(&value).filter(|value| at != 0 && !value.is_empty()))?;
        }
        Ok(())
    }

    /// Takes out of a GPS directory what is to be hidden of it: such an entry has no value any more.
    fn thin(&mut self, scan: &mut Scan<'_>, directory: &Directory) -> Result<(), ScanError> {
        let told = |entry: &&Entry| {
            entry.tag != VERSION && entry.value.as_ref().is_none_or(|value| !value.is_empty())
        };
        for entry in directory.entries.iter().filter(told) {
            let classes = gps::classes(entry.tag);
            if scan.hides(classes) {
                let count = entry.place.start.saturating_add(4)..entry.place.end;
                scan.of(classes, |scan| {
                    self.zero_value(scan, entry)?;
                    self.zero(scan, Some(&count))
                })?;
            }
        }
        Ok(())
    }

    /// Zeros what of a range need not stay.
    fn zero(&mut self, scan: &mut Scan<'_>, range: Option<&Range<u64>>) -> Result<(), ScanError> {
        let Some(range) = range else { return Ok(()) };
        for free in self.keep.without(range) {
            scan.patch(free.start, Fill::Zeros(length(&free)))?;
        }
        Ok(())
    }

    /// Turns a pointer into an entry that nobody reads, whose place in the order is the same.
    fn rename(&self, scan: &mut Scan<'_>, place: &Range<u64>) -> Result<(), ScanError> {
        let name = [self.layout.endian.put_u16(tag::UNASSIGNED), self.layout.endian.put_u16(7)].concat();
        scan.patch(place.start, Fill::Bytes(name.into()))
    }

    fn descend(&self, scan: &mut Scan<'_>, content: Content, range: Range<u64>) -> Result<(), ScanError> {
        match content {
            Content::Xmp => xmp::scan_or_blank(scan, range),
            Content::Iptc => iptc::datasets(scan, range),
            Content::Photoshop => iptc::resources(scan, range),
            Content::Note => {
                notes::copies(scan, &range)?;
                notes::scan(scan, &self.layout, &range, &self.make)
            }
            Content::Private => notes::private(scan, &self.layout, &range, &self.make),
            Content::Text => described(scan, range),
            Content::Jpeg => jpeg::scan(scan, range),
            Content::JpegData => jpeg::scan_header(scan, range),
        }
    }
}

/// Hides coordinates that stand in a description, and only them.
///
/// Coordinates are ASCII: in UTF-16, of either order, every second byte tells them, and spaces there leave the others
/// whole.
fn described(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    if length(&range) > LONGEST_TEXT {
        return Err(ScanError::Budget("bytes of text"));
    }
    let bytes = scan.bytes(range.clone())?;
    for (phase, unit) in [(0usize, 1usize), (0, 2), (1, 2)] {
        let narrow: Vec<u8> = bytes.iter().copied().skip(phase).step_by(unit).collect();
        if !patterns::text(&narrow) {
            continue;
        }
        for at in iso::coordinates(&narrow).into_iter().flatten() {
            let place = at.saturating_mul(unit).saturating_add(phase) as u64;
            scan.patch(range.start.saturating_add(place), Fill::Spaces(1))?;
        }
    }
    Ok(())
}
