#![forbid(unsafe_code)]

use std::cell::Cell;
use std::io;

use proptest::prelude::*;

use super::*;

/// All that this module knows, in one file.
fn everything() -> Vec<u8> {
    let key = |name: &[u8]| boxed(b"mdta", &[name]);
    let value = boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], PLACE]);
    let keys = full(b"keys", 0, &[&words(&[1]), &key(b"com.apple.quicktime.location.ISO6709")]);
    let meta = boxed(b"meta", &[&keys, &boxed(b"ilst", &[&boxed(&[0, 0, 0, 1], &[&value])])]);
    let text = [&[0, 18][..], PLACE].concat();
    let samples: [&[u8]; 2] = [&text, &text];
    let track = track(b"sbtl", &entry(b"tx3g"), ftyp().len() + 8, &samples);
    let user_data = boxed(b"udta", &[&title(), &xyz()]);
    [ftyp(), boxed(b"mdat", &samples), boxed(b"moov", &[&track, &meta, &user_data])].concat()
}

/// What the plainest of readers sees: the first `©xyz` in `moov/udta`.
fn read_place(file: &[u8]) -> Option<Vec<u8>> {
    fn child<'b>(mut bytes: &'b [u8], kind: &[u8; 4]) -> Option<&'b [u8]> {
        loop {
            let size = u32::from_be_bytes(bytes.get(..4)?.try_into().unwrap()) as usize;
            let found = bytes.get(8..size)?;
            if bytes[4..8] == *kind {
                return Some(found);
            }
            bytes = &bytes[size..];
        }
    }
    let place = child(child(child(file, b"moov")?, b"udta")?, b"\xa9xyz")?;
    Some(place.to_vec()).filter(|place| holds(place, b"8584+002"))
}

#[test]
fn nothing_of_it_is_left() {
    let shown = check(&everything(), PLACE, &[b"keep", b"location.ISO6709"]);
    assert_eq!(read_place(&shown), None);
    assert!(read_place(&everything()).is_some());
}

#[test]
fn a_file_that_ends_early_shows_no_place() {
    let file = everything();
    for end in 0..file.len() {
        let cut = &file[..end];
        if let Ok(shown) = redacted(cut) {
            assert_eq!(read_place(&shown), None, "cut at {end}");
            // Before `moov` is there, the text in `mdat` is no track's.
            let tables = memchr::memmem::find(cut, b"moov").unwrap_or(cut.len());
            assert!(!holds(&shown[tables..], PLACE), "cut at {end}");
        }
    }
}

#[test]
fn sizes_that_lie_end_the_walk() {
    for size in [0usize, 1, 2, 7, 9, 0x7fff_ffff, 0xffff_ffff] {
        let lie = [&words(&[size])[..], b"abcd"].concat();
        for file in [
            with_user_data(&[&lie, &xyz()]),
            [ftyp(), lie.clone(), boxed(b"moov", &[&boxed(b"udta", &[&xyz()])])].concat(),
        ] {
            if let Ok(shown) = redacted(&file) {
                assert!(!holds(&shown, PLACE), "size {size}");
            }
        }
    }
}

#[test]
fn padding_after_the_last_box_is_no_fault() {
    let file = [with_user_data(&[&title()]), vec![0; 5000], b"junk".to_vec()].concat();
    assert!(plan(&file.as_slice()).unwrap().is_empty());
    check(&[with_user_data(&[&title()]), vec![0; 3], xyz()].concat(), PLACE, &[b"keep"]);
}

#[test]
fn two_tables_of_a_kind_make_a_location_track_opaque() {
    let mut file = with_track(b"camm", &entry(b"camm"), &[&[9; 28]]);
    let at = memchr::memmem::find(&file, b"stsc").unwrap();
    file[at..at + 4].copy_from_slice(b"stco");
    assert!(matches!(redacted(&file), Err(ScanError::Malformed(_))));
}

#[test]
fn a_compressed_movie_header_is_opaque() {
    let file = [ftyp(), boxed(b"moov", &[&boxed(b"cmov", &[b"zlib"])])].concat();
    assert!(matches!(redacted(&file), Err(ScanError::Malformed("compressed moov"))));
}

/// A gigabyte of samples before `moov`.
#[derive(Debug)]
struct Huge {
    head: Vec<u8>,
    tail: Vec<u8>,
    reads: Cell<u32>,
    bytes: Cell<usize>,
}

const GIGABYTE: u64 = 1 << 30;

impl ReadAt for Huge {
    fn size(&self) -> u64 {
        GIGABYTE + self.tail.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads.set(self.reads.get() + 1);
        self.bytes.set(self.bytes.get() + buffer.len());
        let byte = |at: u64| {
            let (bytes, at) = if at < GIGABYTE { (&self.head, at) } else { (&self.tail, at - GIGABYTE) };
            bytes.get(usize::try_from(at).unwrap()).copied().unwrap_or(0)
        };
        buffer.iter_mut().zip(offset..).for_each(|(to, at)| *to = byte(at));
        Ok(buffer.len())
    }
}

#[test]
fn samples_are_not_read() {
    let head =
        [ftyp(), words(&[usize::try_from(GIGABYTE).unwrap() - ftyp().len()]), b"mdat".to_vec()].concat();
    let samples = vec![&[0u8; 3][..]; 50_000];
    let video = track(b"vide", &entry(b"avc1"), 100, &samples);
    let tail = boxed(b"moov", &[&video, &boxed(b"udta", &[&title(), &xyz()])]);
    let file = Huge { head, tail, reads: Cell::default(), bytes: Cell::default() };
    assert!(!plan(&file).unwrap().is_empty());
    assert!(file.reads.get() < 20 && file.bytes.get() < 20_000, "{file:?}", file = (file.reads, file.bytes));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_change_to_a_file_makes_it_show_its_place(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = everything();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Ok(shown) = redacted(&file) {
            prop_assert_eq!(read_place(&shown), None);
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let file = [&b"\0\0\0\x10ftypisom\0\0\0\0"[..], &bytes].concat();
        let _ = redacted(&file);
    }
}

#[test]
fn a_recording_that_is_not_finished_is_not_clean() {
    let whole = crate::sample::iso::mp4_clean();
    let end = memchr::memmem::find(&whole, b"moov").unwrap() - 4;
    let data = memchr::memmem::find(&whole, b"mdat").unwrap() - 4;
    // Whatever the order of the two in the sample: the file type and the data, and nothing that describes them.
    let size = |at: usize| u32::from_be_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
    let first = [&whole[..data.min(end)], &whole[data..data + size(data)]].concat();
    let plan = crate::redact::plan(&&first[..], Some("mp4"), &crate::redact::Budget::STANDARD).unwrap();
    assert!(matches!(plan, crate::redact::Plan::Opaque(_)), "{plan:?}");
}
