//! The blocks of the tracks that are looked into.
//!
//! Of the blocks of other tracks only the headers are read.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::element::{Element, next, number};
use super::id;
use super::tracks::Track;
use crate::redact::bytes::after;
use crate::redact::scan::Scan;
use crate::redact::{ScanError, tag};

/// Blocks that cost as much as one part of the file: an hour of film has a hundred thousand.
const BLOCKS_A_STEP: u32 = 8;
/// Elements with blocks in them: a cluster, a block group, additions to a block, one addition.
const PARENTS: [u64; 4] = [id::CLUSTER, 0xa0, 0x75a1, 0xa6];
/// Simple block, block.
const BLOCK: [u64; 2] = [0xa3, 0xa1];

/// Hides the location in the blocks of `tracks`, which lie in `clusters` and among `loose`.
pub(super) fn scan(
    scan: &mut Scan<'_>,
    tracks: &[Track],
    clusters: &[Element],
    loose: &[Element],
) -> Result<(), ScanError> {
    if tracks.is_empty() {
        return Ok(());
    }
    let mut blocks = Blocks { tracks, visited: 0 };
    clusters.iter().chain(loose).try_for_each(|element| blocks.visit(scan, element))
}

#[derive(Debug)]
struct Blocks<'a> {
    tracks: &'a [Track],
    visited: u32,
}

impl Blocks<'_> {
    fn visit(&mut self, scan: &mut Scan<'_>, element: &Element) -> Result<(), ScanError> {
        self.visited = self.visited.wrapping_add(1);
        if self.visited.checked_rem(BLOCKS_A_STEP) == Some(0) {
            scan.step()?;
        }
        if BLOCK.contains(&element.id) {
            return self.block(scan, &element.body);
        }
        if !PARENTS.contains(&element.id) {
            return Ok(());
        }
        scan.nested(|scan| {
            let mark = scan.mark();
            let mut rest = element.body.clone();
            let mut checksum = None;
            while !rest.is_empty() {
                let Some(child) = next(scan, &rest)? else {
                    tag::no_text(scan, &rest)?;
                    break;
                };
                rest.start = child.body.end;
                self.visit(scan, &child)?;
                if child.id == id::CRC_32 {
                    checksum = Some(child);
                }
            }
            element.renew(scan, checksum.as_ref(), mark)
        })
    }

    /// A block: the number of its track, a time of two bytes, flags, content (RFC 9559, section 10).
    fn block(&self, scan: &mut Scan<'_>, body: &Range<u64>) -> Result<(), ScanError> {
        let head = scan.some(body.start, 8, body)?;
        let Some((track, bytes)) = number(&head, 8, false) else { return Ok(()) };
        let content = after(body, (bytes as u64).saturating_add(3));
        let mut tracks = self.tracks.iter().filter(|candidate| candidate.number == track);
        tracks.try_for_each(|track| track.block(scan, content.clone()))
    }
}
