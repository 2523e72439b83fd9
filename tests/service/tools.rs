//! `cmd` and `dumpsys`, which exist through the kernel's driver only.

use crate::common::can_mount;
use crate::world::{OTHER_USERS_READER, PHOTO, READER, World, through_the_kernel};

/// A world of which the daemon has something to tell.
fn start() -> Option<World> {
    let world = if can_mount() && through_the_kernel() { World::start() } else { None }?;
    std::fs::read(world.volume.path(PHOTO)).expect("root reads everything");
    Some(world)
}

#[test]
fn cmd_and_dumpsys_of_administrators() {
    let Some(world) = start() else { return };
    for uid in [0, 1000, 2000] {
        world.client(uid, "parts::commands_and_dumps");
    }
}

#[test]
fn no_cmd_and_no_dumpsys_for_anybody_else() {
    let Some(world) = start() else { return };
    for uid in [READER, OTHER_USERS_READER] {
        world.client(uid, "parts::no_commands_and_no_dumps");
    }
}

#[test]
fn forged_file_descriptor_objects_are_refused() {
    let Some(world) = start() else { return };
    let descriptors = || {
        let listed = std::fs::read_dir(format!("/proc/{}/fd", world.volume.pid().as_raw_nonzero()));
        listed.expect("the daemon runs").count()
    };
    let before = descriptors();
    for uid in [0, 2000] {
        world.client(uid, "parts::forged_file_descriptor_objects");
    }
    assert!(descriptors() <= before + 8, "descriptors leak: {before}, then {}", descriptors());
    world.client(2000, "parts::commands_and_dumps");
}
