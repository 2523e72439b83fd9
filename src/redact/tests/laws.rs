//! What holds for every scanner, as assertions for the tests of each.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use memchr::memmem;

use crate::redact::{Budget, Format, Plan, plan, sniff};
use crate::sample;

/// A place as phones write it into tags.
pub(in crate::redact) const PLACE: &[u8] = b"+48.8584+002.2945/";
/// A sentence of a receiver.
pub(in crate::redact) const SENTENCE: &[u8] =
    b"$GPRMC,102030.00,A,4851.50220,N,00217.66886,E,0.1,0.0,060524,,,A*6A";
/// A line of a drone, and the number in it that tells the place.
pub(in crate::redact) const LINE: &[u8] = b"[iso : 100] [latitude: 48.858370] [longitude: 2.294481]";

/// Everything in the fixtures that tells the place.
const TRACES: [&[u8]; 6] = [
    PLACE,
    b"4851.50220,N",
    b"48.858370",
    b"Paris",
    // Latitude in Exif, and in XMP.
    b"\x30\0\0\0\x01\0\0\0\x33\0\0\0\x01\0\0\0",
    b"48,51.504N",
];

pub(in crate::redact) fn holds(file: &[u8], trace: &[u8]) -> bool {
    memmem::find(file, trace).is_some()
}

fn tells(file: &[u8]) -> bool {
    TRACES.iter().any(|trace| holds(file, trace))
}

/// Leaves a fixture for the fuzz target that it belongs to, below the directory that `MEDIAGATE_SEEDS` names
/// (fuzz/README.md).
pub(in crate::redact) fn seed(file: &[u8]) {
    let Some(directory) = std::env::var_os("MEDIAGATE_SEEDS") else { return };
    let target = match sniff(&file[..file.len().min(4096)]) {
        Some(Format::Tiff | Format::Raf | Format::Mrw | Format::Crw | Format::X3f) => "tiff",
        Some(Format::Jpeg | Format::Exv) => "jpeg",
        Some(Format::Png) => "png",
        Some(Format::Webp | Format::Gif) => "webp_gif",
        Some(Format::Mp4 | Format::M4a | Format::Quicktime) => "iso",
        Some(Format::Heif | Format::Avif | Format::Cr3) => "heif",
        Some(Format::Jxl | Format::Jp2 | Format::Jp2Codestream) => "jxl_jp2",
        Some(Format::Matroska | Format::Webm) => "matroska",
        Some(Format::Mp3) => "id3",
        Some(Format::Flac | Format::Ogg) => "xiph",
        Some(Format::Avi | Format::Wav) => "riff",
        Some(Format::Xmp) => "xmp",
        Some(Format::Psd) => "psd",
        Some(Format::Pdf | Format::Postscript) => "document",
        None => "subtitles",
        Some(_) => "any",
    };
    let directory = PathBuf::from(directory).join(target);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(format!("{:08x}", crc32fast::hash(file))), file).unwrap();
}

/// What a reader sees; `None` where it sees nothing.
pub(in crate::redact) fn seen(file: &[u8], budget: &Budget) -> Option<Vec<u8>> {
    let mut bytes = file.to_vec();
    match plan(&file, None, budget).unwrap() {
        Plan::Clean => {}
        Plan::Ranges(patches) => patches.apply(0, &mut bytes),
        Plan::Opaque(_) => return None,
    }
    Some(bytes)
}

/// What a reader sees of a file with a place: the size stays, the place goes, a second plan finds nothing.
pub(in crate::redact) fn redacted(file: &[u8]) -> Vec<u8> {
    assert!(tells(file), "the fixture tells no place");
    seed(file);
    let after = seen(file, &Budget::STANDARD).expect("opaque");
    assert_eq!(after.len(), file.len());
    for trace in TRACES {
        assert!(!holds(&after, trace), "{} is left", String::from_utf8_lossy(trace));
    }
    assert_eq!(plan(&after.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
    after
}

/// A file cut anywhere tells no place, and neither does one that is scanned with too small a budget.
pub(in crate::redact) fn cut_or_poor(file: &[u8]) {
    for length in 0..file.len() {
        if let Some(after) = seen(&file[..length], &Budget::STANDARD) {
            assert_eq!(after.len(), length);
            assert!(!tells(&after), "cut at {length}");
        }
    }
    let all = Budget::STANDARD;
    for count in 0..12u32 {
        let bytes = u64::from(count) * 64;
        for budget in [
            Budget { steps: count, ..all },
            Budget { depth: count, ..all },
            Budget { patches: count, ..all },
            Budget { bytes, ..all },
        ] {
            assert!(seen(file, &budget).is_none_or(|after| !tells(&after)), "{budget:?}");
        }
    }
}

/// No value of any byte makes the scanner panic or change the size, and a second plan finds nothing.
pub(in crate::redact) fn every_byte(file: &[u8]) {
    let mut changed = file.to_vec();
    for at in 0..file.len() {
        for value in [0, 0xff, 0x80, 0x7f] {
            changed[at] = value;
            if let Some(after) = seen(&changed, &Budget::STANDARD) {
                assert_eq!(after.len(), file.len());
                let again = plan(&after.as_slice(), None, &Budget::STANDARD).unwrap();
                assert!(!matches!(again, Plan::Ranges(_)), "byte {at} as {value}: {again:?}");
            }
        }
        changed[at] = file[at];
    }
}

/// A cover with Exif, XMP and IPTC that tell the place.
pub(in crate::redact) fn cover() -> Vec<u8> {
    sample::jpeg_with_location()
}
