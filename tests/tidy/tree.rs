//! The files of the repository, as the rules see them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::lexer::{Blanked, blank};

/// One text file of the repository.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root of the repository, with `/` between the parts.
    pub(crate) path: String,
    /// As it stands on disk.
    pub(crate) text: String,
    /// Code and string literals apart from each other; both empty where the file is not Rust.
    pub(crate) rust: Blanked,
}

impl SourceFile {
    /// Takes a file apart.
    pub(crate) fn new(path: &str, text: &str) -> SourceFile {
        let rust = if path.ends_with(".rs") { blank(text) } else { Blanked::default() };
        SourceFile { path: path.to_owned(), text: text.to_owned(), rust }
    }

    /// Whether it is Rust code of the library or of the program.
    pub(crate) fn is_source(&self) -> bool {
        self.is_rust() && self.path.starts_with("src/")
    }

    /// Whether it is Rust code at all.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The module path inside the crate: `src/fs/open.rs` and `src/fs/open/mod.rs` are `["fs", "open"]`.
    /// The crate root and files outside `src/` have none.
    pub(crate) fn module(&self) -> Vec<&str> {
        let Some(inner) = self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            return Vec::new();
        };
        let mut parts: Vec<&str> = inner.split('/').collect();
        if parts.last().is_some_and(|last| matches!(*last, "mod" | "lib")) {
            parts.pop();
        }
        parts
    }
}

/// Every text file of the repository that a rule looks at.
pub(crate) fn repository_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(root, &mut paths);
    paths.sort();
    let files: Vec<SourceFile> = paths.iter().filter_map(|path| load(root, path)).collect();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the walk does not see the sources");
    files
}

fn load(root: &Path, path: &Path) -> Option<SourceFile> {
    let text = String::from_utf8(fs::read(path).ok()?).ok()?;
    let relative = path.strip_prefix(root).ok()?.to_str()?.to_owned();
    Some(SourceFile::new(&relative, &text))
}

/// Collects files, leaving out what building, fuzzing and git put beside the sources.
fn walk(directory: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let built = path.join("CACHEDIR.TAG").exists();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir()
            && !built
            && !matches!(name.to_str(), Some(".git" | "target" | "corpus" | "artifacts"))
        {
            walk(&path, paths);
        } else if kind.is_file() && name != "Cargo.lock" && name != ".git" {
            paths.push(path);
        }
    }
}
