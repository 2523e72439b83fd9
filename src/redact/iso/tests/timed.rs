#![forbid(unsafe_code)]

use super::*;

#[test]
fn camm_keeps_what_is_no_fix() {
    let fix = [&[0, 0, 5, 0][..], &[0x48; 24]].concat();
    let gyro = [&[0, 0, 2, 0][..], &[0x11; 12]].concat();
    let file = with_track(b"camm", &entry(b"camm"), &[&fix, &gyro, &[fix.clone(), gyro.clone()].concat()]);
    check(&file, &[0x48; 24], &[&gyro, &[[0; 28].to_vec(), gyro.clone()].concat()]);
}

#[test]
fn gopro_keeps_what_is_no_fix() {
    let klv = |key: &[u8; 4], kind: u8, value: &[u8]| {
        [&key[..], &[kind, 1], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
    };
    let stream = klv(b"STRM", 0, &[klv(b"SCAL", b'l', &[7; 8]), klv(b"GPS5", b'l', &[0x48; 20])].concat());
    let sample = klv(b"DEVC", 0, &[klv(b"DVNM", b'c', b"Hero"), stream].concat());
    let file = with_track(b"meta", &entry(b"gpmd"), &[&sample, &sample]);
    check(&file, &[0x48; 20], &[b"Hero", &[7; 8], b"GPS5"]);
}

#[test]
fn sony_keeps_what_is_no_fix() {
    let tag = |tag: u16, value: &[u8]| {
        [&tag.to_be_bytes()[..], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
    };
    let inner = [tag(0x8500, &[2, 3, 0, 0]), tag(0x8502, &[0x48; 24]), tag(0x8000, b"iris")].concat();
    let sample = [&[0, 4, 9, 9][..], &[0x06, 0x0e, 0x2b, 0x34], &[5; 12], &tag(0x8300, &inner)].concat();
    check(&with_track(b"meta", &entry(b"rtmd"), &[&sample]), &[0x48; 24], &[b"iris"]);
}

#[test]
fn apple_keeps_what_is_no_fix() {
    let key = |id: u8, name: &[u8]| boxed(&[0, 0, 0, id], &[&boxed(b"keyd", &[b"mdta", name])]);
    let keys = [key(1, b"com.apple.quicktime.location.ISO6709"), key(2, b"com.apple.quicktime.orientation")];
    let entry = boxed(b"mebx", &[&[0, 0, 0, 0, 0, 0, 0, 1], &boxed(b"keys", &[&keys.concat()])]);
    let sample = [boxed(&[0, 0, 0, 1], &[PLACE]), boxed(&[0, 0, 0, 2], &[b"upright"])].concat();
    check(&with_track(b"meta", &entry, &[&sample]), PLACE, &[b"upright"]);
}

#[test]
fn subtitles_lose_their_coordinates() {
    let nmea = b"\0\x30$GPRMC,102030.00,A,4851.50220,N,00217.66886,E,0.1";
    let drone = b"\0\x30[iso : 100] [latitude: 48.858370] [longitude: 2.294]";
    let file = with_track(b"sbtl", &entry(b"tx3g"), &[nmea, drone]);
    let shown = check(&file, b"4851.5", &[b"[iso : 100] [latitude:          ] [longitude:      ]"]);
    assert!(!holds(&shown, b"48.8") && !holds(&shown, b"2.294"));
}

#[test]
fn a_track_of_unknown_records_goes_whole() {
    check(&with_track(b"meta", &entry(b"djmd"), &[b"protobuf", b"messages"]), b"protobufmessages", &[]);
}

#[test]
fn an_index_leads_to_its_blocks() {
    let block = [&[0, 0, 0, 40][..], b"freeGPS ", b"where the car was at noon..."].concat();
    let start = ftyp().len() + 8;
    let index = boxed(b"gps ", &[&words(&[0x101, 1, start, block.len()])]);
    let file = [ftyp(), boxed(b"mdat", &[&block, b"video"]), boxed(b"moov", &[&index])].concat();
    let shown = check(&file, b"the car", &[b"\0\0\0\x28free", b"video"]);
    assert!(!holds(&shown, b"gps ") && !holds(&shown, b"GPS "));
}

#[test]
fn fragments_are_followed() {
    let fix = [&[0, 0, 5, 0][..], &[0x48; 24]].concat();
    let moov = boxed(b"moov", &[&track(b"camm", &entry(b"camm"), 0, &[])]);
    let moof = |offset: usize| {
        let header = full(b"tfhd", 0x02_0000, &[&words(&[1])]);
        let run = full(b"trun", 0x201, &[&words(&[2, offset, 28, 28])]);
        boxed(b"moof", &[&boxed(b"traf", &[&header, &run])])
    };
    let offset = moof(0).len() + 8;
    let file = [ftyp(), moov, moof(offset), boxed(b"mdat", &[&fix, &fix, b"video"])].concat();
    check(&file, &[0x48; 24], &[b"video"]);
}

#[test]
fn samples_outside_media_data_are_not_written_to() {
    let fix = [&[0, 0, 5, 0][..], &[0x48; 24]].concat();
    let stray = [boxed(b"ftyp", &[&fix]), boxed(b"moov", &[&track(b"camm", &entry(b"camm"), 8, &[&fix])])];
    assert!(matches!(redacted(&stray.concat()), Err(ScanError::Malformed(_))));
}

#[test]
fn samples_that_share_data_with_a_picture_are_not_written_to() {
    let fix = [&[0, 0, 5, 0][..], &[0x48; 24]].concat();
    let start = ftyp().len() + 8;
    let both = [
        track(b"camm", &entry(b"camm"), start, &[&fix]),
        track(b"vide", &entry(b"avc1"), start + 20, &[&fix]),
    ];
    let file = [ftyp(), boxed(b"mdat", &[&fix, &fix]), boxed(b"moov", &[&both.concat()])].concat();
    assert!(matches!(redacted(&file), Err(ScanError::Malformed(_))));
}
