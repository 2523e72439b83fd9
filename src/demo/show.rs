//! What happens on the stage: the camera makes the files, every application opens each, and the daemon explains.

#![forbid(unsafe_code)]

use std::time::Duration;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::actor;
use super::cast::{APPLICATIONS, Application, CAMERA, GAME, Sample, samples};
use super::interrupt::Interrupt;
use super::judge::{Seen, Served};
use super::stage::Stage;
use crate::admin::{Administration, Dump, Explanation};
use crate::binder::Client;
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::Uid;

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Show {
    /// Who took part.
    pub(super) applications: [Application; 4],
    /// Whether the applications were processes of their own users; else only the present user opened the files.
    pub(super) own_users: bool,
    /// Why the kernel does not serve whole files itself, where it does not.
    pub(super) no_passthrough: Option<String>,
    /// One for each file.
    pub(super) rows: Vec<Row>,
    /// Why the game may not read the first file.
    pub(super) refusal: Explanation,
}

/// What was seen of one file.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// The file.
    pub(super) path: &'static str,
    /// Whether it tells where it was taken.
    pub(super) located: bool,
    /// One for each column.
    pub(super) cells: Vec<Cell>,
}

/// What one application saw of one file.
#[derive(Debug, Serialize)]
pub(super) struct Cell {
    /// The application's short name, or `you`.
    pub(super) application: &'static str,
    /// Whether a process opened the file; else the daemon was asked what it would answer.
    pub(super) opened: bool,
    /// What it saw.
    pub(super) seen: Seen,
    /// What it should have seen.
    pub(super) expected: Seen,
}

/// The stage and who is asked about it.
struct Performance<'a> {
    mount: PathBuf,
    daemon: Client,
    interrupt: &'a Interrupt,
    passthrough: bool,
    own_users: bool,
}

impl Show {
    /// Lets everybody do their part.
    pub(super) fn perform(stage: &Stage, interrupt: &Interrupt) -> Result<Show> {
        let daemon = Client::connect(&stage.socket())?;
        let volume = daemon.status()?.volumes.into_iter().next().context("the daemon serves no volume")?;
        let performance = Performance {
            mount: stage.mount(),
            daemon,
            interrupt,
            passthrough: volume.passthrough,
            own_users: rustix::process::geteuid().is_root(),
        };
        let files = samples();
        for file in &files {
            let path = performance.mount.join(file.path);
            let camera = performance.own_users.then_some(CAMERA.uid);
            actor::write(&path, camera, &file.bytes, interrupt)?;
        }
        // A file that was just written is not passed through to readers who need the filter.
        std::thread::sleep(crate::daemon::REST + Duration::from_millis(50));
        interrupt.check()?;
        let rows = files.iter().map(|file| performance.row(file)).collect::<Result<Vec<_>>>()?;
        let first = files.first().context("there are no files")?;
        Ok(Show {
            applications: APPLICATIONS,
            own_users: performance.own_users,
            no_passthrough: volume.why_not.filter(|_| !volume.passthrough),
            rows,
            refusal: performance.daemon.check(Uid::new(GAME.uid), "read", first.path, None)?,
        })
    }

    /// Whether every cell is what it should be.
    pub(super) fn as_expected(&self) -> bool {
        self.cells().all(|(_, cell)| cell.seen == cell.expected)
    }

    /// Every cell with its row.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&Row, &Cell)> {
        self.rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)))
    }
}

impl Performance<'_> {
    fn row(&self, file: &Sample) -> Result<Row> {
        let cell = |application: &Application| match (self.own_users, *application == CAMERA) {
            (true, _) => self.opened(application.name, Some(application.uid), file, application),
            // Without other users the present one makes the files, and nobody else can open them.
            (false, true) => self.opened("you", None, file, application),
            (false, false) => self.asked(file, application),
        };
        let cells = APPLICATIONS.iter().map(cell).collect::<Result<_>>()?;
        Ok(Row { path: file.path, located: file.located, cells })
    }

    /// Lets a process open and read the file, and counts who serves it.
    fn opened(
        &self,
        name: &'static str,
        uid: Option<u32>,
        file: &Sample,
        application: &Application,
    ) -> Result<Cell> {
        self.interrupt.check()?;
        let before = self.daemon.dump("counters")?;
        let read = actor::read(&self.mount.join(file.path), uid, self.interrupt)?;
        let after = self.daemon.dump("counters")?;
        let during = |counter| value(&after, counter).saturating_sub(value(&before, counter));
        let served = Served {
            by_kernel: during(Counter::OpenedPassthrough),
            by_daemon: during(Counter::OpenedServed).saturating_add(during(Counter::OpenedRedacted)),
            reads: during(Counter::Read),
        };
        let seen = Seen::judge(file, read.as_deref().map_err(|errno| *errno), served);
        let expected = application.expected(file, self.passthrough);
        Ok(Cell { application: name, opened: true, seen, expected })
    }

    /// Asks what would be decided.
    fn asked(&self, file: &Sample, application: &Application) -> Result<Cell> {
        let explanation = self.daemon.check(Uid::new(application.uid), "read", file.path, None)?;
        let seen = would_see(&explanation);
        let expected = application.expected(file, self.passthrough);
        Ok(Cell { application: application.name, opened: false, seen, expected })
    }
}

fn value(dump: &Dump, counter: Counter) -> u64 {
    let counters = dump.counters.iter().flatten();
    counters.filter(|record| record.name == counter.name()).map(|record| record.value).sum()
}

/// What a caller would see who gets this answer.
fn would_see(explanation: &Explanation) -> Seen {
    let hides = |fact: &crate::admin::Fact| fact.name == "content" && fact.value.ends_with("bytes hidden");
    match &explanation.errno {
        Some(name) => {
            let named = [Errno::EACCES, Errno::EPERM, Errno::ENOENT];
            let errno = named.into_iter().find(|errno| errno.name() == *name);
            Seen::Denied { errno: errno.unwrap_or(Errno::EIO).raw() }
        }
        None if explanation.facts.iter().any(hides) => Seen::Redacted,
        None => Seen::Full { kernel: false },
    }
}
