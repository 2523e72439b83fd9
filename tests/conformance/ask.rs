//! What `check` says of a case.

#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::fs;

use mediagate::admin::Administration;
use mediagate::id::Uid;

use crate::language::Case;
use crate::stage::Stage;

/// The part of an explanation that cases speak of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    pub(crate) errno: Option<String>,
    pub(crate) rule: String,
    pub(crate) view: Option<String>,
}

/// The name by which `check` knows the operation of a case.
fn operation_of(stage: &Stage, case: &Case) -> Option<&'static str> {
    let exists = || fs::symlink_metadata(stage.lower().join(&case.arguments[0])).is_ok();
    Some(match case.operation {
        "stat" | "size" | "links" | "mode" | "type" | "statfs" | "exists" | "opath" | "chdir" | "chmod"
        | "chown" | "getxattr" | "listxattr" => "look",
        "read" | "read-direct" | "pread" | "mmap" | "mmap-private" | "sendfile" | "splice" | "copy"
        | "access-r" | "flock" | "fcntl-lock" | "seek-data" | "seek-hole" | "mmap-upgrade" | "fsync" => {
            "read"
        }
        "write" | "trunc" | "append" | "store" | "access-w" | "truncate" | "ftruncate" | "fallocate"
        | "punch" => "write",
        "readwrite" | "mmap-write" | "access-rw" => "readwrite",
        "create" if exists() => "write",
        "create" | "createx" | "mknod" => "create",
        "mknod-fifo" | "mknod-socket" => "mknod-special",
        "symlink" => "symlink",
        "link" => "link",
        "mkdir" => "mkdir",
        "rmdir" => "rmdir",
        "unlink" => "unlink",
        "rename" | "renamex" => "rename",
        "exchange" => "exchange",
        "utime" => "utime",
        "list" | "opendir" | "watch" | "fsyncdir" => "opendir",
        "listed" => "list",
        _ => return None,
    })
}

/// Whether the case only looks, so that it can be asked about after it has succeeded.
pub(crate) fn leaves_no_trace(case: &Case) -> bool {
    matches!(
        case.operation,
        "stat"
            | "read"
            | "pread"
            | "mmap"
            | "mmap-private"
            | "sendfile"
            | "splice"
            | "exists"
            | "access-r"
            | "access-w"
            | "access-rw"
            | "list"
            | "listed"
            | "opendir"
            | "chdir"
            | "statfs"
            | "write"
            | "readwrite"
    )
}

/// The answer of `check`.
///
/// # Errors
/// Why there is none.
pub(crate) fn ask(stage: &Stage, uid: u32, case: &Case) -> Result<Answer, String> {
    let operation =
        operation_of(stage, case).ok_or_else(|| format!("check does not know {}", case.operation))?;
    // Of a second name for a file the place of that name is judged.
    let path = full(stage, &case.arguments[usize::from(operation == "link")]);
    if let ("rename" | "exchange", [_, to]) = (operation, case.arguments.as_slice()) {
        let to = full(stage, to);
        return by_command(stage, uid, &[operation.as_ref(), &path, "--to".as_ref(), &to]);
    }
    let path = path.to_str().ok_or("check takes text")?;
    let said = stage.client.check(Uid::new(uid), operation, path).map_err(|failure| failure.text)?;
    Ok(Answer { allowed: said.allowed, errno: said.errno, rule: said.rule, view: said.view })
}

fn by_command(stage: &Stage, uid: u32, words: &[&OsStr]) -> Result<Answer, String> {
    let mut arguments: Vec<OsString> =
        ["check", "--uid", &uid.to_string(), "--op"].map(OsString::from).to_vec();
    arguments.extend(words.iter().map(|word| (*word).to_owned()));
    let said = stage.ask(&arguments)?;
    let text = |name: &str| said[name].as_str().map(str::to_owned);
    Ok(Answer {
        allowed: said["allowed"].as_bool().unwrap_or_default(),
        errno: text("errno"),
        rule: text("rule").unwrap_or_default(),
        view: text("view"),
    })
}

fn full(stage: &Stage, path: &OsStr) -> OsString {
    if path == "." { stage.mount().into() } else { stage.mount().join(path).into() }
}
