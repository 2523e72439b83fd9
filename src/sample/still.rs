//! Small pictures in the boxes of JPEG XL and JPEG 2000, with and without a location.

#![forbid(unsafe_code)]

use std::io::Write;

use super::tiff::{block, camera};
use super::xmp_with_location;

/// The grey gradient as a codestream of JPEG XL.
const PICTURE_JXL: &[u8] = include_bytes!("picture.jxl");
/// The same as a codestream of JPEG 2000.
const PICTURE_J2K: &[u8] = include_bytes!("picture.j2k");

/// A JPEG XL picture in boxes, without metadata.
pub fn jxl_clean() -> Vec<u8> {
    jxl(&[])
}

/// A JPEG XL picture with the location in a plain Exif box and in a compressed XMP box.
pub fn jxl_with_location() -> Vec<u8> {
    let exif = boxed(b"Exif", &[&[0; 4], &block(&camera(), true)]);
    jxl(&[exif, packed(b"xml ", xmp_with_location().as_bytes())])
}

/// A JPEG 2000 picture in boxes, without metadata.
pub fn jp2_clean() -> Vec<u8> {
    jp2(&[])
}

/// A JPEG 2000 picture with the location in the boxes of Exif, XMP and IPTC.
pub fn jp2_with_location() -> Vec<u8> {
    let city = [&[0x1c, 2, 90, 0, 5][..], b"Paris"].concat();
    let iptc = b"\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38";
    let xmp = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    jp2(&[
        boxed(b"uuid", &[b"JpgTiffExif->JP2", &block(&camera(), true)]),
        boxed(b"uuid", &[xmp, xmp_with_location().as_bytes()]),
        boxed(b"uuid", &[iptc, &city]),
    ])
}

/// A JPEG XL picture with these boxes before its codestream.
pub(crate) fn jxl(metadata: &[Vec<u8>]) -> Vec<u8> {
    let start = [boxed(b"JXL ", &[b"\r\n\x87\n"]), boxed(b"ftyp", &[b"jxl \0\0\0\0jxl "])].concat();
    [start, metadata.concat(), boxed(b"jxlc", &[PICTURE_JXL])].concat()
}

/// A JPEG 2000 picture with these boxes before its codestream.
pub(crate) fn jp2(metadata: &[Vec<u8>]) -> Vec<u8> {
    let start = [boxed(b"jP  ", &[b"\r\n\x87\n"]), boxed(b"ftyp", &[b"jp2 \0\0\0\0jp2 "])].concat();
    // Height and width, one component of eight bits, wavelets; enumerated colour space 17, grey.
    let header = boxed(b"ihdr", &[b"\0\0\0\x10\0\0\0\x10\0\x01\x07\x07\0\0"]);
    let colour = boxed(b"colr", &[b"\x01\0\0\0\0\0\x11"]);
    let end = boxed(b"jp2c", &[PICTURE_J2K]);
    [start, boxed(b"jp2h", &[&header, &colour]), metadata.concat(), end].concat()
}

/// A codestream of JPEG 2000 with this comment.
pub fn j2k(comment: &[u8]) -> Vec<u8> {
    // Start of the codestream and its sizes come first.
    let (head, rest) = PICTURE_J2K.split_at_checked(45).unwrap_or_default();
    let size = u16::try_from(comment.len().saturating_add(4)).unwrap_or(u16::MAX).to_be_bytes();
    [head, b"\xff\x64", &size, b"\0\x01", comment, rest].concat()
}

/// A `brob` box: a box with its content as a Brotli stream.
pub(crate) fn packed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
    // Writing into memory does not fail.
    let _ = writer.write_all(content);
    boxed(b"brob", &[kind, &writer.into_inner()])
}

pub(crate) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let size = u32::try_from(content.len().saturating_add(8)).unwrap_or(u32::MAX).to_be_bytes();
    [&size[..], kind, &content].concat()
}
