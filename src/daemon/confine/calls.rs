//! System calls: which the daemon may make, by a seccomp filter.
//!
//! A list of what is allowed. Anything else answers ENOSYS, as in a kernel that does not have it, so that libraries
//! fall back to what they did before it came.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::platform::calls;

/// The types of the FUSE device's and the Binder driver's commands (`_IOC_TYPE`), in their place.
const FUSE: u64 = 229 << 8;
const BINDER: u64 = (b'b' as u64) << 8;
const TYPE: u64 = 0xff << 8;
/// include/uapi/asm-generic/ioctls.h: libc's type of them differs between targets.
const FIONBIO: u64 = 0x5421;
const TIOCOUTQ: u64 = 0x5411;

/// A call that is allowed with some arguments only: the number of the argument, and what it has to be.
type Guarded = (i64, u8, SeccompCmpOp, u64);

/// What a process may call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    /// With any arguments.
    calls: &'static [i64],
    /// With some; of several for one call each allows it.
    guarded: &'static [Guarded],
    /// With this process as the first argument, and no other.
    own: &'static [i64],
}

/// No memory becomes code.
const MAPPED: Guarded = (libc::SYS_mmap, 2, MaskedEq(libc::PROT_EXEC as u64), 0);
const PROTECTED: Guarded = (libc::SYS_mprotect, 2, MaskedEq(libc::PROT_EXEC as u64), 0);

/// The daemon.
pub(super) const SERVING: Allowed = Allowed {
    calls: calls::SERVING,
    guarded: &[
        MAPPED,
        PROTECTED,
        // Threads of this process, and no process.
        (libc::SYS_clone, 0, MaskedEq(libc::CLONE_THREAD as u64), libc::CLONE_THREAD as u64),
        // Naming a thread.
        (libc::SYS_prctl, 0, Eq, libc::PR_SET_NAME as u64),
        // Asking for a limit, not setting one.
        (libc::SYS_prlimit64, 2, Eq, 0),
        (libc::SYS_ioctl, 1, MaskedEq(TYPE), FUSE),
        (libc::SYS_ioctl, 1, MaskedEq(TYPE), BINDER),
        (libc::SYS_ioctl, 1, Eq, FIONBIO),
        (libc::SYS_ioctl, 1, Eq, TIOCOUTQ),
    ],
    own: calls::OWN,
};

/// The keeper of the mounts.
pub(super) const KEEPING: Allowed =
    Allowed { calls: calls::KEEPING, guarded: &[MAPPED, PROTECTED], own: &[] };

/// Leaves these calls to every thread of the process; a sentence for people where there is no filter.
pub(super) fn confine(allowed: Allowed) -> Result<Result<(), String>> {
    let none = |why: String| Ok(Err(format!("system calls are not confined: {why}")));
    if !calls::KNOWN {
        return none("which ones this system's C library makes is not known".to_owned());
    }
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else {
        return none(format!("there is no filter for {}", std::env::consts::ARCH));
    };
    let program = program(allowed, architecture).context("cannot make the filter of system calls")?;
    seccompiler::apply_filter_all_threads(&program).context("cannot confine the system calls (seccomp)")?;
    Ok(Ok(()))
}

fn program(allowed: Allowed, architecture: TargetArch) -> Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        allowed.calls.iter().map(|call| (*call, Vec::new())).collect();
    let this = u64::try_from(rustix::process::getpid().as_raw_nonzero().get())?;
    let own = allowed.own.iter().map(|call| (*call, 0, Eq, this));
    for (call, argument, operator, value) in allowed.guarded.iter().cloned().chain(own) {
        // A pointer is looked at as a whole; of all others the kernel itself takes no more than this.
        let pointer = call == libc::SYS_prlimit64;
        let length = if pointer { SeccompCmpArgLen::Qword } else { SeccompCmpArgLen::Dword };
        let condition = SeccompCondition::new(argument, length, operator, value)?;
        rules.entry(call).or_default().push(SeccompRule::new(vec![condition])?);
    }
    let refused = SeccompAction::Errno(u32::try_from(libc::ENOSYS)?);
    Ok(SeccompFilter::new(rules, refused, SeccompAction::Allow, architecture)?.try_into()?)
}
