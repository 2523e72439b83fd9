//! The state of one scan: the file, what was spent, and the patches found so far.
//!
//! Scanners are functions `scan(&mut Scan, Range<u64>)` over a range of the file. They nest (a TIFF block in a JPEG
//! in an MP4), and whatever one of them does not understand it reports, so that the caller can blank the region
//! whose bounds it knows, or give the file up.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::joined::Joined;
use super::shown::Shown;
use super::{Budget, Classes, Fill, Patch, Patches, ReadAt, ScanError};

/// One scan of one file.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    source: &'a dyn ReadAt,
    left: Budget,
    /// What is to be hidden.
    hide: Classes,
    /// What is told where a scanner is at work.
    told: Classes,
    patches: Vec<Patch>,
    /// Coordinates that were hidden, as they stood.
    coordinates: Vec<Vec<u8>>,
}

/// More bytes than are read together.
const MOST_TOGETHER: u64 = 48 << 20;
/// Bytes looked at together where any number of them may be.
const BLOCK: u64 = 1 << 20;
/// Differences with fewer equal bytes than this between them are one replacement.
const GAP: usize = 16;
/// More different coordinates than one file is searched for.
const MAX_COORDINATES: usize = 16;

impl<'a> Scan<'a> {
    /// A scan that hides all.
    #[cfg(test)]
    pub(super) fn new(source: &'a dyn ReadAt, budget: Budget) -> Scan<'a> {
        Scan::hiding(source, budget, Classes::ALL)
    }

    /// A scan that hides these classes.
    pub(super) fn hiding(source: &'a dyn ReadAt, budget: Budget, hide: Classes) -> Scan<'a> {
        let (patches, coordinates) = (Vec::new(), Vec::new());
        Scan { source, left: budget, hide, told: Classes::ALL, patches, coordinates }
    }

    /// Whether any of these is to be hidden.
    pub(super) fn hides(&self, classes: Classes) -> bool {
        self.hide.meets(classes)
    }

    /// What is to be hidden.
    pub(super) fn hidden(&self) -> Classes {
        self.hide
    }

    /// Runs a scanner over what tells nothing but these.
    pub(super) fn of<T>(&mut self, classes: Classes, inner: impl FnOnce(&mut Scan<'a>) -> T) -> T {
        let before = self.tell(classes);
        let result = inner(self);
        self.tell(before);
        result
    }

    /// What is replaced from now on tells these; answers with what it told before.
    pub(super) fn tell(&mut self, classes: Classes) -> Classes {
        std::mem::replace(&mut self.told, classes)
    }

    /// The whole file.
    pub(super) fn whole(&self) -> Range<u64> {
        0..self.source.size()
    }

    /// Exactly the bytes of `range`; a range that passes the end of the file is malformed.
    pub(super) fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u8>, ScanError> {
        let length = range.end.checked_sub(range.start).ok_or(ScanError::Malformed("range"))?;
        if range.end > self.source.size() {
            return Err(ScanError::Malformed("range beyond the end of the file"));
        }
        let length = usize::try_from(length).map_err(|_| ScanError::Budget("bytes read"))?;
        if length as u64 > self.left.bytes {
            return Err(ScanError::Budget("bytes read"));
        }
        if length as u64 > MOST_TOGETHER {
            return Err(ScanError::Budget("bytes in memory"));
        }
        let mut buffer = vec![0; length];
        self.fill(range.start, &mut buffer)?;
        Ok(buffer)
    }

    /// Fills `buffer` from `start` on; past the end of the file is malformed.
    pub(super) fn fill(&mut self, start: u64, buffer: &mut [u8]) -> Result<(), ScanError> {
        let length = buffer.len();
        self.left.bytes =
            self.left.bytes.checked_sub(length as u64).ok_or(ScanError::Budget("bytes read"))?;
        let mut filled = 0usize;
        while filled < length {
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            match self.source.read_at(start.saturating_add(filled as u64), rest)? {
                0 => return Err(ScanError::Malformed("file that shrank")),
                count => filled = filled.saturating_add(count),
            }
        }
        Ok(())
    }

    /// Up to `count` bytes from `start`, fewer where `within` ends.
    pub(super) fn some(&mut self, start: u64, count: u64, within: &Range<u64>) -> Result<Vec<u8>, ScanError> {
        let end = start.saturating_add(count).min(within.end).min(self.source.size());
        self.bytes(start.min(end)..end)
    }

    /// Counts one directory, box, segment or chunk.
    pub(super) fn step(&mut self) -> Result<(), ScanError> {
        self.steps(1)
    }

    /// Counts so many of them.
    pub(super) fn steps(&mut self, count: usize) -> Result<(), ScanError> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.left.steps = self.left.steps.checked_sub(count).ok_or(ScanError::Budget("parts of the file"))?;
        Ok(())
    }

    /// Counts bytes that decompression is about to yield.
    pub(super) fn inflate(&mut self, count: u64) -> Result<(), ScanError> {
        self.left.inflated =
            self.left.inflated.checked_sub(count).ok_or(ScanError::Budget("inflated bytes"))?;
        Ok(())
    }

    /// Runs a scanner one level deeper.
    pub(super) fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Scan<'a>) -> Result<T, ScanError>,
    ) -> Result<T, ScanError> {
        self.left.depth = self.left.depth.checked_sub(1).ok_or(ScanError::Budget("nesting"))?;
        let result = inner(self);
        self.left.depth = self.left.depth.saturating_add(1);
        result
    }

    /// Where the replacements that are found from now on begin; for [`Scan::patched`] and [`Scan::rewind`].
    pub(super) fn mark(&self) -> usize {
        self.patches.len()
    }

    /// The bytes of `range` with the replacements applied that were found since `mark`.
    pub(super) fn patched(&mut self, range: Range<u64>, mark: usize) -> Result<Vec<u8>, ScanError> {
        let start = range.start;
        let mut bytes = self.bytes(range)?;
        let found = self.patches.get(mark..).unwrap_or_default().to_vec();
        Patches::new(found).apply(start, &mut bytes);
        Ok(bytes)
    }

    /// The CRC-32 of parts that follow each other, before and after the replacements found since `mark`.
    pub(super) fn checksums(&mut self, parts: &[Range<u64>], mark: usize) -> Result<(u32, u32), ScanError> {
        let patches = Patches::new(self.patches.get(mark..).unwrap_or_default().to_vec());
        let (mut before, mut after) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
        for part in parts {
            let mut at = part.start;
            while at < part.end {
                let mut bytes = self.bytes(at..at.saturating_add(BLOCK).min(part.end))?;
                before.update(&bytes);
                patches.apply(at, &mut bytes);
                after.update(&bytes);
                at = at.saturating_add(bytes.len() as u64);
            }
        }
        Ok((before.finalize(), after.finalize()))
    }

    /// Replaces what differs between the bytes at `start` and as many others.
    pub(super) fn replace(&mut self, start: u64, old: &[u8], new: &[u8]) -> Result<(), ScanError> {
        let mut pending: Option<Range<usize>> = None;
        for (at, _) in old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new) {
            match &mut pending {
                Some(run) if at.saturating_sub(run.end) < GAP => run.end = at.saturating_add(1),
                run => {
                    let ended = run.replace(at..at.saturating_add(1));
                    self.replace_run(start, new, ended)?;
                }
            }
        }
        self.replace_run(start, new, pending)
    }

    fn replace_run(&mut self, start: u64, new: &[u8], run: Option<Range<usize>>) -> Result<(), ScanError> {
        let Some(run) = run else { return Ok(()) };
        let offset = start.saturating_add(run.start as u64);
        self.patch(offset, Fill::Bytes(new.get(run).unwrap_or_default().into()))
    }

    /// Forgets the replacements found since `mark`.
    pub(super) fn rewind(&mut self, mark: usize) {
        self.patches.truncate(mark);
    }

    /// Keeps a coordinate that is being hidden, so that stale copies of it can be found.
    pub(super) fn remember(&mut self, coordinate: Vec<u8>) {
        let distinct = coordinate.iter().filter(|byte| **byte != 0).count() >= 6;
        if distinct && self.coordinates.len() < MAX_COORDINATES && !self.coordinates.contains(&coordinate) {
            self.coordinates.push(coordinate);
        }
    }

    /// The coordinates that were hidden.
    pub(super) fn coordinates(&self) -> &[Vec<u8>] {
        &self.coordinates
    }

    /// Takes away the replacements found since `mark`.
    pub(super) fn take(&mut self, mark: usize) -> Vec<Patch> {
        self.patches.split_off(mark.min(self.patches.len()))
    }

    /// Whether the replacements found since `mark` replace every byte of `others`.
    pub(super) fn covers(&self, mark: usize, others: &[Patch]) -> bool {
        if others.is_empty() {
            return true;
        }
        let patches = Patches::new(self.patches.get(mark..).unwrap_or_default().to_vec());
        others.iter().all(|other| patches.covers(other.offset..other.end()))
    }

    /// Runs a scanner over bytes that are not in the file as they are (inflated, decoded), at this scan's expense;
    /// answers with the replacements in those bytes.
    pub(super) fn inside<T>(
        &mut self,
        content: &dyn ReadAt,
        inner: impl FnOnce(&mut Scan<'_>) -> Result<T, ScanError>,
    ) -> Result<(T, Vec<Patch>), ScanError> {
        let depth = self.left.depth;
        let left = Budget { depth: depth.checked_sub(1).ok_or(ScanError::Budget("nesting"))?, ..self.left };
        let mut scan = Scan { told: self.told, ..Scan::hiding(content, left, self.hide) };
        let result = inner(&mut scan);
        self.left = Budget { depth, ..scan.left };
        for coordinate in std::mem::take(&mut scan.coordinates) {
            self.remember(coordinate);
        }
        Ok((result?, scan.patches))
    }

    /// Whether a scanner has nothing to change in the file as the replacements found since `mark` show it.
    pub(super) fn is_settled(
        &mut self,
        mark: usize,
        inner: impl FnOnce(&mut Scan<'_>) -> Result<(), ScanError>,
    ) -> Result<bool, ScanError> {
        let found = self.patches.get(mark..).unwrap_or_default().to_vec();
        if found.is_empty() {
            return Ok(true);
        }
        let shown = Shown::new(self.source, Patches::new(found));
        let looked = self.inside(&shown, |scan| {
            inner(scan)?;
            scan.changes_nothing()
        });
        match looked {
            Ok((nothing, _)) => Ok(nothing),
            Err(ScanError::Malformed(_) | ScanError::Found(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether all replacements are what stands there already.
    pub(super) fn changes_nothing(&mut self) -> Result<bool, ScanError> {
        if self.patches.is_empty() {
            return Ok(true);
        }
        let patches = Patches::new(self.patches.clone());
        for patch in patches.iter() {
            let before = self.bytes(patch.offset..patch.end())?;
            let mut after = before.clone();
            patches.apply(patch.offset, &mut after);
            if before != after {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs a scanner over parts of the file as if they followed each other.
    pub(super) fn joined(
        &mut self,
        parts: &[Range<u64>],
        inner: impl FnOnce(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        let joined = Joined::new(self.source, parts);
        let ((), patches) = self.inside(&joined, |scan| {
            let whole = scan.whole();
            inner(scan, whole)
        })?;
        for patch in patches {
            for (offset, fill) in joined.split(&patch) {
                self.of(patch.classes, |scan| scan.patch(offset, fill))?;
            }
        }
        Ok(())
    }

    /// Adds a replacement; an empty one is dropped. Where two overlap, the later one wins.
    pub(super) fn patch(&mut self, offset: u64, fill: Fill) -> Result<(), ScanError> {
        if fill.length() == 0 {
            return Ok(());
        }
        self.left.patches = self.left.patches.checked_sub(1).ok_or(ScanError::Budget("replacements"))?;
        self.patches.push(Patch { offset, fill, classes: self.told });
        Ok(())
    }

    /// The replacements in the order in which they were found.
    pub(super) fn finish(self) -> Vec<Patch> {
        self.patches
    }
}
