//! What a rule's name stands for, in one sentence, for `mediagate check`, the audit and docs/POLICY.md.

#![forbid(unsafe_code)]

use super::decide::{CONCEALED, ELSEWHERE, NO_RULE, OPAQUE};
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
const BESIDE_RULES: [Explanation; 4] = [
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
        rule: ELSEWHERE,
        sentence: "A shared volume serves nothing in Android/data and Android/obb: the private volumes do.",
        denies: &[DenyReason::Private],
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
