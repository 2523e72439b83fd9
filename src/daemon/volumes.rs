//! The volumes of one daemon: the shared one and, inside it, the private trees.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::undo::Undo;
use super::{Stop, privileges};
use crate::config::ServeOptions;
use crate::diag::{Counters, DecisionRing};
use crate::fs::{Settings, Volume, VolumeKind};
use crate::fuse::{self, MountOptions, Session};
use crate::id::{Uid, UserId};
use crate::lower::{FileName, PathFd};
use crate::policy::PrivateTree;
use crate::store::Store;

/// Owner and group that shared entries show to everyone: Android's `media_rw`.
const SHOWN: u32 = 1023;
/// How long a file rests after a write before the kernel may be given it for readers who need the filter.
pub(crate) const REST: Duration = Duration::from_secs(1);
/// The trees whose package directories are private, with where they lie in the volume.
const PRIVATE: [(PrivateTree, &str); 2] =
    [(PrivateTree::Data, "Android/data"), (PrivateTree::Obb, "Android/obb")];
/// How often a stop looks whether the last file was closed.
const POLL: Duration = Duration::from_millis(5);
/// Made at the start, as a device has them.
const MADE: [&str; 4] = ["Android", "Android/data", "Android/obb", "Android/media"];

/// One volume and where it is mounted.
#[derive(Clone, Debug)]
pub(super) struct Mounted {
    pub(super) volume: Arc<Volume>,
    /// Where it lies in the shared volume; empty for that one itself.
    pub(super) inside: &'static str,
    pub(super) mount: PathBuf,
}

/// All of them, the shared one first.
#[derive(Clone, Debug)]
pub(super) struct Volumes(Vec<Mounted>);

impl Volumes {
    /// Opens what is below; nothing is mounted yet.
    pub(super) fn open(
        options: &ServeOptions,
        own: Uid,
        store: &Arc<Store>,
        counters: &Arc<Counters>,
        decisions: &Arc<DecisionRing>,
        undo: &mut Undo,
    ) -> Result<Volumes> {
        let lower = std::fs::canonicalize(&options.lower)?;
        let open = |kind, inside: &'static str| -> Result<Mounted> {
            let lower = within(&lower, inside);
            let settings = settings(options, own, kind);
            let volume = Volume::new(&lower, settings, store.clone(), counters.clone(), decisions.clone())
                .with_context(|| format!("cannot open the lower directory {}", lower.display()))?;
            Ok(Mounted { volume: Arc::new(volume), inside, mount: within(&options.mount, inside) })
        };
        let mut volumes = vec![open(VolumeKind::Shared, "")?];
        if own == Uid::ROOT {
            make_directories(&lower, undo)?;
            for (tree, inside) in PRIVATE {
                volumes.push(open(VolumeKind::Private(tree), inside)?);
            }
        }
        Ok(Volumes(volumes))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Mounted> {
        self.0.iter()
    }

    /// The volume in which a path lies, and the rest of it: absolute below the mount point, or from the shared root.
    pub(super) fn locate<'p>(&self, path: &'p str) -> Option<(&Mounted, &'p str)> {
        let shared = self.0.first()?;
        let inside = match Path::new(path).strip_prefix(&shared.mount) {
            Ok(rest) => rest.to_str()?,
            Err(_) if path.starts_with('/') => return None,
            Err(_) => path,
        };
        let inside = inside.trim_start_matches('/');
        let private = self.0.iter().skip(1).find_map(|mounted| {
            let rest = inside.strip_prefix(mounted.inside)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((mounted, rest))
        });
        Some(private.unwrap_or((shared, inside)))
    }
}

/// `inside` below `directory`; joining nothing would add a slash to the name that people read.
fn within(directory: &Path, inside: &str) -> PathBuf {
    if inside.is_empty() { directory.to_owned() } else { directory.join(inside) }
}

fn settings(options: &ServeOptions, own: Uid, kind: VolumeKind) -> Settings {
    let shown = if own == Uid::ROOT { SHOWN } else { own.raw() };
    Settings {
        kind,
        own,
        user: UserId::new(0),
        visibility: options.visibility,
        shown_uid: shown,
        shown_gid: shown,
        passthrough: options.passthrough,
        rest: REST,
        handles_per_uid: privileges::handles_per_uid(),
        descriptors: privileges::descriptors(),
    }
}

fn make_directories(lower: &Path, undo: &mut Undo) -> Result<()> {
    for path in MADE {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        undo.about_to_make(&lower.join(path));
        let parent = PathFd::root(&lower.join(parent))?;
        match parent.make_own_directory(&FileName::parse(OsStr::new(name))?) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let made = lower.join(path);
                return Err(error).with_context(|| format!("cannot make the directory {}", made.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The mounts, being served; dropped, they are taken out of the name space.
#[derive(Debug)]
pub(super) struct Sessions {
    served: Vec<(PathBuf, JoinHandle<()>)>,
}

/// Mounts every volume, the private ones inside the shared one.
pub(super) fn mount(volumes: &Volumes, options: &ServeOptions, stop: &Sender<Stop>) -> Result<Sessions> {
    let mut sessions = Sessions { served: Vec::new() };
    for mounted in volumes.iter() {
        let private = mounted.volume.settings().kind != VolumeKind::Shared;
        let root = mounted.volume.settings().own == Uid::ROOT;
        let how = MountOptions {
            threads: usize::try_from(options.threads.get())?,
            others: root,
            check_modes: private,
        };
        let session = Session::start(mounted.volume.clone(), &mounted.mount, how)?;
        tell(&session, root);
        sessions.serve(session, stop.clone())?;
    }
    Ok(sessions)
}

/// Says what this mount cannot do.
fn tell(session: &Session, root: bool) {
    let mount = session.mount().display();
    if let Err(reason) = session.volume().passthrough() {
        log::warn!("{mount}: no passthrough, the daemon serves every read and write: {reason}");
    }
    if !root {
        log::warn!(
            "{mount}: mounted as an ordinary user: only this user may walk in, and it sees everything"
        );
    }
}

impl Sessions {
    fn serve(&mut self, session: Session, stop: Sender<Stop>) -> Result<()> {
        let mount = session.mount().to_owned();
        let shared = session.volume().settings().kind == VolumeKind::Shared;
        let name = mount.clone();
        let waiting = std::thread::Builder::new().name("unmounted".to_owned()).spawn(move || {
            if let Err(error) = session.join() {
                log::error!("serving {} ended: {error}", name.display());
            }
            if shared {
                // Nobody listens any more once the daemon stops.
                let _sent = stop.send(Stop::Unmounted);
            } else {
                log::warn!("{} is no longer mounted: what is private there is out of reach", name.display());
            }
        })?;
        self.served.push((mount, waiting));
        Ok(())
    }

    /// Takes the mounts out of the name space and waits until what is open is closed: `patience` at most, and not
    /// when another signal comes.
    pub(super) fn stop(mut self, patience: Duration, stops: &Receiver<Stop>) {
        self.detach();
        let end = Instant::now() + patience;
        let open = || self.served.iter().filter(|(_, waiting)| !waiting.is_finished());
        while open().next().is_some() && Instant::now() < end {
            if stops.recv_timeout(POLL) == Ok(Stop::Signal) {
                break;
            }
        }
        for (mount, _) in open() {
            log::warn!("files of {} are still open: they answer ENOTCONN from now on", mount.display());
        }
        self.served.clear();
    }

    fn detach(&self) {
        for (mount, waiting) in self.served.iter().rev() {
            if !waiting.is_finished()
                && let Err(error) = fuse::detach(mount)
            {
                log::warn!("cannot unmount {}: {error}", mount.display());
            }
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.detach();
    }
}
