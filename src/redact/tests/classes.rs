//! Less than all of a location is hidden.

#![forbid(unsafe_code)]

use crate::redact::{Budget, Classes, Plan, plan_hiding, plan_version};
use crate::sample;

const EACH: [Classes; 5] =
    [Classes::COORDINATES, Classes::MOTION, Classes::AUXILIARY, Classes::PLACES, Classes::GEOTIFF];

fn plan(file: &[u8], hide: Classes) -> Plan {
    plan_hiding(&file, None, &Budget::STANDARD, hide).unwrap()
}

fn shown(file: &[u8], hide: Classes) -> Vec<u8> {
    let mut bytes = file.to_vec();
    match plan(file, hide) {
        Plan::Clean => {}
        Plan::Ranges(patches) => {
            assert!(patches.iter().all(|patch| patch.classes.meets(hide)), "{patches:?}");
            patches.apply(0, &mut bytes);
        }
        Plan::Opaque(reason) => panic!("{reason}"),
    }
    assert_eq!(plan(&bytes, hide), Plan::Clean, "looked at again");
    bytes
}

/// Entries of a GPS directory (tag, value) as a little-endian block, each value a fraction or three in its own place.
fn directory(tags: &[(u16, u32)]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0".to_vec();
    bytes.extend(u16::try_from(tags.len()).unwrap().to_le_bytes());
    let mut values = Vec::new();
    let start = bytes.len() + tags.len() * 12 + 4;
    for (tag, count) in tags {
        bytes.extend(tag.to_le_bytes().into_iter().chain(5u16.to_le_bytes()).chain(count.to_le_bytes()));
        bytes.extend(u32::try_from(start + values.len()).unwrap().to_le_bytes());
        values.extend(vec![u8::try_from(*tag).unwrap() | 0x40; *count as usize * 8]);
    }
    [bytes, vec![0; 4], values].concat()
}

#[test]
fn a_gps_directory_loses_what_is_to_be_hidden() {
    // Latitude, time, speed, area.
    let file = directory(&[(2, 3), (7, 3), (0x0d, 1), (0x1c, 1)]);
    let has = |bytes: &[u8], tag: u8| bytes.contains(&(tag | 0x40));
    for (hide, left) in [
        (Classes::ALL, [false, false, false, false]),
        // Without coordinates the rest is worth nothing.
        (Classes::COORDINATES, [false, false, false, false]),
        (Classes::MOTION, [true, true, false, true]),
        (Classes::AUXILIARY, [true, false, true, true]),
        (Classes::PLACES, [true, true, true, false]),
        (Classes::GEOTIFF, [true, true, true, true]),
    ] {
        let after = shown(&file, hide);
        assert_eq!([2, 7, 0x0d, 0x1c].map(|tag| has(&after, tag)), left, "{hide}");
    }
    let after = shown(&file, Classes::MOTION);
    let entry = 28 + 2 * 12;
    assert_eq!(after[entry..entry + 12], [0x0d, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0], "it has no value");
}

#[test]
fn properties_go_by_what_they_tell() {
    let told = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><d exif:GPSLatitude='1,2N' exif:GPSSpeed='3/4' exif:GPSTimeStamp='5' \
                photoshop:City='Paris' exif:GPSLater='6'><Iptc4xmpExt:LocationShown>7</Iptc4xmpExt:LocationShown></d></x:xmpmeta>";
    for (hide, left) in [
        (Classes::ALL, ""),
        (Classes::COORDINATES, "3/4 5 Paris"),
        (Classes::MOTION, "1,2N 5 Paris"),
        (Classes::AUXILIARY, "1,2N 3/4 Paris"),
        (Classes::PLACES, "1,2N 3/4 5"),
        (Classes::GEOTIFF, "1,2N 3/4 5 Paris 6 7"),
    ] {
        let after = String::from_utf8(shown(told.as_bytes(), hide)).unwrap();
        for value in ["1,2N", "3/4", "5", "Paris", "6", "7"] {
            let shown = after.contains(&format!("'{value}'")) || after.contains(&format!(">{value}<"));
            assert_eq!(shown, left.split(' ').any(|left| left == value), "{hide}: {value} in {after}");
        }
    }
}

#[test]
fn what_cannot_be_taken_apart_goes_for_any_class() {
    // A packet that is not well-formed, a drone's lines.
    let packet = b"<x:xmpmeta><d exif:GPSLatitude='48,51.504N'></x:xmpmeta>";
    let photo = [&b"\xff\xd8\xff\xe1\0\x59http://ns.adobe.com/xap/1.0/\0"[..], packet, b"\xff\xd9"].concat();
    let lines = b"1\n00:00:00,000 --> 00:00:01,000\n[latitude: 48.858370] [longitude: 2.294481]\n";
    for file in [&photo[..], lines] {
        for hide in EACH {
            let after = shown(file, hide);
            assert!(!after.windows(3).any(|piece| piece == b"48," || piece == b"48."), "{hide}");
        }
    }
}

#[test]
fn one_class_after_another_comes_to_all() {
    let files =
        [sample::jpeg_with_location(), sample::tiff_with_location(), sample::iso::mp4_with_location()];
    for file in files {
        let after = EACH.iter().fold(file.clone(), |file, hide| shown(&file, *hide));
        assert_eq!(plan(&after, Classes::ALL), Plan::Clean);
        assert_ne!(after, file);
    }
}

#[test]
fn each_set_has_a_version_of_its_own() {
    let versions: std::collections::BTreeSet<u32> = EACH.into_iter().map(plan_version).collect();
    assert_eq!(versions.len(), EACH.len());
    assert_eq!(plan_version(Classes::ALL), crate::redact::SCANNER_VERSION);
}
