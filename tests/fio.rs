//! Data integrity of passthrough under fio: written, read back and verified by every way of doing I/O.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs;
use std::process::{Command, Output};

use common::{OWNER, Volume, as_uid, cast, skip};

/// How fio is to do its I/O.
#[derive(Clone, Copy, Debug)]
struct Way {
    engine: &'static str,
    direct: bool,
}

/// Whether fio is installed and knows the engine; records the reason where not.
fn has_engine(engine: &str) -> bool {
    let Ok(listed) = Command::new("fio").arg("--enghelp").output() else {
        skip("fio is not installed");
        return false;
    };
    let known = String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.trim() == engine);
    if !known {
        skip(&format!("fio has no engine {engine}"));
    }
    known
}

fn run(volume: &Volume, way: Way) -> Output {
    let mut command = Command::new("fio");
    command.args(["--name=verified", "--rw=randwrite", "--bs=4k", "--size=4m", "--iodepth=8"]);
    command.args(["--verify=crc32c", "--do_verify=1", "--verify_fatal=1", "--verify_state_save=0"]);
    command.args(["--thread", "--end_fsync=1"]);
    command.arg(format!("--ioengine={}", way.engine)).arg(format!("--direct={}", u8::from(way.direct)));
    command.arg(format!("--filename={}", volume.path("Download/verified.bin").display()));
    command.current_dir(volume.path("Download"));
    as_uid(OWNER, || command.output().unwrap())
}

fn verify(way: Way) {
    let Some(volume) = cast().start() else { return };
    if !has_engine(way.engine) {
        return;
    }
    as_uid(OWNER, || fs::create_dir(volume.path("Download")).unwrap());
    let output = run(&volume, way);
    let told = [&output.stdout[..], &output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let unsupported = ["Operation not permitted", "not supported", "Invalid argument", "ENOSYS"];
    if !output.status.success() && (way.direct || way.engine == "io_uring") {
        // Where the kernel forbids io_uring or the lower file system has no direct I/O, fio's set-up fails.
        if !told.contains("verify:") && unsupported.iter().any(|reason| told.contains(reason)) {
            return skip(&format!("fio cannot do {way:?} here"));
        }
    }
    assert!(output.status.success(), "{way:?}: {told}");
    assert!(volume.counter("opened_passthrough") > 0);
    assert_eq!((volume.counter("read"), volume.counter("write")), (0, 0), "{way:?}");
    assert_eq!(fs::metadata(volume.lower().join("Download/verified.bin")).unwrap().len(), 4 << 20);
}

#[test]
fn sync() {
    verify(Way { engine: "sync", direct: false });
}

#[test]
fn sync_direct() {
    verify(Way { engine: "sync", direct: true });
}

#[test]
fn io_uring() {
    verify(Way { engine: "io_uring", direct: false });
}

#[test]
fn io_uring_direct() {
    verify(Way { engine: "io_uring", direct: true });
}

#[test]
fn libaio() {
    verify(Way { engine: "libaio", direct: false });
}

#[test]
fn libaio_direct() {
    verify(Way { engine: "libaio", direct: true });
}

#[test]
fn mmap() {
    verify(Way { engine: "mmap", direct: false });
}
