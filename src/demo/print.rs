//! The table, what its words mean, and whether all is as it should be.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use serde::Serialize;

use super::cast::{Application, CAMERA, GAME};
use super::judge::Seen;
use super::show::{Cell, Row, Show};

/// The words of the table that can be expected, and what they mean.
const LEGEND: [(Seen, &str); 4] = [
    (
        Seen::Full { kernel: true },
        "every byte as it is; the kernel read the real file itself, at full speed, without mediagate",
    ),
    (Seen::Full { kernel: false }, "every byte as it is; mediagate read the real file and handed it on"),
    (Seen::Redacted, "a file of the same size in which the place where it was taken is unreadable"),
    (
        Seen::Denied { errno: libc::EACCES },
        "the file could not be opened; EACCES is the system's error for \"permission denied\"",
    ),
];

/// Pretty JSON and the end of the line.
pub(super) fn json(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    #[derive(Serialize)]
    struct Report<'a> {
        as_expected: bool,
        #[serde(flatten)]
        show: &'a Show,
    }
    serde_json::to_writer_pretty(&mut *out, &Report { as_expected: show.as_expected(), show })?;
    writeln!(out)
}

/// For people.
pub(super) fn text(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    introduction(out, show)?;
    writeln!(out)?;
    table(out, show)?;
    writeln!(out)?;
    legend(out, show)?;
    limits(out, show)?;
    writeln!(out)?;
    refusal(out, show)?;
    writeln!(out)?;
    conclusion(out, show)
}

fn introduction(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    if show.own_users {
        writeln!(out, "Four applications, each a process of its own user, opened and read every file of a")?;
        writeln!(out, "temporary directory that mediagate served:\n")?;
    } else {
        writeln!(
            out,
            "You opened and read every file of a temporary directory that mediagate served, and asked"
        )?;
        writeln!(out, "what three applications would see:\n")?;
        writeln!(
            out,
            "  {:<8}  {:<10}  made the files and runs mediagate, so that it keeps nothing from you",
            "you", ""
        )?;
    }
    for Application { name, uid, about, permissions, .. } in shown(show) {
        let held =
            if permissions.is_empty() { String::new() } else { format!(" ({})", permissions.join(", ")) };
        writeln!(out, "  {name:<8}  user {uid}  {about}{held}")?;
    }
    Ok(())
}

/// The applications that have a column.
fn shown(show: &Show) -> impl Iterator<Item = &Application> {
    show.applications.iter().filter(|application| show.own_users || **application != CAMERA)
}

fn table(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    let mut heading = vec!["FILE".to_owned(), "TELLS WHERE".to_owned()];
    heading.extend(show.rows.first().into_iter().flat_map(|row| &row.cells).map(|cell| {
        let mark = if cell.opened { "" } else { " *" };
        format!("{}{mark}", cell.application)
    }));
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(show.rows.iter().map(line)).collect();
    let width = |column| lines.iter().filter_map(|line| line.get(column)).map(String::len).max();
    for line in &lines {
        let cells: Vec<_> = line
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<width$}", width = width(column).unwrap_or(0)))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn line(row: &Row) -> Vec<String> {
    let located = if row.located { "yes" } else { "no" };
    let cells = row.cells.iter().map(|cell| cell.seen.to_string());
    [row.path.to_owned(), located.to_owned()].into_iter().chain(cells).collect()
}

/// The words that occur.
fn legend(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    for (seen, meaning) in LEGEND {
        if show.cells().any(|(_, cell)| cell.seen == seen) {
            writeln!(out, "  {:<15}  {meaning}", seen.to_string())?;
        }
    }
    Ok(())
}

/// What cannot be shown here, and why.
fn limits(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    if !show.own_users {
        writeln!(
            out,
            "\n* Not opened, only asked what would be decided: letting processes of other users open"
        )?;
        writeln!(
            out,
            "  files takes root. Run the demonstration as root (`sudo mediagate demo`) to see it happen."
        )?;
    }
    match &show.no_passthrough {
        Some(why) => {
            writeln!(out, "\nElsewhere the kernel reads whole files itself, at full speed. Not here: {why}.")
        }
        None => Ok(()),
    }
}

fn refusal(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    let refusal = &show.refusal;
    writeln!(out, "Why {} may not read {}: {}", GAME.name, refusal.path, refusal.sentence)?;
    writeln!(
        out,
        "That is the rule `{}`. A running daemon explains each decision: `mediagate check --uid {} --op {} FILE`.",
        refusal.rule, refusal.uid, refusal.operation
    )
}

fn conclusion(out: &mut dyn Write, show: &Show) -> io::Result<()> {
    let wrong: Vec<(&Row, &Cell)> = show.cells().filter(|(_, cell)| cell.seen != cell.expected).collect();
    if wrong.is_empty() {
        let count = show.cells().count();
        return writeln!(out, "All {count} answers are as expected. Everything was removed again.");
    }
    writeln!(out, "NOT AS EXPECTED:")?;
    for (row, cell) in wrong {
        writeln!(out, "  {} for {}: {} instead of {}", row.path, cell.application, cell.seen, cell.expected)?;
    }
    Ok(())
}
