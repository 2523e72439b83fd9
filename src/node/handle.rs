//! Open files and directories.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::backing::Backing;
use super::inode::Inode;
use super::table::Node;
use crate::id::{HandleId, Uid};
use crate::lower::{DataFd, DirectoryStream};

/// What a handle reads from and writes to.
#[derive(Debug)]
pub enum Content {
    /// The kernel itself, through this backing; the descriptor is opened when the daemon is asked for what the
    /// kernel does not pass through (fsync, fallocate, lseek, copy_file_range).
    Passthrough {
        /// Kept for as long as the handle lives: the kernel wants the same backing for all opens.
        backing: Arc<Backing>,
        /// The daemon's own descriptor, once it was needed.
        data: parking_lot::Mutex<Option<Arc<DataFd>>>,
    },
    /// The daemon, unfiltered.
    Served(Arc<DataFd>),
    /// The daemon, filtered.
    Filtered(Arc<DataFd>),
    /// A directory.
    Directory(parking_lot::Mutex<DirectoryStream>),
}

/// One open. `H` is what the layer above keeps with it.
#[derive(Debug)]
pub struct Handle<K, H> {
    /// What was opened.
    pub node: Arc<Node<K>>,
    /// By whom.
    pub uid: Uid,
    /// Where the bytes come from.
    pub content: Content,
    /// What the layer above keeps.
    pub terms: H,
}

impl<K, H> Handle<K, H> {
    /// Makes a handle; it pins the inode's descriptor while it lives.
    pub fn new(node: Arc<Node<K>>, uid: Uid, content: Content, terms: H) -> Handle<K, H> {
        node.inode().pin();
        Handle { node, uid, content, terms }
    }

    /// The lower file.
    pub fn inode(&self) -> &Arc<Inode<K>> {
        self.node.inode()
    }
}

impl<K, H> Drop for Handle<K, H> {
    fn drop(&mut self) {
        self.node.inode().unpin();
    }
}

/// All handles of a volume. Ids are never used twice.
#[derive(Debug)]
pub struct HandleTable<K, H> {
    next: AtomicU64,
    open: RwLock<Open<K, H>>,
}

#[derive(Debug)]
struct Open<K, H> {
    handles: HashMap<HandleId, Arc<Handle<K, H>>>,
    by_uid: HashMap<Uid, usize>,
}

impl<K, H> Default for HandleTable<K, H> {
    fn default() -> HandleTable<K, H> {
        let open = Open { handles: HashMap::new(), by_uid: HashMap::new() };
        HandleTable { next: AtomicU64::new(1), open: RwLock::new(open) }
    }
}

impl<K, H> HandleTable<K, H> {
    /// Keeps a handle until it is released.
    pub fn insert(&self, handle: Handle<K, H>) -> HandleId {
        let id = HandleId::new(self.next.fetch_add(1, Ordering::Relaxed));
        let mut open = self.open.write();
        let held = open.by_uid.entry(handle.uid).or_default();
        *held = held.saturating_add(1);
        open.handles.insert(id, Arc::new(handle));
        id
    }

    /// The handle of a request.
    pub fn find(&self, id: HandleId) -> Option<Arc<Handle<K, H>>> {
        self.open.read().handles.get(&id).cloned()
    }

    /// Takes a handle out at its release.
    pub fn remove(&self, id: HandleId) -> Option<Arc<Handle<K, H>>> {
        let mut open = self.open.write();
        let handle = open.handles.remove(&id)?;
        if let Some(held) = open.by_uid.get_mut(&handle.uid) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                open.by_uid.remove(&handle.uid);
            }
        }
        Some(handle)
    }

    /// How many handles a uid holds.
    pub fn held_by(&self, uid: Uid) -> usize {
        self.open.read().by_uid.get(&uid).copied().unwrap_or_default()
    }

    /// Everything that is open now.
    pub fn all(&self) -> Vec<(HandleId, Arc<Handle<K, H>>)> {
        self.open.read().handles.iter().map(|(id, handle)| (*id, handle.clone())).collect()
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.read().handles.len()
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.open.read().handles.is_empty()
    }
}
