//! What holds for every input, whatever its bytes are; shared by the fuzz targets and the test of the regressions.

#![forbid(unsafe_code)]

use std::alloc::System;
use std::cell::Cell;
use std::io;

use peakmem_alloc::{INSTRUMENTED_SYSTEM, PeakMemAlloc, PeakMemAllocTrait};

use crate::redact::{Budget, Patches, Plan, ReadAt, plan};

#[global_allocator]
static MEMORY: &PeakMemAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that making a plan may hold at a time.
const MOST_MEMORY: usize = 64 << 20;
/// How often the filter looks at a file at most.
const MOST_LOOKS: u64 = 5;

/// A file in memory that counts what is read of it.
#[derive(Debug)]
struct Counted<'a> {
    file: &'a [u8],
    read: Cell<u64>,
}

impl ReadAt for Counted<'_> {
    fn size(&self) -> u64 {
        self.file.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(offset, buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Checks the law on one file, and panics where it is broken.
///
/// A plan ends, within its budget, within 64 MiB of memory and within the file; it survives being stored; any read of
/// the file as it is shown is a part of the whole; and the file as it is shown is clean.
pub fn hold(file: &[u8], extension: Option<&str>) {
    let made = planned(file, extension);
    assert_eq!(Plan::decode(&made.encode()).as_ref(), Ok(&made), "a stored plan is another one");
    let Plan::Ranges(patches) = made else { return };
    assert!(!patches.is_empty(), "replacements that are none");
    assert!(patches.end() <= file.len() as u64, "replacements past the end");
    let mut shown = file.to_vec();
    patches.apply(0, &mut shown);
    assert_eq!(shown.len(), file.len(), "another size");
    parts_agree(file, &patches, &shown);
    let again = planned(&shown, extension);
    assert_eq!(again, Plan::Clean, "more is hidden the second time, after {patches:?}");
}

fn planned(file: &[u8], extension: Option<&str>) -> Plan {
    let counted = Counted { file, read: Cell::new(0) };
    MEMORY.reset_peak_memory();
    let Ok(made) = plan(&counted, extension, &Budget::STANDARD) else {
        panic!("memory cannot be read");
    };
    let memory = MEMORY.get_peak_memory();
    assert!(memory <= MOST_MEMORY, "{memory} bytes of memory at a time");
    let read = counted.read.get();
    assert!(read <= Budget::STANDARD.bytes * MOST_LOOKS, "{read} bytes read");
    made
}

/// Reads around the ends of the replacements, and some elsewhere.
fn parts_agree(file: &[u8], patches: &Patches, whole: &[u8]) {
    let edges = patches.iter().take(8).flat_map(|patch| [patch.offset, patch.end()]);
    let mut places: Vec<usize> = edges.filter_map(|edge| usize::try_from(edge).ok()).collect();
    places.extend((0..8).map(|step| file.len() / 8 * step));
    for (turn, place) in places.into_iter().enumerate() {
        let start = place.saturating_sub(turn % 5).min(file.len());
        let end = (start + turn * turn % 97).min(file.len());
        let mut part = file[start..end].to_vec();
        patches.apply(start as u64, &mut part);
        assert_eq!(part, whole[start..end], "a read of {start}..{end} is no part of the whole");
    }
}
