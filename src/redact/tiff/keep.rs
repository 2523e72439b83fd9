//! The bytes of a block that must stay as they are.

#![forbid(unsafe_code)]

use std::ops::Range;

/// Ranges of the file, united when asked.
#[derive(Debug, Default)]
pub(super) struct Keep {
    ranges: Vec<Range<u64>>,
    sorted: bool,
}

impl Keep {
    pub(super) fn add(&mut self, range: Range<u64>) {
        if range.start < range.end {
            self.ranges.push(range);
            self.sorted = false;
        }
    }

    /// What of `range` is not kept.
    pub(super) fn without(&mut self, range: &Range<u64>) -> Vec<Range<u64>> {
        self.sort();
        let mut at = range.start;
        let mut free = Vec::new();
        let first = self.ranges.partition_point(|kept| kept.end <= range.start);
        for kept in self.ranges.get(first..).unwrap_or_default() {
            if kept.start >= range.end {
                break;
            }
            if at < kept.start {
                free.push(at..kept.start);
            }
            at = at.max(kept.end);
        }
        if at < range.end {
            free.push(at..range.end);
        }
        free
    }

    /// Whether nothing of `range` is kept.
    pub(super) fn spares(&mut self, range: &Range<u64>) -> bool {
        self.without(range).as_slice() == [range.clone()]
    }

    fn sort(&mut self) {
        if self.sorted {
            return;
        }
        self.ranges.sort_by_key(|range| range.start);
        let mut united: Vec<Range<u64>> = Vec::with_capacity(self.ranges.len());
        for range in self.ranges.drain(..) {
            match united.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => united.push(range),
            }
        }
        self.ranges = united;
        self.sorted = true;
    }
}
