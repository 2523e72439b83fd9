#![forbid(unsafe_code)]

use super::*;
use crate::redact::{Budget, Patches};
use crate::sample;

fn redacted(file: &[u8]) -> Vec<u8> {
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
