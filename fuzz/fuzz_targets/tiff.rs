//! TIFF and the raw photographs around it: directories, maker notes, GeoTIFF, previews.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediagate_fuzz::redact::Format;

fuzz_target!(|file: &[u8]| -> libfuzzer_sys::Corpus {
    mediagate_fuzz::run(file, &[Format::Tiff, Format::Raf, Format::Mrw, Format::Crw, Format::X3f])
});
