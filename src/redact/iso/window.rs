//! Small reads out of one larger one: box headers stand close together, and a read for each would cost more than
//! all the parsing.
//!
//! INVARIANT: it never reads past what a caller asks for by more than [`AHEAD`], so a walk over headers does not
//! pull in the samples between them.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::scan::Scan;

/// Bytes read at once.
const AHEAD: u64 = 2048;

/// The last piece of the file that was read.
#[derive(Debug, Default)]
pub(super) struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The bytes of `range`, which has to lie in `within`; what follows them there may be read ahead.
    pub(super) fn bytes(
        &mut self,
        scan: &mut Scan<'_>,
        range: Range<u64>,
        within: &Range<u64>,
    ) -> Result<&[u8], ScanError> {
        let count = range.end.saturating_sub(range.start);
        if self.held(&range).is_none() {
            let bytes = scan.some(range.start, count.max(AHEAD), within)?;
            self.start = range.start;
            self.bytes = bytes;
        }
        self.held(&range).ok_or(ScanError::Malformed("part beyond the end of its box"))
    }

    fn held(&self, range: &Range<u64>) -> Option<&[u8]> {
        let from = usize::try_from(range.start.checked_sub(self.start)?).ok()?;
        let to = usize::try_from(range.end.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..to)
    }
}
