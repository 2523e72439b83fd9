//! Ranges of a file in order: does another one meet them?

#![forbid(unsafe_code)]

use std::ops::Range;

/// Ranges sorted and joined, so that none meets another.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Range<u64>>);

impl Spans {
    pub(super) fn new(mut ranges: Vec<Range<u64>>) -> Spans {
        ranges.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        Spans(joined)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any byte of `range` is in them.
    pub(super) fn meet(&self, range: &Range<u64>) -> bool {
        self.last_before(range.end).is_some_and(|last| last.end > range.start && range.start < range.end)
    }

    /// Whether all of `range` is in one of them.
    pub(super) fn cover(&self, range: &Range<u64>) -> bool {
        self.last_before(range.start.saturating_add(1)).is_some_and(|last| range.end <= last.end)
    }

    /// The last one that begins before `end`.
    fn last_before(&self, end: u64) -> Option<&Range<u64>> {
        self.0.get(self.0.partition_point(|range| range.start < end).checked_sub(1)?)
    }
}

#[test]
fn spans_meet_and_cover() {
    let spans = Spans::new(vec![20..30, 0..5, 3..8, 8..10]);
    for (range, meets, covered) in [
        (0..10, true, true),
        (9..11, true, false),
        (10..20, false, false),
        (19..21, true, false),
        (25..30, true, true),
        (30..31, false, false),
        (4..4, false, true),
    ] {
        assert_eq!((spans.meet(&range), spans.cover(&range)), (meets, covered), "{range:?}");
    }
    assert!(!Spans::default().meet(&(0..9)) && Spans::new(Vec::new()).is_empty());
}
