//! The nodes that the kernel knows, with how often it was told of them.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::backing::IoMode;
use super::descriptors::DescriptorCache;
use super::inode::{Inode, Link};
use super::number::{NodeNumbers, Reuse, forced, in_view, is_forced};
use crate::id::NodeId;
use crate::lower::{Identity, PathFd, Stat};
use crate::policy::View;

/// One view of a file: one inode of the kernel.
#[derive(Debug)]
pub struct Node<K> {
    id: NodeId,
    view: View,
    inode: Arc<Inode<K>>,
    io: Mutex<IoMode>,
    /// The content version whose filtered pages the kernel may hold.
    pub cached: Mutex<Option<crate::lower::ContentVersion>>,
}

impl<K> Node<K> {
    fn new(id: NodeId, view: View, inode: Arc<Inode<K>>) -> Arc<Node<K>> {
        Arc::new(Node { id, view, inode, io: Mutex::default(), cached: Mutex::default() })
    }

    /// Its number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// How the file is seen through it.
    pub fn view(&self) -> View {
        self.view
    }

    /// Whether it is seen redacted by everyone.
    pub fn is_forced(&self) -> bool {
        is_forced(self.id)
    }

    /// The lower file.
    pub fn inode(&self) -> &Arc<Inode<K>> {
        &self.inode
    }

    /// Locks its I/O mode.
    pub fn io(&self) -> MutexGuard<'_, IoMode> {
        self.io.lock()
    }

    /// Locks its I/O mode unless it is in use: for who holds that of another node.
    pub fn try_io(&self) -> Option<MutexGuard<'_, IoMode>> {
        self.io.try_lock()
    }
}

/// A node that the kernel is about to be told of: counted once, and uncounted again if it is not.
#[must_use = "the kernel's count and ours drift apart unless it is given to the kernel or dropped"]
#[derive(Debug)]
pub struct NodeRef<'t, K> {
    table: &'t NodeTable<K>,
    node: Arc<Node<K>>,
    given: bool,
}

impl<K> NodeRef<'_, K> {
    /// The node.
    pub fn node(&self) -> &Arc<Node<K>> {
        &self.node
    }

    /// Hands the count to the kernel, which gives it back with FORGET.
    pub fn give_to_kernel(mut self) -> NodeId {
        self.given = true;
        self.node.id
    }
}

impl<K> Drop for NodeRef<'_, K> {
    fn drop(&mut self) {
        if !self.given {
            self.table.forget(self.node.id, 1);
        }
    }
}

#[derive(Debug)]
struct Counted<K> {
    node: Arc<Node<K>>,
    lookups: u64,
}

#[derive(Debug)]
struct Maps<K> {
    numbers: NodeNumbers,
    nodes: HashMap<NodeId, Counted<K>>,
    inodes: HashMap<Identity, Weak<Inode<K>>>,
    /// Who has a number, also one that the kernel was not told of yet and one that is removed but still held.
    numbered: HashMap<NodeId, Weak<Inode<K>>>,
}

impl<K> Maps<K> {
    /// Drops what is left of inodes that nobody holds any more, once they are the larger part.
    fn sweep(&mut self) {
        if self.inodes.len().max(self.numbered.len())
            > self.nodes.len().saturating_mul(2).saturating_add(1024)
        {
            self.inodes.retain(|_, inode| inode.strong_count() > 0);
            self.numbered.retain(|_, inode| inode.strong_count() > 0);
        }
    }
}

/// What [`NodeTable::inode`] found.
#[derive(Debug)]
pub struct FoundInode<K> {
    /// The inode.
    pub inode: Arc<Inode<K>>,
    /// It was not known before.
    pub fresh: bool,
    /// It was known under another name or in another directory before.
    pub moved: bool,
    /// Its number came to stand for it by reuse: to be stored.
    pub reuse: Option<Reuse>,
}

/// The nodes of one volume.
#[derive(Debug)]
pub struct NodeTable<K> {
    root: Arc<Node<K>>,
    maps: RwLock<Maps<K>>,
    /// The bounded store of descriptors.
    pub descriptors: DescriptorCache<K>,
}

impl<K: Default> NodeTable<K> {
    /// A table with its root.
    ///
    /// # Errors
    /// If the root cannot be looked at.
    pub fn new(
        root: PathFd,
        capacity: usize,
        reused: impl IntoIterator<Item = Reuse>,
    ) -> io::Result<NodeTable<K>> {
        let stat = root.stat()?;
        let numbers = NodeNumbers::new(stat.identity.file.dev, reused);
        let inode = Arc::new(Inode::new(
            stat.identity,
            stat.kind,
            NodeId::ROOT,
            None,
            Some(Arc::new(root)),
            K::default(),
        ));
        let maps = Maps { numbers, nodes: HashMap::new(), inodes: HashMap::new(), numbered: HashMap::new() };
        Ok(NodeTable {
            root: Node::new(NodeId::ROOT, View::Full, inode),
            maps: RwLock::new(maps),
            descriptors: DescriptorCache::new(capacity),
        })
    }

    /// The inode of a file that was just found at `link`, made if it is new. Without a descriptor it finds itself by
    /// its name when it is needed.
    pub fn inode(&self, stat: &Stat, link: Link<K>, fd: Option<PathFd>) -> FoundInode<K> {
        let mut maps = self.maps.write();
        if let Some(inode) = maps.inodes.get(&stat.identity).and_then(Weak::upgrade) {
            // One at a time: two moves could make a circle together that none of them makes alone.
            let moved = inode.move_to(link);
            drop(maps);
            // It may be about to lose the name by which it could be found again.
            if fd.is_some_and(|fd| inode.keep_descriptor(fd)) {
                self.descriptors.note(&inode);
            }
            return FoundInode { inode, fresh: false, moved, reuse: None };
        }
        maps.sweep();
        let Maps { numbers, inodes, numbered, .. } = &mut *maps;
        let held = |number| numbered.get(&number).is_some_and(|inode| inode.strong_count() > 0);
        let (number, reuse) = numbers.assign(stat.identity, held);
        let noted = fd.is_some();
        let inode = Inode::new(stat.identity, stat.kind, number, Some(link), fd.map(Arc::new), K::default());
        let inode = Arc::new(inode);
        inodes.insert(stat.identity, Arc::downgrade(&inode));
        numbered.insert(number, Arc::downgrade(&inode));
        drop(maps);
        if noted {
            self.descriptors.note(&inode);
        }
        FoundInode { inode, fresh: true, moved: false, reuse }
    }
}

impl<K> NodeTable<K> {
    /// The root's node.
    pub fn root(&self) -> &Arc<Node<K>> {
        &self.root
    }

    /// The node of a view of `inode`, counted once.
    pub fn node(&self, inode: &Arc<Inode<K>>, view: View) -> NodeRef<'_, K> {
        self.counted(inode, in_view(inode.number(), view), view)
    }

    /// The forced node of `inode`, counted once.
    pub fn forced(&self, inode: &Arc<Inode<K>>) -> NodeRef<'_, K> {
        self.counted(inode, forced(inode.number()), View::Redacted)
    }

    fn counted(&self, inode: &Arc<Inode<K>>, id: NodeId, view: View) -> NodeRef<'_, K> {
        let mut maps = self.maps.write();
        // After the last FORGET the identity may have gone from the map while the inode lived on in a handle.
        maps.inodes.entry(inode.identity()).or_insert_with(|| Arc::downgrade(inode));
        let counted = maps
            .nodes
            .entry(id)
            .or_insert_with(|| Counted { node: Node::new(id, view, inode.clone()), lookups: 0 });
        counted.lookups = counted.lookups.saturating_add(1);
        NodeRef { table: self, node: counted.node.clone(), given: false }
    }

    /// The node of a request.
    pub fn find(&self, id: NodeId) -> Option<Arc<Node<K>>> {
        if id == NodeId::ROOT {
            return Some(self.root.clone());
        }
        self.maps.read().nodes.get(&id).map(|counted| counted.node.clone())
    }

    /// The node of a file's view, if the kernel knows it.
    pub fn known(&self, inode: &Inode<K>, view: View) -> Option<Arc<Node<K>>> {
        self.find(in_view(inode.number(), view))
    }

    /// The nodes in which a file is seen redacted, as far as the kernel knows them.
    pub fn known_redacted(&self, inode: &Inode<K>) -> impl Iterator<Item = Arc<Node<K>>> {
        let forced = self.find(forced(inode.number()));
        self.known(inode, View::Redacted).into_iter().chain(forced)
    }

    /// The inode of a file, if any of its views is known.
    pub fn inode_of(&self, identity: &Identity) -> Option<Arc<Inode<K>>> {
        self.maps.read().inodes.get(identity).and_then(Weak::upgrade)
    }

    /// The file is gone: a new one that gets its inode number in the same instant is not taken for it.
    pub fn retire(&self, inode: &Inode<K>) {
        self.maps.write().inodes.remove(&inode.identity());
    }

    /// The kernel gives back `count` lookups.
    pub fn forget(&self, id: NodeId, count: u64) {
        let mut maps = self.maps.write();
        let Some(counted) = maps.nodes.get_mut(&id) else { return };
        counted.lookups = counted.lookups.saturating_sub(count);
        if counted.lookups > 0 {
            return;
        }
        let gone = maps.nodes.remove(&id);
        drop(maps);
        // What the node held (descriptor, backing, parents) is let go outside the lock.
        drop(gone);
    }

    /// All nodes that the kernel knows, with its counts, the root left out.
    pub fn all(&self) -> Vec<(Arc<Node<K>>, u64)> {
        self.maps.read().nodes.values().map(|counted| (counted.node.clone(), counted.lookups)).collect()
    }

    /// How many nodes the kernel knows, the root left out.
    pub fn len(&self) -> usize {
        self.maps.read().nodes.len()
    }

    /// Inodes of which something is left in memory.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        let maps = self.maps.read();
        maps.inodes.len().max(maps.numbered.len())
    }

    /// Whether the kernel knows none but the root.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
