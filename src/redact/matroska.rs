//! Matroska and WebM: tags, attachments, texts, and the blocks of tracks that are neither pictures nor sound.
//!
//! An element that tells a place becomes `Void`, with its length, and the checksum of whatever holds it is renewed.
//! Clusters are walked only where a track is of text; the blocks of other tracks are never read.
//!
//! Sources: RFC 8794 (EBML), RFC 9559 (Matroska), the tag registry of the latter.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::scan::Scan;
use super::{ScanError, tag};
use element::{Element, next};

mod blocks;
mod element;
#[cfg(test)]
mod tests;
mod tracks;

/// Element identifiers.
mod id {
    pub(super) const SEGMENT: u64 = 0x1853_8067;
    pub(super) const CLUSTER: u64 = 0x1f43_b675;
    pub(super) const TRACKS: u64 = 0x1654_ae6b;
    pub(super) const TRACK: u64 = 0xae;
    pub(super) const TAGS: u64 = 0x1254_c367;
    pub(super) const TAG: u64 = 0x7373;
    pub(super) const SIMPLE_TAG: u64 = 0x67c8;
    pub(super) const TAG_NAME: u64 = 0x45a3;
    pub(super) const TAG_STRING: u64 = 0x4487;
    pub(super) const TAG_BINARY: u64 = 0x4485;
    pub(super) const ATTACHMENTS: u64 = 0x1941_a469;
    pub(super) const ATTACHED_FILE: u64 = 0x61a7;
    pub(super) const FILE_DATA: u64 = 0x465c;
    pub(super) const VOID: u64 = 0xec;
    pub(super) const CRC_32: u64 = 0xbf;
    /// Information, chapters, editions, chapter atoms, chapter displays.
    pub(super) const OTHER_PARENTS: [u64; 5] = [0x1549_a966, 0x1043_a770, 0x45b9, 0xb6, 0x80];
    /// Title, segment file name, writing and muxing application, chapter string, file description and name, track
    /// name, codec name.
    pub(super) const TEXTS: [u64; 9] =
        [0x7ba9, 0x7384, 0x5741, 0x4d80, 0x85, 0x467e, 0x466e, 0x536e, 0x25_8688];
    /// Seek head, cues, EBML header: offsets and numbers, without which the file cannot be read.
    pub(super) const STRUCTURE: [u64; 3] = [0x114d_9b74, 0x1c53_bb6b, 0x1a45_dfa3];
    /// What stands in a segment or before it, besides clusters and structure.
    pub(super) const UPPER: [u64; 6] = [TRACKS, TAGS, ATTACHMENTS, VOID, 0x1549_a966, 0x1043_a770];
    /// What stands in a cluster besides blocks: timestamp, position, previous size, silent tracks.
    pub(super) const CLUSTER_PARTS: [u64; 4] = [0xe7, 0xa7, 0xab, 0x5854];
    /// Simple block, block group, encrypted block.
    pub(super) const BLOCKS: [u64; 3] = [0xa3, 0xa0, 0xaf];
}

/// Hides the location in the Matroska file that fills `range`.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    let mut walk = Walk::default();
    walk.run(scan, range)?;
    blocks::scan(scan, &walk.tracks, &walk.clusters, &walk.blocks)?;
    if let Some(strange) = walk.strange {
        tag::absent_since(scan, &strange, mark)?;
    }
    if scan.mark() == mark {
        return Ok(());
    }
    // Checksums of what is too large to be read whole.
    walk.checksums.iter().try_for_each(|checksum| checksum.void(scan))
}

/// The walk through the elements of a file.
#[derive(Debug, Default)]
struct Walk {
    /// Tracks whose blocks are looked into.
    tracks: Vec<tracks::Track>,
    clusters: Vec<Element>,
    /// Blocks of clusters of unknown size.
    blocks: Vec<Element>,
    /// Checksums of segments and of clusters of unknown size.
    checksums: Vec<Element>,
    /// Whether the content of the attachment that is being walked cannot be made safe.
    lost: bool,
    /// What follows the first element that does not belong where it stands: perhaps there are no elements.
    strange: Option<Range<u64>>,
}

impl Walk {
    /// The elements of the file and of its segments and of clusters of unknown size: such a cluster ends where the
    /// next element of its level begins, so that its parts are walked like its siblings.
    fn run(&mut self, scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
        let mut rest = range.clone();
        while !rest.is_empty() {
            scan.step()?;
            // Where no element begins, all that is left is looked at.
            let Some(element) = next(scan, &rest)? else { return tag::absent(scan, &rest) };
            rest.start = element.body.end;
            match element.id {
                id::SEGMENT => rest.start = element.body.start,
                id::CLUSTER if element.open => rest.start = element.body.start,
                id::CLUSTER => self.clusters.push(element),
                id::CRC_32 => self.checksums.push(element),
                other if id::CLUSTER_PARTS.contains(&other) => {}
                other if id::BLOCKS.contains(&other) => self.blocks.push(element),
                other => {
                    if !id::UPPER.contains(&other) && !id::STRUCTURE.contains(&other) {
                        self.strange.get_or_insert(element.start..range.end);
                    }
                    self.visit(scan, &element)?;
                }
            }
        }
        Ok(())
    }

    /// One element that is not a cluster.
    fn visit(&mut self, scan: &mut Scan<'_>, element: &Element) -> Result<(), ScanError> {
        match element.id {
            id::SIMPLE_TAG => simple_tag(scan, element).map(|_| ()),
            id::TAGS | id::TAG | id::ATTACHMENTS | id::TRACKS => self.parent(scan, element),
            id::ATTACHED_FILE => self.attached_file(scan, element),
            id::TRACK => {
                let track = tracks::Track::read(scan, element)?;
                self.tracks.extend(track.filter(tracks::Track::is_looked_into));
                self.parent(scan, element)
            }
            id::FILE_DATA => {
                self.lost |= !tag::value(scan, element.body.clone())?;
                Ok(())
            }
            id::VOID => tag::stale(scan, &element.body),
            other if id::OTHER_PARENTS.contains(&other) => self.parent(scan, element),
            other if id::TEXTS.contains(&other) => tag::text(scan, element.body.clone()),
            tracks::CODEC_PRIVATE => tracks::private(scan, element.body.clone()),
            other if id::STRUCTURE.contains(&other) => tag::absent(scan, &element.body),
            _ => match tag::value(scan, element.body.clone())? {
                true => Ok(()),
                false => element.void(scan),
            },
        }
    }

    /// The elements in `element`, and its checksum.
    fn parent(&mut self, scan: &mut Scan<'_>, element: &Element) -> Result<(), ScanError> {
        scan.nested(|scan| {
            let mark = scan.mark();
            let mut rest = element.body.clone();
            let mut checksum = None;
            while !rest.is_empty() {
                scan.step()?;
                let Some(child) = next(scan, &rest)? else {
                    tag::stale(scan, &rest)?;
                    break;
                };
                rest.start = child.body.end;
                if child.id == id::CRC_32 {
                    checksum.get_or_insert(child);
                } else {
                    self.visit(scan, &child)?;
                }
            }
            element.renew(scan, checksum.as_ref(), mark)
        })
    }

    /// An attachment: a cover, a font, a text.
    fn attached_file(&mut self, scan: &mut Scan<'_>, element: &Element) -> Result<(), ScanError> {
        self.parent(scan, element)?;
        if std::mem::take(&mut self.lost) { element.void(scan) } else { Ok(()) }
    }
}

/// Hides the location in a tag and the tags in it; answers whether it became `Void`.
fn simple_tag(scan: &mut Scan<'_>, element: &Element) -> Result<bool, ScanError> {
    scan.nested(|scan| {
        let mark = scan.mark();
        let (mut name, mut values, mut nested, mut checksum) = (None, Vec::new(), Vec::new(), None);
        let mut rest = element.body.clone();
        let mut damaged = false;
        while !rest.is_empty() && !damaged {
            scan.step()?;
            let Some(child) = next(scan, &rest)? else {
                damaged = true;
                continue;
            };
            rest.start = child.body.end;
            match child.id {
                id::TAG_NAME => name = Some(scan.some(child.body.start, 256, &child.body)?),
                id::TAG_STRING | id::TAG_BINARY => values.push(child),
                id::SIMPLE_TAG => nested.push(child),
                id::CRC_32 => checksum = Some(child),
                _ => {}
            }
        }
        // A tag that the end of the file cuts may have lost its name.
        let place = name.as_deref().map_or(element.cut, tag::tells_place);
        let holds_others = !nested.is_empty() && name.as_deref().is_some_and(is_country);
        if damaged || (place && !holds_others) {
            element.void(scan)?;
            return Ok(true);
        }
        for value in values {
            if place {
                tag::blank(scan, value.body)?;
            } else if !tag::value(scan, value.body.clone())? {
                value.void(scan)?;
            }
        }
        for other in nested {
            simple_tag(scan, &other)?;
        }
        element.renew(scan, checksum.as_ref(), mark)?;
        Ok(false)
    })
}

/// Whether a tag is `COUNTRY`, which stands around tags that hold for that country: ratings, publishers, dates.
fn is_country(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"COUNTRY")
}
