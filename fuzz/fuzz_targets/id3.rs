//! MP3 and AAC: ID3, Lyrics3, APE tags.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediagate_fuzz::redact::Format;

fuzz_target!(|file: &[u8]| -> libfuzzer_sys::Corpus { mediagate_fuzz::run(file, &[Format::Mp3]) });
