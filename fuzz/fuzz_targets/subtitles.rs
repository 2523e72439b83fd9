//! Subtitles, and the search through what is nothing known.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use mediagate_fuzz::{format, law};

fuzz_target!(|file: &[u8]| -> Corpus {
    if format(file).is_some() {
        return Corpus::Reject;
    }
    law::hold(file, None);
    Corpus::Keep
});
