//! What was seen in files lately, for files that the kernel has forgotten meanwhile.
//!
//! When a caller's open finds the wrong view, the kernel forgets the file before it looks the name up again; the
//! answer to that lookup must know what the open found out.

#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::content::Seen;
use crate::lower::Identity;

/// Files that are remembered; the oldest is forgotten for a new one.
const KEPT: usize = 4096;
/// Replacements in the plans that are remembered, in all.
const PATCHES: usize = 1 << 16;

/// The files seen last. What is found here is only taken for the version that it was seen in.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: HashMap<Identity, Arc<Seen>>,
    order: VecDeque<Identity>,
    patches: usize,
}

impl Recent {
    /// Remembers what was seen in a file.
    pub(super) fn keep(&mut self, identity: Identity, seen: Arc<Seen>) {
        self.forget(&identity);
        self.patches = self.patches.saturating_add(seen.patches());
        self.seen.insert(identity, seen);
        self.order.push_back(identity);
        while self.seen.len() > KEPT || (self.patches > PATCHES && self.seen.len() > 1) {
            let Some(oldest) = self.order.pop_front() else { break };
            self.take(&oldest);
        }
        // Names of what was forgotten before its turn.
        if self.order.len() > 2 * KEPT {
            let seen = &self.seen;
            let mut met = std::collections::HashSet::new();
            self.order.retain(|identity| seen.contains_key(identity) && met.insert(*identity));
        }
    }

    /// The file is gone, or was seen anew.
    pub(super) fn forget(&mut self, identity: &Identity) {
        self.take(identity);
    }

    fn take(&mut self, identity: &Identity) {
        if let Some(seen) = self.seen.remove(identity) {
            self.patches = self.patches.saturating_sub(seen.patches());
        }
    }

    /// What was last seen in a file.
    pub(super) fn find(&self, identity: &Identity) -> Option<Arc<Seen>> {
        self.seen.get(identity).cloned()
    }
}

/// Files that were written through the volume a moment ago, also when the kernel has forgotten them meanwhile.
#[derive(Debug, Default)]
pub(super) struct Restless(HashMap<Identity, Instant>);

impl Restless {
    /// The file was written now.
    pub(super) fn note(&mut self, identity: Identity) {
        self.0.insert(identity, Instant::now());
    }

    /// Whether the file was written less than `rest` ago.
    pub(super) fn holds(&mut self, identity: &Identity, rest: Duration) -> bool {
        if self.0.len() > KEPT {
            self.0.retain(|_, written| written.elapsed() < rest);
        }
        self.0.get(identity).is_some_and(|written| written.elapsed() < rest)
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
            recent.keep(identity(ino), Arc::new(seen(version)));
        }
        assert!(recent.find(&identity(0)).is_none());
        assert!(recent.find(&identity(1)).is_some());
        assert_eq!(recent.seen.len(), recent.order.len());
    }

    fn seen(version: ContentVersion) -> Seen {
        Seen { version, changes: 0, settled: true, content: Content::Empty, plan: None }
    }
}
