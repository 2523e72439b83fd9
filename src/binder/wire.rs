//! The generated Rust of `aidl/`, nothing else.

#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::all,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "generated from aidl/, where the documentation is"
)]

include!(concat!(env!("OUT_DIR"), "/mediagate_aidl.rs"));
