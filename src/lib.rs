//! mediagate: a media access-control file system.
//!
//! docs/ARCHITECTURE.md has the picture and the table of who may import whom.

pub mod error;
pub mod id;
pub mod policy;
pub mod redact;
pub mod sample;
