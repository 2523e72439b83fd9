//! Inflating a text, and deflating its changed form to exactly as many bytes as it had.
//!
//! Sources: RFC 1950 (zlib), RFC 1951 (deflate) section 3.2.

#![forbid(unsafe_code)]

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::redact::ScanError;
use crate::redact::scan::Scan;

/// Most bytes that one text may inflate to.
const MOST: usize = 4 << 20;
/// An empty stored block that is not the last, at a byte boundary.
const STORED: [u8; 5] = [0, 0, 0, 0xff, 0xff];
/// Empty blocks that begin and end at a byte boundary, by their length modulo five: one, two or three of the fixed code, ten
/// bits each, and a stored one, of whose header three bits count and the rest of the byte does not.
const PADDINGS: [&[u8]; 5] = [
    &[],
    &[2, 0, 0, 0, 0xff, 0xff],
    &[2, 8, 0, 0, 0, 0xff, 0xff],
    &[2, 8, 0, 0, 0, 0xff, 0xff, 2, 0, 0, 0, 0xff, 0xff],
    &[2, 8, 0x20, 0, 0, 0, 0, 0xff, 0xff],
];
/// An empty block of the fixed code that is not the last, and its length in bits.
const FIXED: u8 = 0b0000_0010;
const FIXED_BITS: u32 = 10;
/// Levels of the compressor; for a long text the first three.
const LEVELS: [u8; 8] = [9, 6, 10, 8, 7, 5, 4, 3];
/// A text of more bytes is long.
const LONG: usize = 256 << 10;

/// The inflated form of a zlib stream; `None` where it is none.
pub(in crate::redact) fn inflated(scan: &mut Scan<'_>, stream: &[u8]) -> Result<Option<Vec<u8>>, ScanError> {
    scan.step()?;
    let Ok(text) = decompress_to_vec_zlib_with_limit(stream, MOST) else {
        return Ok(None);
    };
    scan.inflate(text.len() as u64)?;
    Ok(Some(text))
}

/// A zlib stream of `length` bytes that inflates to `text`; `None` where none is found.
pub(in crate::redact) fn deflated(text: &[u8], length: usize) -> Option<Vec<u8>> {
    let sum = adler32(text).to_be_bytes();
    let levels = LEVELS.iter().take(if text.len() > LONG { 3 } else { LEVELS.len() });
    levels.copied().find_map(|level| {
        let body = finished(text, level)?;
        let room = length.checked_sub(2 + 4)?;
        padded(&body, room.checked_sub(body.len())?).into_iter().find_map(|body| {
            let stream = [&[0x78, 0x9c], &body[..], &sum].concat();
            // What is shown is what was meant, whatever became of the blocks.
            let again = decompress_to_vec_zlib_with_limit(&stream, text.len()).ok()?;
            (again == text && stream.len() == length).then_some(stream)
        })
    })
}

/// The blocks of a text.
fn finished(text: &[u8], level: u8) -> Option<Vec<u8>> {
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(i32::from(level), -15, 0));
    let mut output = vec![0; text.len().checked_add(text.len() / 8)?.checked_add(1024)?];
    let (status, read, written) = compress(&mut compressor, text, &mut output, TDEFLFlush::Finish);
    if status != TDEFLStatus::Done || read != text.len() {
        return None;
    }
    output.truncate(written);
    Some(output)
}

/// The same blocks, `count` bytes longer by empty ones in front of them, in the ways that may be possible.
///
/// Where there is no room for a stored block, the others move by some bits: a stored block among those does not survive
/// that, and how many bits of the last byte are free is not known.
fn padded(body: &[u8], count: usize) -> Vec<Vec<u8>> {
    let rest = count.checked_rem(5).unwrap_or_default();
    let padding = PADDINGS.get(rest).copied().unwrap_or_default();
    if let Some(fives) = count.checked_sub(padding.len()).and_then(|left| left.checked_div(5)) {
        return vec![[&STORED.repeat(fives), padding, body].concat()];
    }
    // Ten bits take two bytes, twenty three, and so on, or one byte less where they find room in the last one.
    let blocks = count.saturating_mul(4) / 5;
    let mut tight = shifted(body, blocks.saturating_add(1));
    let fits = tight.pop() == Some(0);
    let wide = (blocks > 0).then(|| shifted(body, blocks));
    let whole = body.len().saturating_add(count);
    wide.into_iter().chain(fits.then_some(tight)).filter(|way| way.len() == whole).collect()
}

/// So many empty blocks of the fixed code, and then `body`.
fn shifted(body: &[u8], blocks: usize) -> Vec<u8> {
    let mut output = Vec::with_capacity(body.len().saturating_add(16));
    let (mut bits, mut count) = (0u64, 0u32);
    let empty = std::iter::repeat_n((FIXED, FIXED_BITS), blocks);
    for (value, width) in empty.chain(body.iter().map(|byte| (*byte, 8))) {
        bits |= u64::from(value) << count;
        count = count.saturating_add(width);
        while count >= 8 {
            let [low, ..] = bits.to_le_bytes();
            output.push(low);
            bits >>= 8;
            count = count.saturating_sub(8);
        }
    }
    let [low, ..] = bits.to_le_bytes();
    output.push(low);
    output
}

/// RFC 1950 section 8.2.
fn adler32(text: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    let (mut low, mut high) = (1u32, 0u32);
    for byte in text {
        low = low.wrapping_add(u32::from(*byte)).wrapping_rem(BASE);
        high = high.wrapping_add(low).wrapping_rem(BASE);
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_that_fits_is_reached() {
        let text = b"exif:GPSLatitude and some more text, some more text".repeat(20);
        let shortest = (20..400).find(|length| deflated(&text, *length).is_some()).unwrap();
        let reached = |length: &usize| deflated(&text, *length).is_some();
        assert!((shortest..shortest + 9).filter(reached).count() > 5);
        // Room for stored blocks.
        for length in shortest + 9..shortest + 200 {
            let stream = deflated(&text, length).unwrap();
            assert_eq!(stream.len(), length);
            assert_eq!(decompress_to_vec_zlib_with_limit(&stream, MOST).unwrap(), text);
        }
        assert_eq!(deflated(&text, shortest - 1), None);
    }
}
