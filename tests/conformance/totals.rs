//! How many cases there were, of whom and of what, and how many refusals `check` explained.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;

/// What was played.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    sections: usize,
    cases: usize,
    by_class: BTreeMap<String, usize>,
    by_operation: BTreeMap<&'static str, usize>,
    by_rule: BTreeMap<String, usize>,
    refusals: usize,
    explained: usize,
    failures: Vec<String>,
}

impl Totals {
    pub(crate) fn section(&mut self) {
        self.sections += 1;
    }

    /// A case of a class of callers and an operation.
    pub(crate) fn case(&mut self, class: &str, operation: &'static str) {
        self.cases += 1;
        *self.by_class.entry(class.to_owned()).or_default() += 1;
        *self.by_operation.entry(operation).or_default() += 1;
    }

    /// A refusal that a rule of the policy must explain, and whether `check` names it.
    pub(crate) fn refusal(&mut self, rule: &str, explained: bool) {
        self.refusals += 1;
        self.explained += usize::from(explained);
        *self.by_rule.entry(rule.to_owned()).or_default() += 1;
    }

    pub(crate) fn failure(&mut self, text: String) {
        self.failures.push(text);
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { sections, cases, refusals, explained, .. } = self;
        writeln!(f, "\nconformance: {cases} cases in {sections} sections, {} failed", self.failures.len())?;
        line(f, "callers", self.by_class.iter())?;
        line(f, "operations", self.by_operation.iter())?;
        line(f, "refusing rules", self.by_rule.iter())?;
        writeln!(
            f,
            "refusals that check explains with the expected rule and errno: {explained} of {refusals}"
        )
    }
}

fn line<K: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    counts: impl Iterator<Item = (K, impl fmt::Display)>,
) -> fmt::Result {
    let counts: Vec<String> = counts.map(|(name, count)| format!("{name} {count}")).collect();
    writeln!(f, "{what}: {}", counts.join(", "))
}
