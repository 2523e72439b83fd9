//! Who may do what: one pure decision over a caller, the facts of a file and an operation.
//!
//! No I/O, no clock, no lock, no log, no panic. What must be hidden is answered here; where it lies in a file is
//! the business of `redact`. An unknown fact never leads to [`View::Full`]; no matching rule denies.

#![forbid(unsafe_code)]

mod permission;
mod types;

pub use permission::{parse_permission, permission_names};
pub use types::*;
