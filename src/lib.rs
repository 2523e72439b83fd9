//! mediagate: a media access-control file system.
//!
//! docs/ARCHITECTURE.md has the picture and the table of who may import whom.

pub mod admin;
pub mod binder;
pub mod config;
pub mod content;
pub mod daemon;
pub mod demo;
pub mod diag;
pub mod error;
pub mod fs;
pub mod fuse;
pub mod id;
pub mod lower;
pub mod node;
pub mod platform;
pub mod policy;
pub mod redact;
pub mod sample;
pub mod scan;
pub mod shell;
pub mod store;
