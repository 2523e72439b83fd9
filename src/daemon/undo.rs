//! What a start has made, taken away again unless it succeeds.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};

/// What was not there before the start, outermost first. Dropped, it removes those that are there now; a directory
/// that something else was put into stays.
#[derive(Debug, Default)]
pub(super) struct Undo(Vec<PathBuf>);

impl Undo {
    /// Remembers a path that is about to be made, and what is missing above it.
    pub(super) fn about_to_make(&mut self, path: &Path) {
        let missing = path.ancestors().take_while(|path| fs::symlink_metadata(path).is_err());
        let missing: Vec<_> =
            missing.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned).collect();
        self.0.extend(missing.into_iter().rev());
    }

    /// The start succeeded: everything stays.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            let directory = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
            // It was not made at all, or it is in use: then it stays.
            let flags = if directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
            let _ = rustix::fs::unlinkat(CWD, path, flags);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_goes() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        fs::create_dir(path("old")).unwrap();
        let make = |undo: &mut Undo| {
            undo.about_to_make(&path("old/inner"));
            undo.about_to_make(&path("new/state"));
            fs::create_dir_all(path("new/state")).unwrap();
            undo.about_to_make(&path("new/state/file"));
            fs::write(path("new/state/file"), "").unwrap();
        };
        make(&mut Undo::default());
        assert!(path("old").is_dir() && !path("new").exists());
        let mut undo = Undo::default();
        make(&mut undo);
        undo.keep();
        assert!(path("new/state/file").exists());
    }
}
