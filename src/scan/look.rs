//! A look into one file: what it contains, and the plan of what to hide, both of one version of its content.

#![forbid(unsafe_code)]

use std::io;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::content::{self, Recognised};
use crate::lower::{ContentVersion, Inspection, PathFd};
use crate::policy::{Content, Kind};
use crate::redact::{self, Budget, Classes};
use crate::store::SavedPlan;

/// How often a file is looked into that changes meanwhile.
const LOOKS: usize = 3;
/// The kernel stamps files with a clock of this step at most (a tick at 100 Hz, twice): two changes within one step
/// may have the same version.
const CLOCK_STEP: Duration = Duration::from_millis(20);

/// What was seen.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) version: ContentVersion,
    pub(super) kind: Kind,
    /// The version of the plan.
    pub(super) scanner: u32,
    /// `None` for files that are no media.
    pub(super) plan: Option<SavedPlan>,
}

/// Looks into the file `name` whose name claims to be of the kind `named`; `None` if it does not keep still.
///
/// # Errors
/// The lower file system's own.
pub(super) fn look(file: &PathFd, name: &str, named: Kind, hide: Classes) -> io::Result<Option<Looked>> {
    for _ in 0..LOOKS {
        await_new_stamps(file)?;
        let inspection = file.inspect()?;
        // Writes that set the modification time before the file was opened here are complete after it; those that set
        // it later show in the version.
        inspection.settle();
        // Through a mapping it could change without a trace in the version.
        if inspection.is_open_for_writing() {
            return Ok(None);
        }
        if !inspection.stat().version.is_settled(SystemTime::now()) {
            return Ok(None);
        }
        let looked = seen(&inspection, name, named, hide);
        // An error in a file that changed meanwhile, such as an early end, is no error of the file.
        if inspection.stat_now()?.version == inspection.stat().version {
            return looked.map(Some);
        }
    }
    Ok(None)
}

/// Waits until a change would show in the stamps: not long, and only for files that changed this very moment.
fn await_new_stamps(file: &PathFd) -> io::Result<()> {
    // A stamp in the future (the clock was set back) is not waited for.
    let age = SystemTime::now().duration_since(file.stat()?.changed);
    if let Some(rest) = age.ok().and_then(|age| CLOCK_STEP.checked_sub(age)) {
        thread::sleep(rest);
    }
    Ok(())
}

fn seen(inspection: &Inspection, name: &str, named: Kind, hide: Classes) -> io::Result<Looked> {
    let version = inspection.stat().version;
    let recognised = Recognised::of(inspection)?;
    let content = recognised.content;
    let plan = if is_planned(named) || shows_or_sounds(content) {
        Some(plan(inspection, name, recognised, hide)?)
    } else {
        None
    };
    Ok(Looked { version, kind: Kind::agree(named, content), scanner: redact::plan_version(hide), plan })
}

fn plan(inspection: &Inspection, name: &str, recognised: Recognised, hide: Classes) -> io::Result<SavedPlan> {
    let extension = content::extension(name);
    let plan = redact::plan_hiding(inspection, extension.as_deref(), &Budget::STANDARD, hide)?;
    Ok(SavedPlan { format: recognised.format(), plan: plan.encode() })
}

/// Whether files that claim to be of this kind get a plan whatever they contain.
pub(super) fn is_planned(named: Kind) -> bool {
    match named {
        Kind::Image | Kind::Video | Kind::Audio | Kind::Playlist | Kind::Subtitle => true,
        Kind::Document | Kind::Other => false,
    }
}

fn shows_or_sounds(content: Content) -> bool {
    match content {
        Content::Image | Content::Video | Content::Audio => true,
        Content::Empty | Content::Unrecognised | Content::NotMedia => false,
    }
}
