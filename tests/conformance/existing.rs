//! A process that runs already when something is granted to its application or taken back.
//!
//! The tables act with threads of the test; here a process of the application's own opens the files, which has its
//! working directory on the volume all the time. It is a shell that opens what it is told to by itself.

#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mediagate::admin::Administration;

use crate::cast::{Cast, package};
use crate::stage::{Stage, acting};
use crate::{common, fixture, tables};

/// Opens `$2` for reading (`r`) or appending (`a`) as often as a line says so, and says whether it could.
const SCRIPT: &str = "while read -r how path; do \
    case $how in r) { true; } <\"$path\";; a) { true; } >>\"$path\";; esac 2>/dev/null \
    && echo yes || echo no; done";

/// An application's process.
struct Process {
    child: Child,
    asked: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Process {
    fn start(stage: &Stage, uid: u32) -> Process {
        let mount = stage.mount();
        let mut child = acting(uid, || {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", SCRIPT]).current_dir(mount).stdin(Stdio::piped()).stdout(Stdio::piped());
            shell.spawn().expect("a shell starts")
        });
        let asked = child.stdin.take().expect("it is asked");
        let said = BufReader::new(child.stdout.take().expect("it answers"));
        Process { child, asked, said }
    }

    fn opens(&mut self, how: &str, path: &str) -> bool {
        writeln!(self.asked, "{how} {path}").expect("the shell listens");
        let mut answer = String::new();
        self.said.read_line(&mut answer).expect("the shell answers");
        answer.trim() == "yes"
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn uid(cast: &Cast, name: &str) -> u32 {
    cast.find(name).expect("the cast has it").uid
}

/// A picture and a document of the owner's, and the stranger's process.
fn staged() -> (Stage, Process) {
    let (cast, _) = tables();
    let mut stage = Stage::start(&[]);
    stage.reset(&cast);
    let mount = stage.mount();
    acting(uid(&cast, "owner"), || {
        for (path, content) in [("Pictures/a.jpg", "jpeg-located"), ("Download/a.pdf", "pdf")] {
            std::fs::write(mount.join(path), fixture::bytes(content).expect("a fixture"))
                .expect("its own file");
        }
    });
    let process = Process::start(&stage, uid(&cast, "stranger"));
    (stage, process)
}

#[test]
fn what_is_granted_and_revoked_counts_at_the_next_open_of_a_process_that_runs() {
    if !common::can_mount() {
        return;
    }
    let (stage, mut process) = staged();
    let stranger = package("stranger");
    // The permission, how it opens what with it, and how it opens what without.
    for (permission, [with, without]) in [
        ("READ_MEDIA_IMAGES", [("r", "Pictures/a.jpg"), ("a", "Pictures/a.jpg")]),
        ("WRITE_MEDIA_IMAGES", [("a", "Pictures/a.jpg"), ("r", "Download/a.pdf")]),
        ("MANAGE_EXTERNAL_STORAGE", [("a", "Download/a.pdf"), ("r", "Download/none.pdf")]),
    ] {
        for round in 0..3 {
            assert!(!process.opens(with.0, with.1), "{permission} before round {round}");
            stage.client.grant_permission(&stranger, permission).expect("it is granted");
            assert!(process.opens(with.0, with.1), "{permission} in round {round}");
            assert!(!process.opens(without.0, without.1), "{permission} in round {round}: {without:?}");
            stage.client.revoke_permission(&stranger, permission).expect("it is revoked");
        }
        assert!(!process.opens(with.0, with.1), "{permission} in the end");
    }
}

#[test]
fn an_application_that_is_removed_keeps_no_right_in_a_process_that_runs() {
    if !common::can_mount() {
        return;
    }
    let (stage, mut process) = staged();
    let (cast, _) = tables();
    assert!(process.opens("a", "Download/own.pdf"), "it makes a file");
    assert!(process.opens("r", "Download/own.pdf"));
    stage.client.remove_application(&package("stranger")).expect("it is removed");
    assert!(!process.opens("r", "Download/own.pdf"), "nobody's uid");
    let app = cast.find("stranger").and_then(|actor| actor.app.clone()).expect("an application");
    stage.register(&app).expect("it is installed again");
    assert!(!process.opens("r", "Download/own.pdf"), "what it made before is not its own");
    assert!(process.opens("a", "Download/other.pdf"), "what it makes now is");
    assert!(process.opens("r", "Download/other.pdf"));
}
