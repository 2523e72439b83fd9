//! Who may do what: one pure decision over a caller, the facts of a file and an operation.
//!
//! No I/O, no clock, no lock, no log, no panic. What must be hidden is answered here; where it lies in a file is
//! the business of `redact`. An unknown fact never leads to [`View::Full`]; no matching rule denies.
//! docs/POLICY.md has the tables in prose.

#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm, clippy::arithmetic_side_effects)]

mod app_op;
mod decide;
mod explain;
mod grant;
mod kind;
mod mark;
mod operation;
mod permission;
mod place;
mod rights;
mod rules;
mod types;
mod visibility;

#[cfg(test)]
mod tests;

pub use app_op::{AppOpMode, AppOps, ROLE_APP_OPS};
pub use decide::{ELSEWHERE, FORCED_DIRECTORY, OPAQUE, decide, decide_concealed, may_move_all};
pub use explain::{Explanation, Outcome, explain, explanations};
pub use grant::{FileGrant, FileGrants};
pub use kind::Content;
pub use mark::Mark;
pub use operation::{OPERATIONS, Operation};
pub use permission::{parse_permission, permission_names};
pub use types::*;
pub use visibility::{Visibility, decide_under};
