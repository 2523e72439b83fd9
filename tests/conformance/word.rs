//! One word of a table: bytes without spaces, with escapes for what a line of text cannot hold.
//!
//! `\xNN` is a byte, `\u{N}` a character by its hexadecimal number, `\*{TEXT,COUNT}` the text COUNT times, `\\` a
//! backslash.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// The bytes that a word stands for.
///
/// # Errors
/// What is wrong with its escapes.
pub(crate) fn decode(word: &str) -> Result<OsString, String> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        let wrong = || format!("no escape: \\{escape}");
        let mut letters = escape.chars();
        rest = match letters.next().ok_or_else(wrong)? {
            '\\' => {
                bytes.push(b'\\');
                letters.as_str()
            }
            'x' => {
                let digits = letters.as_str().get(..2).ok_or_else(wrong)?;
                bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
                &letters.as_str()[2..]
            }
            'u' => {
                let (digits, after) = braces(letters.as_str()).ok_or_else(wrong)?;
                let number = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
                bytes.extend(char::from_u32(number).ok_or_else(wrong)?.to_string().bytes());
                after
            }
            '*' => {
                let (inside, after) = braces(letters.as_str()).ok_or_else(wrong)?;
                let (text, count) = inside.rsplit_once(',').ok_or_else(wrong)?;
                bytes.extend(text.repeat(count.parse().map_err(|_| wrong())?).bytes());
                after
            }
            _ => return Err(wrong()),
        };
    }
    bytes.extend(rest.as_bytes());
    Ok(OsString::from_vec(bytes))
}

/// What stands in the braces at the start, and what follows them.
fn braces(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}')
}

#[test]
fn escapes_stand_for_bytes() {
    use std::os::unix::ffi::OsStrExt;
    assert_eq!(decode("a b").unwrap().as_bytes(), b"a b");
    assert_eq!(decode(r"\x20\xff\\x").unwrap().as_bytes(), b" \xff\\x");
    assert_eq!(decode(r"a\u{200b}b").unwrap().as_bytes(), "a\u{200b}b".as_bytes());
    assert_eq!(decode(r"\*{ab,3}.jpg").unwrap().as_bytes(), b"ababab.jpg");
    for wrong in [r"\", r"\y", r"\x2", r"\xzz", r"\u{d800}", r"\u200b", r"\*{a}"] {
        decode(wrong).unwrap_err();
    }
}
