//! The volumes of one daemon: the shared one and, inside it, the private trees of its user or users.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::RwLock;

use super::limits;
use super::undo::Undo;
use crate::config::ServeOptions;
use crate::diag::{Counters, DecisionRing};
use crate::fs::{Feed, Settings, Volume, VolumeKind};
use crate::id::{Uid, UserId};
use crate::lower::{FileKind, FileName, Identity, ListedName, PathFd};
use crate::policy::{Place, PrivateTree};
use crate::store::Store;

/// Owner and group that shared entries show to everyone: Android's `media_rw`.
const SHOWN: u32 = 1023;
/// How long a file rests after a write before the kernel may be given it for readers who need the filter.
pub(crate) const REST: Duration = Duration::from_secs(1);
/// The trees whose package directories are private, with where they lie in the volume.
const PRIVATE: [(PrivateTree, &str); 2] =
    [(PrivateTree::Data, "Android/data"), (PrivateTree::Obb, "Android/obb")];
/// The user whose volume it is where there is one only: the owner of the device.
const OWNER: UserId = UserId::new(0);
/// Made at the start, as a device has them.
const MADE: [&str; 4] = ["Android", "Android/data", "Android/obb", "Android/media"];

/// One volume and where it is mounted.
#[derive(Clone, Debug)]
pub(super) struct Mounted {
    pub(super) volume: Arc<Volume>,
    /// Where it lies in the shared volume; empty for that one itself.
    pub(super) inside: String,
    pub(super) mount: PathBuf,
}

/// What every volume of a daemon is opened with.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) options: ServeOptions,
    pub(super) own: Uid,
    /// Whether it may mount by itself, and so serves everybody; an ordinary user's daemon serves that user.
    pub(super) privileged: bool,
    pub(super) store: Arc<Store>,
    pub(super) counters: Arc<Counters>,
    pub(super) decisions: Arc<DecisionRing>,
    /// Where what happens in them is told.
    pub(super) feed: Arc<Feed>,
    /// How many there are for this process.
    pub(super) processors: usize,
}

/// All of them, the shared one first.
#[derive(Debug)]
pub(super) struct Volumes {
    common: Common,
    /// The lower directory, without symbolic links.
    lower: PathBuf,
    open: RwLock<Vec<Mounted>>,
}

impl Volumes {
    /// Opens what is below; nothing is mounted yet.
    pub(super) fn open(common: Common, undo: &mut Undo) -> Result<Volumes> {
        let lower = std::fs::canonicalize(&common.options.lower)?;
        let (privileged, users) = (common.privileged, common.options.users);
        let volumes = Volumes { common, lower, open: RwLock::default() };
        let kind = if users { VolumeKind::Users } else { VolumeKind::Shared };
        volumes.add(vec![volumes.one(kind, OWNER, "")?]);
        if volumes.common.options.fuse_fd.is_some() {
            // Whoever mounted this one mounts what lies in it.
        } else if privileged && users {
            for user in volumes.users()? {
                volumes.add(volumes.private_of(user.number, &user.number.to_string(), undo)?);
            }
        } else if privileged {
            volumes.add(volumes.private_of(OWNER, "", undo)?);
        }
        Ok(volumes)
    }

    fn one(&self, kind: VolumeKind, user: UserId, inside: &str) -> Result<Mounted> {
        let Common { options, own, privileged, store, counters, decisions, feed, .. } = &self.common;
        let lower = within(&self.lower, inside);
        let shown = if *privileged { SHOWN } else { own.raw() };
        let settings = settings(options, (*own, shown), kind, user);
        let volume = Volume::new(&lower, settings, store.clone(), counters.clone(), decisions.clone())
            .with_context(|| format!("cannot open the lower directory {}", lower.display()))?;
        Ok(Mounted {
            volume: Arc::new(volume.told_in(feed.clone())),
            inside: inside.to_owned(),
            mount: within(&options.mount, inside),
        })
    }

    /// The private trees of a user whose tree is at `tree` in the shared volume; what a device has there is made.
    pub(super) fn private_of(&self, user: UserId, tree: &str, undo: &mut Undo) -> Result<Vec<Mounted>> {
        let below = within(&self.lower, tree);
        make_directories(&below, undo)?;
        let open = |(kind, inside): &(PrivateTree, &str)| {
            let inside = format!("{tree}/{inside}");
            self.one(VolumeKind::Private(*kind), user, inside.trim_start_matches('/'))
        };
        PRIVATE.iter().filter(|(_, inside)| below.join(inside).is_dir()).map(open).collect()
    }

    pub(super) fn add(&self, opened: Vec<Mounted>) {
        self.open.write().extend(opened);
    }

    /// Forgets the private trees of a user; they are returned.
    pub(super) fn remove(&self, user: UserId) -> Vec<Mounted> {
        let of_user = |mounted: &mut Mounted| {
            matches!(mounted.volume.settings().kind, VolumeKind::Private(_))
                && mounted.volume.settings().user == user
        };
        self.open.write().extract_if(.., of_user).collect()
    }

    /// The users who have a tree on the lower file system now.
    pub(super) fn users(&self) -> Result<Vec<User>> {
        let root = PathFd::root(&self.lower)?;
        let mut names = Vec::new();
        root.list()?.read_from(0, |listed| {
            if let ListedName::Entry(name) = listed.name {
                names.push(name);
            }
            true
        })?;
        let user = |name: &FileName| {
            let number = Place::user_of(name.as_str(), name.as_str())?;
            let stat = root.child(name).ok()?.stat().ok()?;
            (stat.kind == FileKind::Directory).then_some(User { number, tree: stat.identity })
        };
        Ok(names.iter().filter_map(user).collect())
    }

    /// What they are opened with.
    pub(super) fn common(&self) -> &Common {
        &self.common
    }

    /// The lower directory.
    pub(super) fn lower(&self) -> &Path {
        &self.lower
    }

    pub(super) fn all(&self) -> Vec<Mounted> {
        self.open.read().clone()
    }

    /// The volume in which a path lies, and the rest of it: absolute below the mount point, or from the shared root.
    pub(super) fn locate<'p>(&self, path: &'p str) -> Option<(Mounted, &'p str)> {
        let all = self.open.read();
        let shared = all.first()?;
        let inside = match Path::new(path).strip_prefix(&shared.mount) {
            Ok(rest) => rest.to_str()?,
            Err(_) if path.starts_with('/') => return None,
            Err(_) => path,
        };
        let inside = inside.trim_start_matches('/');
        let private = all.iter().skip(1).find_map(|mounted| {
            let rest = inside.strip_prefix(mounted.inside.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((mounted, rest))
        });
        let (mounted, rest) = private.unwrap_or((shared, inside));
        Some((mounted.clone(), rest))
    }
}

/// A user who has a tree on a volume of several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct User {
    pub(super) number: UserId,
    /// Tells the tree from a later one of the same number.
    pub(super) tree: Identity,
}

/// `inside` below `directory`; joining nothing would add a slash to the name that people read.
fn within(directory: &Path, inside: &str) -> PathBuf {
    if inside.is_empty() { directory.to_owned() } else { directory.join(inside) }
}

fn settings(options: &ServeOptions, (own, shown): (Uid, u32), kind: VolumeKind, user: UserId) -> Settings {
    Settings {
        kind,
        own,
        user,
        visibility: options.visibility,
        hide: options.hide,
        shown_uid: shown,
        shown_gid: shown,
        passthrough: options.passthrough,
        rest: REST,
        handles_per_uid: limits::handles_per_uid(),
        descriptors: limits::descriptors(),
        watches: options.watches,
    }
}

fn make_directories(lower: &Path, undo: &mut Undo) -> Result<()> {
    for path in MADE {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        undo.about_to_make(&lower.join(path));
        let parent = PathFd::root(&lower.join(parent))?;
        match parent.make_own_directory(&FileName::parse(OsStr::new(name))?) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // A medium that cannot be written is served with what it has.
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => return Ok(()),
            Err(error) => {
                let made = lower.join(path);
                return Err(error).with_context(|| format!("cannot make the directory {}", made.display()));
            }
        }
    }
    Ok(())
}
