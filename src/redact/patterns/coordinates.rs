//! Coordinates in text, the location tags of audio and Matroska files, and the entries of camcorders.

#![forbid(unsafe_code)]

use memchr::{memchr2_iter, memmem};

/// Names after which a coordinate may stand, the longest first.
const NAMES: [&[u8]; 7] = [b"latitude", b"longitude", b"longtitude", b"lat", b"lon", b"lng", b"gps"];

/// Whether a text has something like `"lat": 48.858`, or an NMEA sentence.
pub(in crate::redact) fn text(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    memmem::find_iter(&lower, b"$g").any(|at| sentence(lower.get(at..).unwrap_or_default()))
        || memchr2_iter(b'l', b'g', &lower).any(|at| named(lower.get(at..).unwrap_or_default()))
        || pair(&lower)
}

/// Two numbers with decimals and nothing else, as in `48.858370,2.294481`.
fn pair(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let mut numbers = 0usize;
    for part in text.split(|byte| matches!(byte, b',' | b';' | b' ')).filter(|part| !part.is_empty()) {
        if !decimal(part)
            || !part.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-'))
        {
            return false;
        }
        numbers = numbers.saturating_add(1);
    }
    (2..=3).contains(&numbers)
}

fn sentence(text: &[u8]) -> bool {
    let kind = text.get(3..6).unwrap_or_default();
    text.get(6) == Some(&b',') && matches!(kind, b"rmc" | b"gga" | b"gll")
}

/// Whether a text begins with a name and then has a number with three decimals.
fn named(text: &[u8]) -> bool {
    let Some(mut rest) = NAMES.iter().find_map(|name| text.strip_prefix(*name)) else { return false };
    let mut separated = false;
    while let [byte @ (b'"' | b'\'' | b' ' | b':' | b'=' | b'(' | b'[' | b'>'), after @ ..] = rest {
        separated |= matches!(byte, b':' | b'=' | b'(' | b'>');
        rest = after;
    }
    separated && decimal(rest)
}

/// Whether a text begins with a number that has at least three decimals.
fn decimal(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let whole = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = unsigned.get(whole..).unwrap_or_default().strip_prefix(b".").unwrap_or_default();
    (1..=5).contains(&whole) && fraction.iter().take_while(|byte| byte.is_ascii_digit()).count() >= 3
}

/// Whether the tag name at `at` has a value: `LOCATION=…` of Vorbis, a Matroska string, an ID3 text after NUL.
pub(super) fn tagged(bytes: &[u8], at: usize) -> bool {
    let after = bytes.get(at.saturating_add(8)..).unwrap_or_default();
    match after {
        [b'=', value, ..] => *value != 0 && *value != b'"' && *value != b' ' && !value.is_ascii_whitespace(),
        // TagString (0x4487), TagLanguage (0x447a), TagBinary (0x4485).
        [0x44, 0x87 | 0x7a | 0x85, ..] => true,
        [0, b'+' | b'-' | b'0'..=b'9', ..] => true,
        _ => {
            let suffix = after.get(..4).unwrap_or_default();
            suffix == b"-eng" || suffix == b"_ISO"
        }
    }
}

/// Whether the metadata at `at` has a GPS entry: AVCHD's `MDPM` (count, then a tag and four bytes each; 0xb0 to 0xca
/// are GPS), Nikon's `nctg` (identifier and size, 16 bits each, little endian; 0x06000000 on are GPS).
pub(super) fn camcorder(bytes: &[u8], at: usize) -> bool {
    let body = bytes.get(at.saturating_add(4)..).unwrap_or_default();
    if bytes.get(at..).unwrap_or_default().starts_with(b"nctg") {
        return memmem::find(body.get(..4096.min(body.len())).unwrap_or_default(), b"WGS").is_some();
    }
    let count = usize::from(body.first().copied().unwrap_or(0));
    let entries = body.get(1..).unwrap_or_default().chunks_exact(5).take(count);
    entries.filter_map(|entry| entry.first()).any(|tag| (0xb0..=0xca).contains(tag))
}
