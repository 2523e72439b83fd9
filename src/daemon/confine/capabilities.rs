//! Capabilities: which are kept, and why each.

#![forbid(unsafe_code)]

use anyhow::{Context as _, Result};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities,
};

/// What serving needs (docs/SECURITY.md has the reasons).
///
/// Not CAP_FSETID: with it the lower file system would leave set-uid and set-gid bits on a file that an application
/// writes to; without it they are stripped, as for every other writer.
pub(super) const SERVING: CapabilitySet = CapabilitySet::SYS_ADMIN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::LEASE)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETGID);

/// Whether this process may mount, and grant passthrough: then it serves others than its own user.
pub(in crate::daemon) fn may_mount() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

/// Gives up all but `wanted`; returns what is left of that.
pub(super) fn keep(wanted: CapabilitySet) -> Result<CapabilitySet> {
    let read = || capabilities(None).context("cannot read the process's capabilities");
    let sets = read()?;
    // What is in none of the other sets cannot come back but from here; that takes CAP_SETPCAP, and where it is
    // missing there are no new privileges anyway.
    if sets.effective.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().difference(wanted).iter() {
            if capability_is_in_bounding_set(capability).unwrap_or(false) {
                remove_capability_from_bounding_set(capability).context("cannot bound the capabilities")?;
            }
        }
    }
    clear_ambient_capability_set().context("cannot give up ambient capabilities")?;
    let kept = sets.permitted.intersection(wanted);
    let reduced = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, reduced).context("cannot give up capabilities")?;
    let now = read()?;
    anyhow::ensure!(now.permitted == kept, "the process still has capabilities that it gave up");
    Ok(kept)
}

/// Their names as capabilities(7) has them.
pub(super) fn names(set: CapabilitySet) -> Vec<String> {
    set.iter_names().map(|(name, _)| format!("CAP_{name}")).collect()
}
