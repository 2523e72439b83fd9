//! The one folding of names: two names that a file system or a person could take for the same fold to the same key.

#![forbid(unsafe_code)]

use unicode_normalization::UnicodeNormalization;

/// Ranges of the property `Default_Ignorable_Code_Point` (Unicode 16, DerivedCoreProperties.txt): they are not
/// displayed, and case-folding file systems drop them.
const IGNORABLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Canonical decomposition, full case folding, decomposition again, without default-ignorable code points.
///
/// Idempotent: `fold(&fold(x)) == fold(x)`.
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let visible: String = name.nfd().filter(|c| !is_ignorable(*c)).collect();
    let folded = caseless::default_case_fold_str(&visible);
    let again = caseless::default_case_fold_str(&folded.nfd().collect::<String>());
    again.nfd().filter(|c| !is_ignorable(*c)).collect()
}

fn is_ignorable(c: char) -> bool {
    IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
