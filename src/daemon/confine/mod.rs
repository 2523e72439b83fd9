//! What the daemon may do once it serves, and no more.
//!
//! Code that an attacker runs in the daemon has the daemon's rights. So before the first request is answered it gives
//! up all that serving does not need: capabilities, new privileges, files outside of the volume and the database, and
//! system calls. Threads inherit it, so it is done while there is one thread only.
//!
//! What the kernel cannot do is told in the log and in the status. What it can do and refuses ends the start.

#![forbid(unsafe_code)]

mod calls;
mod capabilities;
mod files;

use anyhow::{Context as _, Result, bail};
use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, setrlimit};
use rustix::thread::CapabilitySet;

use crate::admin::Confinement;
pub(super) use capabilities::may_mount;
pub(super) use files::Reach;

/// What is made on the lower file system has the mode that the code gives it, whatever the daemon was started with;
/// others than its user and group see nothing.
const UMASK: Mode = Mode::from_raw_mode(0o007);

/// Confines the daemon to what serving needs.
pub(super) fn daemon(reach: &Reach<'_>) -> Result<Confinement> {
    rustix::process::umask(UMASK);
    let kept = common(capabilities::SERVING)?;
    let no_new_privileges = rustix::thread::no_new_privs()?;
    let landlock = files::confine(reach)?;
    let seccomp = calls::confine(calls::SERVING)?;
    let missing: Vec<_> = landlock.missing.into_iter().chain(seccomp.clone().err()).collect();
    for what in &missing {
        log::warn!("not fully confined: {what}");
    }
    Ok(Confinement {
        capabilities: capabilities::names(kept),
        no_new_privileges,
        landlock: landlock.version,
        seccomp: seccomp.is_ok(),
        missing,
    })
}

/// Confines the keeper of the mounts to `capabilities` and to what it does.
pub(super) fn keeper(capabilities: CapabilitySet) -> Result<()> {
    common(capabilities)?;
    if let Err(missing) = calls::confine(calls::KEEPING)? {
        log::debug!("the keeper of the mounts is not fully confined: {missing}");
    }
    Ok(())
}

/// Gives up capabilities and new privileges, and leaves no core: in it would be what users have in their files.
fn common(capabilities: CapabilitySet) -> Result<CapabilitySet> {
    let threads = std::fs::read_dir("/proc/self/task").context("cannot read /proc/self/task")?.count();
    if threads != 1 {
        bail!("there are {threads} threads before the daemon is confined: this is a mistake in the program");
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("cannot forbid core files")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .context("cannot forbid core files")?;
    let kept = capabilities::keep(capabilities)?;
    rustix::thread::set_no_new_privs(true).context("cannot give up new privileges")?;
    Ok(kept)
}
