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

/// The chunks of a file: name, data, whether the checksum is right.
fn chunks(file: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, bool)> {
    let mut found = Vec::new();
    let mut at = 8;
    while at < file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let named = &file[at + 4..at + 8 + size];
        let sum = u32::from_be_bytes(file[at + 8 + size..at + 12 + size].try_into().unwrap());
        found.push((named[..4].to_vec(), named[4..].to_vec(), sum == crc32fast::hash(named)));
        at += 12 + size;
    }
    found
}

#[test]
fn checksums_are_right_and_texts_inflate() {
    let after = redacted(&sample::png_with_location());
    for (name, data, right) in chunks(&after) {
        assert!(right, "{name:?}");
        if name == b"iTXt" {
            let text = miniz_oxide::inflate::decompress_to_vec_zlib(&data[22..]).unwrap();
            assert!(memchr::memmem::find(&text, b"GPS").is_none());
            assert!(memchr::memmem::find(&text, sample::TITLE.as_bytes()).is_some());
        }
    }
}

#[test]
fn a_wrong_checksum_stays_wrong() {
    let mut file = sample::png_with_location();
    let at = memchr::memmem::find(&file, b"eXIf").unwrap();
    let size = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
    file[at + 4 + size] ^= 1;
    let wrong: Vec<_> = chunks(&redacted(&file)).into_iter().filter(|chunk| !chunk.2).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].0, b"eXIf");
}

#[test]
fn metadata_that_the_file_cuts_off_goes() {
    let file = sample::png_with_location();
    let at = memchr::memmem::find(&file, b"eXIf").unwrap();
    let cut = &file[..at + 100];
    let after = redacted(cut);
    assert_eq!(&after[..at], &file[..at]);
    assert_eq!(&after[at..at + 4], PRIVATE);
    assert!(after[at + 4..].iter().all(|byte| *byte == 0));
}
