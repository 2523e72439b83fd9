//! Lower files registered with the kernel for passthrough, and the I/O mode of a node.
//!
//! The kernel allows one mode, and for passthrough one backing file, per inode at a time. Both therefore belong to
//! the node, are chosen by the first open, and stay until the last open is released; the backing stays longer, so
//! that the next open costs no system call.

#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Weak};

/// The kernel's table of backing files: implemented over /dev/fuse.
pub trait BackingDevice: Debug + Send + Sync {
    /// Registers a lower file; returns its id.
    ///
    /// # Errors
    /// EPERM without CAP_SYS_ADMIN, ELOOP on a stacked file system, others as the kernel answers.
    fn open_backing(&self, file: BorrowedFd<'_>) -> io::Result<u32>;

    /// Lets go of an id; handles that use it go on.
    fn close_backing(&self, id: u32);
}

/// One registered lower file; dropped, it is let go.
#[derive(Debug)]
pub struct Backing {
    id: u32,
    device: Weak<dyn BackingDevice>,
}

impl Backing {
    /// Registers a lower file.
    ///
    /// # Errors
    /// As [`BackingDevice::open_backing`].
    pub fn open(device: &Arc<dyn BackingDevice>, file: BorrowedFd<'_>) -> io::Result<Backing> {
        Ok(Backing { id: device.open_backing(file)?, device: Arc::downgrade(device) })
    }

    /// The kernel's number for it.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for Backing {
    fn drop(&mut self) {
        if let Some(device) = self.device.upgrade() {
            device.close_backing(self.id);
        }
    }
}

/// How the opens of a node that are alive do their I/O.
#[derive(Debug, Default)]
pub struct IoMode {
    /// Opens that are alive.
    pub opens: u32,
    /// Whether they are passthrough; means something only while `opens` is not 0.
    pub passthrough: bool,
    /// The registered file, kept while it is useful.
    pub backing: Option<Arc<Backing>>,
}
