#![forbid(unsafe_code)]

use super::*;

/// Where an item lies: construction method, offset and length of each part.
type Parts<'a> = (u16, &'a [(usize, usize)]);

const PICTURE: &[u8] = b"the picture's own bytes";

/// A GPS directory with a latitude whose numerators are recognised.
fn exif() -> Vec<u8> {
    let header = b"\0\0\0\x06Exif\0\0MM\0*\0\0\0\x08\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0";
    let gps = b"\0\x01\0\x02\0\x05\0\0\0\x03\0\0\0\x2c\0\0\0\0";
    [&header[..], gps, &words(&[0x3030_3030, 1, 0x5151_5151, 1, 0x3024, 100])].concat()
}

fn photo(kind: &[u8], parts: Parts<'_>, data: &[&[u8]], idat: &[u8]) -> Vec<u8> {
    let item = |id: u8, kind: &[u8]| full(b"infe", 2 << 24, &[&[0, id, 0, 0], kind]);
    let information = full(b"iinf", 0, &[&[0, 2], &item(1, b"hvc1\0"), &item(2, kind)]);
    let place = |id: u8, (method, parts): Parts<'_>| {
        let extents: Vec<u8> = parts.iter().flat_map(|(offset, length)| words(&[*offset, *length])).collect();
        let count = u16::try_from(parts.len()).unwrap().to_be_bytes();
        [&[0, id][..], &method.to_be_bytes(), &[0, 0], &count, &extents].concat()
    };
    let start = ftyp().len() + 8;
    let shifted: Vec<(usize, usize)> = parts.1.iter().map(|(at, length)| (at + start, *length)).collect();
    let parts = if parts.0 == 0 { (0, shifted.as_slice()) } else { parts };
    let places = [place(1, (0, &[(start, PICTURE.len())])), place(2, parts)].concat();
    let locations = full(b"iloc", 1 << 24, &[&[0x44, 0, 0, 2], &places]);
    let meta = full(b"meta", 0, &[&information, &locations, &boxed(b"idat", &[idat])]);
    [ftyp(), boxed(b"mdat", data), meta].concat()
}

#[test]
fn an_exif_item_is_found_in_the_file_and_in_idat() {
    let exif = exif();
    let at = PICTURE.len();
    let gone = b"0000\0\0\0\x01QQQQ";
    let file = photo(b"Exif\0", (0, &[(at, exif.len())]), &[PICTURE, &exif], b"");
    check(&file, gone, &[PICTURE]);
    let file = photo(b"Exif\0", (1, &[(0, exif.len())]), &[PICTURE], &exif);
    check(&file, gone, &[PICTURE]);
}

#[test]
fn an_item_in_parts_is_read_as_one() {
    let exif = exif();
    let (first, second) = exif.split_at(70);
    let at = PICTURE.len();
    let parts = [(at, first.len()), (at + first.len() + 5, second.len())];
    let file = photo(b"Exif\0", (0, &parts), &[PICTURE, first, b"apart", second], b"");
    let shown = check(&file, b"0000", &[PICTURE, b"apart"]);
    assert!(!holds(&shown, b"QQQQ"));
}

#[test]
fn an_xmp_item_goes_and_a_compressed_one_too() {
    let packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF \
        xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
        xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:GPSLatitude='48,51.5N'/></rdf:RDF></x:xmpmeta>";
    let kind = b"mime\0application/rdf+xml\0";
    let file = photo(kind, (1, &[(0, packet.len())]), &[PICTURE], packet);
    check(&file, b"48,51.5N", &[PICTURE, b"</x:xmpmeta>"]);
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(packet, 6);
    let kind = b"mime\0application/rdf+xml\0deflate\0";
    let file = photo(kind, (1, &[(0, packed.len())]), &[PICTURE], &packed);
    check(&file, &packed, &[PICTURE]);
}

#[test]
fn an_item_that_shares_data_with_a_picture_is_not_written_to() {
    let file = photo(b"Exif\0", (0, &[(4, exif().len())]), &[PICTURE, &exif()], b"");
    assert!(matches!(redacted(&file), Err(ScanError::Malformed(_))));
}

#[test]
fn an_item_that_cannot_be_followed_makes_the_file_opaque() {
    let at = PICTURE.len();
    let astray: [Parts<'_>; 3] = [(2, &[(0, 4)]), (0, &[(at, 0)]), (1, &[(900, 8)])];
    for parts in astray {
        let file = photo(b"Exif\0", parts, &[PICTURE, &exif()], b"");
        assert!(matches!(redacted(&file), Err(ScanError::Malformed(_))), "{parts:?}");
    }
}

#[test]
fn a_table_that_needs_no_bytes_is_not_followed_for_ever() {
    let information = full(b"iinf", 0, &[&[0, 1], &full(b"infe", 2 << 24, &[&[0, 1, 0, 0], b"Exif\0"])]);
    let entry = [0, 1, 0, 0, 0xff, 0xff].repeat(2000);
    let locations = full(b"iloc", 0, &[&[0, 0, 0x07, 0xd0], &entry]);
    let file = [ftyp(), full(b"meta", 0, &[&information, &locations])].concat();
    assert!(matches!(redacted(&file), Err(ScanError::Budget(_))));
}
