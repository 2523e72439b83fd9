//! Replacements in order: how they are united, applied to a buffer, and stored.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Fill, Patch};

#[cfg(test)]
mod tests;

/// Replacements in ascending order that do not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Patches(Vec<Patch>);

impl Patches {
    /// Puts replacements in order; where two overlap the later one of the list wins.
    pub fn new(mut found: Vec<Patch>) -> Patches {
        found.retain(|patch| patch.fill.length() > 0);
        let ordered =
            found.windows(2).all(|pair| matches!(pair, [first, second] if first.end() <= second.offset));
        if ordered {
            return Patches(merged(found.into_iter()));
        }
        let mut taken: BTreeMap<u64, Patch> = BTreeMap::new();
        for patch in found.into_iter().rev() {
            for piece in uncovered(&taken, &patch) {
                taken.insert(piece.offset, piece);
            }
        }
        Patches(merged(taken.into_values()))
    }

    /// These replacements and then `more`, which win.
    pub(super) fn followed_by(self, more: Patches) -> Patches {
        Patches::new(self.0.into_iter().chain(more.0).collect())
    }

    /// Changes `buffer`, whose first byte is the byte `offset` of the file.
    pub fn apply(&self, offset: u64, buffer: &mut [u8]) {
        let end = offset.saturating_add(buffer.len() as u64);
        let first = self.0.partition_point(|patch| patch.end() <= offset);
        for patch in self.0.get(first..).unwrap_or_default().iter().take_while(|patch| patch.offset < end) {
            let from = patch.offset.max(offset);
            let to = patch.end().min(end);
            let target = usize::try_from(from.saturating_sub(offset))
                .ok()
                .zip(usize::try_from(to.saturating_sub(offset)).ok())
                .and_then(|(from, to)| buffer.get_mut(from..to));
            let Some(target) = target else { continue };
            match &patch.fill {
                Fill::Zeros(_) => target.fill(0),
                Fill::Spaces(_) => target.fill(b' '),
                Fill::Bytes(bytes) => {
                    let skip = usize::try_from(from.saturating_sub(patch.offset)).unwrap_or(usize::MAX);
                    for (to, from) in target.iter_mut().zip(bytes.iter().skip(skip)) {
                        *to = *from;
                    }
                }
            }
        }
    }

    /// Whether every byte of `range` is replaced.
    pub(super) fn covers(&self, range: Range<u64>) -> bool {
        let first = self.0.partition_point(|patch| patch.end() <= range.start);
        let mut at = range.start;
        for patch in self.0.get(first..).unwrap_or_default() {
            if patch.offset > at {
                break;
            }
            at = patch.end();
            if at >= range.end {
                return true;
            }
        }
        range.is_empty()
    }

    /// Whether any byte of `range` is replaced.
    pub(super) fn meets(&self, range: &Range<u64>) -> bool {
        let first = self.0.partition_point(|patch| patch.end() <= range.start);
        self.0.get(first).is_some_and(|patch| patch.offset < range.end)
    }

    /// The replacements in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &Patch> {
        self.0.iter()
    }

    /// How many replacements there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are replaced.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, patch| sum.saturating_add(patch.fill.length()))
    }

    /// The byte after the last that is replaced; zero where nothing is.
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, Patch::end)
    }
}

/// The pieces of `patch` that nothing in `taken` covers.
fn uncovered(taken: &BTreeMap<u64, Patch>, patch: &Patch) -> Vec<Patch> {
    let end = patch.end();
    let mut at = patch.offset;
    let before = taken.range(..=at).next_back();
    if let Some((_, earlier)) = before {
        at = at.max(earlier.end());
    }
    let mut pieces = Vec::new();
    let mut keep = |from: u64, to: u64| {
        if from < to {
            let fill = patch.fill.part(from.saturating_sub(patch.offset), to.saturating_sub(patch.offset));
            pieces.push(Patch { offset: from, fill, classes: patch.classes });
        }
    };
    for other in taken.range(patch.offset.saturating_add(1)..end.max(patch.offset.saturating_add(1))) {
        keep(at, *other.0);
        at = at.max(other.1.end());
    }
    keep(at, end);
    pieces
}

/// Unites neighbours of one kind and of the same classes.
fn merged(ordered: impl Iterator<Item = Patch>) -> Vec<Patch> {
    let mut result: Vec<Patch> = Vec::new();
    for patch in ordered {
        let beside = |last: &&mut Patch| last.end() == patch.offset && last.classes == patch.classes;
        let Some(last) = result.last_mut().filter(beside) else {
            result.push(patch);
            continue;
        };
        match (&mut last.fill, &patch.fill) {
            (Fill::Zeros(count), Fill::Zeros(more)) | (Fill::Spaces(count), Fill::Spaces(more)) => {
                *count = count.saturating_add(*more);
            }
            (Fill::Zeros(_) | Fill::Spaces(_) | Fill::Bytes(_), _) => result.push(patch),
        }
    }
    result
}
