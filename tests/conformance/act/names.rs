//! Making, removing, renaming and listing entries.

#![forbid(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use rustix::fs::{
    CWD, Dir, FileType, Mode, OFlags, RenameFlags, inotify, link, mkdir, mknodat, open, rename,
    renameat_with, rmdir, symlink, unlink,
};

use super::{Attempt, Outcome, Second, done};

pub(super) fn act(operation: &str, path: &Path, second: Option<&Second>) -> Option<Attempt> {
    let node = |kind| done(mknodat(CWD, path, kind, Mode::from_raw_mode(0o644), 0));
    let moved = |flags| Some(done(renameat_with(CWD, path, CWD, &second?.path, flags)));
    Some(match operation {
        "mknod" => node(FileType::RegularFile),
        "mknod-fifo" => node(FileType::Fifo),
        "mknod-socket" => done(UnixListener::bind(path)),
        "symlink" => done(symlink("target", path)),
        "link" => done(link(path, &second?.path)),
        "mkdir" => done(mkdir(path, Mode::from_raw_mode(0o755))),
        "rmdir" => done(rmdir(path)),
        "unlink" => done(unlink(path)),
        "rename" => done(rename(path, &second?.path)),
        "renamex" => moved(RenameFlags::NOREPLACE)?,
        "exchange" => moved(RenameFlags::EXCHANGE)?,
        "whiteout" => moved(RenameFlags::WHITEOUT)?,
        "opendir" => done(open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())),
        "list" => names(path).map(joined),
        "listed" => listed(path),
        // The working directory belongs to the process: another one goes there.
        "chdir" => done(Command::new("true").current_dir(path).status()),
        "watch" => watch(path),
        _ => return None,
    })
}

fn names(path: &Path) -> io::Result<Vec<CString>> {
    let directory = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::new(directory)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn joined(names: Vec<CString>) -> Outcome {
    let names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    Outcome::Value(if names.is_empty() { "-".to_owned() } else { names.join(",") })
}

fn listed(path: &Path) -> Attempt {
    let (parent, name) = (path.parent().expect("a parent"), path.file_name().expect("a name"));
    let names = names(parent)?;
    Ok(Outcome::Listed(names.iter().any(|listed| listed.as_bytes() == name.as_bytes())))
}

fn watch(path: &Path) -> Attempt {
    let watcher = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    done(inotify::add_watch(&watcher, path, inotify::WatchFlags::ALL_EVENTS))
}
