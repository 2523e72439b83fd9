//! Why a request failed, and the errno that its caller sees.

#![forbid(unsafe_code)]

use std::io;

use crate::error::Errno;
use crate::id::{HandleId, NodeId};
use crate::lower::NameError;
use crate::policy::{DenyErrno, DenyReason, RuleName};
use crate::redact::OpaqueReason;
use crate::store::StoreError;

/// A request that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum FsError {
    /// Policy refused.
    #[error("refused by rule {}", rule.0)]
    Denied {
        /// Why.
        reason: DenyReason,
        /// The rule that determined it.
        rule: RuleName,
    },
    /// The node is another view than the caller's: the kernel looks the name up again.
    #[error("the view of a stale lookup")]
    StaleView,
    /// The content cannot be made safe for this caller.
    #[error("the content cannot be made safe: {0}")]
    Opaque(OpaqueReason),
    /// A writer kept changing the file while it was filtered.
    #[error("the file is being changed")]
    Changing,
    /// The request is to be served where nobody else waits for it; no caller sees this.
    #[error("this takes long")]
    TakesLong,
    /// The lower file system's own answer.
    #[error("the lower file system: {0}")]
    Lower(#[from] io::Error),
    /// No name that could be served.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The kernel speaks of a node that it was not told of.
    #[error("unknown node {0}")]
    UnknownNode(NodeId),
    /// The kernel speaks of a handle that it was not given.
    #[error("unknown handle {0}")]
    UnknownHandle(HandleId),
    /// What this file system does not do, or the caller asked wrongly.
    #[error("{0}")]
    Plain(Errno),
}

impl FsError {
    /// What the caller sees.
    pub fn errno(&self) -> Errno {
        match self {
            FsError::Denied { reason, .. } => match reason.errno() {
                DenyErrno::Enoent => Errno::ENOENT,
                DenyErrno::Eacces => Errno::EACCES,
                DenyErrno::Eperm => Errno::EPERM,
            },
            FsError::StaleView => Errno::ESTALE,
            FsError::Opaque(_) => Errno::EACCES,
            FsError::Changing | FsError::TakesLong => Errno::EAGAIN,
            FsError::Lower(error) => Errno::from(error),
            FsError::Name(error) => error.errno(),
            FsError::Store(error) if error.is_full() => Errno::ENOSPC,
            FsError::Store(_) | FsError::UnknownHandle(_) => Errno::EIO,
            FsError::UnknownNode(_) => Errno::ESTALE,
            FsError::Plain(errno) => *errno,
        }
    }

    /// Whether something is wrong with the daemon or its state, as opposed to an answer that was to be expected.
    pub fn is_failure(&self) -> bool {
        match self {
            FsError::Store(error) => !error.is_full(),
            FsError::UnknownHandle(_) | FsError::UnknownNode(_) => true,
            FsError::Lower(error) => error.raw_os_error().is_none_or(|raw| raw == libc::EIO),
            FsError::Denied { .. }
            | FsError::StaleView
            | FsError::Opaque(_)
            | FsError::Changing
            | FsError::TakesLong
            | FsError::Name(_)
            | FsError::Plain(_) => false,
        }
    }
}

impl From<Errno> for FsError {
    fn from(errno: Errno) -> FsError {
        FsError::Plain(errno)
    }
}
