//! Bytes of the redacted view.
//!
//! INVARIANT: the plan that filters a read was made for exactly the bytes that are read. Nobody can write while the
//! version stands and no writer is open, so then the version binds them. While somebody could write, a shared
//! mapping changes bytes without moving the version: then the plan is made for each read, and the bytes that the
//! scanners saw are the bytes that are served.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::content::extension;
use super::hurry::may_take_long;
use super::{FsError, Volume, VolumeHandle, VolumeInode};
use crate::diag::Counter;
use crate::lower::{DataFd, Inspection};
use crate::redact::{self, Budget, Plan, ReadAt};

/// How often a read looks again when the file changed meanwhile.
const LOOKS: usize = 64;
/// How long a read looks again at most: it holds one of the few threads that serve the volume.
const PATIENCE: Duration = Duration::from_millis(200);
/// Unit in which a file is held that somebody could write to, in bytes.
const BLOCK: usize = 64 << 10;
/// Up to this size in bytes a file is held before it is planned: a writer who never rests leaves little time between
/// two writes, less than a plan takes.
const WHOLE: u64 = 8 << 20;
/// What a scan may spend while somebody could write: the bytes are held in memory.
const STRICT: Budget = Budget { bytes: 32 << 20, ..Budget::STANDARD };

impl Volume {
    /// Reads from the redacted view into `buffer`; returns the bytes read.
    pub(super) fn read_filtered(
        &self,
        handle: &VolumeHandle,
        data: &DataFd,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize, FsError> {
        let inode = handle.inode();
        let end = Instant::now() + PATIENCE;
        for look in 0..LOOKS {
            if look > 0 && Instant::now() > end {
                break;
            }
            // Looked at anew each time: a writer may come and go while this read is retried. A file that did not keep
            // still is held as well.
            let strict = look > 0 || self.is_written(inode, &mut inode.sharing())?;
            let read = if strict {
                self.read_strictly(inode, offset, buffer)?
            } else {
                match self.read_by_version(inode, data, offset, buffer) {
                    Err(FsError::Changing) => None,
                    read => read?,
                }
            };
            if let Some(count) = read {
                return Ok(count);
            }
            self.counters.count(Counter::ReadRetry);
        }
        Err(FsError::Changing)
    }

    /// A read while nobody has the file open for writing; `None` if the file changed or a writer came.
    fn read_by_version(
        &self,
        inode: &Arc<VolumeInode>,
        data: &DataFd,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, FsError> {
        let facts = self.facts(inode)?;
        let seen = self.seen(inode, &facts, true)?;
        let count = data.read_at(buffer, offset)?;
        // A writer that came in time to change these bytes either still counts or moved the version.
        if self.is_written(inode, &mut inode.sharing())?
            || data.stat()?.version != seen.version
            || inode.known.changes.load(Ordering::Acquire) != seen.changes
        {
            return Ok(None);
        }
        let plan = seen.plan.as_deref().ok_or(FsError::Changing)?;
        filter(plan, offset, buffer, count).map(Some)
    }

    /// A read while somebody could write; `None` if a write came in between.
    fn read_strictly(
        &self,
        inode: &Arc<VolumeInode>,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, FsError> {
        may_take_long()?;
        self.counters.count(Counter::StrictRead);
        let inspection = inode.descriptor(&self.nodes.descriptors)?.inspect()?;
        // A write that set the modification time before the version was taken is complete when this returns; one
        // that sets it later shows in the version below.
        let version = inspection.stat().version;
        inspection.settle();
        let held = Held { inspection: &inspection, size: version.size, blocks: Mutex::default() };
        let whole = version.size <= WHOLE;
        if whole {
            held.hold_all()?;
            if inspection.stat_now()?.version != version {
                return Ok(None);
            }
        }
        let plan = redact::plan_hiding(&held, extension(inode).as_deref(), &STRICT, self.settings.hide)?;
        let count = held.read_at(offset, buffer)?;
        if !whole && inspection.stat_now()?.version != version {
            return Ok(None);
        }
        filter(&plan, offset, buffer, count).map(Some)
    }
}

fn filter(plan: &Plan, offset: u64, buffer: &mut [u8], count: usize) -> Result<usize, FsError> {
    match plan {
        Plan::Clean => {}
        Plan::Ranges(patches) => patches.apply(offset, buffer.get_mut(..count).unwrap_or_default()),
        Plan::Opaque(reason) => {
            buffer.fill(0);
            return Err(FsError::Opaque(reason.clone()));
        }
    }
    Ok(count)
}

/// A file of which each block is read once: whoever reads it twice sees the same bytes.
#[derive(Debug)]
struct Held<'a> {
    inspection: &'a Inspection,
    size: u64,
    blocks: Mutex<BTreeMap<u64, Box<[u8]>>>,
}

impl Held<'_> {
    /// Holds every block, at the shortest distance in time.
    fn hold_all(&self) -> io::Result<()> {
        for start in (0..self.size).step_by(BLOCK) {
            self.copy(start, &mut [])?;
        }
        Ok(())
    }

    /// Copies from one block; returns the bytes copied.
    fn copy(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let block = BLOCK as u64;
        let start = offset - offset % block;
        let mut blocks = self.blocks.lock();
        let bytes = match blocks.entry(start) {
            std::collections::btree_map::Entry::Occupied(held) => held.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                let length = self.size.saturating_sub(start).min(block);
                let mut bytes = vec![0; usize::try_from(length).unwrap_or(BLOCK)];
                let count = self.inspection.read_at(start, &mut bytes)?;
                bytes.truncate(count);
                free.insert(bytes.into_boxed_slice())
            }
        };
        let skip = usize::try_from(offset - start).unwrap_or(BLOCK);
        let rest = bytes.get(skip..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

impl ReadAt for Held<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0usize;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.copy(offset.saturating_add(filled as u64), rest)? {
                0 => break,
                count => filled = filled.saturating_add(count),
            }
        }
        Ok(filled)
    }
}
