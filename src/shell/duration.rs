//! Durations such as `90s`, `10m`, `2h` and `7d`.

#![forbid(unsafe_code)]

const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];

/// The seconds of a duration; the text of an error says what a duration looks like.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || "a duration is a number and a unit, such as 90s, 10m, 2h or 7d".to_owned();
    let (letter, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(wrong)?;
    let digits = text.strip_suffix(*letter).unwrap_or_default();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    match count.checked_mul(*seconds) {
        Some(0) => Err("a duration is more than nothing".to_owned()),
        Some(total) => Ok(total),
        None => Err(wrong()),
    }
}
