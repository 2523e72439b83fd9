#![forbid(unsafe_code)]

use super::*;

#[test]
fn a_location_box_becomes_free_and_its_neighbours_stay() {
    let shown = check(&with_user_data(&[&xyz(), &title()]), PLACE, &[b"\xa9nam", b"keep", b"samples"]);
    assert!(holds(&shown, b"\0\0\0\x1efree\0\0\0\0"));
    assert!(!holds(&shown, b"xyz"));
}

#[test]
fn each_kind_of_location_box_goes() {
    for kind in [b"\xa9xyz", b"loci", b"@xyz", b"gps0", b"GPS ", b"udat"] {
        check(&with_user_data(&[&boxed(kind, &[b"somewhere else"]), &title()]), b"somewhere", &[b"keep"]);
    }
}

#[test]
fn a_box_with_a_64_bit_size_goes_and_keeps_its_size() {
    let wide = [&words(&[1])[..], b"\xa9xyz", &[0, 0, 0, 0, 0, 0, 0, 34], PLACE].concat();
    let shown = check(&with_user_data(&[&wide, &title()]), PLACE, &[b"keep"]);
    assert!(holds(&shown, b"free\0\0\0\0\0\0\0\x22"));
}

#[test]
fn what_follows_a_broken_box_is_searched() {
    let junk = [&words(&[4])[..], b"bad!"].concat();
    check(&with_user_data(&[&title(), &junk, &xyz()]), PLACE, &[b"keep"]);
}

#[test]
fn nesting_is_followed_as_deep_as_it_goes() {
    let deep = (0..300).fold(xyz(), |inner, _| boxed(b"udta", &[&inner]));
    check(&with_user_data(&[&deep]), PLACE, &[]);
}

#[test]
fn keys_name_the_items_of_a_list() {
    let key = |name: &[u8]| boxed(b"mdta", &[name]);
    let value = |text: &[u8]| boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text]);
    let keys = [key(b"com.apple.quicktime.model"), key(b"com.apple.quicktime.location.name")].concat();
    let list =
        [boxed(&[0, 0, 0, 1], &[&value(b"phone")]), boxed(&[0, 0, 0, 2], &[&value(b"Eiffel")])].concat();
    let handler = full(b"hdlr", 0, &[&[0; 4], b"mdta", &[0; 13]]);
    let parts = [handler, full(b"keys", 0, &[&words(&[2]), &keys]), boxed(b"ilst", &[&list])].concat();
    for meta in [boxed(b"meta", &[&parts]), full(b"meta", 0, &[&parts])] {
        let track = boxed(b"trak", &[&meta]);
        for place in [meta, track] {
            let file = [ftyp(), boxed(b"moov", &[&place])].concat();
            check(&file, b"Eiffel", &[b"phone", b"location.name", b"\0\0\0\x01\0\0\0\x15data"]);
        }
    }
}

#[test]
fn an_index_without_a_key_is_judged_by_its_value() {
    let value = boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], PLACE]);
    let list = boxed(b"ilst", &[&boxed(&[0, 0, 0, 9], &[&value])]);
    check(&[ftyp(), boxed(b"moov", &[&full(b"meta", 0, &[&list])])].concat(), PLACE, &[]);
}

#[test]
fn a_named_item_goes_by_its_name() {
    let item = |name: &[u8], text: &[u8]| {
        let parts = [full(b"mean", 0, &[b"com.apple.iTunes"]), full(b"name", 0, &[name])].concat();
        boxed(b"----", &[&parts, &boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text])])
    };
    let list = boxed(b"ilst", &[&item(b"LOCATION", b"Paris"), &item(b"LABEL", b"records")]);
    check(&with_user_data(&[&full(b"meta", 0, &[&list])]), b"Paris", &[b"records"]);
}

#[test]
fn xmp_is_found_in_its_uuid_and_in_user_data() {
    let packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF \
        xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' \
        xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/' \
        exif:GPSLatitude='48,51.5N' dc:format='video'/></rdf:RDF></x:xmpmeta>";
    let id = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let top = [ftyp(), boxed(b"uuid", &[id, packet])].concat();
    for file in [top, with_user_data(&[&boxed(b"XMP_", &[packet])])] {
        check(&file, b"48,51.5N", &[b"dc:format='video'", b"</x:xmpmeta>"]);
    }
}

#[test]
fn canon_keeps_an_empty_directory() {
    let id = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
    let fix = b"II*\0\x08\0\0\0\x01\0\x02\0\x05\0\x03\0\0\0\x1a\0\0\0\0\0\0\0degrees";
    let version = b"II*\0\x08\0\0\0\x01\0\0\0\x01\0\x04\0\0\0\x02\x03\0\0\0\0\0\0version";
    let file = |block: &[u8]| {
        [ftyp(), boxed(b"moov", &[&boxed(b"uuid", &[id, &boxed(b"CMT4", &[block])])])].concat()
    };
    check(&file(fix), b"degrees", &[b"CMT4II*\0\x08\0\0\0"]);
    assert_eq!(redacted(&file(version)).unwrap(), file(version));
}

#[test]
fn a_manifest_keeps_its_json_and_loses_its_values() {
    let id = b"\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";
    let json = br#"{"exif:GPSLatitude": "48,51.5N", "exif:GPSAltitude": 35.25, "exif:Make": "Maker"}"#;
    let file = [ftyp(), boxed(b"uuid", &[id, json])].concat();
    let shown = check(&file, b"48,51", &[br#""exif:GPSAltitude": 0    , "exif:Make": "Maker"}"#]);
    assert!(holds(&shown, br#""exif:GPSLatitude": "        ""#));
}

#[test]
fn text_in_unknown_boxes_loses_its_coordinates() {
    let nmea = b"[123]$GPRMC,1,A,4851.50220,N,00217.66886,E,0.1*6A\r\n";
    check(&with_user_data(&[&boxed(b"abcd", &[nmea])]), b"4851", &[b"[123]"]);
    check(&with_user_data(&[&boxed(b"abcd", &[b"latitude=48.85837 iso=100"])]), b"48.85", &[b"iso=100"]);
}

#[test]
fn a_file_without_a_place_is_not_touched() {
    for file in [with_user_data(&[&title()]), with_track(b"vide", &entry(b"avc1"), &[PLACE])] {
        assert!(plan(&file.as_slice()).unwrap().is_empty());
    }
}

#[test]
fn insta360_loses_its_fixes() {
    let fixes = [b'A'; 53];
    let records = [&b"settings"[..], &[1, 1], &8u32.to_le_bytes(), &fixes].concat();
    let length = u32::try_from(records.len() + 78).unwrap();
    let description =
        [&[0, 7][..], &53u32.to_le_bytes(), &[0; 32], &length.to_le_bytes(), &[3, 0, 0, 0]].concat();
    let file =
        [with_user_data(&[]), records, description, b"8db42d694ccc418790edff439fe026bf".to_vec()].concat();
    check(&file, &fixes, &[b"settings"]);
}

#[test]
fn nikon_keeps_what_is_no_fix() {
    let tag = |tag: u32, value: &[u8]| {
        [&tag.to_be_bytes()[..], &[0, 2], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
    };
    let tags = [tag(1, b"NIKON"), tag(0x0120_0002, b"latitude"), tag(0x0200_0005, b"AUTO")].concat();
    let file = with_user_data(&[&boxed(b"NCDT", &[&boxed(b"NCTG", &[&tags])])]);
    check(&file, b"latitude", &[b"NIKON", b"AUTO"]);
}

#[test]
fn sony_keeps_what_is_no_fix_in_xml() {
    let xml = br#"<AcquisitionRecord><Group name="ExifGPS"><Item name="Latitude" value="35:41:22.1"/>
        </Group><Group name="Camera"><Item name="Gain" value="unit"/></Group></AcquisitionRecord>"#;
    let file = with_user_data(&[&full(b"meta", 0, &[&full(b"xml ", 0, &[xml])])]);
    check(&file, b"35:41", &[br#"value="unit""#, br#"name="Latitude" value="          ""#]);
}

#[test]
fn a_motion_photo_inside_a_makers_box_is_followed() {
    let key = boxed(b"mdta", &[b"com.apple.quicktime.location.name"]);
    let value = boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], b"Eiffel"]);
    let meta = [full(b"keys", 0, &[&words(&[1]), &key]), boxed(b"ilst", &[&boxed(&[0, 0, 0, 1], &[&value])])];
    let movie = [ftyp(), boxed(b"moov", &[&boxed(b"meta", &[&meta.concat()])])].concat();
    let parts: [&[u8]; 3] =
        [b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data", &movie, b"\0\0\xa1\x0aMCC_Data262SEFH"];
    let shown = check(&[ftyp(), boxed(b"sefd", &parts)].concat(), b"Eiffel", &[b"MotionPhoto_Data", b"SEFH"]);
    assert!(!holds(&shown, b"262"));
}

#[test]
fn records_of_dash_cams_go_with_the_box_they_stand_in() {
    let file = [with_user_data(&[&title()]), boxed(b"skip", &[b"LIGOGPSINFO\0\0\0\0enciphered"])].concat();
    check(&file, b"enciphered", &[b"keep"]);
}

#[test]
fn fixes_of_thermal_cameras_and_of_pentax_go() {
    let flir = b"\x7f\x2e\x21\x00\x8b\x46\x49\x18\xaf\xb1\xde\x70\x9a\x74\xf6\xf5";
    check(
        &with_user_data(&[&boxed(b"uuid", &[flir, b"\0\0\0\0somewhere"]), &title()]),
        b"somewhere",
        &[b"keep"],
    );
    let mut fields = vec![0; 0x200];
    fields[..10].copy_from_slice(b"PENTAX K-5");
    fields[0xd1..0xda].copy_from_slice(b"somewhere");
    fields[0x142..0x14c].copy_from_slice(b"2021:03:04");
    fields[0x14d..0x153].copy_from_slice(b"lens 1");
    let file = with_user_data(&[&boxed(b"PENT", &[&fields]), &title()]);
    let shown = check(&file, b"somewhere", &[b"PENTAX K-5", b"lens 1", b"keep"]);
    assert!(!holds(&shown, b"2021:03:04"));
}

#[test]
fn properties_of_windows_that_name_a_place_lose_their_value() {
    let property = |name: &[u8], value: &[u8]| {
        let value = [&words(&[value.len() + 6])[..], &[0, 8], value].concat();
        let rest = [&words(&[name.len()])[..], name, &words(&[1]), &value].concat();
        [&words(&[rest.len() + 4])[..], &rest].concat()
    };
    let city = property(b"{C8EA94F0-A9E3-4969-A94B-9C62A95324E0} 100", b"somewhere");
    let file = with_user_data(&[&boxed(b"Xtra", &[&property(b"WM/Year", b"1999"), &city]), &title()]);
    check(&file, b"somewhere", &[b"WM/Year", b"1999", b"keep"]);
    let country = property(b"Location", b"somewhere");
    check(&with_user_data(&[&boxed(b"Xtra", &[&country])]), b"somewhere", &[b"Location"]);
}

#[test]
fn a_track_may_have_a_description_for_each_frame() {
    let many: Vec<u8> = (0..500).flat_map(|_| entry(b"jpeg")).collect();
    let file = with_track(b"vide", &[&many[..], &entry(b"jpeg")].concat(), &[b"picture"]);
    assert_eq!(redacted(&file).unwrap(), file);
}
