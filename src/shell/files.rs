//! The commands that need no daemon: what the filter would do to files on disk.

#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::admin::kind_name;
use crate::content::Recognised;
use crate::policy::Kind;
use crate::redact::{self, Budget, Classes, Fill, Patch, Patches, Plan, ReadAt};

use super::table::{safe, table};
use super::{Outcome, ShellError, print};

/// Bytes that are copied at a time.
const CHUNK: usize = 1 << 20;

/// A file on disk whose size stands.
#[derive(Debug)]
struct Source {
    file: File,
    size: u64,
}

impl ReadAt for Source {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

/// What `inspect` tells of one file.
#[derive(Serialize)]
struct Report {
    file: String,
    kind: &'static str,
    size: u64,
    plan: &'static str,
    reason: Option<String>,
    hidden: u64,
    patches: Vec<Range>,
}

/// One replacement.
#[derive(Serialize)]
struct Range {
    offset: u64,
    length: u64,
    with: &'static str,
    /// What stood there, as far as it is known; else all that it may be.
    classes: Vec<&'static str>,
}

/// Prints kind and redaction plan of each file.
///
/// # Errors
/// [`ShellError::File`] for the first file that cannot be read.
pub fn inspect(
    files: &[PathBuf],
    hide: Classes,
    json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, ShellError> {
    let reports = files.iter().map(|path| examine(path, hide)).collect::<Result<Vec<_>, _>>()?;
    if json {
        print::json(out, &reports)?;
    } else {
        for report in &reports {
            print_report(out, report)?;
        }
    }
    let opaque = reports.iter().any(|report| report.reason.is_some());
    Ok(if opaque { Outcome::Refused } else { Outcome::Done })
}

/// Writes to `out` the bytes of `file` that a reader who may not see private parts would read.
///
/// `out` appears whole or not at all, with the mode of `file`.
///
/// # Errors
/// [`ShellError::Exists`], [`ShellError::Opaque`], [`ShellError::File`]
pub fn redact(file: &Path, out: &Path, hide: Classes) -> Result<Outcome, ShellError> {
    let source = open(file)?;
    let patches = match plan_of(&source, file, hide)? {
        Plan::Clean => Patches::default(),
        Plan::Ranges(patches) => patches,
        Plan::Opaque(reason) => {
            return Err(ShellError::Opaque { path: file.to_owned(), reason: reason.to_string() });
        }
    };
    if out.symlink_metadata().is_ok() {
        return Err(ShellError::Exists(out.to_owned()));
    }
    let draft = draft_of(out);
    let written = write_draft(&source, &patches, &draft).and_then(|()| publish(&draft, out));
    if written.is_err() {
        // What failed is reported already; a draft that cannot be removed adds nothing to it.
        let _ = std::fs::remove_file(&draft);
    }
    written.map(|()| Outcome::Done)
}

fn open(path: &Path) -> Result<Source, ShellError> {
    let failed = |cause| failure("read", path, cause);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("not a regular file")));
    }
    Ok(Source { file, size: metadata.len() })
}

fn plan_of(source: &Source, path: &Path, hide: Classes) -> Result<Plan, ShellError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    redact::plan_hiding(source, extension, &Budget::STANDARD, hide)
        .map_err(|cause| failure("read", path, cause))
}

/// The kind on which name and content agree, by its name.
fn kind_of(source: &Source, path: &Path) -> Result<&'static str, ShellError> {
    let content = Recognised::of(source).map_err(|cause| failure("read", path, cause))?.content;
    let by_name = Kind::of_extension(path.file_name().unwrap_or_default().as_bytes());
    Ok(kind_name(Kind::agree(by_name, content)))
}

fn examine(path: &Path, hide: Classes) -> Result<Report, ShellError> {
    let source = open(path)?;
    let plan = plan_of(&source, path, hide)?;
    let (name, reason, patches) = match &plan {
        Plan::Clean => ("clean", None, Vec::new()),
        Plan::Ranges(patches) => ("ranges", None, patches.iter().map(range).collect()),
        Plan::Opaque(reason) => ("opaque", Some(reason.to_string()), Vec::new()),
    };
    Ok(Report {
        file: path.to_string_lossy().into_owned(),
        kind: kind_of(&source, path)?,
        size: source.size,
        plan: name,
        reason,
        hidden: patches.iter().fold(0, |sum: u64, range: &Range| sum.saturating_add(range.length)),
        patches,
    })
}

fn range(patch: &Patch) -> Range {
    let with = match patch.fill {
        Fill::Zeros(_) => "zeros",
        Fill::Spaces(_) => "spaces",
        Fill::Bytes(_) => "bytes",
    };
    let classes = patch.classes.names().collect();
    Range { offset: patch.offset, length: patch.fill.length(), with, classes }
}

fn print_report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let Report { file, kind, size, plan, reason, hidden, patches } = report;
    let found = match reason {
        Some(reason) => format!("opaque: {reason}"),
        None if patches.is_empty() => (*plan).to_owned(),
        None => format!("{hidden} bytes to hide, ranges: {}", patches.len()),
    };
    writeln!(out, "{}: {kind}, {size} bytes, {found}", safe(file))?;
    if patches.is_empty() {
        return Ok(());
    }
    let rows = patches.iter().map(|range| {
        let all = range.classes.len() == Classes::ALL.names().count();
        let told = if all { "any".to_owned() } else { range.classes.join(",") };
        [format!("  {}", range.offset), range.length.to_string(), range.with.to_owned(), told]
    });
    table(out, ["  OFFSET", "LENGTH", "WITH", "TELLS"], rows)
}

/// A name beside `out` that no other process uses.
fn draft_of(out: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(format!(".{}.draft", std::process::id()));
    out.with_file_name(name)
}

fn write_draft(source: &Source, patches: &Patches, draft: &Path) -> Result<(), ShellError> {
    let failed = |cause| failure("write", draft, cause);
    let file = OpenOptions::new().write(true).create_new(true).open(draft).map_err(failed)?;
    let mode = source.file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    copy(source, patches, &mut &file).map_err(failed)?;
    file.sync_all().map_err(failed)
}

fn copy(source: &Source, patches: &Patches, out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0u64;
    loop {
        let count = source.read_at(offset, &mut buffer)?;
        let Some(read) = buffer.get_mut(..count).filter(|read| !read.is_empty()) else { break };
        patches.apply(offset, read);
        out.write_all(read)?;
        offset = offset.saturating_add(count as u64);
    }
    if offset == source.size {
        return Ok(());
    }
    Err(io::Error::other("the file changed while it was read"))
}

/// Gives the draft its name, unless something has that name meanwhile.
fn publish(draft: &Path, out: &Path) -> Result<(), ShellError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, draft, CWD, out, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) => Err(ShellError::Exists(out.to_owned())),
        Err(errno) => Err(failure("write", out, errno.into())),
    }
}

fn failure(operation: &'static str, path: &Path, cause: io::Error) -> ShellError {
    ShellError::File { operation, path: path.to_owned(), cause }
}
