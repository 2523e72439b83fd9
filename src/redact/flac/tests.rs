#![forbid(unsafe_code)]

use crate::redact::tests::laws::{self, PLACE, SENTENCE, cover, holds, redacted};

fn block(kind: u8, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &size[1..], body].concat()
}

fn comments(pairs: &[&[u8]]) -> Vec<u8> {
    let sized = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text].concat();
    let count = u32::try_from(pairs.len()).unwrap().to_le_bytes();
    [sized(b"writer"), count.to_vec(), pairs.iter().flat_map(|pair| sized(pair)).collect()].concat()
}

fn picture(data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&[0, 0, 0, 3, 0, 0, 0, 10][..], b"image/jpeg", &[0; 20], &size, data].concat()
}

fn file(blocks: &[Vec<u8>]) -> Vec<u8> {
    let sound = b"\xff\xf8\xc9\x18 sound";
    [&b"fLaC"[..], &block(0, &[0; 34]), &blocks.concat(), &block(0x81, &[0; 8]), sound].concat()
}

fn full() -> Vec<u8> {
    file(&[
        block(4, &comments(&[b"TITLE=A tower", &[b"LOCATION=", PLACE].concat(), b"city=Paris"])),
        block(6, &picture(&cover())),
        block(1, &[&b"LOCATION="[..], PLACE].concat()),
    ])
}

#[test]
fn comments_pictures_and_padding_lose_the_place() {
    let after = redacted(&full());
    assert!(
        holds(&after, b"TITLE=A tower") && holds(&after, b"LOCATION=    ") && holds(&after, b"Mediagate")
    );
}

#[test]
fn what_cannot_be_made_safe_becomes_padding() {
    let application = [&b"abcd\0\x01"[..], b"freeGPS ", SENTENCE].concat();
    let after = redacted(&file(&[block(2, &application), block(4, &comments(&[b"TITLE=kept"]))]));
    assert_eq!(after[4 + 38], 1);
    assert!(holds(&after, b"TITLE=kept"));
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    laws::cut_or_poor(&full());
}

#[test]
fn no_byte_breaks_the_scanner() {
    laws::every_byte(&file(&[block(4, &comments(&[&[b"LOCATION=", PLACE].concat()]))]));
}
