//! What policy needs to know of a file, gathered once and kept with its inode until the epoch moves.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};

use super::content::Seen;
use super::outside::Watch;
use super::{Context, FsError, Volume, VolumeInode, VolumeKind, now};
use crate::error::Errno;
use crate::id::{MediaId, UserId};
use crate::lower::{ContentVersion, FileName, fold};
use crate::node::Link;
use crate::policy::{Caller, FileFacts, FileGrants, Identity, Kind, Mark, PackageName, Place, State};
use crate::store::{Entry, EntryName};

/// The name that hides the entries beside it from readers.
const NOMEDIA: &str = ".nomedia";

/// What is known of a lower file besides its identity.
#[derive(Debug, Default)]
pub struct Known {
    facts: RwLock<Option<Arc<Facts>>>,
    pub(super) content: Mutex<Option<Arc<Seen>>>,
    /// Grows with every write that is opened or closed through the volume: what was seen before does not count.
    pub(super) changes: AtomicU64,
    /// Whether the plan made last hides something: a guess at the view to look up, until OPEN decides.
    pub(super) hides: AtomicBool,
    /// Whether the kernel was told of the redacted view last.
    pub(super) shown_redacted: AtomicBool,
    /// A directory's watch.
    pub(super) watch: OnceLock<Watch>,
    /// The version in which the last writer left the file.
    pub(super) left: Mutex<Option<ContentVersion>>,
    /// Whether the kernel was told of it by two spellings of its name.
    pub(super) respelled: AtomicBool,
}

/// What follows from a file's name, its place and its row.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    epoch: u64,
    pub(super) place: Place,
    pub(super) hidden: bool,
    /// Whether the name may be given to a new entry; told of an entry that is to be made.
    pub(super) portable: bool,
    pub(super) state: State,
    /// The kind that the name tells.
    pub(super) named: Kind,
    pub(super) row: Option<MediaId>,
    pub(super) owner: Option<PackageName>,
    /// The Android user in whose tree it lies; `None` where all users' trees do.
    pub(super) user: Option<UserId>,
    /// The Android user as whom the owner made it, where that is not the one in whose tree it lies.
    pub(super) owner_user: Option<UserId>,
}

impl Facts {
    /// When the file is to be removed, seconds since 1970; `name` is its own.
    pub(super) fn expires(&self, name: &str) -> Option<i64> {
        let mark = Mark::of(name).filter(|_| self.state != State::Normal)?;
        Some(mark.expires)
    }
}

impl Volume {
    /// Who asks.
    pub(super) fn caller(&self, context: Context) -> Caller {
        Caller { uid: context.uid, identity: self.store.snapshot().identity(context.uid, self.settings.own) }
    }

    /// What is known of the file, from its inode or gathered anew.
    pub(super) fn facts(&self, inode: &Arc<VolumeInode>) -> Result<Arc<Facts>, FsError> {
        if let Some(facts) = self.kept_facts(inode) {
            return Ok(facts);
        }
        // Held while they are gathered, so that facts of a name that is given up meanwhile are not kept.
        // LOCK ORDER: an entry's facts, then its directory's.
        let mut kept = inode.known.facts.write();
        let facts = Arc::new(match inode.link() {
            Some(link) => {
                let parent = self.facts(&link.parent)?;
                let holds_nomedia = inode.is_directory() && self.holds_nomedia(inode);
                let name = self.telling_name(&parent.place, &link, inode);
                let mut facts = self.facts_of_name(&parent, &name, inode.is_directory(), holds_nomedia);
                self.add_row(&mut facts, &parent, &link, inode)?;
                facts
            }
            None if Arc::ptr_eq(inode, self.nodes.root().inode()) => self.facts_of_root(),
            // Its name was removed while somebody has it open: what was known of it stands.
            None => return kept.clone().ok_or(FsError::Plain(Errno::ESTALE)),
        });
        *kept = Some(facts.clone());
        Ok(facts)
    }

    fn kept_facts(&self, inode: &VolumeInode) -> Option<Arc<Facts>> {
        let epoch = self.epoch.load(Ordering::Acquire);
        inode.known.facts.read().as_ref().filter(|facts| facts.epoch == epoch).cloned()
    }

    /// The facts that follow from names alone, without asking the database, unless all are known already.
    pub(super) fn placed(&self, inode: &Arc<VolumeInode>) -> Result<Arc<Facts>, FsError> {
        if let Some(facts) = self.kept_facts(inode) {
            return Ok(facts);
        }
        match inode.link() {
            Some(link) if !inode.is_directory() => {
                let parent = self.facts(&link.parent)?;
                Ok(Arc::new(self.facts_of_name(&parent, &link.name, false, false)))
            }
            _ => self.facts(inode),
        }
    }

    fn facts_of_root(&self) -> Facts {
        Facts {
            epoch: self.epoch.load(Ordering::Acquire),
            place: match self.settings.kind {
                VolumeKind::Shared => Place::Root,
                VolumeKind::Users => Place::Users,
                VolumeKind::Private(tree) => Place::PrivateRoot(tree),
            },
            hidden: false,
            portable: true,
            state: State::Normal,
            named: Kind::Other,
            row: Some(self.root_row),
            owner: None,
            user: (self.settings.kind != VolumeKind::Users).then_some(self.settings.user),
            owner_user: None,
        }
    }

    /// What is known of the root of a user's tree as such.
    pub(super) fn facts_of_tree(&self, user: UserId) -> Facts {
        Facts { place: Place::Root, row: None, user: Some(user), ..self.facts_of_root() }
    }

    /// What a name alone tells, for an entry that is or is about to be in the directory of `parent`.
    pub(super) fn facts_of_name(
        &self,
        parent: &Facts,
        name: &FileName,
        directory: bool,
        holds_nomedia: bool,
    ) -> Facts {
        let folded = fold(name.as_str());
        let (state, plain) = State::of_name(&folded);
        Facts {
            epoch: parent.epoch,
            place: parent.place.child(&folded, name.as_str(), directory),
            hidden: parent.place.hides(parent.hidden, &folded, directory, holds_nomedia),
            portable: true,
            state: if directory { State::Normal } else { state },
            named: if directory { Kind::Other } else { Kind::of_extension(plain) },
            row: None,
            owner: None,
            user: match parent.place {
                Place::Users => Place::user_of(&folded, name.as_str()),
                _ => parent.user,
            },
            owner_user: None,
        }
    }

    /// What a name tells of an entry that is about to be made: no user's tree is made by a caller.
    pub(super) fn facts_to_be(&self, parent: &Facts, name: &FileName, directory: bool) -> Facts {
        let facts = self.facts_of_name(parent, name, directory, false);
        match parent.place {
            Place::Users => Facts { place: Place::BesideUsers, user: None, ..facts },
            _ => facts,
        }
    }

    fn holds_nomedia(&self, inode: &Arc<VolumeInode>) -> bool {
        let found = || {
            let name = FileName::parse(std::ffi::OsStr::new(NOMEDIA)).ok()?;
            inode.descriptor(&self.nodes.descriptors).ok()?.child(&name).ok()
        };
        found().is_some()
    }

    /// Adds what the database remembers; a row of another lower file is none of this one's.
    fn add_row(
        &self,
        facts: &mut Facts,
        parent: &Facts,
        link: &Link<Known>,
        inode: &Arc<VolumeInode>,
    ) -> Result<(), FsError> {
        if self.is_private() || self.keeps_no_rows(facts) {
            return Ok(());
        }
        if let Some(row) = self.row_of_file(parent, link, inode)? {
            self.take_row(facts, &row)?;
        }
        Ok(())
    }

    /// Adds what the file's own row remembers.
    pub(super) fn take_row(&self, facts: &mut Facts, row: &Entry) -> Result<(), FsError> {
        facts.row = Some(row.id);
        facts.owner.clone_from(&row.owner);
        if facts.owner.is_some() && self.store.snapshot().has_foreign_owners() {
            facts.owner_user = self.store.owner_user(row.id)?;
        }
        if row.state != State::Normal {
            facts.state = row.state;
        }
        Ok(())
    }

    /// What was kept of the file is no longer so.
    pub(super) fn renew_facts(&self, inode: &VolumeInode) {
        *inode.known.facts.write() = None;
    }

    /// The row of a directory, made (with those above it) where there is none.
    pub(super) fn directory_row(&self, inode: &Arc<VolumeInode>) -> Result<MediaId, FsError> {
        if let Some(row) = self.facts(inode)?.row {
            return Ok(row);
        }
        let link = inode.link().ok_or(FsError::Plain(Errno::ESTALE))?;
        let parent = self.directory_row(&link.parent)?;
        let folded = fold(link.name.as_str());
        let name = EntryName { bytes: link.name.as_str().as_bytes(), folded: folded.as_bytes() };
        let row = self.store.ensure_directory(parent, name, self.lasting(inode.identity()))?;
        self.renew_facts(inode);
        Ok(row)
    }

    /// Whether the caller acts for another Android user than the one who has the volume.
    pub(super) fn is_foreign(&self, caller: &Caller) -> bool {
        is_other_user(caller, Some(self.settings.user))
    }

    /// Whether the caller's user shares media with the user in whose tree an entry lies, and it is media: private
    /// trees are shared with nobody.
    fn is_shared(&self, caller: &Caller, facts: &Facts) -> bool {
        let private =
            matches!(facts.place, Place::Private { .. } | Place::PrivateRoot(_) | Place::PrivateMarker(_));
        let share = |user| self.store.snapshot().share_media(caller.uid.user(), user);
        !private && facts.user.is_some_and(share)
    }

    /// The facts as policy takes them: for this caller, with the kind if it is known.
    pub(super) fn for_policy(
        &self,
        caller: &Caller,
        facts: &Facts,
        directory: bool,
        kind: Option<Kind>,
    ) -> FileFacts {
        let foreign = is_other_user(caller, facts.user);
        let closed = foreign && !self.is_shared(caller, facts);
        let grants = match (&caller.identity, facts.row) {
            (Identity::Application(application), Some(row)) if !foreign => {
                self.store.snapshot().granted(row, application, now())
            }
            (Identity::Application(_) | Identity::Root | Identity::Shell | Identity::Unknown, _) => {
                FileGrants::empty()
            }
        };
        FileFacts {
            place: if closed { Place::OtherUser } else { facts.place.clone() },
            directory,
            kind,
            hidden: facts.hidden,
            owner: facts.owner.clone().filter(|_| !is_other_user(caller, facts.owner_user.or(facts.user))),
            state: facts.state,
            portable: facts.portable,
            grants,
            of_other_user: foreign,
        }
    }
}

/// Whether the caller is an application, or nobody known, of another Android user than this one.
pub(super) fn is_other_user(caller: &Caller, user: Option<UserId>) -> bool {
    match caller.identity {
        Identity::Application(_) | Identity::Unknown => user.is_some_and(|user| caller.uid.user() != user),
        Identity::Root | Identity::Shell => false,
    }
}
