//! Lists of applications from files: our TOML, and Android's `packages.list`.
//!
//! All or nothing: an error names the file's line and the key.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use toml::Spanned;

use crate::id::Uid;

use super::{AdminError, AppOpRecord, AppRequest, names};

/// How a list is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportFormat {
    /// `[[app]]` tables with `name`, `uid` and, optionally, `target_sdk`, `permissions`, `role` and `app_ops`.
    Toml,
    /// One package a line, as Android's package manager writes `/data/system/packages.list`. It tells neither
    /// permissions nor roles, so that those which are registered stay.
    PackagesList,
}

impl ImportFormat {
    /// The format of a file by its name: `*.list` is Android's, everything else is TOML.
    pub fn of_name(name: &str) -> ImportFormat {
        if name.ends_with(".list") { ImportFormat::PackagesList } else { ImportFormat::Toml }
    }
}

/// What is wrong with a list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {key}: {problem}")]
pub struct ImportError {
    /// The line, from 1.
    pub line: usize,
    /// The key or column; `syntax` where the line cannot be taken apart.
    pub key: &'static str,
    /// What is wrong with it and what it has to be.
    pub problem: String,
}

/// Why a file gave no applications.
#[derive(Debug, thiserror::Error)]
pub enum ImportFileError {
    /// It cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is wrong.
    #[error("{}: {cause}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where and why.
        cause: ImportError,
    },
}

/// The applications of a file; its name tells the format.
///
/// # Errors
/// [`ImportFileError`]
pub fn read_applications(path: &Path) -> Result<Vec<AppRequest>, ImportFileError> {
    let text =
        fs::read_to_string(path).map_err(|cause| ImportFileError::Read { path: path.to_owned(), cause })?;
    let format = ImportFormat::of_name(&path.to_string_lossy());
    parse_applications(&text, format)
        .map_err(|cause| ImportFileError::Content { path: path.to_owned(), cause })
}

/// The applications of a list.
///
/// # Errors
/// [`ImportError`] for the first thing that is wrong.
pub fn parse_applications(text: &str, format: ImportFormat) -> Result<Vec<AppRequest>, ImportError> {
    match format {
        ImportFormat::Toml => toml_list(text),
        ImportFormat::PackagesList => packages_list(text),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    app: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    uid: Spanned<u32>,
    target_sdk: Option<u32>,
    permissions: Option<Vec<Spanned<String>>>,
    role: Option<Spanned<String>>,
    app_ops: Option<BTreeMap<Spanned<String>, Spanned<String>>>,
}

fn toml_list(text: &str) -> Result<Vec<AppRequest>, ImportError> {
    let list: List = toml::from_str(text).map_err(|error| ImportError {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        key: "syntax",
        problem: error.message().to_owned(),
    })?;
    let mut seen = HashSet::new();
    list.app
        .iter()
        .map(|entry| {
            once(&mut seen, entry.name.as_ref(), line_of(text, entry.name.span().start))?;
            toml_entry(text, entry)
        })
        .collect()
}

fn toml_entry(text: &str, entry: &Entry) -> Result<AppRequest, ImportError> {
    let wrong = |key: &'static str, at: usize, error: AdminError| ImportError {
        line: line_of(text, at),
        key,
        problem: error.to_string(),
    };
    let at = entry.name.span().start;
    names::package(entry.name.as_ref()).map_err(|error| wrong("name", at, error))?;
    for permission in entry.permissions.iter().flatten() {
        let at = permission.span().start;
        names::permission(permission.as_ref()).map_err(|error| wrong("permissions", at, error))?;
    }
    let mut app_ops = Vec::new();
    for (op, mode) in entry.app_ops.iter().flatten() {
        let (op_at, mode_at) = (op.span().start, mode.span().start);
        names::permission(op.as_ref()).map_err(|error| wrong("app_ops", op_at, error))?;
        names::app_op_mode(mode.as_ref()).map_err(|error| wrong("app_ops", mode_at, error))?;
        app_ops.push(AppOpRecord { op: op.as_ref().clone(), mode: mode.as_ref().clone() });
    }
    let of_role = match &entry.role {
        Some(role) => {
            let at = role.span().start;
            names::permission_names(names::role(role.as_ref()).map_err(|error| wrong("role", at, error))?)
        }
        None => Vec::new(),
    };
    let given = entry.permissions.as_ref().map(|all| all.iter().map(|name| name.as_ref().clone()).collect());
    let permissions = match (given, entry.role.is_some()) {
        (None, false) => None,
        (given, _) => Some([given.unwrap_or_default(), of_role].concat()),
    };
    Ok(AppRequest {
        name: entry.name.as_ref().clone(),
        uid: Uid::new(*entry.uid.as_ref()),
        target_sdk: entry.target_sdk,
        permissions,
        app_ops: entry.app_ops.is_some().then_some(app_ops),
    })
}

/// Refuses a name that the list has had already.
fn once<'a>(seen: &mut HashSet<&'a str>, name: &'a str, line: usize) -> Result<(), ImportError> {
    if seen.insert(name) {
        return Ok(());
    }
    Err(ImportError { line, key: "name", problem: format!("{name} is listed twice: keep one of them") })
}

/// The line, from 1, of a byte of the text.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// `name uid debuggable data-directory seinfo gids …`; the target SDK stands in the seinfo as
/// `…:targetSdkVersion=N` (frameworks/base, Settings.writePackageListLPr).
fn packages_list(text: &str) -> Result<Vec<AppRequest>, ImportError> {
    let mut seen = HashSet::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, text)| {
            let line = index.saturating_add(1);
            once(&mut seen, text.split_ascii_whitespace().next().unwrap_or_default(), line)?;
            packages_line(line, text)
        })
        .collect()
}

fn packages_line(line: usize, text: &str) -> Result<AppRequest, ImportError> {
    let wrong = |key: &'static str, problem: String| ImportError { line, key, problem };
    let mut columns = text.split_ascii_whitespace();
    let (Some(name), Some(uid)) = (columns.next(), columns.next()) else {
        return Err(wrong("syntax", "a line begins with a package name and a uid".to_owned()));
    };
    names::package(name).map_err(|error| wrong("name", error.to_string()))?;
    let uid = uid.parse().map_err(|_| wrong("uid", format!("{uid:?} is not a number")))?;
    let target_sdk = match columns.nth(2).and_then(|seinfo| seinfo.split_once("targetSdkVersion=")) {
        Some((_, after)) => {
            let digits = after.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
            Some(digits.parse().map_err(|_| wrong("seinfo", format!("{after:?} is no target SDK")))?)
        }
        None => None,
    };
    Ok(AppRequest { name: name.to_owned(), uid: Uid::new(uid), target_sdk, permissions: None, app_ops: None })
}
