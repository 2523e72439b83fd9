//! Attributes: stat, access, sizes, times, modes, extended attributes.

#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{
    Access, AtFlags, CWD, Mode, Timespec, Timestamps, XattrFlags, access, chmod, chown, getxattr, listxattr,
    removexattr, setxattr, statfs, utimensat,
};
use rustix::process::{Gid, Uid};

use super::{Attempt, Outcome, Second, done};
use crate::common::truncate;

/// Longest extended attribute that is read.
const LONGEST: usize = 4096;

pub(super) fn act(operation: &str, path: &Path, second: Option<&Second>) -> Option<Attempt> {
    Some(match operation {
        "stat" => done(fs::symlink_metadata(path)),
        "size" => shown(path, |found| found.len().to_string()),
        "links" => shown(path, |found| found.nlink().to_string()),
        "mode" => shown(path, |found| format!("{:o}", found.permissions().mode() & 0o7777)),
        "type" => shown(path, |found| if found.is_dir() { "directory" } else { "file" }.to_owned()),
        "statfs" => done(statfs(path)),
        "exists" => done(access(path, Access::EXISTS)),
        "access-r" => done(access(path, Access::READ_OK)),
        "access-w" => done(access(path, Access::WRITE_OK)),
        "access-rw" => done(access(path, Access::READ_OK | Access::WRITE_OK)),
        "access-x" => done(access(path, Access::EXEC_OK)),
        "truncate" => done(truncate(path, 1)),
        "utime" => done(utimensat(CWD, path, &long_ago(), AtFlags::empty())),
        "chmod" => done(chmod(path, Mode::from_raw_mode(0o777))),
        "chown" => done(chown(path, Some(Uid::from_raw(12_345)), Some(Gid::from_raw(12_345)))),
        "getxattr" => attribute(path, second?),
        "setxattr" => done(setxattr(path, &second?.word, b"x", XattrFlags::empty())),
        "removexattr" => done(removexattr(path, &second?.word)),
        "listxattr" => attributes(path),
        _ => return None,
    })
}

fn shown(path: &Path, what: impl FnOnce(&fs::Metadata) -> String) -> Attempt {
    fs::symlink_metadata(path).map(|found| Outcome::Value(what(&found)))
}

fn long_ago() -> Timestamps {
    let moment = Timespec { tv_sec: 1_000_000_000, tv_nsec: 0 };
    Timestamps { last_access: moment, last_modification: moment }
}

fn attribute(path: &Path, second: &Second) -> Attempt {
    let mut value = vec![0; LONGEST];
    let length = getxattr(path, &second.word, &mut value[..])?;
    Ok(Outcome::Value(String::from_utf8_lossy(&value[..length]).into_owned()))
}

fn attributes(path: &Path) -> Attempt {
    let mut names = vec![0; LONGEST];
    let length = listxattr(path, &mut names[..])?;
    let text = String::from_utf8_lossy(&names[..length]).trim_end_matches('\0').replace('\0', ",");
    Ok(Outcome::Value(if text.is_empty() { "-".to_owned() } else { text }))
}
