#![forbid(unsafe_code)]

use std::io::Cursor;

use exif::{In, Reader, Tag};

use super::*;

fn field(file: &[u8], tag: Tag) -> Option<String> {
    let exif = Reader::new().read_from_container(&mut Cursor::new(file)).unwrap();
    exif.get_field(tag, In::PRIMARY).map(|field| field.display_value().to_string())
}

#[test]
fn readers_find_the_location_and_the_maker() {
    for file in [jpeg_with_location(), png_with_location(), tiff_with_location(), webp_with_location()] {
        assert_eq!(field(&file, Tag::GPSLatitude).as_deref(), Some("48 deg 51 min 30.24 sec"));
        assert_eq!(field(&file, Tag::GPSLongitude).as_deref(), Some("2 deg 17 min 40.2 sec"));
        assert_eq!(field(&file, Tag::Make).as_deref(), Some("\"Mediagate\""));
    }
    assert_eq!(field(&jpeg_clean(), Tag::GPSLatitude), None);
}

#[test]
fn the_strip_is_where_it_says() {
    let file = tiff_clean();
    let at =
        usize::try_from(u32::from_le_bytes(file[8 + 2 + 5 * 12 + 8..][..4].try_into().unwrap())).unwrap();
    assert_eq!(&file[at..at + 256], &pixels()[..]);
}
