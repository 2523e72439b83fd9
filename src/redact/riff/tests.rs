#![forbid(unsafe_code)]

use crate::redact::tests::laws::{self, LINE, PLACE, SENTENCE, cover, holds, redacted};
use crate::redact::{Budget, Plan, plan};
use crate::sample;

fn chunk(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let padding: &[u8] = if body.len() % 2 == 0 { &[] } else { &[0] };
    [&name[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), &body, padding].concat()
}

fn list(kind: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[kind, &chunks.concat()])
}

fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let format = chunk(b"fmt ", &[&[1, 0, 1, 0, 0x44, 0xac, 0, 0, 0x88, 0x58, 1, 0, 2, 0, 16, 0]]);
    chunk(b"RIFF", &[b"WAVE", &format, &chunk(b"data", &[&[7; 32]]), &chunks.concat()])
}

fn avi(movie: &[Vec<u8>], chunks: &[Vec<u8>]) -> Vec<u8> {
    let stream = |kind: &[u8; 4]| list(b"strl", &[chunk(b"strh", &[kind, &[0; 52]])]);
    let header = list(b"hdrl", &[chunk(b"avih", &[&[0; 56]]), stream(b"vids"), stream(b"txts")]);
    chunk(b"RIFF", &[b"AVI ", &header, &list(b"movi", movie), &chunks.concat()])
}

fn sound() -> Vec<u8> {
    let ixml = "<?xml version=\"1.0\"?><BWFXML><PROJECT>A tower</PROJECT><LOCATION><LOCATION_NAME>Paris</LOCATION_NAME>\
                <LOCATION_GPS>48.858370, 2.294481</LOCATION_GPS><LOCATION_TYPE>EXT</LOCATION_TYPE></LOCATION></BWFXML>";
    let body = [&b"TXXX\0\0\0\x1c\0\0\0location\0"[..], PLACE].concat();
    let id3 = [&b"ID3\x04\0\0\0\0\0"[..], &[u8::try_from(body.len()).unwrap()], &body].concat();
    wav(&[
        list(b"INFO", &[chunk(b"INAM", &[b"A tower\0"]), chunk(b"ICNT", &[b"Paris\0"])]),
        chunk(b"bext", &[PLACE, &[0; 602]]),
        chunk(b"iXML", &[ixml.as_bytes()]),
        chunk(b"_PMX", &[sample::xmp_with_location().as_bytes()]),
        chunk(b"id3 ", &[&id3]),
        chunk(b"JUNK", &[&cover()]),
    ])
}

fn film() -> Vec<u8> {
    avi(
        &[
            chunk(b"00dc", &[b"samples"]),
            list(b"rec ", &[chunk(b"01tx", &[SENTENCE])]),
            chunk(b"01tx", &[LINE]),
        ],
        &[
            list(b"exif", &[chunk(b"emdl", &[b"Model\0"]), chunk(b"emnt", &[&sample::tiff_with_location()])]),
            chunk(b"IDIT", &[b"Mon Mar 10 15:04:43 2003\n\0"]),
            chunk(b"SLLT", &[PLACE]),
        ],
    )
}

#[test]
fn recordings_lose_the_place_and_nothing_else() {
    let after = redacted(&sound());
    for kept in
        [&b"INAM\x08\0\0\0A tower"[..], b"<PROJECT>A tower<", b"<LOCATION_TYPE>EXT<", b"Headline=\"A tower\""]
    {
        assert!(holds(&after, kept), "{}", String::from_utf8_lossy(kept));
    }
}

#[test]
fn films_lose_the_place_and_nothing_else() {
    let after = redacted(&film());
    for kept in [&b"samples"[..], b"Model", b"IDIT", b"[iso : 100] [latitude:          ]", b"Mediagate"] {
        assert!(holds(&after, kept), "{}", String::from_utf8_lossy(kept));
    }
}

#[test]
fn a_directory_without_a_header_makes_its_chunk_junk() {
    let entry = b"\x25\x88\x04\0\x01\0\0\0\x40\0\0\0";
    let camera = chunk(b"strd", &[b"AVIF\0\0\0\0\x01\0", entry, PLACE]);
    assert!(holds(&redacted(&avi(&[], &[camera])), b"JUNK"));
}

#[test]
fn samples_are_never_changed() {
    for file in [wav(&[]), avi(&[chunk(b"00dc", &[SENTENCE])], &[])] {
        assert_eq!(plan(&file.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
    }
}

#[test]
fn what_follows_large_data_is_seen() {
    let mut file = wav(&[chunk(b"bext", &[PLACE, &[0; 602]])]);
    file[..4].copy_from_slice(b"RF64");
    let at = memchr::memmem::find(&file, b"data").unwrap();
    file[at + 4..at + 8].fill(0xff);
    let sizes = chunk(b"ds64", &[&[0; 8], &32u64.to_le_bytes(), &[0; 12]]);
    file.splice(12..12, sizes);
    redacted(&file);
}

#[test]
fn the_other_order_of_bytes_is_read() {
    let body = [&b"WAVE"[..], b"bext", &600u32.to_be_bytes(), PLACE, &[0; 582]].concat();
    redacted(&[&b"RIFX"[..], &u32::try_from(body.len()).unwrap().to_be_bytes(), &body].concat());
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    laws::cut_or_poor(&sound());
    laws::cut_or_poor(&film());
}

#[test]
fn no_byte_breaks_the_scanner() {
    laws::every_byte(&avi(&[chunk(b"01tx", &[LINE])], &[list(b"INFO", &[chunk(b"ICNT", &[b"Paris\0"])])]));
}
