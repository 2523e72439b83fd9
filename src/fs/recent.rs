//! What was seen in files lately, for files that the kernel has forgotten meanwhile.
//!
//! When a caller's open finds the wrong view, the kernel forgets the file before it looks the name up again; the
//! answer to that lookup must know what the open found out.

#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::content::Seen;
use crate::lower::Identity;

/// Files that are remembered; the oldest is forgotten for a new one.
const KEPT: usize = 4096;

/// The files seen last. What is found here is only taken for the version that it was seen in.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: HashMap<Identity, Arc<Seen>>,
    order: VecDeque<Identity>,
}

impl Recent {
    /// Remembers what was seen in a file.
    pub(super) fn keep(&mut self, identity: Identity, seen: Arc<Seen>) {
        if self.seen.insert(identity, seen).is_none() {
            self.order.push_back(identity);
        }
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }

    /// What was last seen in a file.
    pub(super) fn find(&self, identity: &Identity) -> Option<Arc<Seen>> {
        self.seen.get(identity).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FileId;
    use crate::lower::ContentVersion;
    use crate::policy::Content;

    #[test]
    fn the_oldest_goes_first() {
        let identity = |ino| Identity { file: FileId { dev: 1, ino }, born: 0 };
        let version = ContentVersion { size: 0, mtime_ns: 0, ctime_ns: 0 };
        let mut recent = Recent::default();
        for ino in 0..=KEPT as u64 {
            recent.keep(identity(ino), Arc::new(Seen { version, content: Content::Empty, plan: None }));
        }
        assert!(recent.find(&identity(0)).is_none());
        assert!(recent.find(&identity(1)).is_some());
        assert_eq!(recent.seen.len(), recent.order.len());
    }
}
