//! A temporary volume that a real daemon serves, and its end: whatever happens, nothing of it stays.

#![forbid(unsafe_code)]

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, geteuid, kill_process};

use super::actor::PROGRAM;
use super::cast::applications_file;
use super::interrupt::Interrupt;
use crate::fuse;

/// How long the daemon may take to serve, and to end.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);
/// Where the daemon of root mounts inside the volume, the last one first.
const INNER: [&str; 2] = ["Android/obb", "Android/data"];

/// The volume. Dropped, it ends the daemon, unmounts and removes everything.
#[derive(Debug)]
pub(super) struct Stage {
    root: PathBuf,
    daemon: Option<Child>,
}

impl Stage {
    /// Makes the directories and starts the daemon, and returns when it serves.
    pub(super) fn set(interrupt: &Interrupt) -> Result<Stage> {
        let mut stage = Stage { root: temporary_directory()?, daemon: None };
        for (name, mode) in [("lower", 0o700), ("mount", 0o755), ("state", 0o700)] {
            DirBuilder::new().mode(mode).create(stage.root.join(name)).with_context(|| stage.unwritable())?;
        }
        fs::write(stage.root.join("apps.toml"), applications_file()).with_context(|| stage.unwritable())?;
        stage.serve()?;
        stage.await_service(interrupt)?;
        Ok(stage)
    }

    /// Where the volume is mounted.
    pub(super) fn mount(&self) -> PathBuf {
        self.root.join("mount")
    }

    /// Where the daemon listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.root.join("socket")
    }

    /// Puts everything away.
    pub(super) fn strike(mut self) -> Result<()> {
        self.clear()
    }

    fn unwritable(&self) -> String {
        format!("cannot write in {}: set TMPDIR to a directory that can be written", self.root.display())
    }

    fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    fn serve(&mut self) -> Result<()> {
        let log = File::create(self.log()).with_context(|| self.unwritable())?;
        let mut command = Command::new(PROGRAM);
        command.arg("serve");
        for (option, name) in
            [("--lower", "lower"), ("--mount", "mount"), ("--state", "state"), ("--apps", "apps.toml")]
        {
            command.arg(option).arg(self.root.join(name));
        }
        command.arg("--socket").arg(self.socket());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.daemon = Some(command.spawn().context("cannot start the daemon")?);
        Ok(())
    }

    fn await_service(&mut self, interrupt: &Interrupt) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.serves()? {
            interrupt.check()?;
            let ended = self.daemon.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() {
                bail!("the daemon did not start: {}", self.complaint());
            }
            if Instant::now() > deadline {
                bail!("the daemon does not serve after {PATIENCE:?}: {}", self.complaint());
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// The innermost mount is made last; an ordinary user's daemon makes only the outer one.
    fn serves(&self) -> io::Result<bool> {
        let outside = fs::metadata(&self.root)?.dev();
        let mount = self.mount();
        let shared = fs::metadata(&mount)?.dev();
        if shared == outside || !geteuid().is_root() {
            return Ok(shared != outside);
        }
        Ok(fs::metadata(mount.join("Android/obb")).is_ok_and(|inner| inner.dev() != shared))
    }

    /// The daemon's last line.
    fn complaint(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let last = log.lines().next_back().unwrap_or("it said nothing");
        last.strip_prefix("mediagate: ").unwrap_or(last).to_owned()
    }

    fn clear(&mut self) -> Result<()> {
        if let Some(daemon) = self.daemon.take() {
            end(daemon)?;
        }
        let mount = self.mount();
        for inner in INNER.iter().map(|inner| mount.join(inner)).chain([mount.clone()]) {
            // The daemon has unmounted it already unless it was killed.
            let _ = fuse::detach(&inner);
        }
        match fs::remove_dir_all(&self.root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.root.display()))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = self.clear() {
            // Nobody is left to tell if that fails, too.
            let _ = writeln!(io::stderr().lock(), "mediagate: {error:#}");
        }
    }
}

/// Asks the daemon to end, and ends it if it does not.
fn end(mut daemon: Child) -> io::Result<()> {
    // It has ended by itself if this fails.
    let _ = kill_process(Pid::from_child(&daemon), Signal::TERM);
    let deadline = Instant::now() + PATIENCE;
    while daemon.try_wait()?.is_none() {
        if Instant::now() > deadline {
            daemon.kill()?;
            daemon.wait()?;
            break;
        }
        sleep(POLL);
    }
    Ok(())
}

/// A directory of our own to which every user can walk.
fn temporary_directory() -> Result<PathBuf> {
    let parent = std::env::temp_dir();
    let parent =
        fs::canonicalize(&parent).with_context(|| format!("cannot use {}: set TMPDIR", parent.display()))?;
    if geteuid().is_root() && !parent.ancestors().all(walkable) {
        bail!("other users cannot walk to {}: set TMPDIR to a directory such as /tmp", parent.display());
    }
    let root = parent.join(format!("mediagate-demo-{}", std::process::id()));
    DirBuilder::new()
        .mode(0o700)
        .create(&root)
        .and_then(|()| fs::set_permissions(&root, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot make {}: set TMPDIR to another directory", root.display()))?;
    Ok(root)
}

fn walkable(directory: &Path) -> bool {
    fs::metadata(directory).is_ok_and(|found| found.mode() & 0o001 != 0)
}
