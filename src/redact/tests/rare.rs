//! Formats whose scanners are short and have no tests of their own: what is embedded in them loses its location.

#![forbid(unsafe_code)]

use super::*;
use crate::sample::iso::{heic_with_location, mp4_with_location};
use laws::{redacted, seed};

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, &content].concat()
}

fn sized(content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
}

/// A Photoshop document with a City of IPTC, Exif and XMP among its resources.
fn psd() -> Vec<u8> {
    let resource = |id: u16, content: &[u8]| {
        let padding: &[u8] = if content.len().is_multiple_of(2) { b"" } else { b"\0" };
        [&b"8BIM"[..], &id.to_be_bytes(), b"\0\0", &sized(content), padding].concat()
    };
    let resources = [
        resource(0x0404, b"\x1c\x02\x5a\0\x05Paris"),
        resource(0x0422, &sample::tiff_with_location()),
        resource(0x0424, sample::xmp_with_location().as_bytes()),
        resource(0x040c, &[&[0; 28], &sample::jpeg_with_location()[..]].concat()),
    ];
    let header = b"8BPS\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x08\0\x01";
    [&header[..], &sized(b""), &sized(&resources.concat()), &sized(b""), b"\0\0\x80"].concat()
}

fn gif() -> Vec<u8> {
    let packet = sample::xmp_with_location();
    // What leads a decoder out of the packet: every length, downwards.
    let trailer: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
    let xmp = [b"!\xff\x0bXMP DataXMP", packet.as_bytes(), &trailer].concat();
    let screen = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    let picture = b",\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";
    [&screen[..], b"!\xfe\x05hello\0", &xmp, picture].concat()
}

/// A RAF header that leads to a preview and a TIFF block.
fn raf() -> Vec<u8> {
    let (preview, block) = (sample::jpeg_with_location(), sample::tiff_with_location());
    let place = |at: usize, size: usize| {
        [at, size].map(|number| u32::try_from(number).unwrap().to_be_bytes()).concat()
    };
    let mut header = b"FUJIFILMCCD-RAW 0201".to_vec();
    header.resize(84, 0);
    header.extend(place(108, preview.len()));
    header.extend(place(108 + preview.len(), block.len()));
    header.extend(place(108 + preview.len(), 0));
    [header, preview, block].concat()
}

fn mrw() -> Vec<u8> {
    let blocks =
        [b"\0PRD".to_vec(), sized(&[0; 24]), b"\0TTW".to_vec(), sized(&sample::tiff_with_location())];
    [b"\0MRM".to_vec(), sized(&blocks.concat()), vec![0; 32]].concat()
}

/// The segments of a photograph without its image.
fn exv() -> Vec<u8> {
    let photo = sample::jpeg_with_location();
    let image = memchr::memmem::find(&photo, b"\xff\xdb").unwrap();
    [b"\xff\x01Exiv2", &photo[2..image], b"\xff\xd9"].concat()
}

#[test]
fn what_they_embed_loses_its_location() {
    for file in [psd(), gif(), raf(), mrw(), exv()] {
        let after = redacted(&file);
        assert!(
            memchr::memmem::find(&after, sample::TITLE.as_bytes()).is_some() || file.starts_with(b"\0MRM")
        );
        laws::cut_or_poor(&file);
    }
}

#[test]
fn photos_and_recordings_in_boxes_are_clean_afterwards() {
    let mut avif = heic_with_location();
    avif[8..12].copy_from_slice(b"avif");
    let gps = b"II*\0\x08\0\0\0\x02\0\0\0\x01\0\x04\0\0\0\x02\x03\0\0\x01\0\x02\0\x02\0\0\0N\0\0\0\0\0\0\0";
    let canon = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
    let blocks = [boxed(b"CMT1", &[&sample::tiff_with_location()]), boxed(b"CMT4", &[gps])];
    let exif = boxed(b"uuid", &[canon, &blocks.concat()]);
    let cr3 = [boxed(b"ftyp", &[b"crx \0\0\0\x01crx isom"]), boxed(b"moov", &[&exif])].concat();
    for file in [heic_with_location(), avif, cr3, mp4_with_location()] {
        seed(&file);
        let after = seen(&file).unwrap();
        assert_ne!(after, file);
        assert_eq!(plan_of(&after), Plan::Clean);
    }
}
