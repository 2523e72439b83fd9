//! Every test that the compatibility test suite names is a section of a table, or stands in `cases/not-by-path.list`
//! with the reason why no path leads to it.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;

use crate::TABLES;
use crate::language::{Section, What};

/// The tests by class: `[CLASS]`, then a name on each line.
const NAMES: &str = "cts-names.list";
/// NAME = why.
const NOT_BY_PATH: &str = "not-by-path.list";
/// How the tables begin that play them.
const TABLE: &str = "cts-";

/// How many tests of a class are played, and how many are not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    played: usize,
    cases: usize,
    excused: usize,
}

/// What there is of each class.
#[derive(Debug, Default)]
pub(crate) struct Named {
    classes: BTreeMap<String, Count>,
    /// Sections of these tables that bear no test's name.
    further: Count,
}

impl Named {
    /// Compares the lists with the sections of the tables; what is wrong with them is added to `wrong`.
    pub(crate) fn of(sections: &[Section], wrong: &mut Vec<String>) -> Named {
        let played: BTreeMap<&str, usize> = sections
            .iter()
            .filter(|section| section.file.starts_with(TABLE))
            .map(|section| (section.name.as_str(), cases(section)))
            .collect();
        let (names, excuses) = (read(NAMES), read(NOT_BY_PATH));
        let excused = excused(&excuses, wrong);
        let mut named = Named::default();
        let mut known = BTreeSet::new();
        let mut class = String::new();
        for name in lines(&names) {
            if let Some(next) = name.strip_prefix('[') {
                class = next.trim_end_matches(']').to_owned();
                continue;
            }
            if !known.insert(name) {
                wrong.push(format!("{NAMES}: {name} is there twice"));
            }
            let count = named.classes.entry(class.clone()).or_default();
            match (played.get(name), excused.contains(name)) {
                (Some(cases), false) => {
                    count.played += 1;
                    count.cases += cases;
                }
                (None, true) => count.excused += 1,
                (Some(_), true) => wrong.push(format!("{name} is played, and {NOT_BY_PATH} says why not")),
                (None, false) => wrong.push(format!("{name} is neither a section nor in {NOT_BY_PATH}")),
            }
        }
        for name in excused.difference(&known) {
            wrong.push(format!("{NOT_BY_PATH}: no list names {name}"));
        }
        for (_, cases) in played.iter().filter(|(name, _)| !known.contains(*name)) {
            named.further.played += 1;
            named.further.cases += cases;
        }
        named
    }
}

fn cases(section: &Section) -> usize {
    section.steps.iter().filter(|step| matches!(step.what, What::Case(_))).count()
}

fn read(file: &str) -> String {
    fs::read_to_string(format!("{TABLES}/{file}")).expect("the list is text")
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn excused<'t>(text: &'t str, wrong: &mut Vec<String>) -> BTreeSet<&'t str> {
    let mut names = BTreeSet::new();
    for line in lines(text) {
        match line.split_once(" = ") {
            Some((name, why)) if !why.trim().is_empty() && names.insert(name) => {}
            _ => wrong.push(format!("{NOT_BY_PATH}: not `NAME = why`, or for the second time: {line}")),
        }
    }
    names
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ntests of the compatibility test suite:")?;
        for (class, Count { played, cases, excused }) in &self.classes {
            writeln!(f, "{class}: {played} played in {cases} cases, {excused} not by path")?;
        }
        let Count { played, cases, .. } = self.further;
        writeln!(f, "other sections of these tables: {played} in {cases} cases")
    }
}
