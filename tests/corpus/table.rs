//! What came of the files, by the directory in which they lie.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::files::File;
use super::judge::Verdict;
use super::serve::Way;

/// Counts by row and column.
#[derive(Debug)]
pub(crate) struct Table {
    rows: BTreeMap<String, BTreeMap<String, usize>>,
    columns: Vec<String>,
    groups: BTreeMap<String, String>,
}

impl Table {
    /// How the files of each directory were served.
    pub(crate) fn of(served: &[(File, Way)]) -> Table {
        let columns = ["passed through", "redacted", "unchanged", "refused"].map(str::to_owned).to_vec();
        let mut table = Table { rows: BTreeMap::new(), columns, groups: BTreeMap::new() };
        for (file, way) in served {
            let column = match way {
                Way::PassedThrough => 0,
                Way::Redacted => 1,
                Way::Unchanged => 2,
                Way::Refused(_) => 3,
            };
            table.groups.insert(file.name.clone(), file.group().to_owned());
            let column = table.columns[column].clone();
            table.count(file.group().to_owned(), column);
        }
        table
    }

    /// The same with the verdicts on them.
    pub(crate) fn with(mut self, verdicts: &BTreeMap<String, Verdict>) -> Table {
        let names: BTreeSet<_> = verdicts.values().map(|verdict| verdict.name.clone()).collect();
        self.columns.extend(names);
        for (file, verdict) in verdicts {
            self.count(self.groups[file].clone(), verdict.name.clone());
        }
        self
    }

    fn count(&mut self, row: String, column: String) {
        for row in [row, "all".to_owned()] {
            *self.rows.entry(row).or_default().entry(column.clone()).or_default() += 1;
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:<10}", "")?;
        for column in &self.columns {
            write!(f, "{column:>16}")?;
        }
        let last = self.rows.iter().filter(|(name, _)| *name == "all");
        for (name, counts) in self.rows.iter().filter(|(name, _)| *name != "all").chain(last) {
            write!(f, "\n{name:<10}")?;
            for column in &self.columns {
                write!(f, "{:>16}", counts.get(column).copied().unwrap_or_default())?;
            }
        }
        writeln!(f)
    }
}
