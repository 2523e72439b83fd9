//! Files: what the daemon may open, by Landlock.
//!
//! Landlock looks at what is opened, not at what a descriptor of it was opened from, so that a file is reachable only
//! if it lies beneath one of these directories. It says nothing of O_PATH descriptors and of attributes.

#![forbid(unsafe_code)]

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use anyhow::{Context as _, Result};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use rustix::fs::{Mode, OFlags};

use crate::lower::allow_beneath;

/// The newest version whose rights this knows; of an older kernel's those that it has are used.
const NEWEST: ABI = ABI::V6;

/// What the daemon has to reach.
#[derive(Clone, Copy, Debug)]
pub(in crate::daemon) struct Reach<'a> {
    /// What it serves.
    pub(in crate::daemon) lower: &'a Path,
    /// Where it serves it: what applications ask for by Binder is done there.
    pub(in crate::daemon) mount: &'a Path,
    /// The directory of the database.
    pub(in crate::daemon) state: &'a Path,
    /// The directory of the list of applications that is followed.
    pub(in crate::daemon) list: Option<&'a Path>,
}

/// How far files are confined.
#[derive(Debug)]
pub(super) struct Landlock {
    /// The version in use; 0 for none.
    pub(super) version: u32,
    pub(super) missing: Option<String>,
}

/// On the lower file system: all that a volume does there. EXECUTE, because the kernel opens a file that is passed
/// through and executed as the daemon.
fn lower_rights() -> BitFlags<AccessFs> {
    through_rights() | AccessFs::Execute | AccessFs::Refer | AccessFs::RemoveDir | AccessFs::MakeDir
}

/// Through the mount: what applications ask for by Binder.
fn through_rights() -> BitFlags<AccessFs> {
    database_rights() | AccessFs::ReadDir
}

/// SQLite's files come and go.
fn database_rights() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile
}

/// Leaves to this thread, and to those that it starts, what is in reach.
pub(super) fn confine(reach: &Reach<'_>) -> Result<Landlock> {
    let status = restricted(reach).context("cannot confine the daemon to its files (Landlock)")?;
    let version = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    };
    let without = |why: &str| format!("files are not confined: {why}");
    let in_force = status.ruleset != RulesetStatus::NotEnforced;
    let missing = match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => None,
        (RulesetStatus::PartiallyEnforced, _) => Some(
            "not everything of files is confined: the kernel's Landlock is older than Linux 6.12".to_owned(),
        ),
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
            Some(without("Landlock is off (kernel parameter lsm=)"))
        }
        (RulesetStatus::NotEnforced, LandlockStatus::NotImplemented) => {
            Some(without("the kernel has no Landlock"))
        }
        // The first version lets no file be renamed into another directory.
        (RulesetStatus::NotEnforced, LandlockStatus::Available { .. }) => {
            Some(without("the kernel's Landlock is older than Linux 5.19"))
        }
    };
    Ok(Landlock { version: if in_force { version } else { 0 }, missing })
}

fn restricted(reach: &Reach<'_>) -> Result<RestrictionStatus> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    rules = beneath(rules, reach.lower, lower_rights())?;
    rules = beneath(rules, reach.state, database_rights() | AccessFs::ReadDir)?;
    if let Some(list) = reach.list {
        rules = beneath(rules, list, AccessFs::ReadFile.into())?;
    }
    through(&rules, reach.mount)?;
    Ok(rules.restrict_self()?)
}

fn beneath(rules: RulesetCreated, path: &Path, rights: BitFlags<AccessFs>) -> Result<RulesetCreated> {
    Ok(rules.add_rule(PathBeneath::new(PathFd::new(path)?, rights))?)
}

/// Allows what is done through the mount. Nobody answers there yet, and the library would ask.
fn through(rules: &RulesetCreated, mount: &Path) -> Result<()> {
    let Some(ruleset) = Option::<OwnedFd>::from(rules.try_clone()?) else { return Ok(()) };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(mount, flags, Mode::empty())?;
    let allow = |rights: BitFlags<AccessFs>| allow_beneath(ruleset.as_fd(), root.as_fd(), rights.bits());
    // Kernels before 6.2 know nothing of truncation.
    Ok(allow(through_rights()).or_else(|_| allow(through_rights() & !AccessFs::Truncate))?)
}
