#![forbid(unsafe_code)]

use super::tells_place;

#[test]
fn names_of_places_are_told_from_others() {
    for name in [
        "LOCATION",
        "location-eng",
        "com.apple.quicktime.location.ISO6709",
        "CITY",
        "geo:Country",
        "GPS",
        "Altitude",
    ] {
        assert!(tells_place(name.as_bytes()), "{name}");
        let wide: Vec<u8> =
            [0xfeff].into_iter().chain(name.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert!(tells_place(&wide), "{name}");
    }
    for name in ["TITLE", "RELEASECOUNTRY", "ENCODER", "STATEMENT", "CAPACITY", ""] {
        assert!(!tells_place(name.as_bytes()), "{name}");
    }
}
