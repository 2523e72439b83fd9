//! What files contain, by the names that tables use.

#![forbid(unsafe_code)]

use mediagate::sample;

use crate::common::{photo, tells_location};

/// The place as text in the samples: ISO 6709, XMP's coordinates, the city.
const TEXTS: [&[u8]; 5] = [b"+48.8584", b"+002.2945", b"48,51.504N", b"2,17.67E", b"Paris"];
/// Whole degrees and minutes of latitude and longitude; in Exif each is a fraction over one.
const ANGLES: [[u32; 2]; 2] = [[48, 51], [2, 17]];
/// What stands before a deflated XMP packet in a PNG.
const DEFLATED: &[u8] = b"XML:com.adobe.xmp\0\x01\0\0\0";

/// The bytes of a fixture: media with and without a place, text, and what is none of it. `text:WORDS` is that text.
pub(crate) fn bytes(name: &str) -> Option<Vec<u8>> {
    Some(match name {
        "empty" => Vec::new(),
        "text" => b"plain text\n".to_vec(),
        "pdf" => b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".to_vec(),
        "zip" => b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        "elf" => [&b"\x7fELF\x02\x01\x01"[..], &[0; 57]].concat(),
        "garbage" => (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect(),
        "jpeg" => sample::jpeg_clean(),
        "jpeg-located" => sample::jpeg_with_location(),
        "photo-located" => photo(Some(2)),
        "photo" => photo(None),
        "png" => sample::png_clean(),
        "png-located" => sample::png_with_location(),
        "tiff-located" => sample::tiff_with_location(),
        "webp-located" => sample::webp_with_location(),
        "heic-located" => sample::iso::heic_with_location(),
        // A place where no scanner can tell it from the rest.
        "jpeg-broken" => [&b"some text "[..], &sample::jpeg_with_location()].concat(),
        "mp3-broken" => [&b"ID3\x04\0\0\0\0\0\x0a"[..], &sample::jpeg_with_location()].concat(),
        "mp4" => sample::iso::mp4_clean(),
        "mp4-located" => sample::iso::mp4_with_location(),
        "mp3" => [&b"ID3\x04\0\0\0\0\0\x0a"[..], &[0; 10], &[0xff, 0xfb, 0x90, 0x64], &[0; 413]].concat(),
        "m3u" => b"#EXTM3U\nsong.mp3\n".to_vec(),
        "srt" => b"1\n00:00:01,000 --> 00:00:02,000\nHello\n".to_vec(),
        text => text.strip_prefix("text:")?.as_bytes().to_vec(),
    })
}

/// Whether the place of a fixture can be found in bytes.
pub(crate) fn tells_place(bytes: &[u8]) -> bool {
    let plain = |bytes: &[u8]| {
        TEXTS.iter().any(|text| find(bytes, text).is_some())
            || ANGLES.iter().any(|angle| {
                find(bytes, &fractions(*angle, u32::to_be_bytes)).is_some()
                    || find(bytes, &fractions(*angle, u32::to_le_bytes)).is_some()
            })
    };
    plain(bytes) || tells_location(bytes) || deflated(bytes).is_some_and(|packet| plain(&packet))
}

fn fractions([degrees, minutes]: [u32; 2], written: fn(u32) -> [u8; 4]) -> Vec<u8> {
    [degrees, 1, minutes, 1].map(written).concat()
}

fn deflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let start = find(bytes, DEFLATED)? + DEFLATED.len();
    miniz_oxide::inflate::decompress_to_vec_zlib(&bytes[start..]).ok()
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, part)
}

#[test]
fn the_place_is_found_in_located_fixtures_and_in_no_other() {
    for name in ["jpeg", "photo", "png", "heic", "mp4", "webp", "tiff", "pdf", "mp3", "garbage", "text"] {
        assert!(bytes(name).is_none_or(|bytes| !tells_place(&bytes)), "{name}");
        assert!(bytes(&format!("{name}-located")).is_none_or(|bytes| tells_place(&bytes)), "{name}");
    }
}
