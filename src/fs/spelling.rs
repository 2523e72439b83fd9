//! Names that are spelled otherwise and lead to the same file, because the lower file system folds case, drops what
//! is not displayed, or strips dots and spaces at the end.
//!
//! The kernel takes each spelling for a name of its own. It keeps one entry of a directory at most and moves that to
//! the spelling looked up last, with all mounts below. A file may have an entry for each spelling: they are not cached
//! from the moment at which a second one is met, and those cached before expire.
//!
//! INVARIANT: a directory that is `Android`, or in it one of the protected, is so by any name that leads to it.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::create::NOMEDIA;
use super::{Entry, FsError, Known, Volume, VolumeInode};
use crate::error::Errno;
use crate::lower::{FileKind, FileName, Stat, fold};
use crate::node::Link;
use crate::policy::{Place, View};

/// The names that mean something below a place, whatever they are spelled like.
fn protected_below(place: &Place) -> &'static [&'static str] {
    match place {
        Place::Root => &["Android"],
        Place::Android => &["data", "obb", "media"],
        // A user's tree is one by its own spelling only, and what lies beside them is nobody's.
        Place::Users
        | Place::BesideUsers
        | Place::Top(_)
        | Place::Shared(_)
        | Place::AndroidOther
        | Place::MediaRoot
        | Place::Media { .. }
        | Place::PrivateRoot(_)
        | Place::PrivateMarker(_)
        | Place::Private { .. }
        | Place::OtherUser => &[],
    }
}

/// Whether a new entry of this name may be the marker that hides what lies beside it.
pub(super) fn is_nomedia(name: &FileName) -> bool {
    fold(name.as_str()).trim_end_matches(['.', ' ']) == NOMEDIA
}

impl Volume {
    /// Whether this link leads to the file.
    pub(super) fn leads_to(&self, link: &Link<Known>, inode: &VolumeInode) -> bool {
        let found =
            link.parent.descriptor(&self.nodes.descriptors).and_then(|fd| fd.child(&link.name)?.stat());
        found.is_ok_and(|stat| stat.identity == inode.identity())
    }

    /// By which link a file is to be known that was found at `link`: by the one that the kernel knows it by, as long
    /// as that leads to it. A file with several names is known by the one used last.
    pub(super) fn lasting_link(&self, stat: &Stat, link: Link<Known>) -> Link<Known> {
        if stat.kind == FileKind::Regular && stat.links > 1 {
            return link;
        }
        let Some(inode) = self.nodes.inode_of(&stat.identity) else { return link };
        let Some(known) = inode.link() else { return link };
        let same = Arc::ptr_eq(&known.parent, &link.parent) && known.name == link.name;
        let named = [View::Full, View::Redacted].iter().any(|view| self.nodes.known(&inode, *view).is_some());
        if !same && named && self.leads_to(&known, &inode) { known } else { link }
    }

    /// An entry that the kernel asked for by `name`.
    pub(super) fn as_spelled<'v>(&'v self, mut entry: Entry<'v>, name: &FileName) -> Entry<'v> {
        let inode = entry.node.node().inode();
        if inode.is_directory() {
            return entry;
        }
        if let Some(link) = inode.link().filter(|link| link.name != *name)
            && !inode.known.respelled.swap(true, Ordering::Relaxed)
        {
            self.respells.store(true, Ordering::Relaxed);
            self.expire(&link.parent, &link.name);
        }
        if inode.known.respelled.load(Ordering::Relaxed) {
            entry.cached = Duration::ZERO;
        }
        entry
    }

    /// The entry `name` is gone: so is every other spelling of it.
    pub(super) fn expire_spelling(&self, inode: &VolumeInode, name: &FileName) {
        if let Some(link) = inode.link().filter(|link| link.name != *name) {
            self.expire(&link.parent, &link.name);
        }
    }

    /// Somebody changed `name` beneath the mount, where the kernel may know the file by another spelling.
    pub(super) fn expire_other_spellings(&self, directory: &Arc<VolumeInode>, name: &FileName) {
        if !self.respells.load(Ordering::Relaxed) {
            return;
        }
        let folded = fold(name.as_str());
        for (node, _) in self.nodes.all() {
            if let Some(link) = node.inode().link()
                && Arc::ptr_eq(&link.parent, directory)
                && link.name != *name
                && fold(link.name.as_str()) == folded
            {
                self.expire(directory, &link.name);
            }
        }
    }

    /// A file whose name was removed by another spelling. The kernel may still have the entry by which a caller came
    /// here; with this answer it looks the name up again. Who has the file open goes on.
    pub(super) fn still_named(&self, inode: &VolumeInode) -> Result<(), FsError> {
        let gone = inode.known.respelled.load(Ordering::Relaxed) && inode.link().is_none();
        if gone && !inode.is_held() { Err(FsError::Plain(Errno::ESTALE)) } else { Ok(()) }
    }

    /// The name by which a directory's place is told: its own, unless another leads to it that means more.
    pub(super) fn telling_name(&self, above: &Place, link: &Link<Known>, inode: &VolumeInode) -> FileName {
        let folded = fold(link.name.as_str());
        let meant = protected_below(above);
        if !inode.is_directory() || meant.iter().any(|name| name.eq_ignore_ascii_case(&folded)) {
            return link.name.clone();
        }
        let names = meant.iter().filter_map(|name| FileName::parse(std::ffi::OsStr::new(name)).ok());
        let mut links = names.map(|name| Link { parent: link.parent.clone(), name });
        links.find(|link| self.leads_to(link, inode)).map_or_else(|| link.name.clone(), |link| link.name)
    }
}
