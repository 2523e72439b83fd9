//! A photo whose location comes and goes by changing few bytes: of one size, with one layout.

use mediagate::redact::{self, Budget, Plan};
use mediagate::sample;

/// How many places in the file a location can be at, each in a segment of its own.
pub(crate) const SLOTS: usize = 4;
/// What no version of the photo contains but one with a location: the numerator of the latitude's seconds.
pub(crate) const NEEDLE: [u8; 4] = 27_182_818u32.to_be_bytes();
/// Bytes of filling after each slot: slots lie far apart, and none crosses a boundary of 64 KiB.
const FILLING: usize = 60_000;
/// Tag of the directory with the location (Exif 2.32, 4.6.3), and the byte that makes another tag of it.
const GPS: [u8; 2] = [0x88, 0x25];
const NO_GPS: [u8; 2] = [0x88, 0x2a];
/// Degrees, minutes and seconds as fractions.
const VALUE: usize = 24;
/// What stands in the place of a value where there is none.
const BLANK: [u8; VALUE] = *b"abcdefghijklmnopqrstuvwx";

/// Where in the photo the parts of a slot are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// The second byte of the tag that makes it a location.
    pub(crate) tag: usize,
    /// The latitude.
    pub(crate) value: usize,
}

impl Slot {
    /// Slot `index` of the photo.
    pub(crate) fn of(index: usize) -> Slot {
        let start = 2 + index * (segment(0xe1, &exif(false)).len() + segment(0xfe, &[b'f'; FILLING]).len());
        let block = start + 4 + 6;
        Slot { tag: block + 8 + 2 + 1, value: block + exif(false).len() - 6 - VALUE }
    }

    /// The tag's byte, and the bytes of the value, with a location and without one.
    pub(crate) fn bytes(location: bool) -> (u8, [u8; VALUE]) {
        if location { (GPS[1], latitude()) } else { (NO_GPS[1], BLANK) }
    }
}

/// The photo with its location in this slot, or without one.
pub(crate) fn photo(location: Option<usize>) -> Vec<u8> {
    let slots = (0..SLOTS).flat_map(|slot| {
        [segment(0xe1, &exif(location == Some(slot))), segment(0xfe, &[b'f'; FILLING])].concat()
    });
    [&[0xff, 0xd8][..], &slots.collect::<Vec<u8>>(), &sample::jpeg_clean()[2..]].concat()
}

/// The bytes that a reader gets who may not know the location.
pub(crate) fn redacted(bytes: &[u8]) -> Vec<u8> {
    let mut shown = bytes.to_vec();
    match redact::plan(&bytes, Some("jpg"), &Budget::STANDARD).expect("memory can be read") {
        Plan::Clean => {}
        Plan::Ranges(patches) => patches.apply(0, &mut shown),
        Plan::Opaque(reason) => panic!("the photo is opaque: {reason}"),
    }
    assert!(!tells_location(&shown), "the filter hides the location");
    shown
}

/// Whether these bytes hold a part of the location.
pub(crate) fn tells_location(bytes: &[u8]) -> bool {
    bytes.windows(NEEDLE.len()).any(|window| window == NEEDLE)
}

fn latitude() -> [u8; VALUE] {
    let parts = [48u32.to_be_bytes(), 1u32.to_be_bytes(), 51u32.to_be_bytes(), 1u32.to_be_bytes()];
    let seconds = [NEEDLE, 1_000_000u32.to_be_bytes()];
    [parts.concat(), seconds.concat()].concat().try_into().expect("six words")
}

/// Exif with one entry: the directory with the location, or something unknown in its place.
fn exif(location: bool) -> Vec<u8> {
    let (tag, value) = Slot::bytes(location);
    let entry = [&[GPS[0], tag][..], &[0, 4, 0, 0, 0, 1, 0, 0, 0, 26]].concat();
    let reference = [0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0];
    let latitude = [0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 56];
    let directory = [&[0, 2][..], &reference, &latitude, &[0; 4]].concat();
    [&b"Exif\0\0MM\0*\0\0\0\x08\0\x01"[..], &entry, &[0; 4], &directory, &value].concat()
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("a segment is short").to_be_bytes();
    [&[0xff, marker][..], &length, content].concat()
}
