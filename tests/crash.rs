//! A daemon that is killed in the middle of a change: before each system call by which it changes anything, one after
//! the other, until the change is done, and then once more right after it. The next daemon over the same lower directory
//! and state must find every file its owner's and nobody else's, and its database sound.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{MANAGER, OTHER_READER as STRANGER_TO_BOTH, OWNER, STRANGER, Setup, Volume, as_uid, cast, skip};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::{Pid, Signal};

/// How long the tracer may take to take hold of every thread.
const PATIENCE: Duration = Duration::from_secs(10);
/// No change is made of more calls than that.
const MOST: u32 = 200;

/// A change: who makes it, what is there before, and the system calls that it is made of.
struct Case {
    name: &'static str,
    uid: u32,
    /// Files, each with who makes it; a name that ends with a slash is a directory.
    before: &'static [(&'static str, u32)],
    change: fn(&Path, &Path) -> io::Result<()>,
    calls: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "create",
        uid: OWNER,
        before: &[("p/other.txt", STRANGER)],
        change: |p, _| OpenOptions::new().write(true).create_new(true).open(p.join("a.txt")).map(drop),
        calls: &["pwrite64", "openat2"],
    },
    Case {
        name: "create again",
        uid: OWNER,
        before: &[("p/a.txt", OWNER)],
        change: |p, _| {
            fs::remove_file(p.join("a.txt"))?;
            fs::write(p.join("a.txt"), OWNER.to_string())
        },
        calls: &["pwrite64"],
    },
    Case {
        name: "mkdir",
        uid: OWNER,
        before: &[],
        change: |p, _| fs::create_dir(p.join("d")),
        calls: &["pwrite64", "mkdirat"],
    },
    Case {
        name: "unlink",
        uid: OWNER,
        before: &[("p/a.txt", OWNER)],
        change: |p, _| fs::remove_file(p.join("a.txt")),
        calls: &["unlinkat", "pwrite64"],
    },
    Case {
        name: "rmdir",
        uid: OWNER,
        before: &[("p/d/", OWNER)],
        change: |p, _| fs::remove_dir(p.join("d")),
        calls: &["unlinkat", "pwrite64"],
    },
    Case {
        name: "rename",
        uid: OWNER,
        before: &[("p/a.txt", OWNER)],
        change: |p, _| fs::rename(p.join("a.txt"), p.join("b.txt")),
        calls: &["renameat2", "pwrite64"],
    },
    Case {
        name: "rename to another directory",
        uid: OWNER,
        before: &[("p/a.txt", OWNER)],
        change: |p, q| fs::rename(p.join("a.txt"), q.join("a.txt")),
        calls: &["renameat2", "pwrite64"],
    },
    Case {
        name: "save by renaming over",
        uid: OWNER,
        before: &[("p/a.txt", OWNER), ("p/tmp.txt", OWNER)],
        change: |p, _| fs::rename(p.join("tmp.txt"), p.join("a.txt")),
        calls: &["renameat2", "pwrite64"],
    },
    Case {
        name: "rename over another's",
        uid: MANAGER,
        before: &[("p/a.txt", OWNER), ("q/b.txt", STRANGER)],
        change: |p, q| fs::rename(q.join("b.txt"), p.join("a.txt")),
        calls: &["renameat2", "pwrite64"],
    },
    Case {
        name: "exchange",
        uid: MANAGER,
        before: &[("p/a.txt", OWNER), ("q/b.txt", STRANGER)],
        change: |p, q| Ok(renameat_with(CWD, p.join("a.txt"), CWD, q.join("b.txt"), RenameFlags::EXCHANGE)?),
        calls: &["renameat2", "pwrite64"],
    },
    Case {
        name: "rename a directory",
        uid: MANAGER,
        before: &[("p/d/", OWNER), ("p/d/a.txt", OWNER), ("p/d/e/", OWNER), ("p/d/e/b.txt", STRANGER)],
        change: |p, q| fs::rename(p.join("d"), q.join("f")),
        calls: &["renameat2", "pwrite64"],
    },
];

/// The tracer; it lets the daemon go when it is dropped.
struct Tracer(Child);

impl Tracer {
    /// Has the daemon killed before its `when`th call of `call`; `None` where it cannot be traced.
    fn attach(daemon: Pid, call: &str, when: u32) -> Option<Tracer> {
        let pid = daemon.as_raw_nonzero().to_string();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-p", &pid, "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:signal=SIGKILL:when={when}")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let tracer = Tracer(command.spawn().ok()?);
        let deadline = Instant::now() + PATIENCE;
        while !holds_every_thread(&pid) {
            if Instant::now() > deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
        Some(tracer)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // Asked to end, it would wait for threads of a daemon that is dead.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn holds_every_thread(pid: &str) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
    })
}

fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    let able = traced.is_ok_and(|status| status.success());
    if !able {
        skip("killing the daemon at each step needs strace and the right to trace");
    }
    able
}

/// The two directories in which one stop takes place.
struct Ground {
    below: [String; 2],
}

impl Ground {
    fn new(volume: &Volume, case: &Case, number: usize) -> Ground {
        let ground = Ground { below: [format!("Download/p{number}"), format!("Documents/q{number}")] };
        let at = ground.at(&volume.mount());
        as_uid(OWNER, || at.iter().for_each(|directory| fs::create_dir(directory).unwrap()));
        for (name, uid) in case.before {
            let path = volume.path(&ground.path(name));
            as_uid(*uid, || {
                if name.ends_with('/') { fs::create_dir(path) } else { fs::write(path, uid.to_string()) }
            })
            .unwrap();
        }
        ground
    }

    fn at(&self, root: &Path) -> [PathBuf; 2] {
        [root.join(&self.below[0]), root.join(&self.below[1])]
    }

    fn path(&self, name: &str) -> String {
        let (side, rest) = name.split_once('/').unwrap();
        format!("{}/{rest}", self.below[usize::from(side == "q")])
    }

    /// Every file that there is belongs to whom its content names, and to nobody else.
    fn judge(&self, volume: &Volume, what: &str) {
        let mut directories = Vec::new();
        for below in &self.below {
            judge_below(volume, below, &mut directories, what);
        }
        for directory in directories.iter().rev() {
            as_uid(OWNER, || fs::remove_dir(volume.path(directory)))
                .unwrap_or_else(|error| panic!("{what}: rmdir {directory}: {error}"));
        }
    }
}

fn judge_below(volume: &Volume, directory: &str, directories: &mut Vec<String>, what: &str) {
    directories.push(directory.to_owned());
    for entry in fs::read_dir(volume.lower().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            judge_below(volume, &path, directories, what);
        } else {
            judge_file(volume, &path, what);
        }
    }
}

fn judge_file(volume: &Volume, path: &str, what: &str) {
    // What was made just now has no content yet.
    let owner = fs::read_to_string(volume.lower().join(path)).unwrap().parse().unwrap_or(OWNER);
    let package = if owner == OWNER { "org.example.owner" } else { "org.example.stranger" };
    let open = |uid| {
        let opened = as_uid(uid, || OpenOptions::new().write(true).open(volume.path(path)).map(drop));
        opened.map_err(|error| error.raw_os_error())
    };
    // The package is none of this caller's, so it is named as the file's.
    let check = ["check", "--uid", &STRANGER_TO_BOTH.to_string(), "--op", "write", path, "--json"];
    let told = String::from_utf8(volume.command(&check).stdout).unwrap();
    assert!(told.contains(package) && told.contains("EACCES"), "{what}: {path}: {told}");
    assert_eq!(open(owner), Ok(()), "{what}: {path} for its owner");
    for uid in [OWNER, STRANGER, STRANGER_TO_BOTH].into_iter().filter(|uid| *uid != owner) {
        assert_eq!(open(uid), Err(Some(libc::EACCES)), "{what}: {path} for {uid}");
        let removed = as_uid(uid, || fs::remove_file(volume.path(path)));
        assert_eq!(removed.unwrap_err().raw_os_error(), Some(libc::EACCES), "{what}: {path} for {uid}");
    }
    let renamed = format!("{}-renamed.txt", path.trim_end_matches(".txt"));
    as_uid(owner, || fs::rename(volume.path(path), volume.path(&renamed)))
        .and_then(|()| as_uid(owner, || fs::remove_file(volume.path(&renamed))))
        .unwrap_or_else(|error| panic!("{what}: {path} for its owner: {error}"));
}

/// The database is sound, and no file has two rows.
fn judge_database(volume: &Volume, what: &str) {
    let database = fs::read_dir(volume.state()).unwrap().flatten().map(|entry| entry.path());
    let database = database.into_iter().find(|path| path.extension().is_some_and(|end| end == "db")).unwrap();
    let connection = rusqlite::Connection::open(database).unwrap();
    let ask = |question: &str| -> Vec<String> {
        let mut statement = connection.prepare(question).unwrap();
        let answers = statement.query_map([], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
        answers.map(|answer| format!("{:?}", answer.unwrap())).collect()
    };
    assert_eq!(ask("PRAGMA integrity_check"), ["Text(\"ok\")"], "{what}");
    assert!(ask("PRAGMA foreign_key_check").is_empty(), "{what}");
    let double = "SELECT ino FROM entries WHERE ino != 0 GROUP BY ino, born HAVING count(*) > 1";
    assert!(ask(double).is_empty(), "{what}");
}

/// Kills the daemon before the `when`th `call` of the change; whether the change was done before it came to that.
fn stop_at(volume: &mut Volume, case: &Case, number: usize, (call, when): (&str, u32)) -> Option<bool> {
    let what = format!("{}, killed before {call} {when}", case.name);
    let ground = Ground::new(volume, case, number);
    let [p, q] = ground.at(&volume.mount());
    let tracer = Tracer::attach(volume.pid(), call, when)?;
    let changed = as_uid(case.uid, || (case.change)(&p, &q));
    drop(tracer);
    match &changed {
        Ok(()) => volume.end_with(Signal::KILL),
        Err(error) => {
            let gone = [libc::ENOTCONN, libc::ECONNABORTED, libc::EIO];
            assert!(gone.iter().any(|errno| error.raw_os_error() == Some(*errno)), "{what}: {error}");
            volume.wait()
        }
    };
    volume.serve();
    ground.judge(volume, &what);
    judge_database(volume, &what);
    Some(changed.is_ok())
}

fn setup() -> Setup {
    // One thread, so that the calls of a change are counted together.
    cast().file("Download/.keep", "").file("Documents/.keep", "").argument("--threads").argument("1")
}

/// Runs every `of`th case from the `first`th on.
fn run(first: usize, of: usize) {
    if !can_trace() {
        return;
    }
    let Some(mut volume) = setup().start() else { return };
    let mut number = 0;
    for case in CASES.iter().skip(first).step_by(of) {
        for call in case.calls {
            for when in 1.. {
                number += 1;
                let Some(done) = stop_at(&mut volume, case, number, (call, when)) else {
                    return skip("strace cannot take hold of the daemon");
                };
                if done {
                    assert!(when > 1, "{}: the daemon never came to {call}", case.name);
                    break;
                }
                assert!(when < MOST, "{}: it does not come to an end", case.name);
            }
        }
    }
}

#[test]
fn a_daemon_killed_in_the_middle_of_a_change_loses_nothing() {
    run(0, 2);
}

#[test]
fn a_daemon_killed_in_the_middle_of_another_change_loses_nothing() {
    run(1, 2);
}
