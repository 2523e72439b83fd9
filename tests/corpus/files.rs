//! Which files there are.

use std::fs;
use std::path::{Path, PathBuf};

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// It tells nothing.
    Control,
    /// It tells a place, or was made to look as if.
    Telling,
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its path below the corpus.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) sort: Sort,
}

impl File {
    /// The directory that it lies in, which is named by its format or by what was done to it.
    pub(crate) fn group(&self) -> &str {
        self.name.rsplit('/').nth(1).unwrap_or_default()
    }
}

/// The files of cameras and programs, and those that were made with one location each, by name.
pub(crate) fn below(corpus: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for part in ["open", "synth"] {
        collect(&corpus.join(part), part, &mut files);
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

fn collect(directory: &Path, name: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &name, files);
        } else {
            let sort = if name.contains("/control/") { Sort::Control } else { Sort::Telling };
            files.push(File { name, path: entry.path(), sort });
        }
    }
}
