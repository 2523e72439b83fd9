//! One lower file as the daemon knows it, shared by its views.

#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::descriptors::DescriptorCache;
use crate::id::NodeId;
use crate::lower::{FileKind, FileName, Identity, PathFd};

/// Where a file was last seen.
#[derive(Debug)]
pub struct Link<K> {
    /// Its directory.
    pub parent: Arc<Inode<K>>,
    /// Its name there.
    pub name: FileName,
}

impl<K> Clone for Link<K> {
    fn clone(&self) -> Link<K> {
        Link { parent: self.parent.clone(), name: self.name.clone() }
    }
}

/// Whether somebody may change the file through a mapping whose handle was released.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mapped {
    /// It was not looked at.
    #[default]
    Unknown,
    /// Nobody has it mapped to be written.
    No,
    /// Somebody had when it was looked at last.
    Yes,
}

/// Who holds the file open in a way that others must know of.
#[derive(Debug, Default)]
pub struct Sharing {
    /// Open handles that may write.
    pub writers: u32,
    /// Open passthrough handles of readers who may not see private parts: the file held none when they opened it.
    pub trusting: u32,
    /// Mappings whose handles are released.
    pub mapped: Mapped,
}

/// One lower file. `K` is what the layer above knows of it.
#[derive(Debug)]
pub struct Inode<K> {
    identity: Identity,
    kind: FileKind,
    /// The full view's number.
    pub(super) number: NodeId,
    /// Nowhere for a volume's root and for what was removed.
    link: RwLock<Option<Link<K>>>,
    descriptor: Mutex<Option<Arc<PathFd>>>,
    used: AtomicBool,
    pinned: AtomicU32,
    sharing: Mutex<Sharing>,
    /// What the layer above knows.
    pub known: K,
}

impl<K> Inode<K> {
    pub(super) fn new(
        identity: Identity,
        kind: FileKind,
        number: NodeId,
        link: Option<Link<K>>,
        descriptor: Option<Arc<PathFd>>,
        known: K,
    ) -> Inode<K> {
        Inode {
            identity,
            kind,
            number,
            link: RwLock::new(link),
            descriptor: Mutex::new(descriptor),
            used: AtomicBool::new(true),
            pinned: AtomicU32::new(0),
            sharing: Mutex::new(Sharing::default()),
            known,
        }
    }

    /// What tells the file from every other.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// What the file is.
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// The number of its full view.
    pub fn number(&self) -> NodeId {
        self.number
    }

    /// Where it was last seen.
    pub fn link(&self) -> Option<Link<K>> {
        self.link.read().clone()
    }

    /// Records where it is now; `None` when its name was removed.
    pub fn set_link(&self, link: Option<Link<K>>) {
        // The former link is dropped outside the lock: it may be the last reference to a chain of parents.
        let former = std::mem::replace(&mut *self.link.write(), link);
        drop(former);
    }

    /// Records where it was found; tells whether that is news.
    pub(super) fn move_to(&self, link: Link<K>) -> bool {
        let same = self
            .link
            .read()
            .as_ref()
            .is_some_and(|known| known.name == link.name && Arc::ptr_eq(&known.parent, &link.parent));
        if !same {
            self.part_from(&link.parent);
            self.set_link(Some(link));
        }
        !same
    }

    /// A directory that is found below one that was below it: the latter has moved, and where it is now is not known
    /// until it is found again. Otherwise a walk to the root would not end.
    fn part_from(&self, parent: &Arc<Inode<K>>) {
        let mut above = parent.clone();
        while let Some(link) = above.link().filter(|_| self.is_directory()) {
            if std::ptr::eq(&*link.parent, self) {
                return above.set_link(None);
            }
            above = link.parent;
        }
    }

    /// Locks what the handles of both views share.
    pub fn sharing(&self) -> MutexGuard<'_, Sharing> {
        self.sharing.lock()
    }

    /// The file's descriptor: the cached one, or the one found again where the file was last seen.
    ///
    /// # Errors
    /// ESTALE if another file stands there now; else the lower file system's own.
    pub fn descriptor(self: &Arc<Self>, cache: &DescriptorCache<K>) -> io::Result<Arc<PathFd>> {
        self.used.store(true, Ordering::Relaxed);
        if let Some(fd) = &*self.descriptor.lock() {
            return Ok(fd.clone());
        }
        let stale = || io::Error::from_raw_os_error(libc::ESTALE);
        let link = self.link().ok_or_else(stale)?;
        let fd = link.parent.descriptor(cache)?.child(&link.name)?;
        if fd.stat()?.identity != self.identity {
            return Err(stale());
        }
        let fd = self.descriptor.lock().get_or_insert_with(|| Arc::new(fd)).clone();
        cache.note(self);
        Ok(fd)
    }

    /// Takes the descriptor with which it was found just now, if it has none; tells whether it took it.
    pub(super) fn keep_descriptor(&self, found: PathFd) -> bool {
        let mut descriptor = self.descriptor.lock();
        let wanted = descriptor.is_none();
        if wanted {
            self.used.store(true, Ordering::Relaxed);
            *descriptor = Some(Arc::new(found));
        }
        wanted
    }

    /// Keeps the descriptor from being evicted, because an open handle may need it after the name is gone.
    pub(super) fn pin(&self) {
        self.pinned.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unpin(&self) {
        self.pinned.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether somebody has it open.
    pub fn is_held(&self) -> bool {
        self.pinned.load(Ordering::Relaxed) > 0
    }

    /// Whether it has a descriptor now.
    #[cfg(test)]
    pub(super) fn holds_descriptor(&self) -> bool {
        self.descriptor.lock().is_some()
    }

    /// Lets the descriptor go unless it is pinned or was used since the last call; tells whether it is gone.
    pub(super) fn evict(&self) -> bool {
        if self.pinned.load(Ordering::Relaxed) > 0 || self.used.swap(false, Ordering::Relaxed) {
            return false;
        }
        let removed = self.link.read().is_none();
        if removed {
            return false;
        }
        self.descriptor.lock().take();
        true
    }
}
