//! Small real pictures with and without a location, for the demonstration and for tests.
//!
//! Each decodes to 16 by 16 pixels. Those with a location have it in a GPS directory of Exif, and the JPEG also in XMP
//! and IPTC; all carry a maker's name beside it, which must survive redaction.

#![forbid(unsafe_code)]

use tiff::{Entry, block};

pub mod iso;
pub mod still;
#[cfg(test)]
mod tests;
mod tiff;

/// A grey gradient as baseline JPEG.
const PICTURE_JPEG: &[u8] = include_bytes!("picture.jpg");
/// The same as WebP without extensions: one `VP8L` chunk.
const PICTURE_WEBP: &[u8] = include_bytes!("picture.webp");
/// Pixels on a side.
const SIDE: u16 = 16;

/// The latitude of the samples, in degrees north.
pub const LATITUDE: f64 = 48.8584;
/// The longitude of the samples, in degrees east.
pub const LONGITUDE: f64 = 2.2945;
/// The maker's name in all samples with metadata.
pub const MAKE: &str = "Mediagate";
/// The title in the XMP of the samples.
pub const TITLE: &str = "A tower";

/// A JPEG with Exif that has no location.
pub fn jpeg_clean() -> Vec<u8> {
    jpeg(&[segment(0xe1, &[b"Exif\0\0", &block(&tiff::camera(), false)[..]].concat())])
}

/// A JPEG with the location in Exif, XMP and IPTC.
pub fn jpeg_with_location() -> Vec<u8> {
    let exif = [b"Exif\0\0", &block(&tiff::camera(), true)[..]].concat();
    let packet = [&b"http://ns.adobe.com/xap/1.0/\0"[..], xmp_with_location().as_bytes()].concat();
    let city = [&[0x1c, 2, 90, 0, 5][..], b"Paris"].concat();
    let resource = [&b"8BIM\x04\x04\0\0\0\0\0\x0a"[..], &city].concat();
    let photoshop = [&b"Photoshop 3.0\0"[..], &resource].concat();
    jpeg(&[segment(0xe1, &exif), segment(0xe1, &packet), segment(0xed, &photoshop)])
}

/// A PNG without metadata.
pub fn png_clean() -> Vec<u8> {
    png(&[])
}

/// A PNG with the location in an `eXIf` chunk and in an XMP text that is deflated.
pub fn png_with_location() -> Vec<u8> {
    let stream = miniz_oxide::deflate::compress_to_vec_zlib(xmp_with_location().as_bytes(), 6);
    let text = [&b"XML:com.adobe.xmp\0\x01\0\0\0"[..], &stream].concat();
    png(&[chunk(b"eXIf", &block(&tiff::camera(), true)), chunk(b"iTXt", &text)])
}

/// A TIFF picture without metadata.
pub fn tiff_clean() -> Vec<u8> {
    block(&tiff::picture(SIDE, &pixels()), false)
}

/// A TIFF picture with the location in a GPS directory.
pub fn tiff_with_location() -> Vec<u8> {
    let entries: Vec<Entry> = [tiff::picture(SIDE, &pixels()), tiff::camera()].concat();
    block(&entries, true)
}

/// A WebP without metadata.
pub fn webp_clean() -> Vec<u8> {
    PICTURE_WEBP.to_vec()
}

/// A WebP with the location in its `EXIF` and `XMP ` chunks.
pub fn webp_with_location() -> Vec<u8> {
    // Flags for Exif and XMP, three reserved bytes, width and height less one in three bytes each.
    let side = u8::try_from(SIDE.saturating_sub(1)).unwrap_or_default();
    let extended = riff_chunk(b"VP8X", &[0x0c, 0, 0, 0, side, 0, 0, side, 0, 0]);
    let chunks = [
        b"WEBP".to_vec(),
        extended,
        PICTURE_WEBP.get(12..).unwrap_or_default().to_vec(),
        riff_chunk(b"EXIF", &block(&tiff::camera(), true)),
        riff_chunk(b"XMP ", xmp_with_location().as_bytes()),
    ];
    riff_chunk(b"RIFF", &chunks.concat())
}

/// An XMP packet with the location and a title.
pub fn xmp_with_location() -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:exif=\"http://ns.adobe.com/exif/1.0/\" xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\" \
         exif:GPSLatitude=\"48,51.504N\" exif:GPSLongitude=\"2,17.67E\" photoshop:Headline=\"{TITLE}\">\
         <photoshop:City>Paris</photoshop:City></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
    )
}

fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let (start, rest) = PICTURE_JPEG.split_at_checked(2).unwrap_or_default();
    [start, &segments.concat(), rest].concat()
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let size = u16::try_from(body.len().saturating_add(2)).unwrap_or(u16::MAX);
    [&[0xff, marker][..], &size.to_be_bytes(), body].concat()
}

/// A grey gradient, row by row.
fn pixels() -> Vec<u8> {
    let side = u8::try_from(SIDE).unwrap_or_default();
    (0..side).flat_map(|row| (0..side).map(move |column| row.wrapping_mul(8).wrapping_add(column))).collect()
}

fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    let side = u32::from(SIDE).to_be_bytes();
    // Eight bits of grey, no interlacing.
    let header = [&side[..], &side, &[8, 0, 0, 0, 0]].concat();
    // Every row begins with its filter: none.
    let rows = pixels().chunks(usize::from(SIDE)).flat_map(|row| [&[0], row].concat()).collect::<Vec<_>>();
    let data = miniz_oxide::deflate::compress_to_vec_zlib(&rows, 6);
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunks.concat(),
        chunk(b"IDAT", &data),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let named = [&name[..], body].concat();
    [&size[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

fn riff_chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    let padding: &[u8] = if body.len().is_multiple_of(2) { &[] } else { &[0] };
    [&name[..], &size, body, padding].concat()
}
