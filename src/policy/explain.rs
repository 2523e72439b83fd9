//! What a rule's name stands for, in one sentence, for `mediagate check`, the audit and docs/POLICY.md.

#![forbid(unsafe_code)]

use super::decide::{CONCEALED, ELSEWHERE, FORCED_DIRECTORY, NO_RULE, OPAQUE};
use super::rules::RULES;
use super::{DenyReason, RuleName};

/// A rule as it is explained to a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The name that verdicts carry.
    pub rule: RuleName,
    /// One sentence.
    pub sentence: &'static str,
    /// The reasons with which the rule denies; empty for a rule that only allows.
    pub denies: &'static [DenyReason],
}

/// The names that are not in the list of rules.
const BESIDE_RULES: [Explanation; 5] = [
    Explanation {
        rule: CONCEALED,
        sentence: "On a volume with private visibility, what the caller could not list does not exist for it.",
        denies: &[DenyReason::Private, DenyReason::PrivateChange],
    },
    Explanation {
        rule: OPAQUE,
        sentence: "What is private in the content cannot be hidden, so that only those who may see all of it read it.",
        denies: &[DenyReason::Opaque],
    },
    Explanation {
        rule: FORCED_DIRECTORY,
        sentence: "The directories of forced-redaction names are walked through; nothing in them is made, moved or removed.",
        denies: &[DenyReason::Refused],
    },
    Explanation {
        rule: ELSEWHERE,
        sentence: "A shared volume serves nothing in Android/data and Android/obb: the private volumes do.",
        denies: &[DenyReason::Private, DenyReason::PrivateChange],
    },
    Explanation { rule: NO_RULE, sentence: "No rule allows it.", denies: &[DenyReason::NoRule] },
];

/// Every rule in the order in which rules are asked, then the names that stand beside the list.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    RULES
        .iter()
        .map(|rule| Explanation { rule: rule.name, sentence: rule.sentence, denies: rule.denies })
        .chain(BESIDE_RULES)
}

/// The explanation of `rule`; `None` for a name that no verdict carries.
pub fn explain(rule: RuleName) -> Option<Explanation> {
    explanations().find(|explanation| explanation.rule == rule)
}

/// What the kernel or the lower file system answers before or after the policy is asked, as `check` tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The name that stands where else a rule's does.
    pub rule: RuleName,
    /// The symbolic errno.
    pub errno: &'static str,
    /// One sentence.
    pub sentence: &'static str,
}

macro_rules! outcomes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $errno:literal, $sentence:literal;)*) => {
        impl Outcome {
            $($(#[$doc])* pub const $constant: Outcome =
                Outcome { rule: RuleName($name), errno: $errno, sentence: $sentence };)*
            /// All of them, as docs/POLICY.md lists them.
            pub const ALL: &[Outcome] = &[$(Outcome::$constant),*];
        }
    };
}

outcomes! {
    /// Nothing is there.
    MISSING = "missing", "ENOENT", "There is nothing at this path.";
    /// Something is there.
    EXISTS = "exists", "EEXIST", "There is something at this path already.";
    /// Times of what is another's, and in use by it.
    NOT_OWNER = "not-owner", "EPERM", "The kernel lets nobody but its owner change times of what it knows of a private tree.";
    /// A directory where a file is wanted.
    IS_DIRECTORY = "is-directory", "EISDIR", "It is a directory, which is not opened for writing, removed or replaced as a file.";
    /// A file where a directory is wanted.
    NOT_DIRECTORY = "not-directory", "ENOTDIR", "It is a file where a directory is wanted.";
    /// A directory with entries.
    NOT_EMPTY = "not-empty", "ENOTEMPTY", "The directory is not empty.";
    /// A volume's own root.
    MOUNT_POINT = "mount-point", "EBUSY", "A volume is mounted there.";
    /// A rename from one volume to another.
    OTHER_VOLUME = "other-volume", "EXDEV", "Nothing is renamed from one volume to another, and a private tree is a volume of its own.";
    /// A rename of a directory into itself.
    BELOW_ITSELF = "below-itself", "EINVAL", "A directory is not moved into itself.";
}
