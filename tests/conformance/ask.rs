//! What `check` says of a case.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
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
        "access-r" => "access-read",
        "access-w" => "access-write",
        "access-rw" => "access-readwrite",
        "read" | "read-direct" | "pread" | "mmap" | "mmap-private" | "sendfile" | "splice" | "copy"
        | "flock" | "fcntl-lock" | "seek-data" | "seek-hole" | "mmap-upgrade" | "fsync" => "read",
        "write" | "trunc" | "append" | "store" | "truncate" | "ftruncate" | "fallocate" | "punch" => "write",
        "readwrite" | "mmap-write" => "readwrite",
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
        "forced" => "read-redacted",
        "forced-write" => "write-redacted",
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
    let path = full(stage, &case.arguments[usize::from(operation == "link")])?;
    let to = match (operation, case.arguments.get(1)) {
        ("rename" | "exchange", Some(to)) => Some(full(stage, to)?),
        _ => None,
    };
    let said = stage.client.check(Uid::new(uid), operation, &path, to.as_deref());
    let said = said.map_err(|failure| failure.text)?;
    Ok(Answer { allowed: said.allowed, errno: said.errno, rule: said.rule, view: said.view })
}

/// The path below the mount point.
fn full(stage: &Stage, path: &OsStr) -> Result<String, String> {
    let path = if path == "." { stage.mount() } else { stage.mount().join(path) };
    path.into_os_string().into_string().map_err(|_| "check takes text".to_owned())
}
