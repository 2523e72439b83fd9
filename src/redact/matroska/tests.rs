#![forbid(unsafe_code)]

use crate::redact::tests::laws::{self, LINE, PLACE, SENTENCE, cover, holds, redacted};
use crate::redact::{Budget, Plan, plan};

/// An element whose size takes `width` bytes.
fn sized(id: &[u8], width: usize, body: &[u8]) -> Vec<u8> {
    let number = body.len() as u64 | 1 << (7 * width);
    [id, &number.to_be_bytes()[8 - width..], body].concat()
}

fn element(id: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    sized(id, 4, &parts.concat())
}

/// The same with a checksum before its parts.
fn checked(id: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let sum = crc32fast::hash(&parts.concat()).to_le_bytes();
    element(id, &[&sized(b"\xbf", 1, &sum), &parts.concat()])
}

fn head() -> Vec<u8> {
    element(b"\x1a\x45\xdf\xa3", &[&sized(b"\x42\x82", 1, b"matroska")])
}

fn tag(name: &[u8], value: &[u8], nested: &[&[u8]]) -> Vec<u8> {
    let parts = [sized(b"\x45\xa3", 1, name), sized(b"\x44\x87", 1, value), nested.concat()];
    element(b"\x67\xc8", &[&parts.concat()])
}

fn tags(inner: &[&[u8]]) -> Vec<u8> {
    checked(b"\x12\x54\xc3\x67", &[&element(b"\x73\x73", inner)])
}

fn track(number: u8, kind: u8, codec: &[u8], more: &[u8]) -> Vec<u8> {
    let numbers = [sized(b"\xd7", 1, &[number]), sized(b"\x83", 1, &[kind])].concat();
    element(b"\xae", &[&numbers, &sized(b"\x86", 1, codec), more])
}

fn tracks(entries: &[&[u8]]) -> Vec<u8> {
    element(b"\x16\x54\xae\x6b", entries)
}

fn block(track: u8, content: &[u8]) -> Vec<u8> {
    element(b"\xa3", &[&[0x80 | track, 0, 0, 0x80], content])
}

const UNKNOWN: &[u8] = b"\x01\xff\xff\xff\xff\xff\xff\xff";

fn open(id: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    [id, UNKNOWN, &parts.concat()].concat()
}

const SEGMENT: &[u8] = b"\x18\x53\x80\x67";
const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";

fn segment(parts: &[&[u8]]) -> Vec<u8> {
    [head(), element(SEGMENT, parts)].concat()
}

fn attachment(name: &[u8], data: &[u8]) -> Vec<u8> {
    let file = element(b"\x61\xa7", &[&element(b"\x46\x6e", &[name]), &element(b"\x46\x5c", &[data])]);
    checked(b"\x19\x41\xa4\x69", &[&file])
}

/// Whether the checksum with which the content of the element `id` begins is right.
fn sum_is_right(file: &[u8], id: &[u8]) -> bool {
    let at = memchr::memmem::find(file, id).unwrap();
    let size = u32::from_be_bytes(file[at + id.len()..][..4].try_into().unwrap()) & 0x0fff_ffff;
    let body = &file[at + id.len() + 4..][..size as usize];
    assert_eq!(body[..2], *b"\xbf\x84");
    body[2..6] == crc32fast::hash(&body[6..]).to_le_bytes()
}

/// Everything that a file may have.
fn full() -> Vec<u8> {
    let places = tags(&[
        &tag(b"TITLE", b"A tower", &[]),
        &tag(b"LOCATION", PLACE, &[]),
        &tag(b"ARTIST", b"Somebody", &[&tag(b"CITY", b"Paris", &[])]),
        &tag(b"COUNTRY", b"Paris", &[&tag(b"LAW_RATING", b"PG-12", &[])]),
    ]);
    let pictures = [&[0u8][..], SENTENCE].concat();
    [
        head(),
        open(
            SEGMENT,
            &[
                &element(b"\xec", &[&tag(b"LOCATION", PLACE, &[])]),
                &tracks(&[&track(1, 1, b"V_VP8", &[]), &track(2, 0x11, b"S_TEXT/UTF8", &[])]),
                &places,
                &attachment(b"cover.jpg", &cover()),
                &open(CLUSTER, &[&sized(b"\xe7", 1, &[0]), &block(2, LINE)]),
                &checked(
                    CLUSTER,
                    &[&sized(b"\xe7", 1, &[0]), &block(1, &pictures[..1]), &block(2, SENTENCE)],
                ),
            ],
        ),
    ]
    .concat()
}

#[test]
fn tags_attachments_and_subtitles_lose_the_place_and_nothing_else() {
    let after = redacted(&full());
    for kept in [&b"A tower"[..], b"Somebody", b"PG-12", b"[iso : 100] [latitude:          ]", b"Mediagate"] {
        assert!(holds(&after, kept), "{}", String::from_utf8_lossy(kept));
    }
    for id in [&b"\x12\x54\xc3\x67"[..], b"\x19\x41\xa4\x69"] {
        assert!(sum_is_right(&after, id), "{id:?}");
    }
    assert!(sum_is_right(&after[memchr::memmem::rfind(&after, CLUSTER).unwrap()..], CLUSTER));
}

#[test]
fn a_tag_becomes_void_of_its_length_whatever_its_size_takes() {
    for width in 1..=8 {
        let parts = [sized(b"\x45\xa3", 1, b"LOCATION"), sized(b"\x44\x87", 1, PLACE)].concat();
        let place = sized(b"\x67\xc8", width, &parts);
        let after = redacted(&segment(&[&tags(&[&place, &tag(b"TITLE", b"kept", &[])])]));
        let at = memchr::memchr(0xec, &after).unwrap();
        let rest = &after[at..];
        let (size, bytes) = super::element::number(&rest[1..], 8, false).unwrap();
        assert_eq!(1 + bytes + usize::try_from(size).unwrap(), place.len());
        assert!(rest[place.len()..].starts_with(b"\x67\xc8"));
    }
}

#[test]
fn a_checksum_that_was_wrong_stays_wrong() {
    let mut file = segment(&[&tags(&[&tag(b"LOCATION", PLACE, &[])])]);
    let at = memchr::memmem::find(&file, b"\xbf\x84").unwrap();
    file[at + 2] ^= 1;
    let mut after = redacted(&file);
    assert!(!sum_is_right(&after, b"\x12\x54\xc3\x67"));
    after[at + 2] ^= 1;
    assert!(sum_is_right(&after, b"\x12\x54\xc3\x67"));
}

#[test]
fn the_checksum_of_a_segment_becomes_void() {
    let file = [head(), checked(SEGMENT, &[&tags(&[&tag(b"LOCATION", PLACE, &[])])])].concat();
    let after = redacted(&file);
    let at = head().len() + 8;
    assert_eq!(after[at..at + 6], *b"\xec\x84\0\0\0\0");
}

#[test]
fn samples_of_pictures_and_sound_are_never_changed() {
    let clusters = element(CLUSTER, &[&block(1, SENTENCE), &block(2, LINE)]);
    let entries = tracks(&[&track(1, 1, b"V_VP8", &[]), &track(2, 2, b"A_OPUS", &[])]);
    let file = segment(&[&entries, &clusters]);
    assert_eq!(plan(&file.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
}

#[test]
fn deflated_subtitles_are_deflated_again() {
    let text =
        [&b"a long line before and after: "[..], LINE, b" and one more".repeat(20).as_slice()].concat();
    let stream = miniz_oxide::deflate::compress_to_vec_zlib(&text, 9);
    let compression = element(b"\x50\x34", &[&sized(b"\x42\x54", 1, &[0])]);
    let encodings = element(b"\x6d\x80", &[&element(b"\x62\x40", &[&compression])]);
    let entries = tracks(&[&track(3, 0x11, b"S_TEXT/UTF8", &encodings)]);
    let file = segment(&[&entries, &element(CLUSTER, &[&block(3, &stream)])]);
    let after = laws::seen(&file, &Budget::STANDARD).unwrap();
    let at = file.len() - stream.len();
    let text = miniz_oxide::inflate::decompress_to_vec_zlib(&after[at..]).unwrap();
    assert!(!holds(&text, b"48.858370"));
    assert_eq!(plan(&after.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
}

#[test]
fn an_attachment_that_cannot_be_made_safe_goes() {
    let data = [&b"\0\x01 not known "[..], b"freeGPS ", SENTENCE].concat();
    let after =
        redacted(&segment(&[&attachment(b"track.bin", &data), &tags(&[&tag(b"TITLE", b"kept", &[])])]));
    assert!(holds(&after, b"kept") && !holds(&after, b"track.bin"));
}

#[test]
fn hostile_sizes_end() {
    let deep = (0..200).fold(PLACE.to_vec(), |inner, _| tag(b"ARTIST", b"", &[&inner]));
    assert!(
        laws::seen(&segment(&[&tags(&[&deep])]), &Budget::STANDARD).is_none_or(|after| !holds(&after, PLACE))
    );
    for size in [&b"\x01\xff\xff\xff\xff\xff\xff\xfe"[..], b"\xff", b"\x00", UNKNOWN] {
        let lie = [&b"\x12\x54\xc3\x67"[..], size, &tag(b"LOCATION", PLACE, &[])].concat();
        let file = segment(&[&lie]);
        assert!(laws::seen(&file, &Budget::STANDARD).is_none_or(|after| !holds(&after, PLACE)), "{size:?}");
    }
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    laws::cut_or_poor(&full());
}

#[test]
fn no_byte_breaks_the_scanner() {
    laws::every_byte(&segment(&[
        &tracks(&[&track(2, 0x11, b"S_TEXT/UTF8", &[])]),
        &tags(&[&tag(b"LOCATION", PLACE, &[])]),
        &checked(CLUSTER, &[&block(2, LINE)]),
    ]));
}
