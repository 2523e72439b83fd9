//! Who may call what, on whatever transport.

use rustix::process::Signal;

use crate::world::{OTHER_USERS_READER, READER, World};

#[test]
fn root_system_and_shell_administer() {
    let Some(world) = World::start() else { return };
    for uid in [0, 1000, 2000] {
        world.client(uid, "parts::administers");
    }
}

#[test]
fn applications_of_every_user_administer_nothing() {
    let Some(world) = World::start() else { return };
    for uid in [READER, OTHER_USERS_READER] {
        world.client(uid, "parts::administers_nothing");
    }
    world.client(READER, "parts::may_read_without_the_location");
    world.client(READER, "parts::knows_the_interfaces");
}

#[test]
fn a_daemon_that_was_killed_is_found_again_when_it_returns() {
    let Some(mut world) = World::start() else { return };
    world.client(READER, "parts::may_read_without_the_location");
    world.volume.end_with(Signal::KILL);
    let gone = world.volume.command(&["status"]);
    assert_eq!(gone.status.code(), Some(3), "{gone:?}");
    world.volume.serve();
    world.client(READER, "parts::may_read_without_the_location");
    world.client(2000, "parts::administers");
}

#[test]
fn the_command_line_is_a_client_as_well() {
    let Some(world) = World::start() else { return };
    let listed = world.volume.json(&["app", "list"]);
    assert_eq!(listed[0]["name"], "org.example.knowing");
    let refused = world.volume.command(&["check", "--uid", "10101", "--op", "write", crate::world::PHOTO]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let scanned = world.volume.command(&["scan"]);
    assert!(scanned.status.success(), "{scanned:?}");
}
