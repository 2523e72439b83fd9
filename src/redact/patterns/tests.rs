#![forbid(unsafe_code)]

use super::*;
use crate::redact::Budget;
use crate::sample;

fn found(bytes: &[u8]) -> Option<&'static str> {
    let mut scan = Scan::new(&bytes, Budget::STANDARD);
    let whole = scan.whole();
    search(&mut scan, &whole).unwrap()
}

#[test]
fn signs_of_a_location_are_found() {
    let wide: Vec<u8> = "GPSLatitude".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table: [&[u8]; 9] = [
        b"xx\0\0\0\x1e\xa9xyz\0\x12\x15\xc7+48.8584+002.2945/xxxx",
        b"LOCATION=48.85, 2.29",
        b"\x45\xa3\x88LOCATION\x44\x87\x93+48.8584+002.2945/",
        b"TXXX\0\0\0\x1c\0\0\0location\0+48.8584+002.2945/",
        b"$GPRMC,102030.00,A,4851.50220,N,00217.66886,E",
        b"[latitude: 48.858370]",
        b"MDPM\x02\x18\0\0\0\0\xb2\0\0\0\0",
        &sample::tiff_with_location(),
        &wide,
    ];
    for bytes in table {
        assert!(found(bytes).is_some(), "{bytes:?}");
    }
}

#[test]
fn common_text_is_none() {
    let table: [&[u8]; 5] = [
        b"a location without coordinates",
        b"loci are places in genetics",
        b"MDPM\x01\x18\0\0\0\0",
        &sample::tiff_clean(),
        &sample::jpeg_clean(),
    ];
    for bytes in table {
        assert_eq!(found(bytes), None, "{bytes:?}");
    }
}

#[test]
fn coordinates_in_words_are_told_from_numbers() {
    for yes in
        [&b"\"lat\": 48.858"[..], b"lon=2.2945", b"GPS (2.2945, 48.8584)", b"48.858370,2.294481", b"$GNGGA,1"]
    {
        assert!(text(yes), "{yes:?}");
    }
    for no in [&b"flat white 3.14159"[..], b"lat: 48", b"1.5,2.5", b"10 20 30", b"Long exposure: 3.5000001"] {
        assert!(!text(no), "{no:?}");
    }
}
