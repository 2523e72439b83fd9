//! What is a name, and which names are the same.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;
use crate::error::Errno;

#[test]
fn only_single_components_are_names() {
    for wrong in ["", ".", "..", "/", "a/b", "a/", "/a", "a\0", "\0"] {
        assert_eq!(FileName::parse(wrong.as_ref()), Err(NameError::NotAComponent), "{wrong:?}");
    }
    for right in ["...", ".a", "..a", "a..", " ", "~", "\n", "\u{202e}"] {
        assert_eq!(FileName::parse(right.as_ref()).unwrap().as_str(), right);
    }
}

#[test]
fn length_is_counted_in_bytes() {
    assert!(FileName::parse("x".repeat(255).as_ref()).is_ok());
    assert_eq!(FileName::parse("x".repeat(256).as_ref()), Err(NameError::TooLong));
    assert!(FileName::parse("é".repeat(127).as_ref()).is_ok());
    assert_eq!(FileName::parse("é".repeat(128).as_ref()), Err(NameError::TooLong));
}

#[test]
fn other_encodings_are_no_names() {
    for bytes in [&b"\xff"[..], b"caf\xe9", b"\xed\xa0\x80", b"\xc0\xaf", b"a\xf0\x9f\x98"] {
        assert_eq!(FileName::parse(OsStr::from_bytes(bytes)), Err(NameError::NotUnicode), "{bytes:?}");
    }
}

#[test]
fn each_refusal_has_its_errno() {
    assert_eq!(NameError::NotAComponent.errno(), Errno::EINVAL);
    assert_eq!(NameError::TooLong.errno(), Errno::ENOENT);
    assert_eq!(NameError::NotUnicode.errno(), Errno::ENOENT);
}

#[test]
fn what_fat_refuses_is_not_portable() {
    for portable in ["a.jpg", ".nomedia", "ä ö", "[1] (2) {3}", "日本.mp4", "a'b", "%$#@!&+,;=`~^"] {
        assert!(name(portable).is_portable(), "{portable:?}");
    }
    for character in "\"*:<>?\\|\u{7f}\u{1}\n\t\u{1f}\u{80}\u{9f}".chars() {
        assert!(!name(&format!("a{character}b")).is_portable(), "{character:?}");
    }
}

#[test]
fn spellings_of_one_name_fold_to_one_key() {
    let same = [
        ("Android", "ANDROID"),
        ("Android", "andro\u{200b}id"),
        ("Android", "\u{feff}Android"),
        ("Android", "Android\u{200d}"),
        ("Android", "An\u{ad}droid\u{fe0f}"),
        ("data", "da\u{e0041}ta"),
        ("kiosk", "\u{212a}io\u{17f}\u{212a}"),
        ("é", "e\u{301}"),
        ("É", "e\u{301}"),
        ("Å", "\u{212b}"),
        ("ß", "SS"),
        ("ẞ", "ss"),
        ("ﬁle", "FILE"),
        ("ﬄ", "ffl"),
        ("Σ", "ς"),
        ("\u{345}", "ι"),
        ("İ", "i\u{307}"),
        ("가", "\u{1100}\u{1161}"),
        ("\u{1e9b}\u{323}", "\u{1e61}\u{323}"),
        ("a\u{323}\u{307}", "a\u{307}\u{323}"),
        ("a\u{307}\u{34f}\u{323}", "a\u{323}\u{307}"),
    ];
    for (one, other) in same {
        assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
    }
}

#[test]
fn what_file_systems_tell_apart_folds_apart() {
    // Case folding is the default one, not the Turkish; compatibility characters are characters of their own.
    for (one, other) in [("i", "ı"), ("I", "ı"), ("I", "İ"), ("a", "ａ"), ("1", "¹"), ("a", "а"), ("é", "e")]
    {
        assert_ne!(fold(one), fold(other), "{one:?} and {other:?}");
    }
}

#[test]
fn what_is_not_displayed_folds_to_nothing() {
    assert_eq!(fold("\u{200b}\u{2060}\u{fe0f}"), "");
    assert_eq!(fold(".nomedia\u{200b}"), ".nomedia");
}

proptest! {
    #[test]
    fn folding_is_idempotent(text in "\\PC{0,12}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn folding_is_idempotent_for_any_characters(text in any::<String>()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn case_and_composition_do_not_matter(text in "\\PC{0,12}") {
        let key = fold(&text);
        prop_assert_eq!(fold(&text.nfc().collect::<String>()), key.clone());
        prop_assert_eq!(fold(&text.nfd().collect::<String>()), key.clone());
        prop_assert_eq!(fold(&caseless::default_case_fold_str(&text)), key);
    }

    #[test]
    fn parsing_never_panics_and_keeps_the_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(name) = FileName::parse(OsStr::from_bytes(&bytes)) {
            prop_assert_eq!(name.as_str().as_bytes(), &bytes[..]);
        }
    }
}

#[test]
fn every_character_folds_to_itself_after_folding() {
    for character in (0..=0x1_0ffff).filter_map(char::from_u32) {
        let once = fold(character.encode_utf8(&mut [0; 4]));
        assert_eq!(fold(&once), once, "{character:?}");
    }
}
