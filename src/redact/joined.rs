//! Parts of a file read as if they followed each other: a text that is split over segments or extents.

#![forbid(unsafe_code)]

use std::io;
use std::ops::Range;

use super::bytes::length;
use super::{Fill, Patch, ReadAt};

/// A view of some ranges of a file, one after the other.
#[derive(Debug)]
pub(super) struct Joined<'a> {
    source: &'a dyn ReadAt,
    /// Where each part begins in the view, and where it lies in the file.
    parts: Vec<(u64, Range<u64>)>,
    size: u64,
}

impl<'a> Joined<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, ranges: &[Range<u64>]) -> Joined<'a> {
        let mut size = 0u64;
        let mut parts = Vec::with_capacity(ranges.len());
        for range in ranges {
            parts.push((size, range.clone()));
            size = size.saturating_add(length(range));
        }
        Joined { source, parts, size }
    }

    /// Where in the file the bytes of a replacement in the view lie.
    pub(super) fn split(&self, patch: &Patch) -> Vec<(u64, Fill)> {
        let mut pieces = Vec::new();
        for (start, range) in self.touched(patch.offset, patch.end()) {
            let from = patch.offset.max(*start);
            let to = patch.end().min(start.saturating_add(length(range)));
            let fill = patch.fill.part(from.saturating_sub(patch.offset), to.saturating_sub(patch.offset));
            pieces.push((range.start.saturating_add(from.saturating_sub(*start)), fill));
        }
        pieces
    }

    /// The parts that hold any byte of `start..end`.
    fn touched(&self, start: u64, end: u64) -> impl Iterator<Item = &(u64, Range<u64>)> {
        let first = self.parts.partition_point(|(at, range)| at.saturating_add(length(range)) <= start);
        self.parts.get(first..).unwrap_or_default().iter().take_while(move |(at, _)| *at < end)
    }
}

impl ReadAt for Joined<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((start, range)) = self.touched(offset, self.size).next() else { return Ok(0) };
        let inside = offset.saturating_sub(*start);
        let rest = length(range).saturating_sub(inside);
        let count = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
        let target = buffer.get_mut(..count).unwrap_or_default();
        self.source.read_at(range.start.saturating_add(inside), target)
    }
}
