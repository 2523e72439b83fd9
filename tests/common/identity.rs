//! Acting as another user.

use std::panic::resume_unwind;
use std::thread;

use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_keep_capabilities, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

/// Runs `work` as user and group `uid`, without supplementary groups and capabilities, and returns what it returned.
///
/// On Linux credentials belong to a thread, and the kernel stamps a FUSE request or a socket's peer with those of the
/// thread that calls. So `work` gets a thread of its own, which ends with it; other tests in the process keep theirs.
/// A program that `work` starts inherits the user. A panic of `work` is passed on. Needs root.
pub(crate) fn as_uid<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    as_uid_with(uid, CapabilitySet::empty(), work)
}

/// The same, with capabilities that the user is left.
pub(crate) fn as_uid_with<T: Send>(
    uid: u32,
    capabilities: CapabilitySet,
    work: impl FnOnce() -> T + Send,
) -> T {
    let become_and_work = || {
        let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
        set_keep_capabilities(true).expect("a thread may keep what it has");
        set_thread_groups(&[]).expect("root may drop its groups");
        set_thread_res_gid(group, group, group).expect("root may change its group");
        set_thread_res_uid(user, user, user).expect("root may change its user");
        let left = CapabilitySets {
            effective: capabilities,
            permitted: capabilities,
            inheritable: CapabilitySet::empty(),
        };
        set_capabilities(None, left).expect("a thread may give up what it has");
        work()
    };
    let ended = thread::scope(|scope| scope.spawn(become_and_work).join());
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}
