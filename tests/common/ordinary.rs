//! Being an ordinary user who can mount: in a mount name space of its own, by a shell.

use std::process::{Command, Stdio};

use super::{can_mount, skip};

/// In a script: a FUSE device that everybody may use, kept below the working directory.
pub(crate) const FUSE_FOR_EVERYBODY: &str = "mkdir \"$PWD/dev\"; mount -t tmpfs none \"$PWD/dev\"; \
     mknod -m 666 \"$PWD/dev/fuse\" c 10 229; mount --bind \"$PWD/dev/fuse\" /dev/fuse; ";
/// At the end of a script: its arguments as user 1000.
pub(crate) const AS_ORDINARY_USER: &str = "exec setpriv --reuid 1000 --regid 1000 --clear-groups \"$@\"";

/// Whether such scripts work here; records the reason where they do not.
pub(crate) fn can_be_ordinary() -> bool {
    if !can_mount() {
        return false;
    }
    let works = |program: &str, arguments: &[&str]| {
        let found =
            Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    if !works("fusermount3", &["--version"]) {
        skip("fusermount3, with which ordinary users mount, is not installed");
        return false;
    }
    if !works("unshare", &["--mount", "setpriv", "--reuid", "1000", "true"]) {
        skip("unshare(1) or setpriv(1) is missing, or a mount name space cannot be made");
        return false;
    }
    true
}

/// A program in a mount name space of its own, below a script that ends with its arguments.
pub(crate) fn within(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-e", "-c", script, "sh"]);
    command
}
