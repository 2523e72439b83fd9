//! CREATE: make a file and open it, or open the one that is there.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::decide::Prospect;
use super::facts::{Facts, is_other_user};
use super::open::{OpenRequest, Opened, Terms};
use super::repair::lags;
use super::spelling::is_nomedia;
use super::{Context, Entry, FsError, Volume, VolumeInode, now};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{Identity as FileIdentity, MediaId, NodeId};
use crate::lower::{DataFd, FileName, OpenHow, Stat, fold};
use crate::policy::{
    Access, Caller, DenyReason, Identity, Operation, PackageName, Permit, Place, RuleName, View,
};
use crate::store::{Begun, Entry as Row, EntryName, NewEntry};

/// The owner of what `adb shell` makes.
const SHELL_PACKAGE: &str = "com.android.shell";
/// How often making is tried again when others make and remove the same name meanwhile.
const RACES: usize = 16;
/// The name whose coming and going changes what is hidden.
pub(super) const NOMEDIA: &str = ".nomedia";

/// What CREATE answers.
#[derive(Debug)]
pub struct Created<'v> {
    /// The entry.
    pub entry: Entry<'v>,
    /// The open file.
    pub opened: Opened,
}

impl Volume {
    /// CREATE: `exclusive` refuses an entry that exists, which is else opened by the rules of OPEN.
    ///
    /// # Errors
    /// EPERM for a name or a kind that does not belong there; EEXIST; else as policy or the lower file system answers.
    pub fn create(
        &self,
        context: Context,
        parent: NodeId,
        name: &FileName,
        request: OpenRequest,
        exclusive: bool,
    ) -> Result<Created<'_>, FsError> {
        self.counting(Counter::Create, self.create_or_open(context, (parent, name), request, exclusive))
    }

    fn create_or_open(
        &self,
        context: Context,
        (parent, name): (NodeId, &FileName),
        request: OpenRequest,
        exclusive: bool,
    ) -> Result<Created<'_>, FsError> {
        self.within_quota(context)?;
        let parent = self.node_to_change(context, (parent, name), Operation::Create)?;
        self.not_reserved(context, (parent.inode(), name), Operation::Create)?;
        for _ in 0..RACES {
            let making = self.making.begin(parent.inode(), name);
            let found = self.child(parent.inode(), name);
            if found.is_ok() {
                drop(making);
            }
            match found {
                Ok((inode, stat)) => {
                    let reached = self.may_touch(context, &inode);
                    if let Err(error @ FsError::TakesLong) = reached {
                        return Err(error);
                    }
                    // Who may not know of it gets the answer of a free name as far as that goes.
                    if exclusive || reached.is_err() {
                        return Err(self.taken(context, parent.inode(), name, &inode));
                    }
                    let Created { entry, opened } = self.open_existing(context, &inode, &stat, request)?;
                    return Ok(Created { entry: self.as_spelled(entry, name), opened });
                }
                Err(FsError::Lower(error)) if error.raw_os_error() == Some(libc::ENOENT) => {}
                Err(error) => return Err(error),
            }
            match self.create_new(context, parent.inode(), name, request) {
                Err(FsError::Lower(error)) if error.raw_os_error() == Some(libc::EEXIST) => {}
                other => return other,
            }
        }
        Err(FsError::Plain(Errno::EAGAIN))
    }

    /// The answer to making a name that is taken: EEXIST, unless the caller may not even make it there, or may not
    /// know of what stands there; then any refusal of a free name comes first.
    fn taken(
        &self,
        context: Context,
        parent: &Arc<VolumeInode>,
        name: &FileName,
        inode: &Arc<VolumeInode>,
    ) -> FsError {
        let standing = self.taken_by(context, inode);
        match self.permit_file(context, parent, name) {
            Err(
                error @ FsError::Denied {
                    reason: DenyReason::PrivateChange | DenyReason::Private | DenyReason::OtherUser,
                    ..
                },
            ) => error,
            Err(error) if standing.errno() != Errno::EEXIST => error,
            Ok(_) | Err(_) => standing,
        }
    }

    fn open_existing(
        &self,
        context: Context,
        inode: &Arc<VolumeInode>,
        stat: &Stat,
        request: OpenRequest,
    ) -> Result<Created<'_>, FsError> {
        if inode.is_directory() {
            return Err(FsError::Plain(Errno::EISDIR));
        }
        self.opening(context, inode, request.operation(), |permit, access| {
            self.open_in_view(context, (inode, stat), Terms::new(context, permit, access, request))
        })
    }

    fn open_in_view(
        &self,
        context: Context,
        (inode, stat): (&Arc<VolumeInode>, &Stat),
        terms: Terms,
    ) -> Result<Created<'_>, FsError> {
        // The view is chosen here, so that it cannot be stale; a file with nothing to hide is opened in full.
        let views: &[View] =
            if terms.access.view == View::Full { &[View::Full] } else { &[View::Full, View::Redacted] };
        for view in views {
            let entry = self.entry_in(inode, stat, *view)?;
            match self.open_node(context, entry.node.node(), terms, None) {
                Err(FsError::StaleView) => {}
                opened => return Ok(Created { entry, opened: opened? }),
            }
        }
        Err(FsError::StaleView)
    }

    fn create_new(
        &self,
        context: Context,
        parent: &Arc<VolumeInode>,
        name: &FileName,
        request: OpenRequest,
    ) -> Result<Created<'_>, FsError> {
        let _tree = self.tree.read();
        let (prospect, permit) = self.permit_file(context, parent, name)?;
        let how = OpenHow { truncate: false, ..request.how() };
        let directory = parent.descriptor(&self.nodes.descriptors)?;
        let begun = self.begin_row(context, &prospect)?;
        let make = || directory.create(name, how, permit);
        let data: DataFd = self.made(begun, self.own_change(&[(parent, name)], 1, make))?;
        self.judged.grew(parent);
        let identity = data.stat()?.identity;
        self.complete_row(begun, identity);
        let (inode, stat) = self.child(parent, name)?;
        if stat.identity != identity {
            return Err(FsError::Plain(Errno::EAGAIN));
        }
        self.appeared(&inode, &prospect);
        let entry = self.entry_in(&inode, &stat, View::Full)?;
        let access = Access { view: View::Full, rule: CREATOR };
        let request = OpenRequest { truncate: false, ..request };
        let terms = Terms::new(context, permit, access, request);
        let opened = self.open_node(context, entry.node.node(), terms, Some(data))?;
        Ok(Created { entry, opened })
    }

    /// Whether the caller may make a file of that name there.
    pub(super) fn permit_file(
        &self,
        context: Context,
        parent: &Arc<VolumeInode>,
        name: &FileName,
    ) -> Result<(Prospect, Permit), FsError> {
        let prospect = self.prospect(parent, name, false)?;
        let permit = self.permit_new(context, &prospect, Operation::Create)?;
        Ok((prospect, permit))
    }

    /// Makes the row of a file or directory that is about to be made, with the caller as its owner. If the daemon ends
    /// before the file is there or before the row tells which it is, the next look knows the file by its birth.
    pub(super) fn begin_row(&self, context: Context, prospect: &Prospect) -> Result<Option<Begun>, FsError> {
        if self.is_private() || self.keeps_no_rows(&prospect.facts) {
            return Ok(None);
        }
        let caller = self.caller(context);
        let owner = self.owner(&caller, &prospect.facts);
        let other_user = is_other_user(&caller, prospect.facts.user).then(|| context.uid.user());
        let folded = fold(prospect.name.as_str());
        let new = NewEntry {
            parent: self.directory_row(&prospect.parent)?,
            name: EntryName { bytes: prospect.name.as_str().as_bytes(), folded: folded.as_bytes() },
            directory: prospect.directory,
            kind: prospect.kind,
            owner: owner.as_ref(),
            state: prospect.facts.state,
            expires: prospect.facts.expires(prospect.name.as_str()),
            file: FileIdentity::NONE,
            version: None,
            created: now(),
        };
        let begun = self.store.batch(|changes| {
            let begun = changes.begin_entry(&new)?;
            self.making.claim(begun.id);
            other_user.map_or(Ok(()), |user| changes.set_owner_user(begun.id, user))?;
            Ok(begun)
        })?;
        Ok(Some(begun))
    }

    /// What the lower file system answered; where it made nothing the row is taken back.
    pub(super) fn made<T>(&self, begun: Option<Begun>, made: std::io::Result<T>) -> Result<T, FsError> {
        if let (Err(_), Some(begun)) = (&made, begun)
            && let Err(error) = self.store.undo_entry(begun)
        {
            log::warn!("the row of a file that was not made stays: {error}");
        }
        Ok(made?)
    }

    /// The row tells which file it is of.
    pub(super) fn complete_row(&self, begun: Option<Begun>, file: FileIdentity) {
        let Some(begun) = begun else { return };
        lags("complete an entry", self.store.complete(begun.id, self.lasting(file)));
        self.making.settle(begun.id);
    }

    /// Whether a row is of this lower file. That of an entry which is being made waits for the file that its maker
    /// makes, and is of none that somebody puts there beneath the mount meanwhile.
    pub(super) fn is_row_of(&self, row: &Row, file: &FileIdentity, directory: bool) -> bool {
        row.is_of(file, directory) && !(row.file == FileIdentity::NONE && self.making.claims(row.id))
    }

    /// An entry was made: what was known of it, or follows from its name for others, is not so any more.
    pub(super) fn appeared(&self, inode: &Arc<VolumeInode>, prospect: &Prospect) {
        if is_nomedia(&prospect.name) {
            self.forget_facts();
        }
        self.renew_facts(inode);
        self.tell_created(inode);
    }

    /// Entries whose place says everything that there is to know.
    pub(super) fn keeps_no_rows(&self, facts: &Facts) -> bool {
        matches!(facts.place, Place::Private { .. } | Place::PrivateRoot(_))
    }

    fn owner(&self, caller: &Caller, facts: &Facts) -> Option<PackageName> {
        match &caller.identity {
            Identity::Application(application) => {
                // In a package's own directory that package owns, else the first of the uid's.
                let here = match &facts.place {
                    Place::Media { package } => application.packages.iter().find(|own| *own == package),
                    _ => None,
                };
                here.or_else(|| application.packages.first()).cloned()
            }
            Identity::Shell => Some(PackageName::new(SHELL_PACKAGE)),
            Identity::Root | Identity::Unknown => None,
        }
    }
}

/// The rule by which whoever makes a file holds it open in full.
const CREATOR: RuleName = RuleName("owner");

/// How many names that are being made at once are told apart; others wait for each other.
const STRIPES: usize = 64;

/// Who is making an entry.
#[derive(Debug)]
pub(super) struct Making {
    names: [Mutex<()>; STRIPES],
    /// Rows that were made ahead of their files by this daemon and do not tell yet which these are. A row that was
    /// taken back stays: somebody may have read it before. Its number is soon used again.
    rows: Mutex<HashSet<MediaId>>,
}

impl Default for Making {
    fn default() -> Making {
        Making { names: std::array::from_fn(|_| Mutex::default()), rows: Mutex::default() }
    }
}

impl Making {
    /// Waits until nobody else makes an entry of that name, in whatever spelling.
    pub(super) fn begin(&self, parent: &VolumeInode, name: &FileName) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        (parent.identity(), fold(name.as_str())).hash(&mut hasher);
        let stripe = usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or_default();
        self.names.get(stripe).map(Mutex::lock)
    }

    fn claim(&self, row: MediaId) {
        self.rows.lock().insert(row);
    }

    fn settle(&self, row: MediaId) {
        self.rows.lock().remove(&row);
    }

    fn claims(&self, row: MediaId) -> bool {
        self.rows.lock().contains(&row)
    }
}
