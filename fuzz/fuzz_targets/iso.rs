//! MP4, QuickTime and M4A: user data, keys, timed tracks, fragments, trailers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediagate_fuzz::redact::Format;

fuzz_target!(|file: &[u8]| -> libfuzzer_sys::Corpus {
    mediagate_fuzz::run(file, &[Format::Mp4, Format::M4a, Format::Quicktime])
});
