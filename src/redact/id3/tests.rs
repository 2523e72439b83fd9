#![forbid(unsafe_code)]

use super::unsync;
use crate::redact::tests::laws::{self, PLACE, cover, holds, redacted, seen};
use crate::redact::{Budget, Plan, plan};
use crate::sample;

fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| u8::try_from(size >> shift & 0x7f).unwrap())
}

/// A tag and one packet of sound.
fn file(version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    [&b"ID3"[..], &[version, 0, flags], &synchsafe(body.len()), body, b"\xff\xfb\x90\x64 sound"].concat()
}

fn frame(version: u8, name: &[u8], flags: u8, body: &[u8]) -> Vec<u8> {
    let plain = u32::try_from(body.len()).unwrap().to_be_bytes();
    match version {
        2 => [name, &plain[1..], body].concat(),
        3 => [name, &plain, &[0, flags], body].concat(),
        _ => [name, &synchsafe(body.len()), &[0, flags], body].concat(),
    }
}

fn described(description: &[u8], value: &[u8]) -> Vec<u8> {
    [b"\0", description, b"\0", value].concat()
}

fn wide(text: &str) -> Vec<u8> {
    [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
}

fn frames(version: u8) -> Vec<u8> {
    let [text, title, picture, media]: [&[u8]; 4] = if version == 2 {
        [b"TXX", b"TT2", b"PIC", b"\0JPG\x03\0"]
    } else {
        [b"TXXX", b"TIT2", b"APIC", b"\0image/jpeg\0\x03\0"]
    };
    let place = String::from_utf8(PLACE.to_vec()).unwrap();
    let unicode = [&[1][..], &wide("location"), &[0, 0], &wide(&place)].concat();
    [
        frame(version, title, 0, b"\0A tower"),
        frame(version, text, 0, &described(b"location", PLACE)),
        frame(version, text, 0, &unicode),
        frame(version, text, 0, &described(b"City", b"Paris")),
        frame(version, picture, 0, &[media, &cover()].concat()),
        vec![0; 20],
    ]
    .concat()
}

#[test]
fn texts_and_pictures_of_all_versions_lose_the_place() {
    for version in 2..=4 {
        let after = redacted(&file(version, 0, &frames(version)));
        assert!(holds(&after, b"A tower") && holds(&after, b"Mediagate"), "{version}");
        let digits: Vec<u8> = "48.8584".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!holds(&after, &digits), "{version}");
    }
}

#[test]
fn comments_objects_private_data_and_chapters_are_looked_into() {
    let xmp = sample::xmp_with_location();
    let object = [&b"\0application/x\0a.jpg\0\0"[..], &cover()].concat();
    let inner = frame(4, b"TXXX", 0, &described(b"GPS", PLACE));
    let chapter = [&b"one\0"[..], &[0; 16], &inner].concat();
    let contents = [&b"all\0\x03\x01one\0"[..], &inner].concat();
    let comment = [&b"\0eng"[..], b"about\0", PLACE].concat();
    for (name, body) in [
        (b"GEOB", object),
        (b"PRIV", [b"XMP\0", xmp.as_bytes()].concat()),
        (b"CHAP", chapter),
        (b"CTOC", contents),
        (b"COMM", comment),
        (b"WXXX", described(b"", &[b"geo:", PLACE].concat())),
    ] {
        let title = frame(4, b"TIT2", 0, b"\0A tower");
        let after = redacted(&file(4, 0, &[frame(4, name, 0, &body), title].concat()));
        assert!(holds(&after, b"A tower") && holds(&after, name), "{name:?}");
    }
}

#[test]
fn an_extended_header_keeps_its_checksum_right() {
    let frames = frame(3, b"TXXX", 0, &described(b"location", PLACE));
    let sum = crc32fast::hash(&frames).to_be_bytes();
    let header = [&[0, 0, 0, 10, 0x80, 0, 0, 0, 0, 8][..], &sum].concat();
    let after = redacted(&file(3, 0x40, &[&header[..], &frames, &[0; 8]].concat()));
    let body = &after[10 + 14..][..frames.len()];
    assert_eq!(after[10 + 10..][..4], crc32fast::hash(body).to_be_bytes());
}

/// As ID3 asks for it: a NUL behind every 0xff before NUL or three set bits.
fn unsynchronised(bytes: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        raw.push(*byte);
        if *byte == 0xff && bytes.get(at + 1).is_none_or(|next| *next == 0 || *next >= 0xe0) {
            raw.push(0);
        }
    }
    raw
}

#[test]
fn unsynchronised_tags_stay_so() {
    let raw = unsynchronised(&frames(3));
    let after = seen(&file(3, 0x80, &raw), &Budget::STANDARD).unwrap();
    let content = unsync::decoded(&after[10..10 + raw.len()]);
    assert_eq!(content.len(), unsync::decoded(&raw).len());
    assert!(holds(&content, b"A tower") && holds(&content, b"Mediagate"));
    for place in [PLACE, b"Paris", b"48,51.504N"] {
        assert!(!holds(&content, place));
    }
    assert_eq!(plan(&after.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
}

#[test]
fn frames_that_are_unsynchronised_or_compressed_are_read() {
    let body = described(b"location", PLACE);
    let stream =
        miniz_oxide::deflate::compress_to_vec_zlib(&[&body[..], b" ".repeat(40).as_slice()].concat(), 9);
    let length = synchsafe(body.len() + 40);
    let compressed = frame(4, b"TXXX", 0x09, &[&length[..], &stream].concat());
    let file = file(4, 0, &[compressed, frame(4, b"TIT2", 0, b"\0A tower")].concat());
    let after = seen(&file, &Budget::STANDARD).unwrap();
    assert_ne!(after, file);
    let found = miniz_oxide::inflate::decompress_to_vec_zlib(&after[24..24 + stream.len()]);
    assert!(found.is_ok_and(|text| !holds(&text, PLACE)));
    redacted(&self::file(4, 0, &frame(4, b"TXXX", 0x02, &unsynchronised(&body))));
}

#[test]
fn what_cannot_be_made_safe_gets_another_name() {
    let records = [&b"\0\x01"[..], b"freeGPS ", PLACE].concat();
    let after =
        redacted(&file(4, 0, &[frame(4, b"ABCD", 0, &records), frame(4, b"TIT2", 0, b"\0kept")].concat()));
    assert!(holds(&after, b"XRED") && holds(&after, b"kept"));
}

#[test]
fn sizes_of_eight_bits_a_byte_are_understood() {
    let body = described(b"location", &[PLACE, &b" ".repeat(200)].concat());
    let plain = u32::try_from(body.len()).unwrap().to_be_bytes();
    let wrong = [&b"TXXX"[..], &plain, &[0, 0], &body].concat();
    let after = redacted(&file(4, 0, &[wrong, frame(4, b"TIT2", 0, b"\0kept")].concat()));
    assert!(holds(&after, b"kept"));
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    for version in 2..=4 {
        laws::cut_or_poor(&file(version, 0, &frames(version)));
    }
}

#[test]
fn no_byte_breaks_the_scanner() {
    let frames = frame(4, b"TXXX", 0, &described(b"location", PLACE));
    laws::every_byte(&file(4, 0, &frames));
    laws::every_byte(&file(3, 0x80, &frames));
}
