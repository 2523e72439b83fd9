//! The read-only attributes `user.mediagate.*`: what the daemon knows of an entry, for its caller.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::facts::Facts;
use super::forced::Directory;
use super::lookup::view_name;
use super::{Context, FsError, Volume, VolumeInode};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::NodeId;
use crate::policy::{Identity, Operation, View};
use crate::redact::Plan;

/// `full` or `redacted`: how the caller's opens of the file are served now.
const VIEW: &str = "user.mediagate.view";
/// The package that made the entry; absent where none is known.
const OWNER: &str = "user.mediagate.owner";
/// The kind on which name and content agree.
const KIND: &str = "user.mediagate.kind";

impl Volume {
    /// GETXATTR.
    ///
    /// # Errors
    /// ENODATA for an attribute of ours that the entry lacks, EOPNOTSUPP for all others; else as an open for reading.
    pub fn extended_attribute(&self, context: Context, id: NodeId, name: &str) -> Result<Vec<u8>, FsError> {
        self.counting(Counter::Other, self.attribute_value(context, id, name))
    }

    fn attribute_value(&self, context: Context, id: NodeId, name: &str) -> Result<Vec<u8>, FsError> {
        if let Some(directory) = Directory::of(id) {
            self.may_enter(&self.caller(context), directory)?;
            let ours = [VIEW, OWNER, KIND].contains(&name);
            return Err(FsError::Plain(if ours { Errno::ENODATA } else { Errno::EOPNOTSUPP }));
        }
        let node = self.node(id)?;
        let inode = node.inode();
        self.may_touch(context, inode)?;
        if ![VIEW, OWNER, KIND].contains(&name) {
            return Err(FsError::Plain(Errno::EOPNOTSUPP));
        }
        let facts = self.facts(inode)?;
        let owner = || Ok(facts.owner.as_ref().ok_or(FsError::Plain(Errno::ENODATA))?.as_str().to_owned());
        let value = if inode.is_directory() {
            match name {
                VIEW => Ok(view_name(View::Full).to_owned()),
                OWNER if self.owns(context, &facts) => owner(),
                _ => Err(FsError::Plain(Errno::ENODATA)),
            }
        } else {
            let read = self.operation_on(&node, Operation::Open { read: true, write: false });
            self.opening(context, inode, read, |_, access| match name {
                VIEW => Ok(view_name(self.served(inode, &facts, access.view)?).to_owned()),
                OWNER => owner(),
                _ => Ok(format!("{:?}", self.kind(inode, &facts)?).to_lowercase()),
            })
        };
        value.map(String::into_bytes)
    }

    /// The view in which one whom policy gives `view` is served now: in full if there is nothing to hide.
    fn served(&self, inode: &Arc<VolumeInode>, facts: &Facts, view: View) -> Result<View, FsError> {
        if view == View::Full {
            return Ok(View::Full);
        }
        let seen = match self.seen(inode, facts, true) {
            Err(FsError::Changing) => return Ok(View::Redacted),
            seen => seen?,
        };
        match seen.plan.as_deref() {
            Some(Plan::Clean) if inode.sharing().writers == 0 => Ok(View::Full),
            Some(Plan::Clean | Plan::Ranges(_)) | None => Ok(View::Redacted),
            Some(Plan::Opaque(reason)) => Err(FsError::Opaque(reason.clone())),
        }
    }

    /// Whether a directory's owner is the caller's to know: who made a directory says which applications there are.
    fn owns(&self, context: Context, facts: &Facts) -> bool {
        match (self.caller(context).identity, &facts.owner) {
            (Identity::Root | Identity::Shell, _) => true,
            (Identity::Application(application), Some(owner)) => application.is(owner),
            (Identity::Application(_) | Identity::Unknown, _) => false,
        }
    }

    /// LISTXATTR: the names, each ended by NUL.
    ///
    /// # Errors
    /// As GETXATTR.
    pub fn extended_attributes(&self, context: Context, id: NodeId) -> Result<Vec<u8>, FsError> {
        self.reach(context, id)?;
        let mut names = Vec::new();
        for name in [VIEW, OWNER, KIND] {
            match self.extended_attribute(context, id, name) {
                Ok(_) => {
                    names.extend_from_slice(name.as_bytes());
                    names.push(0);
                }
                Err(error) if error.errno() == Errno::ENODATA => {}
                // Who may not open the entry learns only that these attributes exist nowhere for it.
                Err(FsError::Denied { .. } | FsError::Opaque(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(names)
    }
}
