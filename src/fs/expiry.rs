//! Pending and trashed files whose time has come: removed, or given more time where the clock may have jumped.
//!
//! The name decides: what only resembles a pending or trashed name is never touched, nor is a directory, a private tree
//! or anything that is no entry of this volume. There is no clock here.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::{Context, FsError, RenameMode, Volume, VolumeInode};
use crate::error::Errno;
use crate::id::NodeId;
use crate::lower::FileName;
use crate::policy::{Mark, Place, View};
use crate::store::Entry;

/// How long a file that expired may be met and is still removed, and how long one is kept that was met later than that:
/// the clock may have jumped (MediaProvider.java, deleteExpired).
const GRACE: i64 = 7 * 24 * 60 * 60;
/// Rows that are read at once.
const PAGE: u32 = 256;
/// How many later seconds are tried where a name is taken.
const CLASHES: i64 = 1000;

/// What became of a file whose time had come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expiry {
    /// It is gone.
    Removed,
    /// It has more time, under this name.
    Extended(String),
    /// Somebody has it open for writing: it stays until the next time.
    Busy,
    /// It could not be removed or renamed.
    Failed(String),
}

impl Volume {
    /// Removes the files that expired by `now` (seconds since 1970), or gives them more time; `tell` hears of each, with
    /// its path within the volume. Only files that have a row are met.
    ///
    /// # Errors
    /// The database's own; what was done until then stands.
    pub fn remove_expired(&self, now: i64, mut tell: impl FnMut(&str, Expiry)) -> Result<(), FsError> {
        let mut after = None;
        loop {
            let rows = self.store.expired(self.id, now, after, PAGE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.expires.map(|expires| (expires, last.id));
            for row in &rows {
                let Some((path, inode)) = self.marked(row)? else { continue };
                let outcome = self.expire_file(&inode, now);
                if let Some(outcome) = outcome.unwrap_or_else(|error| Some(Expiry::Failed(error.to_string())))
                {
                    tell(&path, outcome);
                }
            }
        }
    }

    /// The file of a row, with its path; `None` where the row is not of what stands there.
    fn marked(&self, row: &Entry) -> Result<Option<(String, Arc<VolumeInode>)>, FsError> {
        let Some(path) = self.store.path_of(row.id)? else { return Ok(None) };
        let mut inode = self.nodes.root().inode().clone();
        for name in &path.names {
            let Ok(name) = FileName::parse(OsStr::from_bytes(name)) else { return Ok(None) };
            let Ok((found, _)) = self.child(&inode, &name) else { return Ok(None) };
            inode = found;
        }
        let facts = self.facts(&inode)?;
        let kept = matches!(
            facts.place,
            Place::Private { .. } | Place::PrivateRoot(_) | Place::PrivateMarker(_) | Place::BesideUsers
        );
        let its_own = facts.row == Some(row.id) && !inode.is_directory() && !kept;
        Ok(its_own.then(|| (self.path_of(&inode), inode)))
    }

    /// `None` for a file whose name says that it is not its time.
    fn expire_file(&self, inode: &Arc<VolumeInode>, now: i64) -> Result<Option<Expiry>, FsError> {
        let link = inode.link().ok_or(FsError::Plain(Errno::ENOENT))?;
        let Some(mark) = Mark::of(link.name.as_str()).filter(|mark| mark.expires <= now) else {
            return Ok(None);
        };
        if inode.sharing().writers > 0
            || inode.descriptor(&self.nodes.descriptors)?.inspect()?.is_open_for_writing()
        {
            return Ok(Some(Expiry::Busy));
        }
        let parent = self.counted(&link.parent);
        let id = parent.as_ref().map_or(NodeId::ROOT, |parent| parent.node().id());
        if now.saturating_sub(mark.expires) > GRACE {
            return self.extend(id, &link.name, mark, now).map(Some);
        }
        self.remove(self.as_daemon(), id, &link.name, false)?;
        Ok(Some(Expiry::Removed))
    }

    fn extend(&self, parent: NodeId, name: &FileName, mark: Mark<'_>, now: i64) -> Result<Expiry, FsError> {
        for later in 0..CLASHES {
            let until = mark.until(now.saturating_add(GRACE).saturating_add(later));
            let new = FileName::parse(OsStr::new(&until))?;
            match self.rename(self.as_daemon(), (parent, name), (parent, &new), RenameMode::NoReplace) {
                Err(error) if error.errno() == Errno::EEXIST => {}
                done => return done.map(|()| Expiry::Extended(until)),
            }
        }
        Err(FsError::Plain(Errno::EEXIST))
    }

    /// The node of a directory, held as if the kernel knew it; `None` for the root, which it always does.
    fn counted(&self, directory: &Arc<VolumeInode>) -> Option<crate::node::NodeRef<'_, super::Known>> {
        let root = Arc::ptr_eq(directory, self.nodes.root().inode());
        (!root).then(|| self.nodes.node(directory, View::Full))
    }

    fn as_daemon(&self) -> Context {
        Context { uid: self.settings.own, pid: std::process::id() }
    }
}
