//! What the fuzz targets share: which inputs are theirs, and the law.

#![forbid(unsafe_code)]

use libfuzzer_sys::Corpus;

use redact::{Format, sniff};

pub mod law;
#[path = "../../src/redact/mod.rs"]
pub mod redact;

/// One run of a target whose files are of `formats`; what is no such file is not kept.
pub fn run(file: &[u8], formats: &[Format]) -> Corpus {
    if !format(file).is_some_and(|format| formats.contains(&format)) {
        return Corpus::Reject;
    }
    law::hold(file, None);
    Corpus::Keep
}

/// What the first bytes of a file tell.
pub fn format(file: &[u8]) -> Option<Format> {
    const HEAD: usize = 4096;
    sniff(&file[..file.len().min(HEAD)])
}
