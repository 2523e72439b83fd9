//! No name leads out of its directory.

#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;

use super::*;

#[test]
fn a_link_is_seen_as_itself_and_leads_nowhere() {
    let (directory, root) = lower();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), b"secret").unwrap();
    symlink(outside.path(), directory.path().join("out")).unwrap();
    symlink(outside.path().join("secret"), directory.path().join("file")).unwrap();
    symlink("/proc/self/root", directory.path().join("magic")).unwrap();
    for link in ["out", "file", "magic"] {
        let found = root.child(&name(link)).unwrap();
        assert_eq!(found.stat().unwrap().kind, FileKind::Special, "{link}");
        assert_eq!(raw(&found.child(&name("secret")).unwrap_err()), libc::ENOTDIR, "{link}");
        assert!(found.list().is_err(), "{link}");
        assert!(found.inspect().is_err(), "{link}");
        assert!(found.reopen(OpenHow { read: true, ..OpenHow::default() }, permit()).is_err(), "{link}");
    }
}

#[test]
fn a_new_file_is_not_made_through_a_link() {
    let (directory, root) = lower();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path().join("made"), directory.path().join("link")).unwrap();
    let how = OpenHow { write: true, ..OpenHow::default() };
    assert_eq!(raw(&root.create(&name("link"), how, permit()).unwrap_err()), libc::EEXIST);
    assert!(!outside.path().join("made").exists());
}

#[test]
fn the_root_may_be_reached_through_a_link() {
    let (directory, _) = lower();
    fs::create_dir(directory.path().join("real")).unwrap();
    fs::write(directory.path().join("real/a"), b"a").unwrap();
    symlink("real", directory.path().join("link")).unwrap();
    let root = PathFd::root(&directory.path().join("link")).unwrap();
    assert!(root.child(&name("a")).is_ok());
    assert_eq!(raw(&PathFd::root(&directory.path().join("real/a")).unwrap_err()), libc::ENOTDIR);
}

/// Unmounts and removes what was mounted, also when the test fails.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn another_mount_below_is_refused() {
    let (directory, root) = lower();
    let below = directory.path().join("below");
    fs::create_dir(&below).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&below).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may not mount");
        return;
    }
    let _mounted = Mounted(&below);
    assert_eq!(raw(&root.child(&name("below")).unwrap_err()), libc::EXDEV);
}

/// While a directory and a link out are exchanged for each other all the time, a look through the name finds the
/// directory or the link itself, never what the link points to.
#[test]
fn a_race_with_renames_never_escapes() {
    let (directory, root) = lower();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("which"), b"outside").unwrap();
    fs::create_dir(directory.path().join("a")).unwrap();
    fs::write(directory.path().join("a/which"), b"inside").unwrap();
    symlink(outside.path(), directory.path().join("b")).unwrap();
    let stop = AtomicBool::new(false);
    let (exchanges, found) = thread::scope(|scope| {
        let exchanging = scope.spawn(|| {
            let mut exchanges = 0u32;
            while !stop.load(Ordering::Relaxed) {
                let flags = rustix::fs::RenameFlags::EXCHANGE;
                root.rename(&name("a"), &root, &name("b"), flags, permit()).unwrap();
                exchanges += 1;
            }
            exchanges
        });
        let stopping = Stopping(&stop);
        let mut found = 0u32;
        for _ in 0..4000 {
            let Ok(middle) = root.child(&name("a")) else { continue };
            let Ok(file) = middle.child(&name("which")) else { continue };
            let mut content = [0; 16];
            let count = file.inspect().unwrap().read_at(0, &mut content).unwrap();
            assert_eq!(&content[..count], b"inside");
            found += 1;
        }
        drop(stopping);
        (exchanging.join().unwrap(), found)
    });
    assert!(exchanges > 0 && found > 0, "{exchanges} exchanges, found {found} times");
}
