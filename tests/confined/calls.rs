//! The system calls that the daemon may make are those that it makes: one that were missing would answer ENOSYS, and
//! one that is not made is not allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::FileExt as _;
use std::process::Command;
use std::time::SystemTime;

use mediagate::admin::{Application as _, FileQuery, OpenMode};
use mediagate::binder::Client;
use mediagate::platform::calls::{KEEPING, SERVING};
use nix::libc as c;
use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{MANAGER, READER, Setup, Stopped, Volume, as_uid, can_mount, cast, photo, skip};

/// Allowed and not seen below, with who makes it; the test that fails without it, where that is another one.
const ELSEWHERE: [(i64, &str); 5] = [
    (c::SYS_getuid, "the library that speaks with the Binder driver: all of tests/vm/binder"),
    (c::SYS_pidfd_getfd, "a command through the Binder driver: `cmd_and_dumpsys_of_administrators`"),
    (c::SYS_clock_gettime, "a machine whose clock only the kernel reads: nearly all of tests/vm/confined"),
    (c::SYS_inotify_init1, "a volume of several users: `check_foretells_every_answer_among_several_users`"),
    (
        c::SYS_poll,
        "the end of an ordinary user's mount: `a_mount_of_an_ordinary_user_ends_without_a_complaint`",
    ),
];
/// The same of the keeper.
const KEPT_ELSEWHERE: [(i64, &str); 2] = [
    (c::SYS_write, "an end that is a failure, to tell why"),
    (c::SYS_brk, "an order that takes more memory than those before"),
];
/// Answered with ENOSYS, on purpose: the C library makes a thread by the older call then, SQLite does without, and who
/// waits for a lock waits without letting others run first.
const REFUSED: [i64; 3] = [c::SYS_clone3, c::SYS_fchown, c::SYS_sched_yield];

fn setup(trace: &str) -> Option<Setup> {
    if !can_mount() {
        return None;
    }
    if Command::new("strace").arg("-V").output().is_err() {
        skip("strace is not installed");
        return None;
    }
    let setup = cast().file("Pictures/a.jpg", photo(Some(0))).file("Pictures/b.jpg", photo(None));
    Some(setup.under(&["strace", "-D", "-f", "-n", "-qq", "-o", trace]))
}

/// A bit of everything that a volume is asked for.
fn work(volume: &Volume) {
    let path = |name: &str| volume.path(name);
    as_uid(READER, || {
        fs::read(path("Pictures/a.jpg")).unwrap();
        fs::read_dir(path("Pictures")).unwrap().for_each(drop);
        let client = Client::connect(&volume.socket()).unwrap();
        let how = OpenMode { read: true, write: false, truncate: false, append: false };
        client.open("Pictures/a.jpg", how).unwrap();
        let query = FileQuery { directory: "Pictures".to_owned(), limit: 10, ..FileQuery::default() };
        client.query(&query).unwrap();
    });
    as_uid(MANAGER, || {
        fs::create_dir(path("Download")).unwrap();
        let file = File::create(path("Download/a.bin")).unwrap();
        file.write_all_at(b"bytes", 0).unwrap();
        file.sync_all().unwrap();
        file.sync_data().unwrap();
        file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).unwrap();
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, 1 << 16).unwrap();
        rustix::fs::seek(&file, SeekFrom::Data(0)).unwrap();
        file.set_len(1 << 12).unwrap();
        fs::copy(path("Download/a.bin"), path("Download/b.bin")).unwrap();
        fs::rename(path("Download/b.bin"), path("Download/c.bin")).unwrap();
        fs::remove_file(path("Download/c.bin")).unwrap();
        rustix::fs::statvfs(path("Download")).unwrap();
        // The kernel forgets a directory that is removed.
        fs::create_dir(path("Download/b")).unwrap();
        fs::read_dir(path("Download/b")).unwrap().for_each(drop);
        fs::remove_dir(path("Download/b")).unwrap();
    });
    // Waits go on where they were.
    drop(Stopped::hold(volume.pid()));
    kill_process(keeper(volume), Signal::HUP).unwrap();
    // Beneath the mount, to be followed.
    fs::remove_dir_all(volume.lower().join("Download")).unwrap();
    assert!(volume.command(&["scan"]).status.success());
    volume.json(&["status"]);
}

/// What a confined process called.
#[derive(Default)]
struct Called {
    made: BTreeSet<i64>,
    /// With a line of the trace.
    refused: BTreeMap<i64, String>,
}

impl Called {
    /// Holds it against what is allowed; some of that is made `elsewhere`.
    fn agrees(&self, allowed: &[i64], elsewhere: &[(i64, &str)]) {
        let is_elsewhere = |call| elsewhere.iter().any(|(elsewhere, _)| *elsewhere == call);
        let spare: Vec<_> =
            allowed.iter().filter(|call| !self.made.contains(call) && !is_elsewhere(**call)).collect();
        assert!(spare.is_empty(), "allowed and not made, by number: {spare:?}");
        let missing: Vec<_> = self.refused.iter().filter(|(call, _)| !REFUSED.contains(call)).collect();
        assert!(missing.is_empty(), "made and not allowed: {missing:?}");
    }
}

/// The process that mounts, which outlives signals.
fn keeper(volume: &Volume) -> Pid {
    let pid = volume.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    Pid::from_raw(children.trim().parse().unwrap()).unwrap()
}

#[test]
fn every_call_that_is_allowed_is_made_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let Some(setup) = setup(trace.to_str().unwrap()) else { return };
    let Some(mut volume) = setup.start() else { return };
    work(&volume);
    assert!(volume.stop().success());
    let trace = fs::read_to_string(trace).unwrap();
    // The keeper confines itself first.
    let confined = trace.match_indices("seccomp(SECCOMP_SET_MODE_FILTER").map(|(at, _)| &trace[at..]);
    let [after_keeper, after_daemon] = confined.collect::<Vec<_>>()[..] else { panic!("two are confined") };
    let before = &trace[..trace.len() - after_keeper.len()];
    let keeper = before.lines().next_back().unwrap().split(' ').next().unwrap();
    called(after_keeper, |process| process == keeper).agrees(KEEPING, &KEPT_ELSEWHERE);
    called(after_daemon, |process| process != keeper).agrees(SERVING, &ELSEWHERE);
}

/// What some processes called, after the line with which this begins.
fn called(trace: &str, who: impl Fn(&str) -> bool) -> Called {
    let mut called = Called::default();
    for line in trace.lines().skip(1).filter(|line| line.split(' ').next().is_some_and(&who)) {
        let Some((number, rest)) = line.split_once('[').and_then(|(_, rest)| rest.split_once(']')) else {
            continue;
        };
        let Ok(number) = number.trim().parse() else { continue };
        called.made.insert(number);
        if rest.contains("ENOSYS") {
            called.refused.insert(number, line.to_owned());
        }
    }
    called
}
