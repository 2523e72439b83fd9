//! Base 64 (RFC 4648, section 4) in place: as many digits come out as went in.

#![forbid(unsafe_code)]

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that a text stands for, as far as its end, its first `=`, or the last whole byte; `None` where it has
/// other characters.
pub(in crate::redact) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0u32, 0u32);
    for character in text.iter().take_while(|character| !matches!(character, b'=' | 0)) {
        let digit = u32::try_from(DIGITS.iter().position(|digit| digit == character)?).ok()?;
        bits = (bits << 6 | digit) & 0xffff;
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// The text that stands for `bytes`, with what `text` has at its end behind the last whole byte.
pub(in crate::redact) fn encoded(bytes: &[u8], text: &[u8]) -> Vec<u8> {
    let mut result = text.to_vec();
    for (group, digits) in bytes.chunks(3).zip(result.chunks_mut(4)) {
        let number =
            (0..3).fold(0u32, |number, at| number << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for (digit, shift) in digits.iter_mut().zip([18u32, 12, 6, 0]).take(group.len().saturating_add(1)) {
            let index = usize::try_from(number >> shift & 63).unwrap_or_default();
            *digit = DIGITS.get(index).copied().unwrap_or(b'A');
        }
    }
    result
}
