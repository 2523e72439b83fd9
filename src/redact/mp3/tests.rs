#![forbid(unsafe_code)]

use crate::redact::tests::laws::{self, PLACE, cover, holds, redacted};

const SOUND: &[u8] = b"\xff\xfb\x90\x64 sound without a tag";

fn item(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&u32::try_from(value.len()).unwrap().to_le_bytes()[..], &[0; 4], name, b"\0", value].concat()
}

fn ape(items: &[Vec<u8>]) -> Vec<u8> {
    let items = items.concat();
    let size = u32::try_from(items.len() + 32).unwrap().to_le_bytes();
    let frame = [&b"APETAGEX"[..], &2000u32.to_le_bytes(), &size, &[1, 0, 0, 0], &[0; 12]].concat();
    [&frame[..], &items, &frame].concat()
}

fn old(comment: &[u8]) -> Vec<u8> {
    let mut tag = [&b"TAG"[..], b"A tower"].concat();
    tag.resize(97, 0);
    tag.extend(comment);
    tag.resize(128, 0);
    tag
}

fn lyrics() -> Vec<u8> {
    let text = [&b"LYRICSBEGINLYR00018"[..], PLACE].concat();
    [&text[..], format!("{:06}", text.len()).as_bytes(), b"LYRICS200"].concat()
}

fn full() -> Vec<u8> {
    let items = [
        item(b"Title", b"A tower"),
        item(b"Recorded at location", PLACE),
        item(b"Cover Art (Front)", &[&b"cover.jpg\0"[..], &cover()].concat()),
    ];
    [SOUND, &ape(&items), &lyrics(), &old(PLACE)].concat()
}

#[test]
fn tags_at_the_end_lose_the_place() {
    let after = redacted(&full());
    for kept in [&b"TAGA tower"[..], b"Title\0A tower", b"cover.jpg\0\xff\xd8", b"Mediagate", b"LYR00018"] {
        assert!(holds(&after, kept), "{}", String::from_utf8_lossy(kept));
    }
}

#[test]
fn tags_before_the_sound_do_too() {
    let body = [&b"TXXX\0\0\0\x1c\0\0\0location\0"[..], PLACE].concat();
    let id3 = [&b"ID3\x04\0\0\0\0\0"[..], &[u8::try_from(body.len()).unwrap()], &body].concat();
    redacted(&[&id3[..], &ape(&[item(b"Location", PLACE)]), SOUND].concat());
    redacted(&[&id3[..], &id3, SOUND].concat());
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    let body = [&b"TXXX\0\0\0\x1c\0\0\0location\0"[..], PLACE].concat();
    let id3 = [&b"ID3\x04\0\0\0\0\0"[..], &[u8::try_from(body.len()).unwrap()], &body].concat();
    laws::cut_or_poor(&[&id3[..], &ape(&[item(b"Location", PLACE)]), SOUND].concat());
}

#[test]
fn no_byte_breaks_the_scanner() {
    laws::every_byte(&[SOUND, &ape(&[item(b"Location", PLACE)]), &lyrics(), &old(PLACE)].concat());
}
