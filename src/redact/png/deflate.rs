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
/// The same after an empty block of the fixed code: ten bits, three of the stored block's header, padding.
const FIXED_STORED: [u8; 6] = [0b0000_0010, 0, 0, 0, 0xff, 0xff];
/// An empty last block of the fixed code.
const LAST_FIXED: [u8; 2] = [3, 0];
/// An empty last stored block.
const LAST_STORED: [u8; 5] = [1, 0, 0, 0xff, 0xff];

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
    [9u8, 6, 10].into_iter().find_map(|level| {
        let body = flushed(text, level)?;
        let sum = adler32(text).to_be_bytes();
        let fixed = body.len().checked_add(2 + 4)?;
        for last in [&LAST_FIXED[..], &LAST_STORED] {
            let Some(padding) = length.checked_sub(fixed.saturating_add(last.len())).and_then(padding) else {
                continue;
            };
            return Some([&[0x78, 0x9c], &body[..], &padding, last, &sum].concat());
        }
        None
    })
}

/// The blocks of a text, ended at a byte boundary without a last one.
fn flushed(text: &[u8], level: u8) -> Option<Vec<u8>> {
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(i32::from(level), -15, 0));
    let mut output = vec![0; text.len().checked_add(text.len() / 8)?.checked_add(1024)?];
    let (status, read, written) = compress(&mut compressor, text, &mut output, TDEFLFlush::Sync);
    if status != TDEFLStatus::Okay || read != text.len() {
        return None;
    }
    output.truncate(written);
    Some(output)
}

/// Empty blocks of so many bytes altogether: fives and sixes.
fn padding(count: usize) -> Option<Vec<u8>> {
    let sixes = count.checked_rem(5)?;
    let fives = count.checked_sub(sixes.checked_mul(6)?)?.checked_div(5)?;
    Some([FIXED_STORED.repeat(sixes), STORED.repeat(fives)].concat())
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
    fn every_length_that_fits_well_is_reached() {
        let text = b"exif:GPSLatitude and some more text, some more text".repeat(20);
        let shortest = (20..400).find(|length| deflated(&text, *length).is_some()).unwrap();
        for length in shortest + 40..shortest + 200 {
            let stream = deflated(&text, length).unwrap();
            assert_eq!(stream.len(), length);
            assert_eq!(decompress_to_vec_zlib_with_limit(&stream, MOST).unwrap(), text);
        }
    }
}
