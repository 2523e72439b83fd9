//! Whether the directories can be served, before anything is done; each refusal names the thing and the remedy.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::fuse::clear_dead_mount;

/// Clears what a dead daemon left and checks that the mount point is an empty directory outside the lower one.
pub(super) fn mount_point(mount: &Path, lower: &Path) -> Result<()> {
    let cleared = clear_dead_mount(mount).with_context(|| {
        format!("a dead mount at {} cannot be cleared: unmount it with `umount -l`", mount.display())
    })?;
    if cleared > 0 {
        log::warn!("cleared {cleared} dead mounts at {}", mount.display());
    }
    let resolve = |path: &Path| {
        fs::canonicalize(path).with_context(|| format!("cannot resolve the directory {}", path.display()))
    };
    let (mount, lower) = (resolve(mount)?, resolve(lower)?);
    apart(&mount, &lower)?;
    if is_mount_point(&mount)? {
        bail!(
            "the mount point {} is busy: something is mounted there already; unmount it or choose another directory",
            mount.display()
        );
    }
    let mut entries =
        fs::read_dir(&mount).with_context(|| format!("cannot read the mount point {}", mount.display()))?;
    if entries.next().is_some() {
        bail!(
            "the mount point {} is not empty: the mount would hide what is in it; use an empty directory",
            mount.display()
        );
    }
    Ok(())
}

/// Checks by their names that neither of the two lies in the other.
pub(super) fn apart(mount: &Path, lower: &Path) -> Result<()> {
    if mount.starts_with(lower) {
        bail!(
            "the mount point {} lies in the lower directory {}: choose one outside of it",
            mount.display(),
            lower.display()
        );
    }
    if lower.starts_with(mount) {
        bail!(
            "the lower directory {} lies below the mount point {}: the mount would hide it; choose another mount point",
            lower.display(),
            mount.display()
        );
    }
    Ok(())
}

/// A directory at which something is mounted is on another device than its parent, or is listed as a mount.
fn is_mount_point(mount: &Path) -> Result<bool> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read /proc/self/mountinfo")?;
    Ok(mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .any(|point| Path::new(&unescaped(point)) == mount))
}

/// mountinfo writes space, tab, newline and backslash as three octal digits (proc_pid_mountinfo(5)).
fn unescaped(point: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(point.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_a_mount_point_and_a_plain_directory_is_not() {
        let plain = tempfile::tempdir().unwrap();
        assert!(is_mount_point(Path::new("/")).unwrap());
        assert!(!is_mount_point(plain.path()).unwrap());
    }

    #[test]
    fn what_cannot_be_a_mount_point_is_refused_with_a_remedy() {
        let scratch = tempfile::tempdir().unwrap();
        let (lower, mount) = (scratch.path().join("lower"), scratch.path().join("mount"));
        fs::create_dir_all(lower.join("inner")).unwrap();
        fs::create_dir(&mount).unwrap();
        assert!(mount_point(&mount, &lower).is_ok());
        let refused = |mount: &Path| mount_point(mount, &lower).unwrap_err().to_string();
        assert!(refused(&lower.join("inner")).contains("choose one outside of it"));
        assert!(refused(scratch.path()).contains("choose another mount point"));
        assert!(refused(Path::new("/proc")).contains("is busy"));
        fs::write(mount.join("file"), "").unwrap();
        assert!(refused(&mount).contains("is not empty"));
    }

    #[test]
    fn escapes_of_mountinfo_are_undone() {
        assert_eq!(unescaped("/a\\040b\\134c"), "/a b\\c");
    }
}
