//! Small ISO base media files: a recording with and without the place where it was made, and a photo with one.

#![forbid(unsafe_code)]

/// ISO 6709: the place of the samples.
const PLACE: &[u8] = b"+48.8584+002.2945+035.0/";

/// Sides of the photo in pixels.
const SIDE: u32 = 64;

/// The photo's decoder configuration (ISO/IEC 14496-15, 8.3.3.1: HEVC).
#[rustfmt::skip]
const DECODER: [u8; 112] = [
    0x01, 0x03, 0x70, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1e, 0xf0, 0x00, 0xfc, 0xfd, 0xf8, 0xf8, 0x00,
    0x00, 0x0f, 0x03, 0x60, 0x00, 0x01, 0x00, 0x18, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x03, 0x70, 0x00, 0x00, 0x03, 0x00,
    0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x1e, 0xba, 0x02, 0x40, 0x61, 0x00, 0x01, 0x00, 0x2b, 0x42, 0x01, 0x01,
    0x03, 0x70, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x1e, 0xa0, 0x20, 0x81, 0x05, 0x96,
    0xea, 0x49, 0x29, 0xae, 0x6e, 0x02, 0x1a, 0x0c, 0x08, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x00, 0x00, 0x03, 0x00, 0x08, 0x40,
    0x62, 0x00, 0x01, 0x00, 0x07, 0x44, 0x01, 0xc1, 0x72, 0xb0, 0x22, 0x40,
];

/// The photo: a meadow under the sky.
#[rustfmt::skip]
const PIXELS: [u8; 40] = [
    0x00, 0x00, 0x00, 0x24, 0x28, 0x01, 0xaf, 0x19, 0x80, 0x06, 0x89, 0x47, 0xbf, 0x55, 0xf2, 0x2a, 0xfd, 0xf7, 0xbe, 0xa8,
    0x3f, 0xc9, 0xe1, 0xc1, 0xe8, 0x24, 0x91, 0xf3, 0xfa, 0x30, 0x3d, 0x99, 0xf6, 0xd6, 0x57, 0x22, 0x8c, 0xf6, 0xbe, 0x8d,
];

/// A recording of a tone (MP4, one second at 8 kHz) with a title and no place.
pub fn mp4_clean() -> Vec<u8> {
    recording(&[title()], &[])
}

/// The same with the place in user data as phones write it, and once more under QuickTime's metadata keys.
pub fn mp4_with_location() -> Vec<u8> {
    let phone = boxed(b"\xa9xyz", &[&length_u16(PLACE), &0x15c7u16.to_be_bytes(), PLACE]);
    recording(&[title(), phone], &quicktime_metadata())
}

/// A photo (HEIC, 64 by 64 pixels) whose Exif names a camera, a date and the place.
pub fn heic_with_location() -> Vec<u8> {
    let exif = [&6u32.to_be_bytes()[..], b"Exif\0\0", &exif()].concat();
    let brands = boxed(b"ftyp", &[b"heic\0\0\0\0mif1heic"]);
    let start = brands.len() + photo_tables(0, exif.len()).len() + 8;
    [brands, photo_tables(start, exif.len()), boxed(b"mdat", &[&exif, &PIXELS])].concat()
}

/// The `meta` box of the photo; its data begin at `start`, Exif first.
fn photo_tables(start: usize, exif: usize) -> Vec<u8> {
    let handler = full(b"hdlr", 0, &[&[0; 4], b"pict", &[0; 13]]);
    let primary = full(b"pitm", 0, &[&1u16.to_be_bytes()]);
    let item = |id: u16, kind: &[u8; 4]| full(b"infe", 2 << 24, &[&id.to_be_bytes(), &[0; 2], kind, &[0]]);
    let information = full(b"iinf", 0, &[&2u16.to_be_bytes(), &item(1, b"hvc1"), &item(2, b"Exif")]);
    let describes = boxed(b"cdsc", &[&[0, 2, 0, 1, 0, 1]]);
    let references = full(b"iref", 0, &[&describes]);
    let size = full(b"ispe", 0, &[&SIDE.to_be_bytes(), &SIDE.to_be_bytes()]);
    let coding = boxed(b"hvcC", &[&DECODER]);
    let properties = boxed(b"ipco", &[&size, &coding]);
    let association = full(b"ipma", 0, &[&1u32.to_be_bytes(), &[0, 1, 2, 0x81, 0x82]]);
    let properties = boxed(b"iprp", &[&properties, &association]);
    let place = |id: u16, offset: usize, length: usize| {
        [&id.to_be_bytes()[..], &[0, 0, 0, 1], &word(offset), &word(length)].concat()
    };
    let places = [place(1, start + exif, PIXELS.len()), place(2, start, exif)].concat();
    let locations = full(b"iloc", 0, &[&[0x44, 0, 0, 2], &places]);
    full(b"meta", 0, &[&handler, &primary, &information, &references, &properties, &locations])
}

/// A TIFF block: make, date, and a GPS directory.
fn exif() -> Vec<u8> {
    const FIELD: usize = 12;
    let make = b"Sample Works\0\0\0\0";
    let date = b"2024:05:06 10:20:30\0";
    let first = 8usize;
    let gps = first + 2 + 3 * FIELD + 4;
    let values = gps + 2 + 4 * FIELD + 4;
    let latitude = values + make.len() + date.len();
    let field = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let degrees = |parts: [u32; 3]| {
        let [degrees, minutes, hundredths] = parts;
        [degrees, 1, minutes, 1, hundredths, 100].map(u32::to_be_bytes).concat()
    };
    [
        b"MM\0*\0\0\0\x08\0\x03".to_vec(),
        field(0x010f, 2, 13, word(values)),
        field(0x0132, 2, 20, word(values + make.len())),
        field(0x8825, 4, 1, word(gps)),
        vec![0, 0, 0, 0, 0, 4],
        field(1, 2, 2, *b"N\0\0\0"),
        field(2, 5, 3, word(latitude)),
        field(3, 2, 2, *b"E\0\0\0"),
        field(4, 5, 3, word(latitude + 24)),
        vec![0; 4],
        make.to_vec(),
        date.to_vec(),
        degrees([48, 51, 3024]),
        degrees([2, 17, 4020]),
    ]
    .concat()
}

/// A recording with this user data, and this after it in `moov`.
fn recording(user_data: &[Vec<u8>], more: &[u8]) -> Vec<u8> {
    let brands = boxed(b"ftyp", &[b"qt  \0\0\x02\0qt  isom"]);
    let sound: Vec<u8> = (0..8000u16).flat_map(|at| if at % 20 < 10 { [0, 8] } else { [0, 0xf8] }).collect();
    let movie = movie(brands.len() + 8, &[&boxed(b"udta", &[&user_data.concat()]), more].concat());
    [brands, boxed(b"mdat", &[&sound]), movie].concat()
}

/// The `moov` box of a recording whose samples begin at `data`, with its metadata.
fn movie(data: usize, metadata: &[u8]) -> Vec<u8> {
    let unity: Vec<u8> =
        [0x1_0000u32, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000].map(u32::to_be_bytes).concat();
    let times = [0u32, 0, 8000, 8000].map(u32::to_be_bytes).concat();
    let movie_header =
        full(b"mvhd", 0, &[&times, b"\0\x01\0\0\x01\0", &[0; 10], &unity, &[0; 24], b"\0\0\0\x02"]);
    let ids = [0u32, 0, 1, 0, 8000].map(u32::to_be_bytes).concat();
    let track_header = full(b"tkhd", 7, &[&ids, &[0; 12], b"\x01\0\0\0", &unity, &[0; 8]]);
    let media_header = full(b"mdhd", 0, &[&times, b"\x55\xc4\0\0"]);
    let handler = full(b"hdlr", 0, &[b"mhlrsoun", &[0; 13]]);
    let sound = boxed(b"sowt", &[&[0; 6], b"\0\x01", &[0; 8], b"\0\x01\0\x10\0\0\0\0\x1f\x40\0\0"]);
    let table = boxed(
        b"stbl",
        &[
            &full(b"stsd", 0, &[b"\0\0\0\x01", &sound]),
            &full(b"stts", 0, &[&[1u32, 8000, 1].map(u32::to_be_bytes).concat()]),
            &full(b"stsc", 0, &[&[1u32, 1, 8000, 1].map(u32::to_be_bytes).concat()]),
            &full(b"stsz", 0, &[&[2u32, 8000].map(u32::to_be_bytes).concat()]),
            &full(b"stco", 0, &[b"\0\0\0\x01", &word(data)]),
        ],
    );
    let reference = full(b"dref", 0, &[b"\0\0\0\x01", &full(b"url ", 1, &[])]);
    let information =
        boxed(b"minf", &[&full(b"smhd", 0, &[&[0; 4]]), &boxed(b"dinf", &[&reference]), &table]);
    let media = boxed(b"mdia", &[&media_header, &handler, &information]);
    let track = boxed(b"trak", &[&track_header, &media]);
    boxed(b"moov", &[&movie_header, &track, metadata])
}

fn title() -> Vec<u8> {
    let text = b"A tone";
    boxed(b"\xa9nam", &[&length_u16(text), &0x15c7u16.to_be_bytes(), text])
}

/// QuickTime File Format, "Metadata": names in `keys`, values in `ilst` under their index.
fn quicktime_metadata() -> Vec<u8> {
    let key = |name: &[u8]| boxed(b"mdta", &[name]);
    let value = |text: &[u8]| boxed(b"data", &[b"\0\0\0\x01\0\0\0\0", text]);
    let names = [key(b"com.apple.quicktime.model"), key(b"com.apple.quicktime.location.ISO6709")].concat();
    let values =
        [boxed(b"\0\0\0\x01", &[&value(b"Recorder")]), boxed(b"\0\0\0\x02", &[&value(PLACE)])].concat();
    let handler = full(b"hdlr", 0, &[&[0; 4], b"mdta", &[0; 13]]);
    boxed(b"meta", &[&handler, &full(b"keys", 0, &[b"\0\0\0\x02", &names]), &boxed(b"ilst", &[&values])])
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&word(content.len() + 8)[..], kind, &content].concat()
}

/// A box with version (high eight bits) and flags.
fn full(kind: &[u8; 4], version_and_flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&version_and_flags.to_be_bytes(), &parts.concat()])
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

fn length_u16(text: &[u8]) -> [u8; 2] {
    u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes()
}
