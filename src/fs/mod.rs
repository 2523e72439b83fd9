//! Mediation: request, facts, decision, enforcement. It knows nothing of FUSE's wire; it runs and is tested in-process.
//!
//! A [`Volume`] is one lower directory at one mount point. Each operation of the file system is one method, grouped
//! in files by family. The facts of a file are gathered in `facts`, what it contains in `content`, the decision is
//! asked for in `decide`; bytes of the redacted view are made in `filter`.
//!
//! INVARIANT: content is reached only with a [`Permit`](crate::policy::Permit).
//! INVARIANT: a page of the redacted view was filtered by a plan that was made for exactly its bytes.

#![forbid(unsafe_code)]

mod ahead;
mod attributes;
mod change;
mod content;
mod create;
mod decide;
mod directory;
mod error;
mod expiries;
mod expiry;
mod explain;
mod facts;
mod feed;
mod filter;
mod forced;
mod hurry;
mod io;
mod kernel;
mod listing;
mod lookup;
mod open;
mod outside;
mod recent;
mod rename;
mod repair;
mod spelling;
#[cfg(test)]
mod tests;
mod tree;
mod upkeep;
mod visibility;
mod xattr;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

pub use attributes::Attributes;
pub use change::AttributeChange;
pub use create::Created;
pub use directory::{ListedDirectory, PlusEntry};
pub use error::FsError;
pub use expiry::Expiry;
pub use explain::{Answer, Explained, Fact};
pub use facts::Known;
pub use feed::{Feed, Happening, Heard, Told, ToldWhat};
pub use hurry::hurried;
pub use kernel::Kernel;
pub use lookup::{AccessRequest, Entry};
pub use open::{OpenRequest, Opened, OpenedIo, Terms};
pub use rename::RenameMode;
pub use upkeep::{HandleReport, NodeReport};

use crate::diag::{Counters, DecisionRing};
use crate::id::{MediaId, NodeId, Uid, UserId, VolumeId};
use crate::lower::{Identity, PathFd};
use crate::node::{Handle, HandleTable, Inode, Node, NodeTable, Reuse};
pub use crate::policy::Operation;
use crate::policy::{PrivateTree, Visibility};
use crate::redact::Classes;
use crate::store::{ReusedInode, Store};
use kernel::Notice;

/// How long the kernel may keep an entry or its attributes without asking again. It bounds how long a change made
/// beneath the mount goes unnoticed where no watch tells of it. The exceptions are a private package's directory (0: the
/// kernel must ask as each caller), everything on a volume of several users and every file of one with private
/// visibility (0, for the same reason), and the redacted view of a file that somebody may write to (0: the daemon does not see the writes). An
/// entry that names the redacted view only because the file does not rest is kept as long as files must rest.
pub const CACHED: Duration = Duration::from_secs(60);

/// Who a request comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Context {
    /// The caller's uid, from the kernel.
    pub uid: Uid,
    /// The caller's process, for reports: it decides nothing.
    pub pid: u32,
}

/// What a volume serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VolumeKind {
    /// A whole tree by the shared rules.
    Shared,
    /// The trees of several Android users, each by the shared rules, in directories that have the users' numbers.
    Users,
    /// One of the private trees, mounted inside the shared volume.
    Private(PrivateTree),
}

/// Settings of a volume; they do not change while it is served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it serves.
    pub kind: VolumeKind,
    /// The daemon's own uid.
    pub own: Uid,
    /// The Android user whose volume it is; of no account where several have their trees on it.
    pub user: UserId,
    /// Whether files exist for callers that could not list them.
    pub visibility: Visibility,
    /// What of a location is hidden.
    pub hide: Classes,
    /// Owner that shared entries show.
    pub shown_uid: u32,
    /// Group that shared entries show.
    pub shown_gid: u32,
    /// Whether passthrough is to be used where the kernel grants it.
    pub passthrough: bool,
    /// How long a file must have rested since it was last written through the volume before the kernel is given it for a
    /// reader who may not see private parts.
    pub rest: Duration,
    /// How many files and directories one uid may hold open through the volume.
    pub handles_per_uid: usize,
    /// How many O_PATH descriptors the nodes may hold.
    pub descriptors: usize,
    /// How many directories may be watched for changes made beneath the mount; 0 watches none.
    pub watches: usize,
}

pub(crate) type VolumeNode = Node<Known>;
pub(crate) type VolumeInode = Inode<Known>;
pub(crate) type VolumeHandle = Handle<Known, Terms>;

/// One lower directory, served at one mount point.
#[derive(Debug)]
pub struct Volume {
    id: VolumeId,
    root_row: MediaId,
    /// Whether a lower file keeps its inode number.
    numbered: bool,
    lower: PathBuf,
    settings: Settings,
    store: Arc<Store>,
    nodes: NodeTable<Known>,
    handles: HandleTable<Known, Terms>,
    /// Taken for writing while a name comes to mean another file, for reading while a name is looked up: what an
    /// inode knows of its own name is then never older than the last change.
    moves: RwLock<()>,
    /// Taken for writing while a directory is renamed, for reading while an entry is made: nothing comes to lie in a
    /// directory between its last judgement and its rename. LOCK ORDER: this, then `moves`.
    tree: RwLock<()>,
    /// Directories that are judged with all below them, so that who makes an entry there meanwhile can tell.
    judged: tree::Judged,
    /// Held by whoever makes an entry: nobody else makes one of that name meanwhile. LOCK ORDER: this, then `tree`.
    making: create::Making,
    /// Grows when what is known of entries may have changed: facts of an older epoch are gathered again.
    epoch: AtomicU64,
    kernel: OnceLock<Arc<dyn Kernel>>,
    no_passthrough: Mutex<Option<String>>,
    counters: Arc<Counters>,
    decisions: Arc<DecisionRing>,
    recent: Mutex<recent::Recent>,
    restless: Mutex<recent::Restless>,
    outside: Option<Arc<outside::Outside>>,
    expiries: expiries::Expiries,
    ahead: ahead::Ahead,
    /// Whether the kernel knows how to let an entry expire.
    expires: AtomicBool,
    /// Whether one file was met by two spellings of its name.
    respells: AtomicBool,
    /// When facts that nothing keeps up to date were given up last.
    renewed: Mutex<Instant>,
    feed: Arc<Feed>,
    notices: Sender<Notice>,
    waiting: Mutex<Option<Receiver<Notice>>>,
}

impl Volume {
    /// Opens the lower directory and what the database knows of it.
    ///
    /// # Errors
    /// If the directory cannot be opened or the database fails.
    pub fn new(
        lower: &Path,
        settings: Settings,
        store: Arc<Store>,
        counters: Arc<Counters>,
        decisions: Arc<DecisionRing>,
    ) -> Result<Volume, FsError> {
        let root = PathFd::root(lower)?;
        let (identity, numbered) = (root.stat()?.identity, root.keeps_numbers()?);
        let row = store.volume(lower, identity)?;
        let reused = store.reused_inodes(row.id)?;
        let reused = reused.iter().filter_map(|stored| reuse_from(stored, identity.file.dev));
        let nodes = NodeTable::new(root, settings.descriptors, reused)?;
        let (notices, waiting) = channel();
        let outside = (settings.watches > 0).then(|| outside::Outside::new(settings.watches)).flatten();
        Ok(Volume {
            id: row.id,
            root_row: row.root,
            numbered,
            lower: lower.to_owned(),
            settings,
            store,
            nodes,
            handles: HandleTable::default(),
            moves: RwLock::default(),
            tree: RwLock::default(),
            judged: tree::Judged::default(),
            making: create::Making::default(),
            epoch: AtomicU64::new(1),
            kernel: OnceLock::new(),
            no_passthrough: Mutex::new(None),
            counters,
            decisions,
            recent: Mutex::default(),
            restless: Mutex::default(),
            outside,
            expiries: expiries::Expiries::default(),
            ahead: ahead::Ahead::default(),
            expires: AtomicBool::new(false),
            respells: AtomicBool::new(false),
            renewed: Mutex::new(Instant::now()),
            feed: Arc::default(),
            notices,
            waiting: Mutex::new(Some(waiting)),
        })
    }

    /// The lower directory, as it was given.
    pub fn lower(&self) -> &Path {
        &self.lower
    }

    /// The database's row of the root.
    pub fn root_row(&self) -> MediaId {
        self.root_row
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The counters of the daemon.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Connects the volume with the kernel's side of its mount; what comes first stays.
    pub fn connect(&self, kernel: Arc<dyn Kernel>) {
        let _first = self.kernel.set(kernel);
    }

    /// What is known of entries may have changed: facts are gathered again at their next use.
    pub fn forget_facts(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn node(&self, id: NodeId) -> Result<Arc<VolumeNode>, FsError> {
        if forced::Directory::of(id).is_some() {
            return Err(forced::refused());
        }
        self.nodes.find(id).ok_or(FsError::UnknownNode(id))
    }

    fn is_private(&self) -> bool {
        matches!(self.settings.kind, VolumeKind::Private(_))
    }

    /// Remembers that an inode number came to stand for another file.
    fn remember(&self, reuse: Option<Reuse>) -> Result<(), FsError> {
        if let Some(reuse) = reuse {
            let stored = ReusedInode {
                ino: reuse.identity.file.ino,
                identity: reuse.identity.born.to_le_bytes().to_vec(),
                counter: reuse.counter.into(),
            };
            self.store.save_reused_inodes(self.id, &[stored])?;
        }
        Ok(())
    }
}

fn reuse_from(stored: &ReusedInode, dev: u64) -> Option<Reuse> {
    let born = i64::from_le_bytes(stored.identity.as_slice().try_into().ok()?);
    let file = crate::id::FileId { dev, ino: stored.ino };
    Some(Reuse { identity: Identity { file, born }, counter: u16::try_from(stored.counter).ok()? })
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
