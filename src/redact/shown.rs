//! A file as it is shown with the replacements that were found so far, for scanners to look at once more.

#![forbid(unsafe_code)]

use std::io;

use super::{Patches, ReadAt};

/// The bytes of a file with replacements applied.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    source: &'a dyn ReadAt,
    patches: Patches,
}

impl<'a> Shown<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, patches: Patches) -> Shown<'a> {
        Shown { source, patches }
    }

    pub(super) fn into_patches(self) -> Patches {
        self.patches
    }
}

impl ReadAt for Shown<'_> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(offset, buffer)?;
        self.patches.apply(offset, buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
