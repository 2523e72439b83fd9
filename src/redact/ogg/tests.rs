#![forbid(unsafe_code)]

use super::checksum;
use crate::redact::tests::laws::{self, LINE, PLACE, cover, holds, redacted};
use crate::redact::vorbis::base64::{decoded, encoded};

/// A page with these segments, whole packets but for the last where it is `open`.
fn page(serial: u8, flags: u8, packets: &[&[u8]], open: bool) -> Vec<u8> {
    let mut table = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        table.extend(vec![255; packet.len() / 255]);
        if !(open && at + 1 == packets.len()) {
            table.push(u8::try_from(packet.len() % 255).unwrap());
        }
    }
    let fields = [0, 0, 0, 0, 0, 0, 0, 0, serial, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let count = u8::try_from(table.len()).unwrap();
    let mut page = [&b"OggS\0"[..], &[flags], &fields, &[count], &table, &packets.concat()].concat();
    let sum = checksum(&page).to_le_bytes();
    page[22..26].copy_from_slice(&sum);
    page
}

fn comments(pairs: &[Vec<u8>]) -> Vec<u8> {
    let sized = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text].concat();
    let count = u32::try_from(pairs.len()).unwrap().to_le_bytes();
    [sized(b"writer"), count.to_vec(), pairs.iter().flat_map(|pair| sized(pair)).collect()].concat()
}

/// The digits of a picture as Ogg files keep covers.
fn digits(picture: &[u8]) -> Vec<u8> {
    let size = u32::try_from(picture.len()).unwrap().to_be_bytes();
    let bytes = [&[0, 0, 0, 3, 0, 0, 0, 0][..], &[0; 20], &size, picture].concat();
    let blank = vec![b'A'; bytes.len().div_ceil(3) * 4];
    let mut text = encoded(&bytes, &blank);
    let missing = (3 - bytes.len() % 3) % 3;
    let end = text.len();
    text[end - missing..].fill(b'=');
    text
}

fn vorbis(pairs: &[Vec<u8>]) -> Vec<u8> {
    [&b"\x03vorbis"[..], &comments(pairs), b"\x01"].concat()
}

/// Comments over two pages, between the headers.
fn full() -> Vec<u8> {
    let picture = [&b"METADATA_BLOCK_PICTURE="[..], &digits(&cover())].concat();
    let packet = vorbis(&[[b"LOCATION=", PLACE].concat(), b"TITLE=A tower".to_vec(), picture]);
    let (first, second) = packet.split_at(510);
    [
        page(1, 2, &[b"\x01vorbis...."], false),
        page(1, 0, &[first], true),
        page(1, 1, &[second, b"\x05vorbis setup"], false),
        page(1, 4, &[b"sound"], false),
    ]
    .concat()
}

fn sums_are_right(mut file: &[u8]) -> bool {
    while !file.is_empty() {
        let segments = usize::from(file[26]);
        let size =
            27 + segments + file[27..27 + segments].iter().map(|size| usize::from(*size)).sum::<usize>();
        if checksum(&file[..size]).to_le_bytes() != file[22..26] {
            return false;
        }
        file = &file[size..];
    }
    true
}

#[test]
fn comments_over_pages_lose_the_place_and_sums_are_right() {
    assert!(sums_are_right(&full()));
    let after = redacted(&full());
    assert!(holds(&after, b"TITLE=A tower") && holds(&after, b"LOCATION=    "));
    assert!(sums_are_right(&after));
}

#[test]
fn the_cover_in_a_comment_keeps_what_tells_no_place() {
    let packet = vorbis(&[[&b"METADATA_BLOCK_PICTURE="[..], &digits(&cover())].concat()]);
    let file = [page(1, 2, &[b"\x01vorbis...."], false), page(1, 0, &[&packet], false)].concat();
    let after = laws::seen(&file, &crate::redact::Budget::STANDARD).unwrap();
    assert_ne!(after, file);
    assert!(sums_are_right(&after));
    let start = memchr::memmem::find(&after, b"PICTURE=").unwrap() + 8;
    let text: Vec<u8> = after[start..].iter().copied().take_while(|byte| *byte >= b'+').collect();
    let picture = decoded(&text).unwrap();
    assert!(holds(&picture, b"Mediagate") && !holds(&picture, b"48,51.504N") && !holds(&picture, b"Paris"));
}

#[test]
fn the_known_checksum() {
    // The polynomial itself, after one bit.
    let mut page = vec![0; 27];
    page[26] = 1;
    assert_eq!(checksum(&page), 0x04c1_1db7);
}

#[test]
fn opus_flac_and_text_streams_are_known() {
    let place = [&b"LOCATION="[..], PLACE].concat();
    let opus = [&b"OpusTags"[..], &comments(std::slice::from_ref(&place))].concat();
    let blocks = comments(std::slice::from_ref(&place));
    let size = u32::try_from(blocks.len()).unwrap().to_be_bytes();
    let flac = [&[0x84], &size[1..], &blocks].concat();
    let streams: [(&[u8], &[u8]); 3] =
        [(b"OpusHead\x01\x02", &opus), (b"\x7fFLAC\x01\0\0\x01fLaC", &flac), (b"\x80kate\0\0\0\0", LINE)];
    for (first, second) in streams {
        let file = [page(1, 2, &[first], false), page(1, 0, &[second], false)].concat();
        assert!(sums_are_right(&redacted(&file)));
    }
}

#[test]
fn a_stream_that_begins_later_is_seen() {
    let packet = vorbis(&[[b"LOCATION=", PLACE].concat()]);
    let chained = [page(2, 2, &[b"\x01vorbis...."], false), page(2, 0, &[&packet], false)].concat();
    redacted(&[full(), chained].concat());
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    laws::cut_or_poor(&full());
}

#[test]
fn no_byte_breaks_the_scanner() {
    let packet = vorbis(&[[b"LOCATION=", PLACE].concat()]);
    laws::every_byte(&[page(1, 2, &[b"\x01vorbis...."], false), page(1, 0, &[&packet], false)].concat());
}
