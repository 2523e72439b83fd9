//! Operations that reach beyond one line: descriptors that stay open, what is remembered of an entry, and what two
//! questions about one entry have in common.
//!
//! ```text
//! CALLER open PATH N HOW       opens descriptor N of CALLER; HOW is r, w or rw with any of +create, +excl, +trunc,
//!                              +append, +dir
//! CALLER put N AT TEXT         writes at an offset
//! CALLER get N AT COUNT        the bytes from an offset on; `nothing` at the end
//! CALLER dup N M               descriptor M is another of what N is open on
//! CALLER close N
//! CALLER keep-id PATH          remembers the number of the entry
//! CALLER kept-id PATH          whether it has the number that was remembered last: yes or no
//! CALLER recorded PATH         whether the database has an entry of it: yes or no
//! CALLER inode PATH            `same` where stat and the listing give it one inode number
//! CALLER device PATH PATH      whether two entries lie on one device: `same` or `differs`
//! CALLER forced PATH           reads the file by its forced-redaction name
//! CALLER forced-write PATH     opens it so for writing
//! CALLER recent PATH           whether it was modified within the last minute: yes or no
//! ```
//!
//! Descriptors and what is remembered end with the section.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::{DirEntryExt, FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mediagate::admin::Administration;
use mediagate::id::Uid;
use rustix::fs::{Mode, OFlags, open};

use crate::act::Outcome;
use crate::language::Case;
use crate::stage::{Stage, acting};

/// The operations, with how many words follow each.
pub(crate) const OPERATIONS: &[(&str, usize)] = &[
    ("open", 3),
    ("put", 3),
    ("get", 3),
    ("dup", 2),
    ("close", 1),
    ("keep-id", 1),
    ("kept-id", 1),
    ("recorded", 1),
    ("inode", 1),
    ("device", 2),
    ("recent", 1),
    ("forced", 1),
    ("forced-write", 1),
];

/// What a file counts as modified just now.
const RECENT: Duration = Duration::from_secs(60);
/// The fact of an explanation that is the entry's number, and its value where the database has none.
const ENTRY: &str = "entry id";
const NO_ENTRY: &str = "none";

/// What lasts from line to line.
#[derive(Debug, Default)]
pub(crate) struct Lasting {
    /// By caller and name.
    open: RefCell<BTreeMap<(u32, OsString), Arc<File>>>,
    entry: RefCell<Option<String>>,
}

type Attempt = io::Result<Outcome>;

/// Performs the case if its operation is one of [`OPERATIONS`].
pub(crate) fn act(stage: &Stage, uid: u32, case: &Case) -> Option<Attempt> {
    let words = case.arguments.as_slice();
    let mount = stage.mount();
    let path = |at: usize| mount.join(&words[at]);
    Some(match case.operation {
        "open" => opened(stage, uid, words),
        "put" | "get" => moved(stage, uid, case.operation, words),
        "dup" => duplicated(stage, uid, words),
        "close" => closed(stage, uid, words),
        "keep-id" => entry(stage, uid, &path(0)).map(|found| {
            stage.lasting.entry.replace(found);
            Outcome::Done
        }),
        "kept-id" => entry(stage, uid, &path(0))
            .map(|found| yes(found.is_some() && found == *stage.lasting.entry.borrow())),
        "recorded" => entry(stage, uid, &path(0)).map(|found| yes(found.is_some())),
        "forced" | "forced-write" => forced(stage, uid, case.operation, &path(0)),
        "inode" => acting(uid, || numbered(&path(0))),
        "device" => acting(uid, || {
            let same = path(0).symlink_metadata()?.dev() == path(1).symlink_metadata()?.dev();
            Ok(value(if same { "same" } else { "differs" }))
        }),
        "recent" => acting(uid, || {
            let modified = path(0).symlink_metadata()?.modified()?;
            Ok(yes(SystemTime::now().duration_since(modified).is_ok_and(|age| age < RECENT)))
        }),
        _ => return None,
    })
}

fn value(text: &str) -> Outcome {
    Outcome::Value(text.to_owned())
}

fn yes(answer: bool) -> Outcome {
    value(if answer { "yes" } else { "no" })
}

fn opened(stage: &Stage, uid: u32, words: &[OsString]) -> Attempt {
    let how = words[2].to_string_lossy().into_owned();
    let flags = how.split('+').fold(OFlags::CLOEXEC, |flags, part| {
        flags
            | match part {
                "r" => OFlags::RDONLY,
                "w" => OFlags::WRONLY,
                "rw" => OFlags::RDWR,
                "create" => OFlags::CREATE,
                "excl" => OFlags::EXCL,
                "trunc" => OFlags::TRUNC,
                "append" => OFlags::APPEND,
                "dir" => OFlags::DIRECTORY,
                other => panic!("no way to open a file: {other}"),
            }
    });
    let path = stage.mount().join(&words[0]);
    let file = acting(uid, || open(&path, flags, Mode::from_raw_mode(0o644)))?;
    stage.lasting.open.borrow_mut().insert((uid, words[1].clone()), Arc::new(File::from(file)));
    Ok(Outcome::Done)
}

/// The descriptor of this name; one that is not open answers as the kernel does.
fn descriptor(stage: &Stage, uid: u32, name: &OsString) -> io::Result<Arc<File>> {
    let open = stage.lasting.open.borrow();
    open.get(&(uid, name.clone())).cloned().ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
}

fn moved(stage: &Stage, uid: u32, operation: &str, words: &[OsString]) -> Attempt {
    let file = descriptor(stage, uid, &words[0])?;
    let number = |word: &OsString| word.to_string_lossy().parse::<u64>().expect("an offset or a count");
    let at = number(&words[1]);
    if operation == "put" {
        let bytes = words[2].as_encoded_bytes();
        return acting(uid, || file.write_all_at(bytes, at)).map(|()| Outcome::Done);
    }
    let mut bytes = vec![0; usize::try_from(number(&words[2])).expect("a small count")];
    let got = acting(uid, || file.read_at(&mut bytes, at))?;
    let text = String::from_utf8_lossy(&bytes[..got]).into_owned();
    Ok(value(if text.is_empty() { "nothing" } else { &text }))
}

fn duplicated(stage: &Stage, uid: u32, words: &[OsString]) -> Attempt {
    let copy = Arc::new(descriptor(stage, uid, &words[0])?.try_clone()?);
    stage.lasting.open.borrow_mut().insert((uid, words[1].clone()), copy);
    Ok(Outcome::Done)
}

fn closed(stage: &Stage, uid: u32, words: &[OsString]) -> Attempt {
    let file = stage.lasting.open.borrow_mut().remove(&(uid, words[0].clone()));
    file.map(|_| Outcome::Done).ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
}

/// The number of the entry, as `check` tells it; `None` where the database has none.
fn entry(stage: &Stage, uid: u32, path: &Path) -> io::Result<Option<String>> {
    let path = path.to_str().ok_or_else(|| io::Error::other("check takes text"))?;
    let said = stage.client.check(Uid::new(uid), "look", path, None);
    let said = said.map_err(|failure| io::Error::other(failure.text))?;
    let fact = said.facts.into_iter().find(|fact| fact.name == ENTRY);
    Ok(fact.map(|fact| fact.value).filter(|value| value != NO_ENTRY))
}

/// By the name that the entry's number makes; a file without a number has none.
fn forced(stage: &Stage, uid: u32, operation: &str, path: &Path) -> Attempt {
    let number = entry(stage, uid, path)?.ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))?;
    let name = stage.mount().join(format!(".mediagate/redacted/{number}.jpg"));
    acting(uid, || {
        if operation == "forced" {
            return std::fs::read(name).map(Outcome::Bytes);
        }
        File::options().write(true).open(name).map(|_| Outcome::Done)
    })
}

fn numbered(path: &Path) -> Attempt {
    let number = path.symlink_metadata()?.ino();
    let parent = path.parent().expect("an entry has a directory");
    let name = path.file_name().expect("an entry has a name");
    for listed in parent.read_dir()? {
        let listed = listed?;
        if listed.file_name() == name {
            let same = listed.ino() == number;
            return Ok(Outcome::Value(match same {
                true => "same".to_owned(),
                false => format!("{number} and {}", listed.ino()),
            }));
        }
    }
    Ok(value("unlisted"))
}
