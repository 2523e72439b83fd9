#![forbid(unsafe_code)]

use std::io::{self, Cursor};

use exif::{In, Reader, Tag};
use proptest::prelude::*;

use super::*;
use crate::sample;

mod classes;
pub(super) mod laws;
mod rare;

/// Pieces of the samples' location as they stand in their files: Exif's latitude, XMP's, and the city.
const TRACES: [&[u8]; 3] = [b"\x30\0\0\0\x01\0\0\0\x33\0\0\0\x01\0\0\0", b"48,51.504N", b"Paris"];

fn located() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("jpg", sample::jpeg_with_location()),
        ("png", sample::png_with_location()),
        ("tif", sample::tiff_with_location()),
        ("webp", sample::webp_with_location()),
        ("xmp", sample::xmp_with_location().into_bytes()),
    ]
}

fn plan_of(file: &[u8]) -> Plan {
    plan(&file, None, &Budget::STANDARD).unwrap()
}

/// What a reader sees; `None` where it sees nothing.
fn seen(file: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = file.to_vec();
    match plan_of(file) {
        Plan::Clean => {}
        Plan::Ranges(patches) => patches.apply(0, &mut bytes),
        Plan::Opaque(_) => return None,
    }
    Some(bytes)
}

fn tells(file: &[u8]) -> bool {
    TRACES.iter().any(|trace| memchr::memmem::find(file, trace).is_some())
}

#[test]
fn samples_lose_the_location_and_keep_the_rest() {
    for (name, file) in located() {
        laws::seed(&file);
        let after = seen(&file).unwrap();
        assert_eq!(after.len(), file.len(), "{name}");
        assert!(!tells(&after), "{name}");
        if name == "xmp" {
            continue;
        }
        let exif = Reader::new().read_from_container(&mut Cursor::new(&after)).unwrap();
        assert!(exif.fields().all(|field| field.tag.context() != exif::Context::Gps), "{name}");
        assert!(exif.get_field(Tag::Make, In::PRIMARY).is_some(), "{name}");
        assert_eq!(plan_of(&after), Plan::Clean, "{name}");
    }
}

#[test]
fn clean_samples_are_clean() {
    for file in
        [sample::jpeg_clean(), sample::png_clean(), sample::tiff_clean(), sample::webp_clean(), Vec::new()]
    {
        assert_eq!(plan_of(&file), Plan::Clean);
    }
}

#[test]
fn a_file_cut_anywhere_shows_nothing() {
    for (name, file) in located() {
        for length in 0..file.len() {
            if let Some(after) = seen(&file[..length]) {
                assert_eq!(after.len(), length, "{name} {length}");
                assert!(!tells(&after), "{name} cut at {length}");
            }
        }
    }
}

#[test]
fn what_follows_an_image_is_seen() {
    let files = located();
    for (first, image) in &files {
        for (second, other) in &files {
            let both = [&image[..], &other[..]].concat();
            assert!(seen(&both).is_none_or(|after| !tells(&after)), "{first} {second}");
        }
    }
}

#[test]
fn formats_without_a_scanner_are_never_clean_with_a_location() {
    let jpeg = sample::jpeg_with_location();
    for head in [&b"OggS"[..], b"fLaC", b"%PDF-1.4", b"ID3", b"some text ", b"\x1a\x45\xdf\xa3\x80"] {
        assert!(matches!(plan_of(&[head, &jpeg].concat()), Plan::Opaque(_)), "{head:?}");
    }
    assert_eq!(plan_of(b"just some text about a location"), Plan::Clean);
}

#[test]
fn a_budget_is_a_bound_and_not_a_pass() {
    let file = sample::jpeg_with_location();
    for budget in [
        Budget { bytes: 100, ..Budget::STANDARD },
        Budget { steps: 3, ..Budget::STANDARD },
        Budget { depth: 0, ..Budget::STANDARD },
        Budget { patches: 1, ..Budget::STANDARD },
    ] {
        assert!(matches!(plan(&&file[..], None, &budget).unwrap(), Plan::Opaque(_)));
    }
}

#[derive(Debug)]
struct Broken;

impl ReadAt for Broken {
    fn size(&self) -> u64 {
        1 << 20
    }

    fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("gone"))
    }
}

#[test]
fn an_error_of_reading_is_no_verdict() {
    assert!(plan(&Broken, Some("jpg"), &Budget::STANDARD).is_err());
}

proptest! {
    #[test]
    fn no_change_of_a_file_breaks_the_scanners(
        which in 0usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let mut file = located().swap_remove(which).1;
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(after) = seen(&file) {
            prop_assert_eq!(after.len(), file.len());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600), magic in 0usize..5) {
        let heads: [&[u8]; 5] = [b"\xff\xd8\xff\xe1", b"II*\0\x08\0\0\0", b"RIFF....WEBP", b"\x89PNG\r\n\x1a\n", b"8BPS\0\x01"];
        let _ = plan_of(&[heads[magic], &bytes].concat());
    }
}

#[test]
fn old_raw_files_lose_the_packets_and_blocks_in_them() {
    let exif = [b"Exif\0\0", &sample::tiff_with_location()[..]].concat();
    let packet = sample::xmp_with_location().into_bytes();
    for (start, told) in [(&b"II\x1a\0\0\0HEAPCCDR\x02\0\x01\0"[..], &packet), (b"FOVb\0\0\x02\0", &exif)] {
        let file = [start, &[0x55; 100], told, &[0x66; 100]].concat();
        assert!(tells(&file));
        let after = seen(&file).unwrap();
        assert!(!tells(&after) && after.starts_with(start) && after.ends_with(&[0x66; 100]));
        assert_eq!(plan_of(&after), Plan::Clean);
    }
}

#[test]
fn what_follows_an_image_and_looks_like_a_location_goes() {
    let (jpeg, png) = (sample::jpeg_clean(), sample::png_clean());
    for image in [jpeg, png] {
        let rest = b"<p>location=Paris</p>";
        let after = seen(&[&image[..], rest].concat()).unwrap();
        assert_eq!(after, [&image[..], &[0; 21]].concat());
        let harmless = [&image[..], b"<p>nothing</p>"].concat();
        assert_eq!(plan_of(&harmless), Plan::Clean);
    }
}
