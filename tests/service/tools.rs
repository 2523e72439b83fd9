//! `cmd` and `dumpsys`, which exist through the kernel's driver only.

use crate::common::can_mount;
use crate::world::{OTHER_USERS_READER, PHOTO, READER, World, await_that, through_the_kernel};

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
fn a_command_that_lasts_ends_with_its_caller() {
    let Some(world) = start() else { return };
    let commands = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", world.volume.pid().as_raw_nonzero()));
        let names = tasks.expect("the daemon runs").flatten();
        let names = names.map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default());
        names.filter(|name| name.trim_end() == "command").count()
    };
    world.client(2000, "parts::follows_the_audit_and_leaves");
    await_that("the command ended", || commands() == 0);
}

#[test]
fn no_cmd_and_no_dumpsys_for_anybody_else() {
    let Some(world) = start() else { return };
    for uid in [READER, OTHER_USERS_READER] {
        world.client(uid, "parts::no_commands_and_no_dumps");
    }
}

#[test]
fn objects_that_do_not_answer_hold_up_nobody() {
    let Some(world) = start() else { return };
    world.client(READER, "parts::objects_that_do_not_answer");
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
