//! What `cmd` and `dumpsys` print, whoever carries their words: run on the administration itself.

#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;

use mediagate::id::Uid;
use mediagate::shell::{self, Console};

use crate::daemon::{Daemon, PHOTO};

/// The exit status, the standard output and the standard error of `cmd mediagate` with these words.
fn cmd(daemon: &Daemon, uid: u32, words: &[&str], input: &str) -> (u8, String, String) {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let (mut input, mut out, mut err) = (input.as_bytes(), Vec::new(), Vec::new());
    let mut console = Console {
        input: &mut input,
        out: &mut out,
        err: &mut err,
        terminal: false,
        files: false,
        wanted: &|| false,
    };
    let status = shell::command(&words, &daemon.admin.session(Uid::new(uid)), &mut console);
    (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn dumpsys(daemon: &Daemon, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut out = Vec::new();
    shell::dumpsys(&words, &daemon.admin.session(Uid::SHELL), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn commands_are_those_of_the_command_line() {
    let daemon = Daemon::start();
    let done = |text: &str| (0, text.to_owned(), String::new());
    assert_eq!(cmd(&daemon, 2000, &["app", "set", "org.example.a", "--uid", "10001"], ""), done(""));
    let (status, text, _) = cmd(&daemon, 2000, &["check", "--uid", "10001", "--op", "read", PHOTO], "");
    assert_eq!(status, 1);
    assert!(text.starts_with("refused, EACCES\n"), "{text}");
    let (status, out, error) = cmd(&daemon, 2000, &["grant", "revoke", "77"], "");
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(error.starts_with("mediagate: no grant 77: "), "{error}");
    let (status, out, error) = cmd(&daemon, 10_123, &["app", "list"], "");
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(error.starts_with("mediagate: uid 10123 may not list applications: "), "{error}");
}

#[test]
fn what_needs_no_daemon_is_no_command_of_it() {
    let daemon = Daemon::start();
    for words in [["serve"].as_slice(), &["demo"], &["inspect", "a.jpg"], &["redact", "a.jpg", "b.jpg"], &[]]
    {
        let (status, out, error) = cmd(&daemon, 0, words, "");
        assert_eq!((status, out.as_str()), (2, ""), "{words:?}");
        assert!(error.contains("Usage: cmd mediagate"), "{words:?}: {error}");
    }
    for words in [["help"].as_slice(), &["--help"], &["check", "--help"]] {
        let (status, out, error) = cmd(&daemon, 0, words, "");
        assert_eq!((status, error.as_str()), (0, ""), "{words:?}");
        assert!(out.contains("Usage: cmd mediagate"), "{words:?}: {out}");
    }
}

#[test]
fn a_list_of_applications_comes_on_the_standard_input_and_from_no_file_of_the_daemon() {
    let daemon = Daemon::start();
    let list = daemon.path("apps.toml");
    std::fs::write(&list, "[[app]]\nname = \"org.example.a\"\nuid = 10001\n").unwrap();
    let (status, out, error) = cmd(&daemon, 2000, &["app", "import", list.to_str().unwrap()], "");
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(error.contains("would be a file of the daemon"), "{error}");
    let listed = "[[app]]\nname = \"org.example.b\"\nuid = 10002\n";
    let (status, out, _) = cmd(&daemon, 2000, &["app", "import", "-"], listed);
    assert_eq!((status, out.as_str()), (0, "1 applications registered\n"));
    let (_, apps, _) = cmd(&daemon, 2000, &["app", "list"], "");
    assert!(apps.contains("org.example.b") && !apps.contains("org.example.a"), "{apps}");
    let (status, _, error) = cmd(&daemon, 2000, &["app", "import", "-"], "[[app]]\nname = \"a\"\n");
    assert_eq!(status, 2);
    assert!(error.starts_with("mediagate: -: line 1: syntax: missing field `uid`"), "{error}");
}

#[test]
fn a_command_that_lasts_ends_with_who_waits_for_it() {
    let daemon = Daemon::start();
    cmd(&daemon, 2000, &["app", "set", "org.example.a", "--uid", "10001"], "");
    // Nobody waits here: it ends after what there is.
    let (status, out, _) = cmd(&daemon, 2000, &["audit", "--follow"], "");
    assert_eq!(status, 0);
    assert!(out.contains("org.example.a"), "{out}");
    daemon.gate.questions.store(2, Ordering::SeqCst);
    let (status, _, progress) = cmd(&daemon, 2000, &["scan"], "");
    assert_eq!(status, 0);
    assert!(progress.starts_with("scanning: 1000 files in 3 directories"), "{progress}");
}

#[test]
fn a_dump_tells_paths_only_when_asked() {
    let daemon = Daemon::start();
    cmd(&daemon, 0, &["app", "set", "org.example.a", "--uid", "10001"], "");
    cmd(&daemon, 0, &["grant", "add", "org.example.a", PHOTO], "");
    let named = |text: &str| text.contains("red.jpg") || text.contains("photo.jpg");
    for words in
        [[].as_slice(), &["--json"], &["-a"], &["nodes"], &["grants", "--json"], &["--dump-priority", "HIGH"]]
    {
        let plain = dumpsys(&daemon, words);
        assert!(!named(&plain), "{words:?}: {plain}");
        let with: Vec<&str> = words.iter().copied().chain(["--paths"]).collect();
        let told = dumpsys(&daemon, &with);
        assert!(named(&told), "{words:?}: {told}");
    }
    let whole = dumpsys(&daemon, &[]);
    assert!(whole.starts_with("mediagate 0.1.0, process "), "{whole}");
    assert!(whole.contains("== nodes: 1\n") && whole.contains("== counters: 1\n"), "{whole}");
    let json: serde_json::Value = serde_json::from_str(&dumpsys(&daemon, &["--json"])).unwrap();
    assert_eq!(json["status"]["threads"], 2);
    assert_eq!(json["nodes"][0]["path"], "-");
    assert!(dumpsys(&daemon, &["handles"]).starts_with("== handles: 1\n"));
    assert!(dumpsys(&daemon, &["cellar"]).starts_with("error: invalid value 'cellar'"));
    assert!(dumpsys(&daemon, &["--help"]).contains("Usage: dumpsys mediagate"));
}
