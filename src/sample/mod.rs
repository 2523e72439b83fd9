//! Small media files made in code, for the demonstration and for tests: each shows what the filter takes away.

#![forbid(unsafe_code)]

pub mod iso;
