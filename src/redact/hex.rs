//! Metadata written as hexadecimal digits in a text.

#![forbid(unsafe_code)]

use std::ops::Range;

use super::scan::Scan;
use super::{Patches, ScanError};

/// Runs a scanner over what the digits at these places of `text` say, and writes what it changes in digits again.
/// Answers whether anything changed.
pub(super) fn change(
    scan: &mut Scan<'_>,
    text: &mut [u8],
    digits: &[u32],
    scanner: impl FnOnce(&mut Scan<'_>, Range<u64>) -> Result<(), ScanError>,
) -> Result<bool, ScanError> {
    let mut content: Vec<u8> = digits.chunks_exact(2).filter_map(|pair| byte(text, pair)).collect();
    let view = content.as_slice();
    let ((), found) = scan.inside(&view, |scan| {
        let all = scan.whole();
        scanner(scan, all)
    })?;
    if found.is_empty() {
        return Ok(false);
    }
    Patches::new(found).apply(0, &mut content);
    for (pair, byte) in digits.chunks_exact(2).zip(&content) {
        for (at, digit) in pair.iter().zip([byte >> 4, byte & 15]) {
            if let Some(place) = usize::try_from(*at).ok().and_then(|at| text.get_mut(at)) {
                *place = b"0123456789abcdef".get(usize::from(digit)).copied().unwrap_or(b'0');
            }
        }
    }
    Ok(true)
}

fn byte(text: &[u8], pair: &[u32]) -> Option<u8> {
    let digit = |at: &u32| {
        let character = char::from(*text.get(usize::try_from(*at).ok()?)?);
        character.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
    };
    match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    }
}
