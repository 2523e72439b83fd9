#![forbid(unsafe_code)]

use proptest::prelude::*;

use super::*;
use crate::redact::{Plan, brotli, plan as plan_of};
use crate::sample::{TITLE, still, xmp_with_location};

const CITY: &[u8] = b"Paris";
/// Exif's latitude as it stands in the samples.
const LATITUDE: &[u8] = b"\x30\0\0\0\x01\0\0\0\x33\0\0\0\x01\0\0\0";

/// Content of a `jbrd` box that libjxl 0.7 wrote for a JPEG file with Exif, a City and a Headline of IPTC, two
/// comments, of which the first is `GPS (48.85837, 2.29448)`, and bytes after its end.
#[rustfmt::skip]
const RECONSTRUCTION: &[u8] = &[
    0xc3, 0xd6, 0xf7, 0xc1, 0x0d, 0x20, 0x08, 0x2d, 0x13, 0x19, 0x00, 0x30, 0x00, 0x40, 0x00, 0x64, 0x00, 0x38, 0x00, 0x80, 0x10, 0x90, 0x04, 0x00, 0x00, 0x00, 0x24, 0xff, 0x9f, 0x20, 0x14, 0x00, 0x00, 0x00, 0x10, 0x35, 0xc8, 0x30, 0xff, 0x03, 0xfc, 0x00, 0x00, 0x50, 0x05, 0x1b, 0x80, 0x00, 0x00, 0xc4, 0xff, 0xd8, 0xe6, 0x83, 0x83, 0xaa, 0xba, 0x1f, 0xa7, 0x5a, 0xd5, 0xdb, 0x9a, 0x59, 0x12, 0x0b, 0xad, 0x2d, 0x94, 0x85, 0x8a, 0x53, 0x0e, 0x98, 0x6b, 0x1e, 0x48, 0x60, 0xd2, 0xf2, 0x40, 0x6e, 0x74, 0x4f, 0xd9, 0x14, 0xd3, 0x45, 0xe4, 0x87, 0xfb, 0x8f, 0xec, 0x32, 0x4c, 0x52, 0xa9, 0x90, 0xce, 0xa2, 0x5a, 0xef, 0x8d, 0x38, 0x0e, 0x9a, 0x9a, 0xc7, 0x2e, 0xc1, 0x4f, 0x57, 0xb7, 0xd3, 0xdd, 0x63, 0x4f, 0xe0, 0xbf, 0x90, 0x4b, 0x3f, 0x48, 0xfd, 0x76, 0xaf, 0x0d, 0x86, 0x01, 0xc0, 0x23, 0x42, 0xd8, 0x9d, 0xe9, 0x82, 0xa2, 0xc5, 0x6a, 0xba, 0x5a, 0xaa, 0x16, 0x2a, 0x49, 0xca, 0xa7, 0xf3, 0xb5, 0x62, 0xb1, 0x1a, 0x0b, 0x21, 0x34, 0x20, 0x3a, 0x3f, 0x78, 0x3d, 0x56, 0xa7, 0x2b, 0xad, 0xbf, 0x8f, 0xdd, 0x3d, 0x49, 0x1e
];

/// What a file shows; `None` where it is refused.
fn shown(file: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = file.to_vec();
    match plan_of(&file, None, &Budget::STANDARD).unwrap() {
        Plan::Clean => {}
        Plan::Ranges(patches) => patches.apply(0, &mut bytes),
        Plan::Opaque(_) => return None,
    }
    assert_eq!(bytes.len(), file.len());
    Some(bytes)
}

fn clean(file: &[u8]) -> bool {
    plan_of(&file, None, &Budget::STANDARD).unwrap() == Plan::Clean
}

fn unpacked(stream: &[u8]) -> Option<Vec<u8>> {
    let nothing: &[u8] = &[];
    brotli::inflated(&mut Scan::new(&nothing, Budget::STANDARD), stream).unwrap()
}

/// As much of a stream as can be had, though it is cut.
fn lenient(stream: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let _ = std::io::copy(&mut ::brotli::Decompressor::new(stream, 4096), &mut text);
    text
}

/// The content of all `brob` boxes of a file, as far as it can be had.
fn compressed(file: &[u8]) -> Vec<u8> {
    let found = memchr::memmem::find_iter(file, b"brob");
    found.flat_map(|at| lenient(file.get(at + 8..).unwrap_or_default())).collect()
}

fn tells(file: &[u8]) -> bool {
    let all = [file, &compressed(file)].concat();
    [LATITUDE, CITY, b"48,51.504N"].iter().any(|trace| holds(&all, trace))
}

fn located() -> [Vec<u8>; 2] {
    [still::jxl_with_location(), still::jp2_with_location()]
}

#[test]
fn pictures_lose_the_location_and_keep_the_rest() {
    for file in located() {
        assert!(tells(&file));
        laws::seed(&file);
        let after = shown(&file).unwrap();
        assert!(!tells(&after), "{}", after.escape_ascii());
        assert!(holds(&[&after[..], &compressed(&after)].concat(), TITLE.as_bytes()));
        assert!(holds(&after, crate::sample::MAKE.as_bytes()));
        let codestream = file.len() - 30..;
        assert_eq!(after[codestream.clone()], file[codestream]);
        assert!(clean(&after));
    }
    assert!(clean(&still::jxl_clean()) && clean(&still::jp2_clean()));
}

#[test]
fn a_codestream_alone_is_clean_and_nothing_hides_behind_it() {
    let file = still::jxl_clean();
    let at = memchr::memmem::find(&file, b"\xff\x0a").unwrap();
    assert!(clean(&file[at..]));
    assert_eq!(shown(&[&file[at..], &crate::sample::jpeg_with_location()].concat()), None);
}

#[test]
fn a_compressed_box_is_compressed_again() {
    let packet = xmp_with_location();
    let file = still::jxl(&[still::packed(b"xml ", packet.as_bytes())]);
    let after = shown(&file).unwrap();
    let at = memchr::memmem::find(&after, b"brobxml ").unwrap() + 8;
    let end = memchr::memmem::find(&after, b"jxlc").unwrap() - 4;
    let text = unpacked(&after[at..end]).unwrap();
    assert_eq!(text.len(), packet.len());
    assert!(!holds(&text, CITY) && holds(&text, TITLE.as_bytes()));
    let without = still::jxl(&[still::packed(b"xml ", b"<a>nothing of a place</a>")]);
    assert!(clean(&without));
}

#[test]
fn a_picture_cut_anywhere_shows_nothing() {
    for file in located() {
        for length in 0..file.len() {
            assert!(shown(&file[..length]).is_none_or(|after| !tells(&after)), "cut at {length}");
        }
    }
}

#[test]
fn what_cannot_be_compressed_to_its_length_goes_whole() {
    let mut stream = still::packed(b"xml ", xmp_with_location().as_bytes());
    for content in [&b"no stream"[..], &[], &[0xff; 40], &[0x21; 400]] {
        let file = still::jxl(&[boxed(b"brob", &[b"xml ", content])]);
        let after = shown(&file).unwrap();
        assert!(holds(&after, b"rdct") && !holds(&after, b"brob"), "{}", after.escape_ascii());
    }
    // A stream that goes on after its end is read by some and not by others.
    stream.extend(b"more");
    let size = u32::try_from(stream.len()).unwrap().to_be_bytes();
    stream[..4].copy_from_slice(&size);
    assert!(!holds(&shown(&still::jxl(&[stream])).unwrap(), b"brob"));
}

/// The TIFF block of the JPEG XL sample, with the location.
fn exif() -> Vec<u8> {
    let file = still::jxl_with_location();
    let start = memchr::memmem::find(&file, b"Exif").unwrap() - 4;
    let size = u32::from_be_bytes(file[start..start + 4].try_into().unwrap());
    file[start + 12..start + usize::try_from(size).unwrap()].to_vec()
}

/// A file in which the first box of this type says that it has so many bytes.
fn resized(file: &[u8], kind: &[u8; 4], size: usize) -> Vec<u8> {
    let at = memchr::memmem::find(file, kind).unwrap();
    let mut file = file.to_vec();
    file[at - 4..at].copy_from_slice(&u32::try_from(size).unwrap().to_be_bytes());
    file
}

#[test]
fn exif_that_ends_in_its_header_is_clean_when_it_is_looked_at_again() {
    for length in 0..30 {
        let exif = &exif()[..length];
        for file in [
            still::jxl(&[boxed(b"Exif", &[&[0; 4], exif])]),
            still::jxl(&[still::packed(b"Exif", &[&[0; 4], exif].concat())]),
            still::jp2(&[boxed(b"uuid", &[b"JpgTiffExif->JP2", exif])]),
        ] {
            let after = shown(&file).unwrap();
            assert!(clean(&after), "{length}: {}", after.escape_ascii());
            let codestream = file.len() - 30..;
            assert_eq!(after[codestream.clone()], file[codestream]);
        }
    }
}

#[test]
fn what_follows_a_broken_frame_is_not_shown() {
    let [jxl, jp2] = located();
    let short = (8..50).flat_map(|size| [resized(&jxl, b"Exif", size), resized(&jp2, b"uuid", size)]);
    let long = [b"ftyp", b"Exif", b"brob"].map(|kind| resized(&jxl, kind, 1 << 20));
    let junk = [still::jxl_clean(), b"\0\0\0\0junk".to_vec(), jxl[32..].to_vec()].concat();
    for file in short.chain(long).chain([junk]) {
        let after = shown(&file).unwrap();
        assert!(!tells(&after) && clean(&after), "{}", after.escape_ascii());
    }
}

#[test]
fn exif_whose_parts_lie_over_each_other_shows_no_place() {
    // A directory of GPS that begins in the header, which stays.
    let over_header = [(60, 6)];
    // More than one directory of GPS, and a next one in the midst of the values.
    let over_values = [(38, 22), (46, 139)];
    for (changes, blanked) in [(&over_header[..], false), (&over_values, true)] {
        let mut exif = exif();
        for (at, byte) in changes {
            exif[*at] = *byte;
        }
        for start in [[0; 4], [1, 0, 0, 0]] {
            // Where the header is not found by its place it is found by its look.
            let after = shown(&still::jxl(&[boxed(b"Exif", &[&start, &exif])])).unwrap();
            assert!(!tells(&after) && clean(&after), "{}", after.escape_ascii());
        }
        let file = still::jxl(&[boxed(b"Exif", &[&[0; 4], &exif])]);
        let after = shown(&file).unwrap();
        assert!(!tells(&after) && clean(&after), "{}", after.escape_ascii());
        assert_eq!(holds(&after, crate::redact::tiff::EMPTY.as_slice()), blanked);
        assert_eq!(holds(&after, crate::sample::MAKE.as_bytes()), !blanked);
    }
}

#[test]
fn exif_without_its_header_goes_whole() {
    let exif = exif();
    let headless = [b"XX", &exif[2..]].concat();
    let late = [&b"Exif\0\0"[..], &exif].concat();
    for (content, stays) in [(&headless, false), (&late, true)] {
        for file in [
            still::jxl(&[boxed(b"Exif", &[&[0; 4], content])]),
            still::jp2(&[boxed(b"uuid", &[b"JpgTiffExif->JP2", content])]),
        ] {
            let after = shown(&file).unwrap();
            assert!(!tells(&after) && clean(&after));
            assert_eq!(holds(&after, crate::sample::MAKE.as_bytes()), stays);
        }
        let after = shown(&still::jxl(&[still::packed(b"Exif", &[&[0; 4], &content[..]].concat())])).unwrap();
        assert!(!tells(&after) && clean(&after));
        assert_eq!(holds(&compressed(&after), crate::sample::MAKE.as_bytes()), stays);
    }
}

#[test]
fn boxes_in_boxes_are_opened_as_far_as_the_budget_goes() {
    let mut inner = boxed(b"xml ", &[xmp_with_location().as_bytes()]);
    for depth in 0..40 {
        let kind: [u8; 4] = inner[4..8].try_into().unwrap();
        inner = still::packed(&kind, &inner[8..]);
        let after = shown(&still::jxl(&[inner.clone()]));
        assert!(after.is_none_or(|after| !tells(&after) && clean(&after)), "{depth}");
    }
}

#[test]
fn a_bomb_is_refused_or_taken_out() {
    let bomb = still::packed(b"xml ", &vec![b' '; 5 << 20]);
    assert!(!holds(&shown(&still::jxl(std::slice::from_ref(&bomb))).unwrap(), b"brob"));
    assert_eq!(shown(&still::jxl(&vec![bomb; 9])), None);
}

#[test]
fn what_a_jpeg_file_is_made_again_of_is_looked_into() {
    let file = still::jxl(&[boxed(b"jbrd", &[RECONSTRUCTION])]);
    let layout = reconstruction::layout(RECONSTRUCTION).unwrap();
    let content = |file: &[u8]| {
        let at = memchr::memmem::find(file, b"jbrd").unwrap() + 4 + layout.header;
        unpacked(&file[at..at + RECONSTRUCTION.len() - layout.header]).unwrap()
    };
    laws::seed(&file);
    let (before, shown) = (content(&file), shown(&file).unwrap());
    let after = content(&shown);
    assert_eq!(before.len(), after.len());
    for gone in [CITY, b"48.85837"] {
        assert!(holds(&before, gone) && !holds(&after, gone));
    }
    for stays in [&b"Title"[..], b"kept comment", b"tail bytes, tail bytes"] {
        assert!(holds(&after, stays));
    }
    assert!(clean(&shown));
}

#[test]
fn what_cannot_be_followed_is_not_made_again() {
    for length in 0..RECONSTRUCTION.len() {
        let after = shown(&still::jxl(&[boxed(b"jbrd", &[&RECONSTRUCTION[..length]])])).unwrap();
        assert!(!holds(&after, b"jbrd") && clean(&after), "{length}");
    }
}

#[test]
fn maps_and_comments_of_jpeg_2000_go() {
    let world = b"\x96\xa9\xf1\xf1\xdc\x98\x40\x2d\xa7\xae\xd6\x8e\x34\x45\x18\x09";
    let gml = b"<g xmlns='http://www.opengis.net/gml'><pos>48 2</pos></g>";
    let document = boxed(b"asoc", &[&boxed(b"lbl ", &[b"gml.root"]), &boxed(b"xml ", &[gml])]);
    for metadata in [boxed(b"uuid", &[world, b"some numbers"]), document] {
        let after = shown(&still::jp2(&[metadata])).unwrap();
        assert!(!holds(&after, b"numbers") && !holds(&after, b"<pos>"));
        assert!(clean(&after));
    }
    let map = b"\xb1\x4b\xf8\xbd\x08\x3d\x4b\x43\xa5\xae\x8c\xd7\xd5\xa6\xce\x03";
    // Width, and the tie points that say where its corner is.
    let entries = b"\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x82\x84\x0c\0\x06\0\0\0\x26\0\0\0";
    let block = [&b"II*\0\x08\0\0\0\x02\0"[..], entries, &[0; 4], &[0x42; 48]].concat();
    let after = shown(&still::jp2(&[boxed(b"uuid", &[map, &block])])).unwrap();
    assert!(
        !holds(&after, &[0x42; 8]) && holds(&after, b"\0\x01\x03\0\x01\0\0\0\x01\0\0\0") && clean(&after)
    );
    let place = still::j2k(b"Taken at lat: 48.85837, lon: 2.29448");
    for file in [place.clone(), still::jp2(&[boxed(b"jp2c", &[&place])])] {
        laws::seed(&file);
        let after = shown(&file).unwrap();
        assert!(!holds(&after, b"48.858") && clean(&after));
        assert_eq!(after[after.len() - 200..], file[file.len() - 200..]);
    }
    assert!(clean(&still::j2k(b"Created by OpenJPEG")));
    let appended = [place, crate::sample::jpeg_with_location()].concat();
    assert!(shown(&appended).is_none_or(|after| !tells(&after)));
}

proptest! {
    #[test]
    fn a_changed_picture_shows_no_more_when_it_is_looked_at_again(
        which in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let made_again = still::jxl(&[boxed(b"jbrd", &[RECONSTRUCTION])]);
        let mut file = located().into_iter().chain([made_again]).nth(which).unwrap();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(after) = shown(&file) {
            prop_assert!(clean(&after));
        }
    }

    #[test]
    fn any_fields_are_followed_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Some(layout) = reconstruction::layout(&bytes) {
            prop_assert!(layout.header <= bytes.len());
        }
    }
}

#[test]
fn a_broken_frame_with_no_metadata_behind_it_stays() {
    let start = boxed(b"jP  ", &[b"\r\n\x87\n"]);
    let broken = |behind: &[u8]| [&start[..], &ftyp(), &[0, 0, 0, 4], b"bad!", behind].concat();
    let codestream = boxed(b"jp2c", &[b"\xff\x4f\xff\x51 codestream"]);
    assert!(clean(&broken(&codestream)));
    let hidden = boxed(b"uuid", &[b"somewhere, without a sign"]);
    let after = shown(&broken(&[&codestream[..], &hidden].concat())).unwrap();
    assert!(!holds(&after, b"somewhere"));
}
