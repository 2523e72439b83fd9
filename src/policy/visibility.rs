//! Whether files exist for callers who could not list them: a setting of a volume.

#![forbid(unsafe_code)]

use super::{Caller, FileFacts, Operation, Verdict, decide, decide_concealed};

/// What callers learn of the existence of files that they could not list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// All files in shared places are seen by everyone, as on Android.
    #[default]
    Shared,
    /// What a caller could not list does not exist for it.
    Private,
}

impl Visibility {
    /// The names of both, as configuration and command line spell them.
    pub const NAMES: [&'static str; 2] = ["shared", "private"];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Visibility::Shared => "shared",
            Visibility::Private => "private",
        }
    }

    /// What a name stands for.
    pub fn of_name(name: &str) -> Option<Visibility> {
        [Visibility::Shared, Visibility::Private].into_iter().find(|known| known.name() == name)
    }
}

/// Decides on an entry of a volume with this visibility.
pub fn decide_under(
    visibility: Visibility,
    caller: &Caller,
    facts: &FileFacts,
    operation: &Operation,
) -> Verdict {
    match visibility {
        Visibility::Shared => decide(caller, facts, operation),
        Visibility::Private => decide_concealed(caller, facts, operation),
    }
}
