//! What mediation asks of the kernel's side, whatever carries the requests.

#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::sync::Arc;

use crate::id::NodeId;
use crate::lower::FileName;
use crate::node::BackingDevice;

/// The kernel's side of a mount. Notifications are never sent from a thread that serves requests: the kernel may
/// have to wait for a request in order to carry one out.
pub trait Kernel: BackingDevice {
    /// Drops the node's cached pages and attributes.
    fn invalidate(&self, node: NodeId);

    /// Drops the node's attributes.
    fn expire_attributes(&self, node: NodeId);

    /// Has the kernel ask for the entry at its next use. Nothing is dropped unless it then turns out to be gone.
    fn expire(&self, parent: NodeId, name: &FileName);

    /// The same object as a table of backing files.
    fn as_backing_device(self: Arc<Self>) -> Arc<dyn BackingDevice>;
}

/// A notification to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    /// See [`Kernel::invalidate`].
    Invalidate(NodeId),
    /// See [`Kernel::expire_attributes`].
    Attributes(NodeId),
    /// Nothing more is sent.
    Stop,
}
