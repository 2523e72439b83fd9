//! CREATE: make a file and open it, or open the one that is there.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::content::stored;
use super::decide::Prospect;
use super::facts::{Facts, is_other_user};
use super::open::{OpenRequest, Opened, Terms};
use super::{Context, Entry, FsError, Volume, VolumeInode, now};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::NodeId;
use crate::lower::{DataFd, FileName, OpenHow, Stat, fold};
use crate::policy::{Access, Caller, Identity, Operation, PackageName, Permit, Place, RuleName, View};
use crate::store::{EntryName, NewEntry};

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
        self.counters.count(Counter::Create);
        self.within_quota(context)?;
        let parent = self.node(parent)?;
        for _ in 0..RACES {
            match self.child(parent.inode(), name) {
                Ok(_) if exclusive => return Err(self.taken(context, parent.inode(), name)),
                // Who may not know of it gets the answer of a free name.
                Ok((inode, _)) if self.may_touch(context, &inode).is_err() => {
                    return Err(self.taken(context, parent.inode(), name));
                }
                Ok((inode, stat)) => return self.open_existing(context, &inode, &stat, request),
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

    /// The answer to making a name that is taken: EEXIST, unless the caller may not even make it there.
    pub(super) fn taken(&self, context: Context, parent: &Arc<VolumeInode>, name: &FileName) -> FsError {
        let refused = self
            .prospect(parent, name, false)
            .and_then(|prospect| self.permit_new(context, &prospect, Operation::Create));
        match refused {
            Err(error @ FsError::Denied { reason: crate::policy::DenyReason::PrivateChange, .. }) => error,
            Err(error @ FsError::Denied { reason: crate::policy::DenyReason::Private, .. }) => error,
            _ => FsError::Plain(Errno::EEXIST),
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
        let (permit, access) = self.permit(context, inode, request.operation())?;
        let terms = Terms::new(context, permit, access, request);
        // The view is chosen here, so that it cannot be stale; a file with nothing to hide is opened in full.
        let views: &[View] =
            if access.view == View::Full { &[View::Full] } else { &[View::Full, View::Redacted] };
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
        let data: DataFd = parent.descriptor(&self.nodes.descriptors)?.create(name, how, permit)?;
        self.judged.grew(parent);
        let (inode, stat) = self.child(parent, name)?;
        if stat.identity != data.stat()?.identity {
            return Err(FsError::Plain(Errno::EAGAIN));
        }
        self.record_new(context, &prospect, &inode, &stat)?;
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
        self.outside_private_trees(&self.caller(context), &prospect.facts)?;
        let permit = self.permit_new(context, &prospect, Operation::Create)?;
        Ok((prospect, permit))
    }

    /// Remembers a file or directory that was made just now, with the caller as its owner.
    pub(super) fn record_new(
        &self,
        context: Context,
        prospect: &Prospect,
        inode: &Arc<VolumeInode>,
        stat: &Stat,
    ) -> Result<(), FsError> {
        if prospect.name.as_str() == NOMEDIA {
            self.forget_facts();
        }
        if self.is_private() || self.keeps_no_rows(&prospect.facts) {
            return Ok(());
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
            expires: None,
            file: stat.identity.file,
            version: Some(stored(stat.version)),
            created: now(),
        };
        self.store.batch(|changes| {
            let row = changes.record_created(&new)?;
            other_user.map_or(Ok(()), |user| changes.set_owner_user(row, user))
        })?;
        self.renew_facts(inode);
        Ok(())
    }

    /// Entries whose place says everything that there is to know.
    fn keeps_no_rows(&self, facts: &Facts) -> bool {
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
