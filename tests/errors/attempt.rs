//! A start of the daemon that must fail.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::common::within;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mediagate");
/// Seconds after which a daemon that did start is ended.
const PATIENCE: &str = "20";

/// The directories of a volume, and the options that lead to them; the state directory is not there yet.
pub(crate) struct Attempt {
    scratch: TempDir,
    options: Vec<(&'static str, PathBuf)>,
}

impl Attempt {
    pub(crate) fn new() -> Attempt {
        let scratch = tempfile::Builder::new().prefix("attempt-").tempdir().expect("a scratch directory");
        let open = fs::Permissions::from_mode(0o755); // other users must be able to walk in
        fs::set_permissions(scratch.path(), open).expect("the scratch directory is ours");
        let path = |name| scratch.path().join(name);
        fs::create_dir(path("lower")).expect("a lower directory");
        fs::create_dir(path("mount")).expect("a mount point");
        let names =
            [("--lower", "lower"), ("--mount", "mount"), ("--state", "state"), ("--socket", "socket")];
        let options = names.map(|(option, name)| (option, path(name))).to_vec();
        Attempt { scratch, options }
    }

    /// A path in the scratch directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Sets an option, in place of the one of that name.
    pub(crate) fn with(mut self, option: &'static str, value: impl Into<PathBuf>) -> Attempt {
        self.options.retain(|(given, _)| *given != option);
        self.options.push((option, value.into()));
        self
    }

    /// Starts the daemon, which must end with this status, one line and nothing left behind; returns the line.
    pub(crate) fn fails(&self, status: i32) -> String {
        let line = self.fails_dirty(status);
        let lower = fs::read_dir(self.path("lower")).map(Iterator::count);
        assert!(
            lower.is_err() || lower.is_ok_and(|count| count <= 1),
            "{line}: the lower directory was changed"
        );
        assert!(!self.path("state").exists(), "{line}: a state directory is left");
        line
    }

    /// The same where there was state before.
    pub(crate) fn fails_dirty(&self, status: i32) -> String {
        let line = only_line(&self.command(PROGRAM).output().expect("timeout(1) starts"), status);
        assert!(!self.path("socket").exists(), "{line}: a socket is left");
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("the kernel lists the mounts");
        let scratch = self.scratch.path().to_str().expect("a plain name");
        assert!(!mounts.contains(scratch), "{line}: a mount is left");
        line
    }

    /// The same through `wrapper`, a shell script in a mount name space of its own that runs `"$@"`.
    pub(crate) fn fails_within(&self, wrapper: &str, status: i32) -> String {
        let program = self.path("mediagate");
        fs::copy(PROGRAM, &program).expect("a copy that every user may run");
        let inner = self.command(&program);
        let mut command = within(wrapper);
        command.env_remove("MEDIAGATE_LOG").stdin(Stdio::null());
        command.arg(inner.get_program()).args(inner.get_args());
        let line = only_line(&command.output().expect("unshare(1) starts"), status);
        assert!(!self.path("state").exists(), "{line}: a state directory is left");
        assert!(!self.path("socket").exists(), "{line}: a socket is left");
        line
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("timeout");
        command.args([PATIENCE.as_ref(), program.as_ref(), OsStr::new("serve")]);
        command.args(self.options.iter().flat_map(|(option, value)| [OsStr::new(option), value.as_os_str()]));
        command.env_remove("MEDIAGATE_LOG").stdin(Stdio::null());
        command
    }
}

/// The only line of a command that ended with `status`.
pub(crate) fn only_line(output: &Output, status: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(output.stdout.is_empty(), "the standard output is for answers");
    let line = text.strip_prefix("mediagate: ").unwrap_or_else(|| panic!("{text:?} does not say who speaks"));
    assert_eq!(line.find('\n'), Some(line.len() - 1), "{line:?} is not one line");
    line.trim_end().to_owned()
}

/// Fails unless the line has all parts.
pub(crate) fn assert_says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{line:?} does not say {part:?}");
    }
}

/// A path for an expectation.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
