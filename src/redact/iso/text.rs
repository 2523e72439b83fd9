//! Coordinates in text: NMEA 0183 sentences, ISO 6709 strings, and numbers that a word calls latitude, longitude
//! or altitude (subtitles of drones, JSON).

#![forbid(unsafe_code)]

use std::ops::Range;

/// Words that name the number after them, longest first; compared without case.
const WORDS: [&[u8]; 14] = [
    b"longtitude",
    b"longitude",
    b"latitude",
    b"barometer",
    b"altitude",
    b"abs_alt",
    b"rel_alt",
    b"lat",
    b"lon",
    b"lng",
    b"home",
    b"long",
    b"alt",
    b"gps",
];

/// Longest NMEA sentence that is recognised; the standard allows 82, receivers write more.
const SENTENCE: usize = 160;

/// Where text in `bytes` tells a place.
pub(in crate::redact) fn coordinates(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0usize;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let hit = match rest.first() {
            Some(b'$') => sentence(rest),
            Some(b'+' | b'-') => iso_6709(rest),
            Some(first) if b"abghlr".contains(&first.to_ascii_lowercase()) && !inside_word(bytes, at) => {
                named(rest)
            }
            _ => None,
        };
        let after = match hit {
            Some(hit) => {
                found.push(at.saturating_add(hit.start)..at.saturating_add(hit.end));
                hit.end.max(1)
            }
            None => 1,
        };
        at = at.saturating_add(after);
    }
    found
}

/// `$GPRMC,…` up to the end of the line.
fn sentence(text: &[u8]) -> Option<Range<usize>> {
    let known = text.get(1) == Some(&b'G')
        && text.get(2).is_some_and(|talker| b"PNLABQ".contains(talker))
        && text.get(3..6)?.iter().all(u8::is_ascii_uppercase)
        && text.get(6) == Some(&b',');
    let end = text.iter().take(SENTENCE).position(|byte| !(b' '..=b'~').contains(byte));
    known.then(|| 0..end.unwrap_or(SENTENCE.min(text.len())))
}

/// `+48.8584+002.2945+35.0/`: ISO 6709 annex H, with decimals.
fn iso_6709(text: &[u8]) -> Option<Range<usize>> {
    let latitude = signed(text, 2)?;
    let longitude = latitude.checked_add(signed(text.get(latitude..)?, 3)?)?;
    let rest = text.get(longitude..).unwrap_or_default();
    let more = rest.iter().position(|byte| !(byte.is_ascii_digit() || b"+-./".contains(byte)));
    Some(0..longitude.saturating_add(more.unwrap_or(rest.len())))
}

/// Length of a sign, at least `digits` digits, a point and digits.
fn signed(text: &[u8], digits: usize) -> Option<usize> {
    text.first().filter(|sign| b"+-".contains(sign))?;
    let whole = run(text.get(1..)?, u8::is_ascii_digit);
    let point = whole.checked_add(1)?;
    let decimals = run(text.get(point.checked_add(1)?..)?, u8::is_ascii_digit);
    let good = (digits..=8).contains(&whole) && text.get(point) == Some(&b'.') && decimals >= 1;
    good.then(|| point.saturating_add(1).saturating_add(decimals))
}

/// `latitude: 48.858370`, `"lon"="2.29"`, `GPS (2.29, 48.85, 20)`: the numbers only.
fn named(text: &[u8]) -> Option<Range<usize>> {
    let word = WORDS
        .iter()
        .find(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))?;
    let mut at = word.len();
    at = at.saturating_add(run(text.get(at..)?, |byte| b"\"' \t".contains(byte)));
    let sign = text.get(at).filter(|sign| b":=(".contains(sign))?;
    at = at.saturating_add(1);
    at = at.saturating_add(run(text.get(at..)?, |byte| b"\"' \t".contains(byte)));
    let list: &[u8] = if *sign == b'(' { b"+-., " } else { b"+-." };
    let length = run(text.get(at..)?, |byte| byte.is_ascii_digit() || list.contains(byte));
    let number = text.get(at..at.checked_add(length)?)?;
    let decimals = number.iter().position(|byte| *byte == b'.')?;
    let exact = run(number.get(decimals.checked_add(1)?..)?, u8::is_ascii_digit);
    (exact >= if word.len() > 4 { 1 } else { 3 } && number.iter().any(u8::is_ascii_digit))
        .then(|| at..at.saturating_add(length))
}

/// Whether a letter stands before `at`.
fn inside_word(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphabetic)
}

/// How many bytes at the start of `text` fit.
fn run(text: &[u8], fits: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|byte| !fits(byte)).unwrap_or(text.len())
}
