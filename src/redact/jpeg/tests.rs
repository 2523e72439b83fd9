#![forbid(unsafe_code)]

use super::*;
use crate::redact::tests::laws;
use crate::redact::{Budget, Patches};
use crate::sample;

fn redacted(file: &[u8]) -> Vec<u8> {
    laws::seed(file);
    let mut scan = Scan::new(&file, Budget::STANDARD);
    let whole = scan.whole();
    self::scan(&mut scan, whole).unwrap();
    let mut bytes = file.to_vec();
    Patches::new(scan.finish()).apply(0, &mut bytes);
    bytes
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &u16::try_from(body.len() + 2).unwrap().to_be_bytes(), body].concat()
}

/// The clean sample with bytes put in after its start and at its end.
fn with(start: &[u8], end: &[u8]) -> Vec<u8> {
    let clean = sample::jpeg_clean();
    [&clean[..2], start, &clean[2..], end].concat()
}

const PACKET: &[u8] = b"<x:xmpmeta><d exif:GPSLatitude='48,51.504N' k='v'/></x:xmpmeta>";

fn hidden(file: &[u8]) -> bool {
    memchr::memmem::find(&redacted(file), b"48,51").is_none()
}

#[test]
fn packets_are_found_wherever_they_stand() {
    let xmp = segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", PACKET].concat());
    assert!(hidden(&with(&xmp, &[])));
    assert!(hidden(&with(&[&[0xff; 300][..], &xmp[1..]].concat(), &[])), "fill bytes");
    assert!(hidden(&with(&[], &xmp)), "after the end");
    assert!(hidden(&with(&[&xmp[..], &xmp].concat(), &with(&xmp, &[]))), "several");
}

#[test]
fn an_extended_packet_is_joined_in_its_order() {
    let part = |from: usize, to: usize| {
        let header = [&b"http://ns.adobe.com/xmp/extension/\0"[..], &[b'A'; 32]].concat();
        let sizes = [PACKET.len(), from].map(|number| u32::try_from(number).unwrap().to_be_bytes()).concat();
        segment(0xe1, &[&header, &sizes, &PACKET[from..to]].concat())
    };
    let file = with(&[part(25, PACKET.len()), part(0, 25)].concat(), &[]);
    let after = redacted(&file);
    assert!(hidden(&file) && memchr::memmem::find(&after, b"k='v'").is_some());
}

#[test]
fn comments_with_coordinates_are_emptied_and_others_stay() {
    let file = with(&segment(0xfe, b"{\"lat\":48.858370}"), &[]);
    assert!(memchr::memmem::find(&redacted(&file), b"48.85").is_none());
    let file = with(&segment(0xfe, b"a flat latte at 3.14159"), &[]);
    assert_eq!(redacted(&file), file);
}

#[test]
fn segments_without_an_image_are_walked() {
    let located = sample::jpeg_with_location();
    // The segments end where the tables of the image begin.
    let tables = memchr::memmem::find(&located, b"\xff\xdb").unwrap();
    let file = [b"\xff\x01Exiv2", &located[2..tables], b"\xff\xd9"].concat();
    let plan = crate::redact::plan(&&file[..], None, &Budget::STANDARD).unwrap();
    let crate::redact::Plan::Ranges(patches) = plan else { panic!("{plan:?}") };
    let mut after = file.clone();
    patches.apply(0, &mut after);
    assert!([&b"48,51"[..], b"Paris"].iter().all(|trace| memchr::memmem::find(&after, trace).is_none()));
    assert!(memchr::memmem::find(&after, sample::MAKE.as_bytes()).is_some());
    assert_eq!(
        crate::redact::plan(&&after[..], None, &Budget::STANDARD).unwrap(),
        crate::redact::Plan::Clean
    );
}

#[test]
fn a_comment_with_coordinates_becomes_spaces_and_another_one_stays() {
    let told = segment(0xfe, b"GPS (48.85837, 2.29448)");
    let other = segment(0xfe, b"a fine day");
    let file = with(&[&told[..], &other].concat(), &[]);
    let after = redacted(&file);
    let spaces = segment(0xfe, &[b' '; 23]);
    assert_eq!(after, with(&[&spaces[..], &other].concat(), &[]));
}

#[test]
fn fields_of_ricoh_that_name_a_place_go() {
    let section = |kind: u16, content: &[u8]| {
        let size = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&kind.to_be_bytes()[..], &size, content].concat()
    };
    let body = |town: &[u8], chosen: u8| {
        let sections = [
            section(1, b"Lit\0Location\0Azimuth\0"),
            section(2, &[b"Yes\0", town, b"\0E\0"].concat()),
            section(3, &[0, 1, 0, chosen, 0, 5]),
        ];
        let directory = [&[0, 3][..], &[0; 8]].concat();
        segment(0xe5, &[b"RMETA\0MM\0\0\0\0\0\0\0\x0c\0\0", &directory[..], &sections.concat()].concat())
    };
    let after = redacted(&with(&body(b"Paris", 4), &[]));
    assert_eq!(after, with(&body(b"     ", 0), &[]));
}

#[test]
fn a_segment_without_room_for_its_length_hides_nothing() {
    let mut file = sample::jpeg_with_location();
    // The length of the first segment, which is that of Exif: it is found nevertheless, or the file is given up.
    for size in [[0, 0], [0, 1]] {
        file[4..6].copy_from_slice(&size);
        assert!(laws::seen(&file, &Budget::STANDARD).is_none());
    }
}
