//! Transports: which serve, what is said of those that do not, and the service manager that comes and goes.

use std::path::Path;
use std::process::Command;

use crate::common::{Setup, Transport, can_mount};
use crate::world::{self, Hub, READER, World, await_that, through_the_kernel};

fn transport(status: &serde_json::Value, name: &str) -> serde_json::Value {
    let transports = status["transports"].as_array().expect("a list of transports");
    transports.iter().find(|transport| transport["name"] == name).expect("it is listed").clone()
}

#[test]
fn without_a_driver_the_kernel_is_refused_and_otherwise_left_out() {
    if !can_mount() || Path::new("/dev/binder").exists() {
        return;
    }
    let Some(volume) = Setup::new().start() else { return };
    let kernel = transport(&volume.json(&["status"]), "kernel");
    assert_eq!(kernel["serving"], false);
    assert!(
        kernel["why_not"].as_str().expect("a reason").starts_with("there is no Binder driver"),
        "{kernel}"
    );
    assert_eq!(transport(&volume.json(&["status"]), "rpc")["serving"], true);

    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediagate"));
    command.args(["serve", "--binder", "kernel"]);
    for option in ["lower", "mount", "state"] {
        let directory = scratch.path().join(option);
        std::fs::create_dir(&directory).expect("a directory in the scratch directory");
        command.arg(format!("--{option}")).arg(directory);
    }
    let refused = command.output().expect("the program starts");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&refused.stderr),
        "mediagate: there is no Binder driver (/dev/binderfs/binder, /dev/binder): load the kernel module \
         binder_linux, or serve with --binder rpc\n"
    );
}

#[test]
fn on_no_transport_it_serves_files_and_nobody_can_call() {
    let setup = Setup::new().file("Pictures/a.txt", "a").called_on(Transport::Nowhere);
    let Some(mut volume) = setup.start() else { return };
    assert!(!volume.socket().exists());
    assert_eq!(volume.command(&["status"]).status.code(), Some(3));
    assert_eq!(std::fs::read(volume.path("Pictures/a.txt")).expect("root reads everything"), b"a");
    assert!(volume.stop().success());
}

#[test]
fn on_both_transports_at_once() {
    if !can_mount() || !through_the_kernel() {
        return;
    }
    let _hub = Hub::start();
    let Some(volume) = Setup::new().start() else { return };
    for name in ["kernel", "rpc"] {
        let found = transport(&volume.json(&["status"]), name);
        assert_eq!(found["serving"], true, "{found}");
    }
    let through_the_kernel = Command::new(env!("CARGO_BIN_EXE_mediagate")).arg("status").output();
    assert!(through_the_kernel.expect("the program starts").status.success());
}

#[test]
fn a_service_manager_that_returns_learns_the_services_again() {
    if !can_mount() || !through_the_kernel() {
        return;
    }
    let Some(mut world) = World::start() else { return };
    drop(world.hub.take());
    assert_eq!(world.volume.command(&["status"]).status.code(), Some(3));
    world.hub = Some(Hub::start());
    await_that("the service is registered again", || world.volume.command(&["status"]).status.success());
    world.client(2000, "parts::administers");
    world.client(READER, "parts::administers_nothing");
}

#[test]
fn a_service_manager_is_waited_for() {
    if !can_mount() || !through_the_kernel() {
        return;
    }
    let Some(volume) = Setup::new().start() else { return };
    let kernel = transport(&volume.json(&["status"]), "kernel");
    assert_eq!(
        (&kernel["serving"], &kernel["why_not"]),
        (&false.into(), &"there is no service manager".into())
    );
    let _hub = Hub::start();
    await_that("the service is registered", || {
        transport(&volume.json(&["status"]), "kernel")["serving"] == true
    });
}

/// What the audit of a new daemon tells of the caller of one call.
fn recorded_context() -> Option<String> {
    let world = World::start()?;
    let granted = world.volume.command(&["permission", "grant", "org.example.reader", "READ_MEDIA_VIDEO"]);
    assert!(granted.status.success(), "{granted:?}");
    let recorded = world.volume.json(&["audit"]);
    let mut recorded = recorded.as_array().into_iter().flatten();
    let grant = recorded.rfind(|record| record["operation"] == "grant a permission");
    grant.expect("it is recorded")["context"].as_str().map(str::to_owned)
}

#[test]
fn the_audit_tells_what_a_caller_is_for_selinux_where_there_is_selinux() {
    if !can_mount() {
        return;
    }
    let selinux = Path::new("/sys/fs/selinux/enforce").exists();
    if selinux && world::transport() == Transport::Kernel {
        assert!(recorded_context().is_some_and(|context| !context.is_empty()));
    } else {
        assert_eq!(recorded_context(), None);
    }
}

#[test]
fn a_second_daemon_does_not_take_the_names() {
    if !can_mount() || !through_the_kernel() {
        return;
    }
    let Some(mut world) = World::start() else { return };
    let Some(second) = Setup::new().start() else { return };
    let kernel = transport(&second.json(&["status"]), "kernel");
    let why = "cannot register mediagate with the service manager: another process serves it";
    assert_eq!((&kernel["serving"], &kernel["why_not"]), (&false.into(), &why.into()));
    let first = world.volume.json(&["status"]);
    assert_eq!(first["pid"], world.volume.pid().as_raw_nonzero().get());
    world.volume.stop();
}
