//! What a file is, by its first bytes.
//!
//! Sources: the formats' specifications; for the brands of ISO base media files <https://mp4ra.org/registered-types/brands>.

#![forbid(unsafe_code)]

use memchr::memmem;

use super::bytes::Endian;

/// A format of media files, or one that is none but holds the same metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG, APNG.
    Png,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF, and what is TIFF underneath: JPEG XR and raw photographs (DNG, NEF, CR2, ARW, PEF, SRW, RW2, ORF, …).
    Tiff,
    /// Fujifilm raw.
    Raf,
    /// Minolta raw.
    Mrw,
    /// Canon raw before TIFF.
    Crw,
    /// Sigma raw.
    X3f,
    /// HEIF, HEIC.
    Heif,
    /// AVIF.
    Avif,
    /// Canon raw in ISO boxes.
    Cr3,
    /// MP4, M4V, 3GP.
    Mp4,
    /// M4A, M4B: audio only, by its brand.
    M4a,
    /// QuickTime.
    Quicktime,
    /// Matroska.
    Matroska,
    /// WebM.
    Webm,
    /// AVI.
    Avi,
    /// WAV and other RIFF audio.
    Wav,
    /// MPEG audio, AAC.
    Mp3,
    /// FLAC.
    Flac,
    /// Ogg.
    Ogg,
    /// MPEG transport stream.
    TransportStream,
    /// MPEG programme stream.
    ProgramStream,
    /// Windows Media.
    Asf,
    /// Flash video.
    Flv,
    /// JPEG 2000.
    Jp2,
    /// JPEG 2000 without boxes.
    Jp2Codestream,
    /// JPEG XL in boxes.
    Jxl,
    /// JPEG XL without boxes: no metadata.
    JxlCodestream,
    /// Photoshop document.
    Psd,
    /// Exif, XMP and IPTC of an image, alone (exiv2).
    Exv,
    /// MIDI.
    Midi,
    /// AMR audio.
    Amr,
    /// PDF.
    Pdf,
    /// PostScript.
    Postscript,
    /// XMP packet alone.
    Xmp,
    /// Other XML.
    Xml,
}

/// The kind of media that a format is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Photographs and pictures.
    Image,
    /// Moving pictures, with or without sound.
    Video,
    /// Sound alone.
    Audio,
    /// None of them.
    NotMedia,
}

impl Format {
    /// The kind of media that it is.
    pub fn media(self) -> Media {
        match self {
            Format::Jpeg | Format::Png | Format::Webp | Format::Gif | Format::Bmp | Format::Tiff => {
                Media::Image
            }
            Format::Raf | Format::Mrw | Format::Crw | Format::X3f | Format::Cr3 => Media::Image,
            Format::Heif | Format::Avif | Format::Jxl | Format::JxlCodestream => Media::Image,
            Format::Jp2 | Format::Jp2Codestream | Format::Psd => Media::Image,
            Format::Mp4 | Format::Quicktime | Format::Matroska | Format::Webm | Format::Avi => Media::Video,
            Format::TransportStream | Format::ProgramStream | Format::Asf | Format::Flv => Media::Video,
            Format::M4a | Format::Wav | Format::Mp3 | Format::Flac | Format::Ogg => Media::Audio,
            Format::Midi | Format::Amr => Media::Audio,
            Format::Pdf | Format::Postscript | Format::Xmp | Format::Xml | Format::Exv => Media::NotMedia,
        }
    }
}

/// Formats that begin with fixed bytes.
const MAGICS: &[(&[u8], Format)] = &[
    (b"\xff\xd8", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"FUJIFILMCCD-RAW ", Format::Raf),
    (b"\0MRM", Format::Mrw),
    (b"II\x1a\0\0\0HEAPCCDR", Format::Crw),
    (b"FOVb", Format::X3f),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"II+\0", Format::Tiff),
    (b"MM\0+", Format::Tiff),
    (b"IIU\0", Format::Tiff),
    (b"IIRO", Format::Tiff),
    (b"IIRS", Format::Tiff),
    (b"MMOR", Format::Tiff),
    (b"II\xbc\x00", Format::Tiff),
    (b"II\xbc\x01", Format::Tiff),
    (b"fLaC", Format::Flac),
    (b"OggS", Format::Ogg),
    (b"ID3", Format::Mp3),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format::Jp2),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format::Jxl),
    (b"\xff\x4f\xff\x51", Format::Jp2Codestream),
    (b"\xff\x0a", Format::JxlCodestream),
    (b"8BPS\0\x01", Format::Psd),
    (b"8BPS\0\x02", Format::Psd),
    (b"\xff\x01Exiv2", Format::Exv),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format::Asf),
    (b"FLV\x01", Format::Flv),
    (b"\0\0\x01\xba", Format::ProgramStream),
    (b"\0\0\x01\xb3", Format::ProgramStream),
    (b"MThd", Format::Midi),
    (b"#!AMR", Format::Amr),
    (b"%!PS", Format::Postscript),
    (b"\xc5\xd0\xd3\xc6", Format::Postscript),
];

/// What begins otherwise than any picture, film or sound: archives, office documents, databases and programs. Gzip is
/// left out, which a compressed SVG is.
const NO_MEDIA: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\xfd7zXZ\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf",
    b"SQLite format 3\0",
    b"\x7fELF",
    b"dex\n03",
];

/// Boxes with which a QuickTime file begins that has no `ftyp`.
const QUICKTIME_BOXES: [&[u8]; 8] = [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"uuid"];

/// What a file is whose first bytes are `head` (4 KiB are enough, fewer do where the file has no more); `None` where
/// it is nothing that is known here.
pub fn sniff(head: &[u8]) -> Option<Format> {
    candidates(head).first().copied()
}

/// Whether a file that begins with `head`, and is nothing that [`sniff`] knows, is for certain no medium either.
pub fn is_no_media(head: &[u8]) -> bool {
    NO_MEDIA.iter().any(|magic| head.starts_with(magic))
}

/// Everything that the first bytes of a file allow, the likeliest first.
pub(super) fn candidates(head: &[u8]) -> Vec<Format> {
    let magics = MAGICS.iter().filter(|(magic, _)| head.starts_with(magic)).map(|(_, format)| *format);
    let mut found: Vec<Format> = magics.collect();
    found.extend([boxes(head), riff(head), ebml(head), text(head)].into_iter().flatten());
    if found.is_empty() {
        // The weakest signs: the mark of UTF-16 looks like MPEG audio.
        found.extend(streams(head));
    }
    found
}

fn boxes(head: &[u8]) -> Option<Format> {
    let size = Endian::Big.u32(head, 0)?;
    let name = head.get(4..8)?;
    if name != b"ftyp" {
        let plausible = size == 0 || size == 1 || size >= 8;
        return (plausible && QUICKTIME_BOXES.contains(&name)).then_some(Format::Quicktime);
    }
    let end = usize::try_from(size).ok().filter(|end| *end >= 16).unwrap_or(16);
    let mut brands = head.get(8..end.min(head.len())).unwrap_or_default().chunks_exact(4);
    let major = brands.next()?;
    // The second word is the version of the first brand.
    let all: Vec<&[u8]> = std::iter::once(major).chain(brands.skip(1)).collect();
    let any = |names: &[&[u8]]| all.iter().any(|brand| names.contains(brand));
    Some(match major {
        b"crx " => Format::Cr3,
        b"avif" | b"avis" => Format::Avif,
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => Format::Heif,
        b"M4A " | b"M4B " | b"M4P " | b"F4A " | b"F4B " => Format::M4a,
        b"qt  " => Format::Quicktime,
        b"mif1" | b"msf1" | b"mif2" | b"miaf" => {
            if any(&[b"avif", b"avis"]) {
                Format::Avif
            } else {
                Format::Heif
            }
        }
        b"jxl " => Format::Jxl,
        b"jp2 " | b"jpx " | b"jpm " => Format::Jp2,
        _ => Format::Mp4,
    })
}

fn riff(head: &[u8]) -> Option<Format> {
    if !matches!(head.get(..4)?, b"RIFF" | b"RIFX" | b"RF64" | b"BW64") {
        return bitmap(head);
    }
    match head.get(8..12)? {
        b"WEBP" => Some(Format::Webp),
        b"AVI " | b"AVIX" => Some(Format::Avi),
        _ => Some(Format::Wav),
    }
}

fn bitmap(head: &[u8]) -> Option<Format> {
    let header = Endian::Little.u32(head, 14)?;
    (head.starts_with(b"BM") && matches!(header, 12 | 40 | 52 | 56 | 64 | 108 | 124)).then_some(Format::Bmp)
}

fn ebml(head: &[u8]) -> Option<Format> {
    if !head.starts_with(b"\x1a\x45\xdf\xa3") {
        return None;
    }
    let window = head.get(..64.min(head.len()))?;
    Some(if memmem::find(window, b"webm").is_some() { Format::Webm } else { Format::Matroska })
}

/// Streams of packets without a header.
fn streams(head: &[u8]) -> Option<Format> {
    let at = |place: usize| head.get(place).copied();
    let synchronised = |first: usize, step: usize| {
        (0..4).all(|packet: usize| at(first.saturating_add(packet.saturating_mul(step))) == Some(0x47))
    };
    if synchronised(0, 188) || synchronised(4, 192) {
        return Some(Format::TransportStream);
    }
    match (at(0)?, at(1)?) {
        // MPEG audio: eleven bits set, a layer, a bit rate that is one; AAC: twelve bits set and layer 0.
        (0xff, second) if second & 0xf6 == 0xf0 => Some(Format::Mp3),
        (0xff, second) if second & 0xe0 == 0xe0 && second & 0x06 != 0 => {
            (at(2)? & 0xf0 != 0xf0).then_some(Format::Mp3)
        }
        _ => None,
    }
}

fn text(head: &[u8]) -> Option<Format> {
    let window = head.get(..1024.min(head.len()))?;
    if memmem::find(window, b"%PDF-").is_some() {
        return Some(Format::Pdf);
    }
    let plain: Vec<u8> = window.iter().copied().filter(|byte| *byte != 0).collect();
    let trimmed = plain.trim_ascii_start();
    let start = [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"]
        .iter()
        .find_map(|mark| trimmed.strip_prefix(*mark))
        .unwrap_or(trimmed)
        .trim_ascii_start();
    if !start.starts_with(b"<") {
        return None;
    }
    let packet = [&b"<x:xmpmeta"[..], b"<x:xapmeta", b"<rdf:RDF", b"<?xpacket"];
    if packet.iter().any(|sign| memmem::find(start, sign).is_some()) {
        return Some(Format::Xmp);
    }
    start.starts_with(b"<?xml").then_some(Format::Xml)
}
