#![forbid(unsafe_code)]

use super::*;
use crate::redact::tests::laws;
use crate::redact::{Budget, Patches, ReadAt};

mod carriers;
mod hostile;
mod items;
mod still;
mod timed;

const PLACE: &[u8] = b"+48.8584+002.2945/";

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, &content].concat()
}

fn full(kind: &[u8; 4], version_and_flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&version_and_flags.to_be_bytes(), &parts.concat()])
}

fn words(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|number| u32::try_from(*number).unwrap().to_be_bytes()).collect()
}

fn ftyp() -> Vec<u8> {
    boxed(b"ftyp", &[b"isom\0\0\x02\0isom"])
}

/// `©xyz` as phones write it.
fn xyz() -> Vec<u8> {
    boxed(b"\xa9xyz", &[&[0, 18, 0x15, 0xc7], PLACE])
}

fn title() -> Vec<u8> {
    boxed(b"\xa9nam", &[&[0, 4, 0x15, 0xc7], b"keep"])
}

/// A movie without samples and with this user data.
fn with_user_data(parts: &[&[u8]]) -> Vec<u8> {
    [ftyp(), boxed(b"mdat", &[b"samples"]), boxed(b"moov", &[&boxed(b"udta", parts)])].concat()
}

/// One track of these samples, in one chunk.
fn with_track(handler: &[u8; 4], entry: &[u8], samples: &[&[u8]]) -> Vec<u8> {
    let start = ftyp().len() + 8;
    let moov = boxed(b"moov", &[&track(handler, entry, start, samples)]);
    [ftyp(), boxed(b"mdat", samples), moov].concat()
}

fn track(handler: &[u8; 4], entry: &[u8], start: usize, samples: &[&[u8]]) -> Vec<u8> {
    let sizes: Vec<usize> = samples.iter().map(|sample| sample.len()).collect();
    let table = boxed(
        b"stbl",
        &[
            &full(b"stsd", 0, &[&words(&[1]), entry]),
            &full(b"stsc", 0, &[&words(&[1, 1, samples.len(), 1])]),
            &full(b"stsz", 0, &[&words(&[0, samples.len()]), &words(&sizes)]),
            &full(b"stco", 0, &[&words(&[1, start])]),
        ],
    );
    let handler = full(b"hdlr", 0, &[&[0; 4], handler, &[0; 13]]);
    let header = full(b"tkhd", 7, &[&words(&[0, 0, 1, 0, 0]), &[0; 60]]);
    boxed(b"trak", &[&header, &boxed(b"mdia", &[&handler, &boxed(b"minf", &[&table])])])
}

/// A sample description without fields of its own.
fn entry(format: &[u8; 4]) -> Vec<u8> {
    boxed(format, &[&[0, 0, 0, 0, 0, 0, 0, 1]])
}

fn plan(source: &dyn ReadAt) -> Result<Patches, ScanError> {
    let mut state = Scan::new(source, Budget::STANDARD);
    let whole = state.whole();
    scan(&mut state, whole)?;
    Ok(Patches::new(state.finish()))
}

fn redacted(file: &[u8]) -> Result<Vec<u8>, ScanError> {
    let patches = plan(&file)?;
    let mut bytes = file.to_vec();
    patches.apply(0, &mut bytes);
    assert_eq!(bytes.len(), file.len());
    Ok(bytes)
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

/// The place is gone, what is named stays.
fn check(file: &[u8], gone: &[u8], stays: &[&[u8]]) -> Vec<u8> {
    laws::seed(file);
    assert!(holds(file, gone));
    let shown = redacted(file).unwrap();
    assert!(!holds(&shown, gone), "{}", shown.escape_ascii());
    for needle in stays {
        assert!(holds(&shown, needle), "{} lost", needle.escape_ascii());
    }
    shown
}
