//! Everything, as `plan` tells it apart; also under the name of a film, which adds a candidate to what is nothing known.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mediagate_fuzz::law;

fuzz_target!(|file: &[u8]| {
    law::hold(file, None);
    law::hold(file, Some("mp4"));
});
