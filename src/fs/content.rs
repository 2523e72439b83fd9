//! What a file contains: its kind by content and the plan of what to hide, both bound to a content version.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::facts::Facts;
use super::hurry::may_take_long;
use super::{FsError, Volume, VolumeInode};
use crate::content::{self, Recognised};
use crate::diag::Counter;
use crate::id::MediaId;
use crate::lower::{ContentVersion, Inspection};
use crate::policy::{Content, Kind};
use crate::redact::{self, Budget, Plan};
use crate::store::{self, PlanKey, StoreError};

/// How often a file is looked at again that changed while it was looked at.
pub(super) const LOOKS: usize = 8;

/// What was seen in one version of a file.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) version: ContentVersion,
    /// `Known::changes` when it was looked at.
    pub(super) changes: u64,
    /// The version was old enough that a later change shows in it.
    pub(super) settled: bool,
    pub(super) content: Content,
    /// What to hide; `None` until somebody needs it.
    pub(super) plan: Option<Arc<Plan>>,
}

impl Seen {
    /// The same for a new inode of the file, if it may be trusted for that.
    pub(super) fn for_new_inode(&self) -> Option<Arc<Seen>> {
        self.settled.then(|| Arc::new(Seen { changes: 0, ..self.clone() }))
    }

    /// How many replacements its plan has.
    pub(super) fn patches(&self) -> usize {
        match self.plan.as_deref() {
            Some(Plan::Ranges(patches)) => patches.count(),
            Some(Plan::Clean | Plan::Opaque(_)) | None => 0,
        }
    }

    /// Whether the views differ, as far as a plan tells.
    pub(super) fn hides(&self) -> bool {
        matches!(self.plan.as_deref(), Some(Plan::Ranges(_)))
    }
}

impl Volume {
    /// The kind on which name and content agree.
    pub(super) fn kind(&self, inode: &Arc<VolumeInode>, facts: &Facts) -> Result<Kind, FsError> {
        Ok(Kind::agree(facts.named, self.seen(inode, facts, false)?.content))
    }

    /// What the present version contains, with the plan if it is wanted.
    pub(super) fn seen(
        &self,
        inode: &Arc<VolumeInode>,
        facts: &Facts,
        planned: bool,
    ) -> Result<Arc<Seen>, FsError> {
        if let Some(seen) = self.seen_before(inode, planned)? {
            return Ok(seen);
        }
        may_take_long()?;
        let descriptor = inode.descriptor(&self.nodes.descriptors)?;
        let mut seen = None;
        for _ in 0..LOOKS {
            let inspection = descriptor.inspect()?;
            // Writes that set the modification time before this moment are complete after it; those that set it
            // later show in the version.
            inspection.settle();
            let looked = self.look(inode, facts, &inspection, planned)?;
            if inspection.stat_now()?.version == inspection.stat().version
                && inode.known.changes.load(Ordering::Acquire) == looked.changes
            {
                seen = Some(looked);
                break;
            }
            self.counters.count(Counter::ReadRetry);
        }
        let seen = Arc::new(seen.ok_or(FsError::Changing)?);
        *inode.known.content.lock() = Some(seen.clone());
        if planned {
            inode.known.hides.store(seen.hides(), Ordering::Relaxed);
            self.recent.lock().keep(inode.identity(), seen.clone());
        }
        Ok(seen)
    }

    /// The same as far as it is known already; it reads nothing and waits for nobody.
    pub(super) fn seen_before(
        &self,
        inode: &Arc<VolumeInode>,
        planned: bool,
    ) -> Result<Option<Arc<Seen>>, FsError> {
        let changes = inode.known.changes.load(Ordering::Acquire);
        let version = inode.descriptor(&self.nodes.descriptors)?.stat()?.version;
        let kept = inode.known.content.lock().clone();
        let holds = |seen: &Seen| seen.version == version && seen.changes == changes;
        Ok(kept.filter(|seen| holds(seen) && (seen.plan.is_some() || !planned)))
    }

    fn look(
        &self,
        inode: &VolumeInode,
        facts: &Facts,
        inspection: &Inspection,
        planned: bool,
    ) -> Result<Seen, FsError> {
        let changes = inode.known.changes.load(Ordering::Acquire);
        let version = inspection.stat().version;
        let recognised = Recognised::of(inspection)?;
        let plan = if planned { Some(self.plan(inode, facts, inspection, recognised)?) } else { None };
        let settled = version.is_settled(SystemTime::now());
        Ok(Seen { version, changes, settled, content: recognised.content, plan })
    }

    /// The plan from the database if it was made for this very version, else made now and saved.
    fn plan(
        &self,
        inode: &VolumeInode,
        facts: &Facts,
        inspection: &Inspection,
        recognised: Recognised,
    ) -> Result<Arc<Plan>, FsError> {
        let version = inspection.stat().version;
        if let Some(plan) = facts.row.and_then(|row| self.saved_plan(row, version)) {
            self.counters.count(Counter::PlanLoaded);
            return Ok(Arc::new(plan));
        }
        self.counters.count(Counter::Planned);
        let extension = extension(inode);
        let plan =
            redact::plan_hiding(inspection, extension.as_deref(), &Budget::STANDARD, self.settings.hide)?;
        if let Some(row) = facts.row.filter(|_| version.is_settled(SystemTime::now())) {
            self.save_plan(row, version, recognised, &plan);
        }
        Ok(Arc::new(plan))
    }

    pub(super) fn saved_plan(&self, row: MediaId, version: ContentVersion) -> Option<Plan> {
        let saved = self.store.plan(&self.plan_key(row, version)).ok().flatten()?;
        Plan::decode(&saved.plan).ok()
    }

    /// Saving spares the next daemon a scan; that it fails is no reason to refuse the file.
    pub(super) fn save_plan(
        &self,
        row: MediaId,
        version: ContentVersion,
        recognised: Recognised,
        plan: &Plan,
    ) {
        match self.store.save_plan(&self.plan_key(row, version), &recognised.format(), &plan.encode()) {
            // The file was removed or renamed meanwhile, which anybody may do as often as they like.
            Ok(()) | Err(StoreError::UnknownEntry(_)) => {}
            Err(error) => log::warn!("cannot save the plan of entry {row}: {error}"),
        }
    }

    fn plan_key(&self, row: MediaId, version: ContentVersion) -> PlanKey {
        let scanner = redact::plan_version(self.settings.hide);
        PlanKey { entry: row, version: stored(version), scanner }
    }
}

/// The extension of the file's name, lower-case.
pub(super) fn extension(inode: &VolumeInode) -> Option<String> {
    content::extension(inode.link()?.name.as_str())
}

/// The same version in the database's vocabulary.
pub(super) fn stored(version: ContentVersion) -> store::ContentVersion {
    store::ContentVersion { size: version.size, mtime_ns: version.mtime_ns, ctime_ns: version.ctime_ns }
}
