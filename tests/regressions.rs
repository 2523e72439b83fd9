//! What fuzzing once found, and what it begins with, held to the law that the fuzz targets check.
//!
//! `tests/regressions/` has a directory for each fuzz target (`fuzz/README.md`), and in it inputs that broke the law.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use mediagate::redact;

#[path = "../fuzz/src/law.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets are other crates than the law")]
mod law;

/// Inputs of all targets below a directory.
fn inputs(directory: &str) -> Vec<PathBuf> {
    let list = |directory: &Path| {
        let entries =
            fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    let targets = list(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory));
    targets.iter().flat_map(|target| list(target)).collect()
}

/// A number as ID3 writes it, in bytes of seven bits.
fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| u8::try_from(size >> shift & 0x7f).expect("seven bits"))
}

/// Files that fuzzing is too small for: each took more than 64 MiB of memory, or minutes.
fn large() -> Vec<(&'static str, Vec<u8>)> {
    // So many entries that point to so many directories each.
    let pointer = [&[0x25, 0x88, 4, 0][..], &1_000_000u32.to_le_bytes(), &16u32.to_le_bytes()].concat();
    let pointers = [b"II*\0\x08\0\0\0\xff\xff", &pointer.repeat(65_535)[..], &[0; 4 << 20]].concat();
    let sound = vec![b'a'; 12 << 20];
    let frame = [&b"PRIV"[..], &(12u32 << 20).to_be_bytes(), &[0; 2], &sound].concat();
    let unsynchronised = [b"ID3\x03\0\x80", &synchsafe(frame.len())[..], &frame].concat();
    let packet =
        [b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a ", &b"b='' ".repeat(1 << 20)[..], b"/></x:xmpmeta>"];
    let segment = |marker: u8, body: &[u8]| {
        let size = u16::try_from(body.len() + 2).expect("a segment").to_be_bytes();
        [&[0xff, marker][..], &size, body].concat()
    };
    // What is no resource, with the start of one in it, again and again.
    let resources = [b"Photoshop 3.0\0" as &[u8], b"8BIM\x04\x04\0\0\0\0\0\0", &[b' '; 60_000]].concat();
    let resources = [b"\xff\xd8", &segment(0xed, &resources).repeat(300)[..], b"\xff\xd9"].concat();
    let part = |number: u32| {
        let identifier = number.to_be_bytes().repeat(8);
        let head = [b"http://ns.adobe.com/xmp/extension/\0", &identifier[..], &[0; 8], b"<a"].concat();
        segment(0xe1, &head)
    };
    let packets = (0..100_000).flat_map(part);
    let packets = b"\xff\xd8".iter().copied().chain(packets).collect();
    let lines = b"1\n00:00:00,000 --> 00:00:01,000\nwords and more of them\n".repeat(1 << 20);
    vec![
        ("pointers to directories", pointers),
        ("unsynchronised ID3", unsynchronised),
        ("attributes", packet.concat()),
        ("Photoshop's resources", resources),
        ("extended XMP", packets),
        ("lines of text", lines),
    ]
}

/// One test, as it measures the memory of the whole process.
#[test]
fn the_law_holds_for_what_fuzzing_found_and_begins_with() {
    for (name, file) in large() {
        println!("{name}");
        law::hold(&file, None);
    }
    let all = [inputs("tests/regressions"), inputs("fuzz/seeds")].concat();
    for path in all {
        let file = fs::read(&path).expect("an input");
        println!("{}", path.display());
        law::hold(&file, None);
        law::hold(&file, Some("mp4"));
    }
}
