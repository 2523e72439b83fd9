//! Inflating a Brotli stream, and making one of exactly as many bytes for its changed form.
//!
//! Source: RFC 7932, sections 9.1 and 9.2: a stream may hold blocks of metadata, which decoders skip; an empty one that
//! begins at a byte boundary takes one byte, so that every length from the shortest on is reached.

#![forbid(unsafe_code)]

use std::io::Write;

use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, CompressorWriter};

use super::ScanError;
use super::scan::Scan;

/// Most bytes that one stream may inflate to.
const MOST: usize = 4 << 20;
/// Bytes that are inflated together.
const BLOCK: usize = 64 << 10;
/// What a stream costs of the budget besides its text: a decoder has tables to set up.
const FLAT: usize = 1 << 10;
/// An empty block of metadata: not the last (0), no length (11), reserved (0), no bytes to skip (00).
const EMPTY: u8 = 0b0000_0110;
/// The last block, empty (11).
const LAST: u8 = 0b0000_0011;
/// Qualities of the encoder, how much of the budget each takes for a byte, and its longest text.
const QUALITIES: [(i32, u64, usize); 2] = [(9, 1, MOST), (11, 16, 128 << 10)];

/// The inflated form of a stream that ends where its bytes do; `None` where it is none, or too long.
pub(super) fn inflated(scan: &mut Scan<'_>, stream: &[u8]) -> Result<Option<Vec<u8>>, ScanError> {
    scan.step()?;
    scan.inflate(FLAT as u64)?;
    let mut state =
        BrotliState::new_strict(StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
    let (mut left, mut at, mut total) = (stream.len(), 0usize, 0usize);
    let mut text = Vec::new();
    let mut block = vec![0; BLOCK];
    loop {
        let (mut room, mut written) = (block.len(), 0usize);
        let result = BrotliDecompressStream(
            &mut left,
            &mut at,
            stream,
            &mut room,
            &mut written,
            &mut block,
            &mut total,
            &mut state,
        );
        scan.inflate(written as u64)?;
        text.extend_from_slice(block.get(..written).unwrap_or_default());
        match result {
            BrotliResult::NeedsMoreOutput if text.len() <= MOST => {}
            BrotliResult::ResultSuccess if left == 0 && text.len() <= MOST => return Ok(Some(text)),
            _ => return Ok(None),
        }
    }
}

/// A stream of `length` bytes that inflates to `text`; `None` where none is found.
pub(super) fn deflated(
    scan: &mut Scan<'_>,
    text: &[u8],
    length: usize,
) -> Result<Option<Vec<u8>>, ScanError> {
    for (quality, cost, longest) in QUALITIES {
        if text.len() > longest {
            continue;
        }
        scan.inflate((text.len() as u64).saturating_mul(cost))?;
        let Some(mut stream) = flushed(text, quality).filter(|stream| stream.len() < length) else {
            continue;
        };
        stream.resize(length.saturating_sub(1), EMPTY);
        stream.push(LAST);
        // What is shown is what was meant, whatever the encoder makes of it.
        if inflated(scan, &stream)?.is_some_and(|again| again == text) {
            return Ok(Some(stream));
        }
    }
    Ok(None)
}

/// The blocks of a text, ended at a byte boundary without a last one.
fn flushed(text: &[u8], quality: i32) -> Option<Vec<u8>> {
    let parameters = BrotliEncoderParams { quality, size_hint: text.len(), ..BrotliEncoderParams::default() };
    let mut writer = CompressorWriter::with_params(Vec::new(), BLOCK, &parameters);
    writer.write_all(text).ok()?;
    writer.flush().ok()?;
    Some(writer.get_ref().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Budget;

    #[test]
    fn every_length_from_the_shortest_on_is_reached() {
        let text = b"exif:GPSLatitude and some more text, some more text".repeat(20);
        let nothing: &[u8] = &[];
        let budget = Budget { inflated: u64::MAX, ..Budget::STANDARD };
        let mut scan = Scan::new(&nothing, budget);
        let mut reached = |length| deflated(&mut scan, &text, length).unwrap();
        let shortest = (20..400).find(|length| reached(*length).is_some()).unwrap();
        for length in shortest..shortest + 100 {
            let stream = reached(length).unwrap();
            assert_eq!(stream.len(), length);
        }
    }

    #[test]
    fn a_stream_that_is_cut_or_goes_on_is_none() {
        let text = b"some text, some text".repeat(9);
        let nothing: &[u8] = &[];
        let mut scan = Scan::new(&nothing, Budget::STANDARD);
        let stream = deflated(&mut scan, &text, 90).unwrap().unwrap();
        for length in 0..90 {
            assert_eq!(inflated(&mut scan, &stream[..length]).unwrap(), None);
        }
        assert_eq!(inflated(&mut scan, &[&stream[..], b"\0"].concat()).unwrap(), None);
        assert_eq!(inflated(&mut scan, &stream).unwrap(), Some(text));
    }

    #[test]
    fn what_inflates_to_too_much_is_none_and_costs_its_budget() {
        let bomb = flushed(&vec![0; MOST + 1], 5).map(|stream| [&stream[..], &[LAST]].concat()).unwrap();
        let nothing: &[u8] = &[];
        let mut scan = Scan::new(&nothing, Budget::STANDARD);
        assert_eq!(inflated(&mut scan, &bomb).unwrap(), None);
        assert!(matches!(inflated(&mut scan, &bomb), Err(ScanError::Budget(_))));
    }
}
