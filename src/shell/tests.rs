//! The grammar, durations and tables.

#![forbid(unsafe_code)]

use clap::{CommandFactory, Parser};

use super::*;
use crate::redact::Classes;

fn parsed(line: &str) -> Result<Command, String> {
    let words = std::iter::once("mediagate").chain(line.split_whitespace());
    CommandLine::try_parse_from(words).map(|line| line.command).map_err(|error| error.to_string())
}

#[test]
fn the_grammar_is_sound() {
    CommandLine::command().debug_assert();
    called::CalledLine::command().debug_assert();
    called::DumpLine::command().debug_assert();
}

#[test]
fn commands_are_understood() {
    for line in [
        "serve --lower /a --mount /b --state /c --config /d --apps /e --threads 4 --no-passthrough --visibility private --binder kernel --socket /f",
        "demo",
        "inspect a.jpg b.mp4 --json",
        "redact a.jpg b.jpg",
        "app list --json",
        "app set org.example.a --uid 10001 --target-sdk 33 --permission A,B --role gallery",
        "app remove org.example.a",
        "app import apps.toml",
        "permission grant org.example.a READ_MEDIA_IMAGES",
        "permission revoke org.example.a READ_MEDIA_IMAGES",
        "grant add org.example.a DCIM/a.jpg --write --for 10m",
        "grant list --json",
        "grant revoke 7",
        "request list --json",
        "request allow 7 --for 2h",
        "request refuse 7",
        "check --uid 10001 --op read DCIM/a.jpg --json",
        "appop set org.example.a READ_MEDIA_IMAGES deny",
        "appop list org.example.a --json",
        "user share 0 10",
        "user unshare 10 0",
        "user list --json",
        "maintain --now 1700000000 --json",
        "serve --lower /a --mount /b --users",
        "scan DCIM --full --json",
        "scan --cancel",
        "dump",
        "dump handles --json",
        "audit --uid 10001 --path DCIM --denied --follow --json",
        "status --json",
        "--socket /s stop",
        "stop --socket /s",
    ] {
        assert!(parsed(line).is_ok(), "{line}: {}", parsed(line).unwrap_err());
    }
}

#[test]
fn nonsense_is_refused() {
    for line in [
        "",
        "serve --threads 0",
        "serve --visibility hidden",
        "serve --binder usb",
        "inspect",
        "redact a.jpg",
        "app set org.example.a",
        "app set org.example.a --uid -1",
        "grant add org.example.a a.jpg --write --selected",
        "grant add org.example.a a.jpg --for 0m",
        "grant revoke first",
        "check --uid 1 a.jpg",
        "scan DCIM --cancel",
        "user share 0",
        "user share 0 -1",
        "appop set org.example.a READ_MEDIA_IMAGES",
        "maintain --now 0",
        "dump cellar",
        "upgrade",
    ] {
        assert!(parsed(line).is_err(), "{line}");
    }
}

#[test]
fn durations() {
    let cases = [("90s", 90), ("10m", 600), ("2h", 7_200), ("7d", 604_800)];
    for (text, seconds) in cases {
        assert_eq!(duration::parse(text), Ok(seconds));
    }
    for text in [
        "",
        "s",
        "10",
        "m10",
        "-1s",
        "+1s",
        "1.5h",
        "0d",
        "1w",
        "99999999999999999999s",
        "9999999999999999999d",
    ] {
        assert!(duration::parse(text).is_err(), "{text}");
    }
}

#[test]
fn columns_are_aligned_and_control_characters_escaped() {
    let mut out = Vec::new();
    let rows = [["a\nb".to_owned(), "1".to_owned()], ["é".to_owned(), "22".to_owned()]];
    table::table(&mut out, ["NAME", "N"], rows).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "NAME  N\na\\nb  1\né     22\n");
}

/// Degrees, minutes and seconds of a latitude, as six little-endian numbers.
const LATITUDE: [u32; 6] = [48, 1, 51, 1, 2_960, 100];

/// A JPEG file of nothing but an Exif block with the place where it was taken.
fn photo_with_place() -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let mut directory = |entries: &[(u16, u16, u32, u32)]| {
        tiff.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for (tag, kind, count, value) in entries {
            tiff.extend(tag.to_le_bytes());
            tiff.extend(kind.to_le_bytes());
            tiff.extend(count.to_le_bytes());
            tiff.extend(value.to_le_bytes());
        }
        tiff.extend(0u32.to_le_bytes());
    };
    // Exif 3.0, 4.6.3 and 4.6.6: the pointer to the GPS directory at 26; its reference and its latitude at 56.
    directory(&[(0x8825, 4, 1, 26)]);
    directory(&[(1, 2, 2, u32::from(b'N')), (2, 5, 3, 56)]);
    tiff.extend(LATITUDE.iter().flat_map(|number| number.to_le_bytes()));
    let length = u16::try_from(tiff.len() + 8).unwrap();
    let mut jpeg = b"\xff\xd8\xff\xe1".to_vec();
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(b"Exif\0\0");
    jpeg.extend(tiff);
    jpeg.extend(b"\xff\xd9");
    jpeg
}

fn holds_place(bytes: &[u8]) -> bool {
    let place: Vec<u8> = LATITUDE.iter().flat_map(|number| number.to_le_bytes()).collect();
    bytes.windows(place.len()).any(|window| window == place)
}

#[test]
fn redact_writes_the_filtered_bytes_and_overwrites_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let [from, to] = ["photo.jpg", "safe.jpg"].map(|name| directory.path().join(name));
    let photo = photo_with_place();
    assert!(holds_place(&photo));
    std::fs::write(&from, &photo).unwrap();
    assert_eq!(redact(&from, &to, Classes::ALL).unwrap(), Outcome::Done);
    let safe = std::fs::read(&to).unwrap();
    assert_eq!(safe.len(), photo.len());
    assert!(!holds_place(&safe));
    assert_eq!(std::fs::read(&from).unwrap(), photo);

    let again = redact(&from, &to, Classes::ALL).unwrap_err();
    assert!(matches!(again, ShellError::Exists(_)), "{again}");
    assert_eq!(again.exit_status(), 1);
    let onto_itself = redact(&from, &from, Classes::ALL).unwrap_err();
    assert!(matches!(onto_itself, ShellError::Exists(_)), "{onto_itself}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "no draft is left");
}

#[test]
fn redact_refuses_what_cannot_be_made_safe_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let [from, to] = ["photo.png", "safe.png"].map(|name| directory.path().join(name));
    // A PNG whose first chunk, which nobody knows, goes on beyond the end of the file and tells a place.
    std::fs::write(&from, b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffprVtGPSLatitude").unwrap();
    let refused = redact(&from, &to, Classes::ALL).unwrap_err();
    assert!(refused.to_string().contains("photo.png cannot be redacted: "), "{refused}");
    assert!(!to.exists());
    let mut out = Vec::new();
    assert_eq!(inspect(&[from], Classes::ALL, false, &mut out).unwrap(), Outcome::Refused);
    assert!(String::from_utf8(out).unwrap().contains("image, 27 bytes, opaque: "));
}

#[test]
fn inspect_tells_kind_and_ranges() {
    let directory = tempfile::tempdir().unwrap();
    let [photo, text] = ["photo.jpg", "notes.txt"].map(|name| directory.path().join(name));
    std::fs::write(&photo, photo_with_place()).unwrap();
    std::fs::write(&text, "no place").unwrap();
    let mut out = Vec::new();
    assert_eq!(inspect(&[photo.clone(), text], Classes::ALL, false, &mut out).unwrap(), Outcome::Done);
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("photo.jpg: image, 94 bytes, ") && out.contains("OFFSET"), "{out}");
    assert!(out.contains("notes.txt: document, 8 bytes, clean\n"), "{out}");
    let mut out = Vec::new();
    inspect(std::slice::from_ref(&photo), Classes::ALL, true, &mut out).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report[0]["plan"], "ranges");
    assert_eq!(report[0]["patches"][0]["classes"], serde_json::json!(["coordinates", "motion", "auxiliary"]));
    let mut out = Vec::new();
    inspect(std::slice::from_ref(&photo), Classes::GEOTIFF, false, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("photo.jpg: image, 94 bytes, clean"));
    let missing =
        inspect(&[directory.path().join("none")], Classes::ALL, false, &mut Vec::new()).unwrap_err();
    assert!(missing.to_string().starts_with("cannot read "), "{missing}");
}
