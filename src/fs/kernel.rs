//! What mediation asks of the kernel's side, whatever carries the requests.

#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::sync::Arc;

use crate::id::NodeId;
use crate::node::BackingDevice;

/// The kernel's side of a mount. Notifications are never sent from a thread that serves requests: the kernel may
/// have to wait for a request in order to carry one out.
pub trait Kernel: BackingDevice {
    /// Drops the node's cached pages and attributes.
    fn invalidate(&self, node: NodeId);

    /// The same object as a table of backing files.
    fn as_backing_device(self: Arc<Self>) -> Arc<dyn BackingDevice>;
}

/// A notification to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    /// See [`Kernel::invalidate`].
    Invalidate(NodeId),
    /// Nothing more is sent.
    Stop,
}
