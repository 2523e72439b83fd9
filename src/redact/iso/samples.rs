//! Where the samples of a track lie (ISO/IEC 14496-12, 8.7): chunk offsets, samples per chunk, sample sizes.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::Endian;

use super::Iso;
use super::boxes::BoxAt;
use super::track::Track;

/// Most samples of a location track that are followed: half a day at ten a second.
const SAMPLES: usize = 1 << 19;

/// The longest sample table of such a track.
const LONGEST: u64 = 4 << 20;

/// The sample tables of one track.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// First chunk (from 1) and samples per chunk from there on.
    runs: Vec<(u64, u64)>,
    sizes: Sizes,
    /// Offsets in the ISO file.
    chunks: Vec<u64>,
    base: u64,
    end: u64,
}

#[derive(Debug)]
enum Sizes {
    Uniform(u64, u64),
    Each(Vec<u64>),
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes::Each(Vec::new())
    }
}

impl Sizes {
    fn count(&self) -> u64 {
        match self {
            Sizes::Uniform(_, count) => *count,
            Sizes::Each(sizes) => sizes.len() as u64,
        }
    }

    /// Bytes of `count` samples from `first` on.
    fn total(&self, first: u64, count: u64) -> u64 {
        let count = count.min(self.count().saturating_sub(first));
        match self {
            Sizes::Uniform(size, _) => size.saturating_mul(count),
            Sizes::Each(sizes) => {
                let from = usize::try_from(first).unwrap_or(usize::MAX).min(sizes.len());
                let to = from.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)).min(sizes.len());
                sizes
                    .get(from..to)
                    .unwrap_or_default()
                    .iter()
                    .fold(0, |sum: u64, size| sum.saturating_add(*size))
            }
        }
    }
}

impl Layout {
    /// Reads the tables. A track may be without samples; it may not have two tables of one kind, because readers
    /// differ in which of them they take.
    pub(super) fn read(iso: &mut Iso<'_, '_>, track: &Track) -> Result<Layout, ScanError> {
        let (Some(runs), Some(sizes), Some(chunks)) =
            (single(&track.chunks)?, single(&track.sizes)?, single(&track.offsets)?)
        else {
            return Ok(Layout::default());
        };
        let bytes = table(iso, &runs)?;
        let runs = entries(&bytes, 12).map(|entry| (word(entry, 0), word(entry, 4))).collect();
        let sizes = read_sizes(iso, &sizes)?;
        let wide = chunks.kind == *b"co64";
        let bytes = table(iso, &chunks)?;
        let chunks = if wide {
            entries(&bytes, 8).map(|entry| Endian::Big.u64(entry, 0).unwrap_or_default()).collect()
        } else {
            entries(&bytes, 4).map(|entry| word(entry, 0)).collect()
        };
        Ok(Layout { runs, sizes, chunks, base: iso.file.start, end: iso.file.end })
    }

    /// The stretch of each chunk; what passes the end of the file is cut.
    pub(super) fn chunks(&self) -> Vec<Range<u64>> {
        self.spans().map(|(range, _, _)| range).collect()
    }

    /// Each sample, in order.
    pub(super) fn samples(&self) -> Result<Vec<Range<u64>>, ScanError> {
        let mut samples = Vec::new();
        for (range, first, count) in self.spans() {
            let mut at = range.start;
            for sample in first..first.saturating_add(count).min(self.sizes.count()) {
                let end = at.saturating_add(self.sizes.total(sample, 1)).min(range.end);
                if at < end {
                    samples.push(at..end);
                }
                at = end;
                if samples.len() > SAMPLES || at >= range.end {
                    break;
                }
            }
            if samples.len() > SAMPLES {
                return Err(ScanError::Budget("samples of a metadata track"));
            }
        }
        Ok(samples)
    }

    /// Range, first sample and number of samples of each chunk.
    fn spans(&self) -> impl Iterator<Item = (Range<u64>, u64, u64)> {
        let mut first = 0u64;
        let mut run = 0usize;
        self.chunks.iter().zip(1u64..).map_while(move |(offset, number)| {
            while self.runs.get(run.saturating_add(1)).is_some_and(|(from, _)| *from <= number) {
                run = run.saturating_add(1);
            }
            let (_, per_chunk) = self.runs.get(run)?;
            if first >= self.sizes.count() {
                return None;
            }
            let start = self.base.saturating_add(*offset).min(self.end);
            let end = start.saturating_add(self.sizes.total(first, *per_chunk)).min(self.end);
            let span = (start..end, first, *per_chunk);
            first = first.saturating_add(*per_chunk);
            Some(span)
        })
    }
}

/// The bytes of a table that is not too long to be followed.
fn table(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Vec<u8>, ScanError> {
    let range = found.full();
    if range.end.saturating_sub(range.start) > LONGEST {
        return Err(ScanError::Budget("bytes of a sample table"));
    }
    iso.bytes(range)
}

fn single(tables: &[BoxAt]) -> Result<Option<BoxAt>, ScanError> {
    match tables {
        [] => Ok(None),
        [table] => Ok(Some(*table)),
        _ => Err(ScanError::Malformed("sample table that is there twice")),
    }
}

/// The entries of a table after its count; no more than there are.
fn entries(bytes: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    let count = usize::try_from(word(bytes, 0)).unwrap_or(usize::MAX);
    bytes.get(4..).unwrap_or_default().chunks_exact(size).take(count)
}

fn word(bytes: &[u8], at: usize) -> u64 {
    Endian::Big.u32(bytes, at).map(u64::from).unwrap_or_default()
}

/// `stsz` and the compact `stz2`, whose sizes have 4, 8 or 16 bits.
fn read_sizes(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Sizes, ScanError> {
    let bytes = table(iso, found)?;
    let rest = bytes.get(4..).unwrap_or_default();
    if found.kind == *b"stsz" {
        let uniform = word(&bytes, 0);
        return Ok(if uniform > 0 {
            Sizes::Uniform(uniform, word(&bytes, 4))
        } else {
            Sizes::Each(entries(rest, 4).map(|entry| word(entry, 0)).collect())
        });
    }
    if word(rest, 0) > SAMPLES as u64 {
        return Err(ScanError::Budget("samples of a metadata track"));
    }
    let each = match bytes.get(3) {
        Some(16) => {
            entries(rest, 2).map(|e| Endian::Big.u16(e, 0).map(u64::from).unwrap_or_default()).collect()
        }
        Some(8) => entries(rest, 1).map(|e| e.first().copied().map(u64::from).unwrap_or_default()).collect(),
        Some(4) => {
            let table = rest.get(4..).unwrap_or_default();
            let halves = table.iter().flat_map(|byte| [u64::from(byte >> 4), u64::from(byte & 15)]);
            halves.take(usize::try_from(word(rest, 0)).unwrap_or(usize::MAX)).collect()
        }
        _ => return Err(ScanError::Malformed("sample sizes")),
    };
    Ok(Sizes::Each(each))
}
