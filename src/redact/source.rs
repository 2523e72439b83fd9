//! What the scanners read from, and how much they may spend.

#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::io;

/// Random access to the bytes of a file whose size stands while it is scanned.
pub trait ReadAt: Debug {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset` on; returns the bytes read, fewer only at the end of the file.
    ///
    /// # Errors
    /// Whatever the file underneath answers.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

/// Upper bounds of one scan; what exceeds them is opaque.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes read from the file.
    pub bytes: u64,
    /// Nesting of containers in containers.
    pub depth: u32,
    /// Directories, boxes, segments and chunks visited.
    pub steps: u32,
    /// Patches in the plan.
    pub patches: u32,
    /// Bytes that decompression may yield.
    pub inflated: u64,
}

impl Budget {
    /// The bounds that serving and indexing use.
    pub const STANDARD: Budget =
        Budget { bytes: 256 << 20, depth: 32, steps: 200_000, patches: 100_000, inflated: 8 << 20 };
}

/// Why a scan could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The file could not be read.
    #[error("cannot read the file")]
    Read(#[from] io::Error),
    /// A bound of the [`Budget`] was reached.
    #[error("over the budget of {0}")]
    Budget(&'static str),
    /// The container's structure cannot be followed, so that nothing can be said of what follows.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// There is what looks like a location, where nothing can be replaced.
    #[error("{0} in a part that cannot be changed")]
    Found(&'static str),
}
