//! The language of the tables.
//!
//! ```text
//! table       = { line }
//! line        = [ section | arrangement | case ] [ "#" comment ]
//! section     = "[" NAME [ "|" { OPTION-OF-SERVE } ] "]"
//! case        = CALLER OPERATION { WORD } "=" result
//! result      = "ok" | ERRNO [ rule ] | "full" | "redacted" | "listed" | "unlisted" [ rule ] | VALUE
//! rule        = NAME-OF-A-RULE | "kernel"
//! ```
//!
//! A section begins with a fresh tree: the twelve default directories and `Android`, all empty, the cast as
//! `cast.txt` declares it, no grants, no app-ops, nothing open. With `--users` there are two such trees, `0` and `10`,
//! and the numbers of `number.rs` and all paths are relative to the mount point, too. Sections with different options of `mediagate serve` are served by
//! different daemons. What follows runs from top to bottom.
//!
//! A case is one operation by one caller of the cast and what must come of it. The operations are those of
//! [`OPERATIONS`] and of `lasting.rs`; paths are relative to the mount point, with the escapes of `word.rs` and the
//! numbers of `number.rs`; `.` is the mount point. `ok` is success, whatever it gives. For operations that read bytes,
//! `full` are those of the lower file, `redacted` as many others that do not tell the place of the fixture. Any other
//! word is a value: the sorted names of a listing joined by commas (`-` for none), an attribute's text, an offset.
//!
//! EACCES and EPERM are followed by the rule of the policy that gives them, which `mediagate check` must name too, with
//! the same errno; `kernel` says that they are the kernel's or the lower file system's own answer. Another errno may
//! be followed by a rule. Of a path that is no text `check` cannot be asked. What only looks, reads or lists and
//! succeeds must be allowed by `mediagate check`.
//!
//! An arrangement is a line without `=` (see `arrange.rs`):
//!
//! ```text
//! lower PATH FIXTURE             put on the lower file system from outside, with the directories above it
//! lower-remove PATH              taken from the lower file system from outside
//! lower-rename PATH PATH         renamed on the lower file system from outside
//! make CALLER PATH FIXTURE       made through the mount, with the directories above it: it belongs to CALLER
//! hold CALLER HOW PATH           opened and kept open until the section ends or `release`; HOW is read, write,
//!                                readwrite, create or directory
//! release                        closes everything that is held
//! grant APP ACCESS PATH [SECS]   ACCESS is read, write or selected
//! revoke APP PATH                takes all its grants of that file back
//! permission APP +P|-P ...       grants and revokes permissions
//! app NAME UID SDK CLASS [P ...] registers an application or changes it, for this section
//! remove APP                     unregisters an application
//! op APP PERMISSION MODE         sets an app-op: allow, ignore, deny or default
//! share USER USER                two Android users share media
//! unshare USER USER              and do no longer
//! maintain SECONDS               removes what has expired by that time, seconds since 1970
//! scan [PATH]                    indexes now
//! wait MILLISECONDS
//! ```
//!
//! FIXTURE is `dir` or one of those of `fixture.rs`.

#![forbid(unsafe_code)]

use std::ffi::OsString;

use crate::{lasting, word};

/// The operations of cases, with how many words follow each.
pub(crate) const OPERATIONS: &[(&str, usize)] = &[
    ("stat", 1),
    ("size", 1),
    ("links", 1),
    ("mode", 1),
    ("type", 1),
    ("statfs", 1),
    ("exists", 1), // access(2) with F_OK
    ("access-r", 1),
    ("access-w", 1),
    ("access-rw", 1),
    ("access-x", 1),
    ("opath", 1), // O_PATH
    ("read", 1),
    ("read-direct", 1), // O_DIRECT
    ("pread", 1),       // in small pieces from the end to the start
    ("mmap", 1),        // a shared mapping to read
    ("mmap-private", 1),
    ("mmap-write", 1),   // a shared mapping to write, of a file opened for both
    ("mmap-upgrade", 1), // a shared mapping to write, of a file opened to read
    ("sendfile", 1),
    ("splice", 1),
    ("copy", 2),      // copy_file_range into a new file, whose bytes are compared with the source's
    ("write", 1),     // O_WRONLY, nothing written
    ("readwrite", 1), // O_RDWR, reads
    ("trunc", 1),     // O_RDONLY | O_TRUNC
    ("append", 1),    // O_APPEND, one byte written
    ("store", 1),     // O_WRONLY | O_TRUNC, one byte written
    ("create", 1),    // O_CREAT
    ("createx", 1),   // O_CREAT | O_EXCL
    ("tmpfile", 1),   // O_TMPFILE in a directory
    ("mknod", 1),
    ("mknod-fifo", 1),
    ("mknod-socket", 1),
    ("symlink", 1),
    ("link", 2),
    ("mkdir", 1),
    ("rmdir", 1),
    ("unlink", 1),
    ("rename", 2),
    ("renamex", 2), // RENAME_NOREPLACE
    ("exchange", 2),
    ("whiteout", 2),
    ("truncate", 1),
    ("ftruncate", 1),
    ("utime", 1),
    ("chmod", 1),
    ("chown", 1),
    ("list", 1),
    ("listed", 1), // whether its directory lists it
    ("opendir", 1),
    ("chdir", 1),
    ("watch", 1), // inotify
    ("getxattr", 2),
    ("setxattr", 2),
    ("removexattr", 2),
    ("listxattr", 1),
    ("flock", 1),
    ("fcntl-lock", 1),
    ("fallocate", 1),
    ("punch", 1),
    ("fsync", 1),
    ("fsyncdir", 1),
    ("seek-data", 1),
    ("seek-hole", 1),
];

/// A part of a table that is played on a fresh tree.
#[derive(Debug)]
pub(crate) struct Section {
    /// The table's file.
    pub(crate) file: String,
    pub(crate) name: String,
    /// Options of `mediagate serve`.
    pub(crate) options: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// One line of a section.
#[derive(Debug)]
pub(crate) struct Step {
    /// The file and the line, for messages.
    pub(crate) at: String,
    /// The line itself.
    pub(crate) text: String,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// The words of a line that arranges something.
    Arrange(Vec<String>),
    Case(Case),
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) caller: String,
    pub(crate) operation: &'static str,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) expected: Expected,
    /// The rule that `check` must name.
    pub(crate) rule: Option<String>,
}

/// What must come of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    Done,
    Errno(String),
    Full,
    Redacted,
    Listed,
    Unlisted,
    Value(String),
}

/// The sections of a table; what is not well formed is added to `wrong`.
pub(crate) fn parse(file: &str, text: &str, wrong: &mut Vec<String>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let at = format!("tests/conformance/cases/{file}:{}", line + 1);
        let words = words(text);
        if words.is_empty() {
            continue;
        }
        if words[0].starts_with('[') {
            sections.push(section(file, &words.join(" ")));
            continue;
        }
        match (sections.last_mut(), what(&words)) {
            (Some(section), Ok(what)) => section.steps.push(Step { at, text: words.join(" "), what }),
            (Some(_), Err(why)) => wrong.push(format!("{at}: {why}: {text}")),
            (None, _) => wrong.push(format!("{at}: before the first section: {text}")),
        }
    }
    sections
}

/// The words of a line before its comment.
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split_whitespace()
        .take_while(|word| !word.starts_with('#') || word.starts_with("#{"))
        .map(str::to_owned)
        .collect()
}

fn section(file: &str, header: &str) -> Section {
    let header = header.trim_start_matches('[').trim_end_matches(']');
    let (name, options) = header.split_once('|').unwrap_or((header, ""));
    Section {
        file: file.to_owned(),
        name: name.trim().to_owned(),
        options: options.split_whitespace().map(str::to_owned).collect(),
        steps: Vec::new(),
    }
}

fn what(words: &[String]) -> Result<What, String> {
    match words.iter().position(|word| word == "=") {
        None => Ok(What::Arrange(words.to_vec())),
        Some(equals) => case(&words[..equals], &words[equals + 1..]).map(What::Case),
    }
}

fn case(doing: &[String], result: &[String]) -> Result<Case, String> {
    let [caller, operation, arguments @ ..] = doing else { return Err("no operation".to_owned()) };
    let known = OPERATIONS.iter().chain(lasting::OPERATIONS).find(|(name, _)| name == operation);
    let (operation, count) = known.ok_or_else(|| format!("unknown operation {operation}"))?;
    if arguments.len() != *count {
        return Err(format!("{operation} takes {count} words"));
    }
    let (expected, rule) = expected(result)?;
    Ok(Case {
        caller: caller.clone(),
        operation,
        arguments: arguments.iter().map(|word| word::decode(word)).collect::<Result<_, _>>()?,
        expected,
        rule,
    })
}

fn expected(result: &[String]) -> Result<(Expected, Option<String>), String> {
    let [word, rest @ ..] = result else { return Err("no result".to_owned()) };
    let expected = match word.as_str() {
        "ok" => Expected::Done,
        "full" => Expected::Full,
        "redacted" => Expected::Redacted,
        "listed" => Expected::Listed,
        "unlisted" => Expected::Unlisted,
        errno if is_errno(errno) => Expected::Errno(errno.to_owned()),
        value => Expected::Value(value.to_owned()),
    };
    let ruled = matches!(expected, Expected::Errno(_) | Expected::Unlisted);
    match rest {
        [] if matches!(word.as_str(), "EACCES" | "EPERM") => {
            Err(format!("{word} needs its rule, or `kernel`"))
        }
        [] => Ok((expected, None)),
        [kernel] if kernel == "kernel" && ruled => Ok((expected, None)),
        [rule] if ruled => Ok((expected, Some(rule.clone()))),
        _ => Err("a result is one word, or a refusal and its rule".to_owned()),
    }
}

fn is_errno(word: &str) -> bool {
    word.len() > 2 && word.starts_with('E') && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[test]
fn lines_are_parsed_or_reported() {
    let text = "[first | --threads 2] # comment\nlower a b\nreader read a\\x20b = EACCES not-yours # why\n\
                x stat a = redacted\n";
    let mut wrong = Vec::new();
    let sections = parse("t", text, &mut wrong);
    assert_eq!(wrong, [""; 0]);
    assert_eq!((sections[0].name.as_str(), sections[0].options.len()), ("first", 2));
    let What::Case(case) = &sections[0].steps[1].what else { panic!("a case") };
    assert_eq!(
        (case.caller.as_str(), case.operation, case.rule.as_deref()),
        ("reader", "read", Some("not-yours"))
    );
    assert_eq!(case.arguments, ["a b"]);
    assert_eq!(case.expected, Expected::Errno("EACCES".to_owned()));
    for bad in [
        "a b",
        "[s]\na dance b = ok",
        "[s]\na read b c = ok",
        "[s]\na read b = EPERM",
        "[s]\na read b =",
        "[s]\na read b = ok rule",
    ] {
        parse("t", bad, &mut wrong);
    }
    assert_eq!(wrong.len(), 6, "{wrong:?}");
}
