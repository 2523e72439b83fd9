//! Whether the place of the samples can be found in a file.
//!
//! It knows nothing of formats but how the place is written in them, so that it judges the filter from outside.

#![forbid(unsafe_code)]

use memchr::memmem;

/// The place as text: ISO 6709, XMP's coordinates, the city.
const TEXTS: [&[u8]; 5] = [b"+48.8584", b"+002.2945", b"48,51.504N", b"2,17.67E", b"Paris"];
/// Whole degrees and minutes of latitude and longitude; as in Exif, each is a fraction over one.
const ANGLES: [[u32; 2]; 2] = [[48, 51], [2, 17]];
/// What stands before a deflated XMP packet in a PNG (PNG specification, 11.3.4.5 iTXt; XMP specification part 3).
const DEFLATED: &[u8] = b"XML:com.adobe.xmp\0\x01\0\0\0";

/// Whether it can.
pub(super) fn appears(bytes: &[u8]) -> bool {
    let plain = |bytes: &[u8]| {
        TEXTS.iter().any(|text| contains(bytes, text))
            || ANGLES.iter().any(|angle| {
                contains(bytes, &fractions(*angle, u32::to_be_bytes))
                    || contains(bytes, &fractions(*angle, u32::to_le_bytes))
            })
    };
    plain(bytes) || deflated(bytes).is_some_and(|packet| plain(&packet))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memmem::find(bytes, part).is_some()
}

fn fractions([degrees, minutes]: [u32; 2], written: fn(u32) -> [u8; 4]) -> Vec<u8> {
    [degrees, 1, minutes, 1].map(written).concat()
}

fn deflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let start = memmem::find(bytes, DEFLATED)?.checked_add(DEFLATED.len())?;
    miniz_oxide::inflate::decompress_to_vec_zlib(bytes.get(start..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::samples;

    #[test]
    fn it_is_in_the_samples_that_say_so_and_in_no_other() {
        for file in samples() {
            assert_eq!(appears(&file.bytes), file.located, "{}", file.path);
        }
    }

    #[test]
    fn it_is_found_in_a_deflated_packet() {
        let packet = miniz_oxide::deflate::compress_to_vec_zlib(b"<Latitude>48,51.504N</Latitude>", 6);
        assert!(appears(&[b"chunk", DEFLATED, &packet, b"rest"].concat()));
    }
}
