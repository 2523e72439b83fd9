#![forbid(unsafe_code)]

use super::*;
use crate::redact::tests::laws;
use crate::redact::{Budget, Patches};
use crate::sample;

fn redacted(file: &[u8]) -> Vec<u8> {
    laws::seed(file);
    let mut scan = Scan::new(&file, Budget::STANDARD);
    let whole = scan.whole();
    self::scan(&mut scan, whole).unwrap();
    let mut bytes = file.to_vec();
    Patches::new(scan.finish()).apply(0, &mut bytes);
    bytes
}

/// A directory: its place, its entries (tag, kind, count, value), the next one.
type Directory<'a> = (usize, &'a [(u16, u16, u32, u32)], u32);

/// A little-endian block of directories at their places, zeros between them.
fn block(directories: &[Directory<'_>]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.resize(400, 0);
    for (at, entries, next) in directories {
        let mut directory = u16::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
        for (tag, kind, count, value) in *entries {
            directory.extend(tag.to_le_bytes().into_iter().chain(kind.to_le_bytes()));
            directory.extend(count.to_le_bytes().into_iter().chain(value.to_le_bytes()));
        }
        directory.extend(next.to_le_bytes());
        bytes[*at..at + directory.len()].copy_from_slice(&directory);
    }
    bytes
}

const LATITUDE: (u16, u16, u32, u32) = (2, 5, 3, 300);

fn located(directories: &[Directory<'_>]) -> Vec<u8> {
    let mut bytes = block(directories);
    bytes[300..324].fill(0x77);
    bytes
}

#[test]
fn pointers_of_any_kind_and_place_are_followed() {
    let gps: (usize, &[_], u32) = (100, &[(1, 2, 2, 0x4e), LATITUDE], 0);
    for kind in [1, 3, 4, 7, 9, 13, 99] {
        let pointer = [(0x8825, kind, 1, 100)];
        let table: [&[(usize, &[_], u32)]; 4] = [
            &[(8, &pointer, 0), gps],
            &[(8, &[], 200), (200, &pointer, 8), gps],
            &[(8, &[(0x8769, 4, 1, 200)], 0), (200, &pointer, 0), gps],
            &[(8, &[(0x014a, 4, 1, 200)], 0), (200, &pointer, 0), gps],
        ];
        for directories in table {
            let after = redacted(&located(directories));
            assert!(!after.contains(&0x77), "{kind} {directories:?}");
            assert_eq!(&after[100..102], &[0, 0]);
        }
    }
}

#[test]
fn a_directory_that_is_another_too_loses_only_its_pointer_and_values() {
    let after = redacted(&located(&[(8, &[(0x010f, 2, 4, 0x4141), LATITUDE, (0x8825, 4, 1, 8)], 0)]));
    assert!(!after.contains(&0x77));
    assert_eq!(
        &after[8..22],
        &located(&[(8, &[(0x010f, 2, 4, 0x4141), LATITUDE, (0x8825, 4, 1, 8)], 0)])[8..22]
    );
    assert_eq!(&after[34..36], &[0x26, 0x88]);
}

#[test]
fn image_data_stays_whatever_points_to_it() {
    let directories: [(usize, &[_], u32); 2] =
        [(8, &[(0x0111, 4, 1, 300), (0x0117, 4, 1, 24), (0x8825, 4, 1, 100)], 0), (100, &[LATITUDE], 0)];
    assert_eq!(redacted(&located(&directories))[300..324], [0x77; 24]);
}

#[test]
fn the_header_stays_whatever_points_to_it() {
    for offset in 1..8 {
        let bytes = located(&[(8, &[LATITUDE, (0x8825, 4, 1, offset)], 0)]);
        assert_eq!(redacted(&bytes)[..8], bytes[..8], "{offset}");
    }
}

#[test]
fn loops_and_wild_offsets_end() {
    for offset in [0, 1, 8, 100, 399, 400, u32::MAX] {
        let _ = redacted(&block(&[(
            8,
            &[(0x8825, 4, 1, offset), (0x8769, 4, 9, offset), (0x02bc, 1, u32::MAX, offset)],
            offset,
        )]));
    }
}

#[test]
fn coordinates_in_a_description_go_alone() {
    let text = b"Route 131, Latitude: 43.68739354 Longitude: -85.48351891 end\0";
    let mut bytes = block(&[(8, &[(0x010e, 2, u32::try_from(text.len()).unwrap(), 300)], 0)]);
    bytes[300..300 + text.len()].copy_from_slice(text);
    let after = String::from_utf8_lossy(&redacted(&bytes)[300..362]).into_owned();
    assert!(after.contains("Route 131") && !after.contains("43.68") && !after.contains("85.48"), "{after}");
}

#[test]
fn a_blank_block_is_empty_at_any_size() {
    for length in 0..40usize {
        let file = vec![0x55; 40];
        let view = file.as_slice();
        let mut scan = Scan::new(&view, Budget::STANDARD);
        blank(&mut scan, 0..length as u64).unwrap();
        let mut bytes = file.clone();
        Patches::new(scan.finish()).apply(0, &mut bytes);
        assert!(bytes[length..].iter().all(|byte| *byte == 0x55));
        assert!(!bytes[..length].contains(&0x55));
    }
    assert!(redacted(&sample::tiff_clean()) == sample::tiff_clean());
}

/// A block with a note under this tag, which begins with `magic` and then has a directory in another order of bytes.
fn with_note(tag: u16, magic: &[u8], entries: &[(u16, u16, u32, [u8; 4])]) -> Vec<u8> {
    let mut note = magic.to_vec();
    note.extend(u16::try_from(entries.len()).unwrap().to_be_bytes());
    for (tag, kind, count, value) in entries {
        note.extend(tag.to_be_bytes().into_iter().chain(kind.to_be_bytes()).chain(count.to_be_bytes()));
        note.extend(value);
    }
    note.extend([0; 4]);
    let size = u32::try_from(note.len()).unwrap();
    let mut bytes = block(&[(8, &[(tag, 7, size, 200)], 0)]);
    bytes[200..200 + note.len()].copy_from_slice(&note);
    bytes
}

#[test]
fn home_towns_of_pentax_go_in_whatever_order_and_place_they_stand() {
    let towns = [(0x23, 3, 1, [0, 0x77, 0, 0]), (0x25, 3, 1, [0, 5, 0, 0]), (0x6b, 7, 4, [2, 9, 0x77, 0x77])];
    let magics: [(u16, &[u8]); 4] =
        [(0x927c, b"AOC\0MM"), (0xc634, b"PENTAX \0MM"), (0xc634, b"SAMSUNG\0MM"), (0xc634, b"RICOH\0MM")];
    for (tag, magic) in magics {
        let after = redacted(&with_note(tag, magic, &towns));
        assert!(!after.contains(&0x77), "{}", magic.escape_ascii());
        let entries = 200 + magic.len() + 2;
        assert_eq!(after[entries + 12 + 9], 5, "what is no town stays");
        assert_eq!(&after[entries + 24 + 8..entries + 24 + 10], &[2, 9]);
    }
}

#[test]
fn a_note_that_adobe_moved_is_found() {
    // In front of it the order of bytes and where it was; before that another part.
    let inner = with_note(0x927c, b"AOC\0MM", &[(0x23, 3, 1, [0, 0x77, 0, 0])]);
    let note = &inner[200..230];
    let size = u32::try_from(note.len() + 6).unwrap().to_be_bytes();
    let private = [b"Adobe\0Koda\0\0\0\x02xxMakN", &size[..], b"MM\0\0\x12\x34", note].concat();
    let count = u32::try_from(private.len()).unwrap();
    let mut bytes = block(&[(8, &[(0xc634, 1, count, 100)], 0)]);
    bytes[100..100 + private.len()].copy_from_slice(&private);
    assert!(bytes.contains(&0x77));
    assert!(!redacted(&bytes).contains(&0x77));
}

#[test]
fn nikon_keeps_all_of_its_notes_but_the_place() {
    let header = b"Nikon\0\x02\x10\0\0MM\0*\0\0\0\x08";
    let mut bytes = with_note(
        0x927c,
        header,
        &[(0x39, 7, 12, [0, 0, 0, 80]), (0xc3, 7, 12, [0, 0, 0, 92]), (0x0e01, 7, 61, [0, 0, 0, 104])],
    );
    let note_size = 10 + 104 + 61;
    bytes[14..18].copy_from_slice(&u32::try_from(note_size).unwrap().to_le_bytes());
    let base = 210;
    bytes[base + 80..base + 92].copy_from_slice(b"0100\x01FRA\x02Par");
    bytes[base + 92..base + 104].copy_from_slice(b"0100\0\x01\x77\x77\x77\x77\0\x12");
    let datasets = b"\x1c\x02\x5a\0\x05Paris\x1c\x02\x69\0\x02hi";
    let mut records = vec![0; 22];
    records.extend([&0x9ef5_f6e0u32.to_le_bytes()[..], &[0; 14], &21u32.to_le_bytes(), datasets].concat());
    bytes[base + 104..base + 104 + records.len()].copy_from_slice(&records);
    let after = redacted(&bytes);
    assert_eq!(&after[base + 80..base + 92], b"0100\x01\0\0\0\x02\0\0\0");
    assert_eq!(&after[base + 92..base + 104], b"0100\0\x01\0\0\0\0\0\x12");
    assert!(after.windows(2).any(|pair| pair == b"hi") && !after.windows(5).any(|town| town == b"Paris"));
}

#[test]
fn jpeg_xr_is_tiff() {
    let mut bytes = located(&[(8, &[(0x8825, 4, 1, 100)], 0), (100, &[LATITUDE], 0)]);
    bytes[2..4].copy_from_slice(b"\xbc\x01");
    let plan = crate::redact::plan(&bytes.as_slice(), None, &Budget::STANDARD).unwrap();
    assert!(matches!(plan, crate::redact::Plan::Ranges(_)), "{plan:?}");
    assert!(!redacted(&bytes).contains(&0x77));
}

#[test]
fn a_value_that_goes_on_beyond_the_block_keeps_nothing() {
    for tag in [0x010e, 0x0131] {
        let entries = [(tag, 2, u32::MAX, 90), (0x8825, 4, 1, 100)];
        let after = redacted(&located(&[(8, &entries, 0), (100, &[LATITUDE], 0)]));
        assert!(!after.contains(&0x77), "{tag}");
        assert_eq!(&after[100..102], &[0, 0]);
    }
}

#[test]
fn a_packet_that_an_editor_left_behind_goes_too() {
    let live = located(&[(8, &[(0x8825, 4, 1, 100)], 0), (100, &[LATITUDE], 0)]);
    let left = sample::xmp_with_location().into_bytes();
    // Image data lies between, so that the packet is behind nothing that the directories end with.
    let mut file = live.clone();
    file.extend(&left);
    let size = u32::try_from(file.len() - 350).unwrap();
    let strip = [(0x0111, 4, 1, 350), (0x0117, 4, 1, size), (0x8825, 4, 1, 100)];
    file[..400].copy_from_slice(&located(&[(8, &strip, 0), (100, &[LATITUDE], 0)]));
    let crate::redact::Plan::Ranges(patches) =
        crate::redact::plan(&file.as_slice(), None, &Budget::STANDARD).unwrap()
    else {
        panic!("nothing is hidden")
    };
    patches.apply(0, &mut file);
    let told = |text: &[u8]| memchr::memmem::find(&file, text).is_some();
    assert!(!told(b"GPSLatitude") && told(sample::TITLE.as_bytes()));
}

#[test]
fn a_copy_of_the_coordinates_in_a_note_goes_too() {
    let fractions = b"\x34\0\0\0\x01\0\0\0\x1a\x95\0\0\x10\x27\0\0\x07\0\0\0\x01\0\0\0";
    let mut bytes = block(&[(8, &[(0x8825, 4, 1, 100), (0x927c, 7, 60, 200)], 0), (100, &[LATITUDE], 0)]);
    bytes[300..324].copy_from_slice(fractions);
    bytes[200..230].fill(b'n');
    bytes[230..254].copy_from_slice(fractions);
    let after = redacted(&bytes);
    assert!(memchr::memmem::find(&after, fractions).is_none());
    assert_eq!(after[200..230], [b'n'; 30]);
}
