//! A bound on the O_PATH descriptors that nodes hold: second chance, oldest first.
//!
//! An inode without its descriptor finds itself again by its parent and name, so eviction is never an error.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::inode::Inode;

/// How many inodes one call looks at before it gives up making room.
const LOOKS: usize = 16;

/// Which inodes hold a descriptor, in the order in which they got it.
#[derive(Debug)]
pub struct DescriptorCache<K> {
    capacity: usize,
    holders: Mutex<VecDeque<Weak<Inode<K>>>>,
}

impl<K> DescriptorCache<K> {
    /// A cache that aims at no more than `capacity` descriptors.
    pub fn new(capacity: usize) -> DescriptorCache<K> {
        DescriptorCache { capacity, holders: Mutex::new(VecDeque::new()) }
    }

    /// Descriptors noted, some of which may be gone already.
    pub fn len(&self) -> usize {
        self.holders.lock().len()
    }

    /// Whether none is noted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Notes that `inode` has got a descriptor, and makes room for it.
    pub fn note(&self, inode: &Arc<Inode<K>>) {
        let mut holders = self.holders.lock();
        holders.push_back(Arc::downgrade(inode));
        for _ in 0..LOOKS {
            if holders.len() <= self.capacity {
                break;
            }
            let Some(oldest) = holders.pop_front() else { break };
            // Dropping what `upgrade` gave may drop the inode itself: its locks are not held here, so that is safe.
            if let Some(inode) = oldest.upgrade().filter(|inode| !inode.evict()) {
                holders.push_back(Arc::downgrade(&inode));
            }
        }
    }
}
