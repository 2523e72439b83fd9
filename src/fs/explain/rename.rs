//! A rename as a whole: which of its parts refuses first.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::walk::{Spot, Walk};
use super::{Answer, Explained};
use crate::fs::facts::Facts;
use crate::fs::lookup::DEEPEST;
use crate::fs::{Context, FsError, Volume, VolumeInode};
use crate::id::Uid;
use crate::lower::ListedName;
use crate::policy::{Caller, DenyReason, Identity, Operation, Outcome, Verdict, Visibility};

/// Where the parts of a rename are told from.
const ORDER: &str = "the order in which a rename asks";

impl Volume {
    /// What renaming `from` to `to`, both within the volume, would answer for `uid`: the part that refuses first in the
    /// order in which a rename asks, or the allowance of taking it away. With `exchange` the two change places.
    ///
    /// # Errors
    /// As [`Volume::explain`].
    pub fn explain_rename(
        &self,
        uid: Uid,
        from: &str,
        to: &str,
        exchange: bool,
    ) -> Result<Explained, FsError> {
        let caller = self.caller(Context { uid, pid: 0 });
        if let Some(told) = self.explain_forced(&caller, Operation::RenameFrom, from)? {
            return Ok(part(told, "source", from));
        }
        let source = self.walk(&caller, from)?;
        if let Some(told) = self.explain_forced(&caller, Operation::RenameTo, to)? {
            return Ok(match source {
                Walk::Stopped(stopped) => part(*stopped, "source", from),
                Walk::To(Spot { inode: Some(_), .. }) => part(told, "target", to),
                Walk::To(_) => part(self.explain(uid, Operation::RenameFrom, from)?, "source", from),
            });
        }
        let (source, target) = match (source, self.walk(&caller, to)?) {
            (Walk::To(source), Walk::To(target)) => (source, target),
            (Walk::Stopped(stopped), _) => return Ok(part(*stopped, "source", from)),
            (_, Walk::Stopped(stopped)) => return Ok(part(*stopped, "target", to)),
        };
        let Some(inode) = &source.inode else {
            return Ok(part(self.explain(uid, Operation::RenameFrom, from)?, "source", from));
        };
        if let Some(refused) = self.explain_free(&caller, &target)? {
            return Ok(part(refused, "target", to));
        }
        if exchange && target.inode.is_none() {
            return Ok(part(self.explain(uid, Operation::RenameFrom, to)?, "target", to));
        }
        if let Some(outcome) = self.kernel_refuses(&caller, inode, (&source, &target), exchange) {
            return Ok(part(self.told_of(caller, inode, Answer::Beside(outcome))?, "rename", from));
        }
        let taken = match self.explain_move(uid, inode, (from, to), &target)? {
            (refused, false) => return Ok(refused),
            (taken, true) => taken,
        };
        let refused = match &target.inode {
            Some(standing) if exchange => {
                let (told, allowed) = self.explain_move(uid, standing, (to, from), &source)?;
                (!allowed).then_some(told)
            }
            Some(_) | None => {
                self.explain_replaced(&caller, inode, &target)?.map(|told| part(told, "replace", to))
            }
        };
        Ok(refused.unwrap_or_else(|| part(taken, "rename", from)))
    }

    /// The refusal of a name at which nothing is, where that is not to be told: the kernel looks it up first.
    fn explain_free(&self, caller: &Caller, target: &Spot) -> Result<Option<Explained>, FsError> {
        if target.inode.is_some() {
            return Ok(None);
        }
        let facts = self.facts_of_spot(target, false, false)?;
        let look = self.judge(caller, &facts, (false, None), Operation::Look);
        let refused = matches!(look, Verdict::Deny { reason: DenyReason::OtherUser, .. });
        Ok(refused.then(|| self.told(caller.clone(), &facts, (false, None), Answer::Policy(look))))
    }

    /// Taking `inode` with all below it from one path to another; and whether it may be.
    fn explain_move(
        &self,
        uid: Uid,
        inode: &Arc<VolumeInode>,
        (from, to): (&str, &str),
        target: &Spot,
    ) -> Result<(Explained, bool), FsError> {
        let taken = self.explain(uid, Operation::RenameFrom, from)?;
        if !taken.is_allowed() {
            return Ok((part(taken, "rename-from", from), false));
        }
        let caller = taken.caller.clone();
        let mut put = self.facts_of_spot(target, inode.is_directory(), true)?;
        if let Some(refused) = self.explain_put(&caller, inode, &mut put)? {
            return Ok((part(refused, "rename-to", to), false));
        }
        match self.explain_below(&caller, inode, &put, DEEPEST)? {
            Some(refused) => Ok((refused, false)),
            None => Ok((taken, true)),
        }
    }

    /// One end of a rename whose other end lies on another volume; and whether the caller comes no further than to a
    /// directory above it, which is the answer then.
    ///
    /// # Errors
    /// As [`Volume::explain`].
    pub fn explain_border(&self, uid: Uid, path: &str) -> Result<(Explained, bool), FsError> {
        let caller = self.caller(Context { uid, pid: 0 });
        // The directory is found before the kernel compares the volumes; the name in it is not looked for.
        let above = path.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
        let elsewhere = Answer::Beside(Outcome::OTHER_VOLUME);
        match self.explain_forced(&caller, Operation::Look, above)? {
            Some(told) if !told.is_allowed() => return Ok((told, true)),
            Some(told) => return Ok((Explained { answer: elsewhere, ..told }, false)),
            None => {}
        }
        if let Some(told) = self.explain_forced(&caller, Operation::Look, path)? {
            return Ok((Explained { answer: elsewhere, ..told }, false));
        }
        let spot = match self.walk(&caller, path)? {
            Walk::Stopped(stopped) => return Ok((*stopped, true)),
            Walk::To(spot) => spot,
        };
        let told = match &spot.inode {
            Some(inode) => self.told_of(caller, inode, elsewhere)?,
            None => self.told(caller, &self.facts_of_spot(&spot, false, false)?, (false, None), elsewhere),
        };
        Ok((told, false))
    }

    /// What the kernel answers by itself once it has found both ends.
    fn kernel_refuses(
        &self,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        (source, target): (&Spot, &Spot),
        exchange: bool,
    ) -> Option<Outcome> {
        let root = self.nodes.root().inode();
        if Arc::ptr_eq(inode, root) || target.link.is_none() {
            return Some(Outcome::MOUNT_POINT);
        }
        let lies_in = |spot: &Spot, directory: &Arc<VolumeInode>| {
            let above = spot.link.as_ref().map(|(parent, _)| parent.clone());
            std::iter::successors(above, |above| Some(above.link()?.parent))
                .any(|above| Arc::ptr_eq(&above, directory))
        };
        if lies_in(target, inode) {
            return Some(Outcome::BELOW_ITSELF);
        }
        // What does not exist for the caller the kernel does not find.
        let standing = target.inode.as_ref().filter(|standing| self.may_look(caller, standing).is_ok())?;
        match (exchange, inode.is_directory(), standing.is_directory()) {
            (true, ..) => lies_in(source, standing).then_some(Outcome::BELOW_ITSELF),
            (false, _, true) if lies_in(source, standing) => Some(Outcome::NOT_EMPTY),
            (false, true, false) => Some(Outcome::NOT_DIRECTORY),
            (false, false, true) => Some(Outcome::IS_DIRECTORY),
            (false, ..) => None,
        }
    }

    /// Putting `inode` where `put` is; its owner and its row go along.
    fn explain_put(
        &self,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        put: &mut Facts,
    ) -> Result<Option<Explained>, FsError> {
        let (known, directory) = (self.facts(inode)?, inode.is_directory());
        put.owner.clone_from(&known.owner);
        put.row = known.row;
        let kind = match directory {
            true => None,
            false => Some(crate::policy::Kind::agree(put.named, self.seen(inode, &known, false)?.content)),
        };
        let verdict = self.judge(caller, put, (directory, kind), Operation::RenameTo);
        let refused = matches!(verdict, Verdict::Deny { .. });
        Ok(refused.then(|| self.told(caller.clone(), put, (directory, kind), Answer::Policy(verdict))))
    }

    /// The first entry below a directory that may not be taken along.
    fn explain_below(
        &self,
        caller: &Caller,
        directory: &Arc<VolumeInode>,
        put: &Facts,
        depth: usize,
    ) -> Result<Option<Explained>, FsError> {
        if !directory.is_directory() || matches!(caller.identity, Identity::Root) {
            return Ok(None);
        }
        let Some(depth) = depth.checked_sub(1) else { return Ok(None) };
        let mut names = Vec::new();
        directory.descriptor(&self.nodes.descriptors)?.list()?.read_from(0, |listed| {
            if let ListedName::Entry(name) = listed.name {
                names.push(name);
            }
            true
        })?;
        for name in names {
            let Ok((inode, _)) = self.child(directory, &name) else { continue };
            let path = self.path_of(&inode);
            let facts = self.facts(&inode)?;
            let verdict =
                self.verdict_under(Visibility::Shared, caller, &inode, &facts, Operation::RenameFrom)?;
            if matches!(verdict, Verdict::Deny { .. }) {
                let told = self.told_of(caller.clone(), &inode, Answer::Policy(verdict))?;
                return Ok(Some(part(told, "rename-from", &path)));
            }
            let mut below = self.facts_of_name(put, &name, inode.is_directory(), false);
            if let Some(told) = self.explain_put(caller, &inode, &mut below)? {
                return Ok(Some(part(told, "rename-to", &path)));
            }
            if let Some(told) = self.explain_below(caller, &inode, &below, depth)? {
                return Ok(Some(told));
            }
        }
        Ok(None)
    }

    /// Replacing what stands at the target.
    fn explain_replaced(
        &self,
        caller: &Caller,
        inode: &Arc<VolumeInode>,
        target: &Spot,
    ) -> Result<Option<Explained>, FsError> {
        let Some(standing) = target.inode.as_ref().filter(|standing| !Arc::ptr_eq(standing, inode)) else {
            return Ok(None);
        };
        let facts = self.facts(standing)?;
        let answer = match self.verdict(caller, standing, &facts, Operation::Replace)? {
            verdict @ Verdict::Deny { .. } => Answer::Policy(verdict),
            Verdict::Allow(..) if standing.is_directory() && self.has_entries(standing)? => {
                Answer::Beside(Outcome::NOT_EMPTY)
            }
            Verdict::Allow(..) => return Ok(None),
        };
        self.told_of(caller.clone(), standing, answer).map(Some)
    }
}

/// Names the part of the rename that the answer is about.
fn part(told: Explained, part: &str, path: &str) -> Explained {
    told.with("part", format!("{part} of /{}", path.trim_start_matches('/')), ORDER)
}
