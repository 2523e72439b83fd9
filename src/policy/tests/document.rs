//! docs/POLICY.md lists the rules as they are.

#![forbid(unsafe_code)]

use super::*;

const DOCUMENT: &str = include_str!("../../../docs/POLICY.md");

/// The table line of a rule.
fn line(told: Explanation) -> String {
    let mut errnos: Vec<&str> = told.denies.iter().map(|reason| reason.errno().name()).collect();
    errnos.sort_unstable();
    errnos.dedup();
    let errnos = if errnos.is_empty() { "allows".to_owned() } else { errnos.join(", ") };
    format!("| `{}` | {} | {errnos} |", told.rule.0, told.sentence)
}

#[test]
fn the_document_lists_every_rule_in_order() {
    let expected: Vec<String> = explanations().map(line).collect();
    let after =
        DOCUMENT.split("| rule | sentence | errno |\n|---|---|---|\n").nth(1).expect("the table of rules");
    let written: Vec<&str> = after.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(written, expected, "\n{}", expected.join("\n"));
}

#[test]
fn the_document_lists_every_reason() {
    for reason in [
        DenyReason::Private,
        DenyReason::PrivateChange,
        DenyReason::Refused,
        DenyReason::Misplaced,
        DenyReason::Forbidden,
        DenyReason::OtherUser,
        DenyReason::Opaque,
        DenyReason::NoRule,
    ] {
        let line = format!("| `{reason:?}` | {} |", reason.errno().name());
        assert!(DOCUMENT.contains(&line), "{line}");
    }
}

#[test]
fn names_are_unique_and_sentences_are_sentences() {
    let all: Vec<Explanation> = explanations().collect();
    for (index, told) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|earlier| earlier.rule != told.rule), "{told:?}");
        assert!(told.sentence.ends_with('.') && told.sentence.len() > 10, "{told:?}");
        assert_eq!(explain(told.rule), Some(*told));
    }
    assert_eq!(explain(RuleName("no such rule")), None);
}

#[test]
fn the_document_lists_every_operation() {
    let names = |operation: Operation| {
        OPERATIONS.iter().filter(move |(_, known)| *known == operation).map(|(name, _)| *name)
    };
    let first = OPERATIONS.iter().filter(|(name, operation)| operation.name() == *name);
    let expected: Vec<String> = first
        .map(|(_, operation)| {
            names(*operation).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        })
        .collect();
    let after = DOCUMENT.split("| operation | asks |\n|---|---|\n").nth(1).expect("the table of operations");
    let written: Vec<&str> = after
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').nth(1).unwrap_or_default().trim())
        .collect();
    assert_eq!(written, expected, "\n{}", expected.join("\n"));
}

#[test]
fn the_document_lists_every_answer_beside_the_policy() {
    let line = |told: &Outcome| format!("| `{}` | {} | {} |", told.rule.0, told.sentence, told.errno);
    let expected: Vec<String> = Outcome::ALL.iter().map(line).collect();
    let after = DOCUMENT.split("| answer | sentence | errno |\n|---|---|---|\n").nth(1).expect("the table");
    let written: Vec<&str> = after.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(written, expected, "\n{}", expected.join("\n"));
    assert!(Outcome::ALL.iter().all(|told| explain(told.rule).is_none()));
}
