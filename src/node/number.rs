//! Node numbers: the lower inode number wherever it fits, so that `st_ino` is the lower one's.
//!
//! ```text
//! bit 63     1 = redacted view
//! bit 62     1 = counted: the lower number does not fit, the low bits are a counter
//! bit 61     1 = forced redacted, whoever asks
//! bits 48-60 how often the lower number came to stand for another file while the kernel remembered the former
//! bits 0-47  lower inode number, or the counter
//! ```
//! The reuse counter of a file is remembered (and stored by whoever listens), so that its number stays the same
//! across forgetting and restarts.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use crate::id::NodeId;
use crate::lower::Identity;
use crate::policy::View;

const REDACTED: u64 = 1 << 63;
const COUNTED: u64 = 1 << 62;
const FORCED: u64 = 1 << 61;
const REUSE_SHIFT: u32 = 48;
/// The largest reuse counter; past it numbers are counted.
const REUSE_MAX: u16 = 0x1fff;
const LOW: u64 = (1 << REUSE_SHIFT) - 1;

/// What numbers that stand for no lower file have in common: a forced view has no other view.
const BESIDE: u64 = FORCED | REDACTED;

/// The number of the `index`th node, of 2^48, that stands for no lower file.
pub const fn beside(index: u64) -> NodeId {
    NodeId::new(BESIDE | (index & LOW))
}

/// Which node that stands for no lower file has the number, if one has.
pub const fn index_beside(number: NodeId) -> Option<u64> {
    if number.raw() & !LOW == BESIDE { Some(number.raw() & LOW) } else { None }
}

/// A lower inode number that came to stand for another file while the former was remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reuse {
    /// The file that has the number now.
    pub identity: Identity,
    /// What tells its node number from the former's; never 0.
    pub counter: u16,
}

/// Gives numbers out.
#[derive(Debug)]
pub struct NodeNumbers {
    /// Device of the volume's root: only its inode numbers are used as they are.
    device: u64,
    counted: u64,
    reused: HashMap<Identity, u16>,
}

impl NodeNumbers {
    /// Numbers for a volume on `device`, with the reuse counters of earlier runs.
    pub fn new(device: u64, reused: impl IntoIterator<Item = Reuse>) -> NodeNumbers {
        let reused = reused.into_iter().map(|reuse| (reuse.identity, reuse.counter)).collect();
        NodeNumbers { device, counted: 1, reused }
    }

    /// The number of a file's full view that no other file has by `taken`; with the reuse to remember, if that is
    /// how it became free.
    pub fn assign(&mut self, identity: Identity, taken: impl Fn(NodeId) -> bool) -> (NodeId, Option<Reuse>) {
        let ino = identity.file.ino;
        if identity.file.dev == self.device && ino > NodeId::ROOT.raw() && ino <= LOW {
            let known = self.reused.get(&identity).copied();
            for counter in known.unwrap_or(0)..=REUSE_MAX {
                let number = NodeId::new(ino | u64::from(counter) << REUSE_SHIFT);
                if !taken(number) {
                    let fresh =
                        (counter != 0 && known != Some(counter)).then_some(Reuse { identity, counter });
                    if fresh.is_some() {
                        self.reused.insert(identity, counter);
                    }
                    return (number, fresh);
                }
            }
        }
        loop {
            let number = NodeId::new(COUNTED | (self.counted & LOW));
            self.counted = self.counted.wrapping_add(1);
            if !taken(number) {
                return (number, None);
            }
        }
    }
}

/// The number of the same file's other view.
pub(super) fn in_view(number: NodeId, view: View) -> NodeId {
    match view {
        View::Full => NodeId::new(number.raw() & !REDACTED),
        View::Redacted => NodeId::new(number.raw() | REDACTED),
    }
}

/// The number of the same file's forced view.
pub(super) fn forced(number: NodeId) -> NodeId {
    NodeId::new(in_view(number, View::Full).raw() | FORCED)
}

/// Whether it is the number of a forced view.
pub(super) fn is_forced(number: NodeId) -> bool {
    number.raw() & FORCED != 0
}
