//! A file whose parts are kept for a moment: scanners read a few bytes here and there, and each read of a file costs a
//! system call.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::io::{self, Read as _};

use super::ReadAt;

/// Bytes that are read together.
const PAGE: usize = 8 << 10;
/// How many pages are kept; the one that was read longest ago makes room.
const KEPT: usize = 8;

/// Another source, read in pages. What is no smaller than a page is read straight through.
///
/// That a page is older than what is read beside it makes no difference: whoever makes a plan compares the version of
/// the file before and after.
#[derive(Debug)]
pub(super) struct Paged<'a> {
    source: &'a dyn ReadAt,
    pages: RefCell<Vec<Page>>,
}

#[derive(Debug)]
struct Page {
    start: u64,
    /// Fewer than [`PAGE`] at the end of the file.
    bytes: Vec<u8>,
}

impl<'a> Paged<'a> {
    pub(super) fn new(source: &'a dyn ReadAt) -> Paged<'a> {
        Paged { source, pages: RefCell::default() }
    }

    /// Copies from the page that begins at `start`, `skip` bytes into it, as much as it has.
    fn copy(&self, start: u64, skip: usize, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pages = self.pages.borrow_mut();
        if let Some(page) = pages.iter().find(|page| page.start == start) {
            return page.copy(skip, buffer);
        }
        let reused = if pages.len() < KEPT { Vec::new() } else { pages.remove(0).bytes };
        let page = Page::read(self.source, start, reused)?;
        let count = page.copy(skip, buffer)?;
        pages.push(page);
        Ok(count)
    }
}

impl Page {
    fn read(source: &dyn ReadAt, start: u64, mut bytes: Vec<u8>) -> io::Result<Page> {
        bytes.resize(PAGE, 0);
        let count = source.read_at(start, &mut bytes)?;
        bytes.truncate(count);
        Ok(Page { start, bytes })
    }

    fn copy(&self, skip: usize, buffer: &mut [u8]) -> io::Result<usize> {
        (&mut self.bytes.get(skip..).unwrap_or_default()).read(buffer)
    }
}

impl ReadAt for Paged<'_> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.len() >= PAGE {
            return self.source.read_at(offset, buffer);
        }
        let mut filled = 0usize;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(filled as u64);
            let skip = at % PAGE as u64;
            match self.copy(at.saturating_sub(skip), usize::try_from(skip).unwrap_or(PAGE), rest)? {
                0 => break,
                count => filled = filled.saturating_add(count),
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test ends where something is not as it must be"
    )]

    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct Counted<'a> {
        bytes: &'a [u8],
        reads: Cell<usize>,
    }

    impl ReadAt for Counted<'_> {
        fn size(&self) -> u64 {
            self.bytes.size()
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.reads.set(self.reads.get() + 1);
            self.bytes.read_at(offset, buffer)
        }
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from((at / 7 + at) % 256).unwrap()).collect()
    }

    #[test]
    fn many_small_reads_are_few_reads_of_the_file() {
        let bytes = bytes(10 * PAGE);
        let counted = Counted { bytes: &bytes, reads: Cell::new(0) };
        let paged = Paged::new(&counted);
        for at in 0..PAGE + 100 {
            let mut four = [0; 4];
            assert_eq!(paged.read_at(at as u64, &mut four).unwrap(), 4);
            assert_eq!(four, bytes[at..at + 4]);
        }
        assert_eq!(counted.reads.get(), 2);
    }

    #[test]
    fn no_more_than_a_few_pages_are_kept() {
        let bytes = bytes(3 * KEPT * PAGE);
        let source = bytes.as_slice();
        let paged = Paged::new(&source);
        for at in (0..bytes.len()).step_by(PAGE / 2) {
            assert_eq!(paged.read_at(at as u64, &mut [0; 16]).unwrap(), 16);
        }
        assert_eq!(paged.pages.borrow().len(), KEPT);
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_is_there(
            length in 0..3 * PAGE,
            reads in prop::collection::vec((0..4 * PAGE, 0..2 * PAGE), 1..40),
        ) {
            let bytes = bytes(length);
            let source = bytes.as_slice();
            let paged = Paged::new(&source);
            for (offset, count) in reads {
                let (mut plain, mut through) = (vec![0; count], vec![0; count]);
                let expected = source.read_at(offset as u64, &mut plain).unwrap();
                prop_assert_eq!(paged.read_at(offset as u64, &mut through).unwrap(), expected);
                prop_assert_eq!(through, plain);
            }
        }
    }
}
