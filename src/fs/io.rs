//! READ, WRITE and what else works on an open file.

#![forbid(unsafe_code)]

use std::sync::Arc;

use super::{FsError, Volume, VolumeHandle};
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::HandleId;
use crate::lower::{DataFd, OpenHow};
use crate::node::Content;

impl Volume {
    /// READ into `buffer`; returns the bytes read.
    ///
    /// # Errors
    /// EACCES if the content cannot be made safe, EAGAIN if it changes too fast, else the lower file system's own.
    pub fn read(&self, id: HandleId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let count = self.counting(Counter::Read, self.read_by(id, offset, buffer))?;
        self.counters.add(Counter::ReadBytes, count as u64);
        Ok(count)
    }

    fn read_by(&self, id: HandleId, offset: u64, buffer: &mut [u8]) -> Result<usize, FsError> {
        let handle = self.handle(id)?;
        match &handle.content {
            Content::Filtered(data) => self.read_filtered(&handle, data, offset, buffer),
            Content::Served(_) | Content::Passthrough { .. } => {
                Ok(self.data(&handle)?.read_at(buffer, offset)?)
            }
            Content::Directory(_) => Err(FsError::Plain(Errno::EISDIR)),
        }
    }

    /// WRITE; returns the bytes written.
    ///
    /// # Errors
    /// EBADF for a handle that is not for writing; else the lower file system's own.
    pub fn write(&self, id: HandleId, offset: u64, data: &[u8]) -> Result<usize, FsError> {
        self.counters.count(Counter::Write);
        let handle = self.writable(id)?;
        let count = self.data(&handle)?.write_at(data, offset)?;
        self.counters.add(Counter::WriteBytes, count as u64);
        Ok(count)
    }

    /// FSYNC.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn sync(&self, id: HandleId, data_only: bool) -> Result<(), FsError> {
        self.counters.count(Counter::Other);
        if super::forced::is_listing(id) {
            return Ok(());
        }
        let handle = self.handle(id)?;
        match &handle.content {
            Content::Directory(stream) => Ok(stream.lock().sync()?),
            Content::Filtered(_) => Ok(()),
            Content::Served(_) | Content::Passthrough { .. } => Ok(self.data(&handle)?.sync(data_only)?),
        }
    }

    /// FALLOCATE.
    ///
    /// # Errors
    /// EBADF for a handle that is not for writing; else the lower file system's own.
    pub fn allocate(&self, id: HandleId, mode: u32, offset: u64, length: u64) -> Result<(), FsError> {
        self.counters.count(Counter::Other);
        let handle = self.writable(id)?;
        Ok(self.data(&handle)?.allocate(mode, offset, length)?)
    }

    /// LSEEK for data or a hole.
    ///
    /// # Errors
    /// The lower file system's own.
    pub fn seek(&self, id: HandleId, offset: u64, hole: bool) -> Result<u64, FsError> {
        self.counters.count(Counter::Other);
        let handle = self.handle(id)?;
        Ok(self.data(&handle)?.seek(offset, hole)?)
    }

    /// COPY_FILE_RANGE between two open files of the volume; returns the bytes copied.
    ///
    /// # Errors
    /// EXDEV from a redacted view: the kernel then copies what that view shows.
    pub fn copy(&self, from: (HandleId, u64), to: (HandleId, u64), length: u64) -> Result<usize, FsError> {
        self.counters.count(Counter::Other);
        let source = self.handle(from.0)?;
        if matches!(source.content, Content::Filtered(_)) {
            return Err(FsError::Plain(Errno::EXDEV));
        }
        if !source.terms.request.read {
            return Err(FsError::Plain(Errno::EBADF));
        }
        let target = self.writable(to.0)?;
        Ok(self.data(&source)?.copy_to(from.1, &*self.data(&target)?, to.1, length)?)
    }

    pub(super) fn writable(&self, id: HandleId) -> Result<Arc<VolumeHandle>, FsError> {
        let handle = self.handle(id)?;
        if !handle.terms.request.write || matches!(handle.content, Content::Filtered(_)) {
            return Err(FsError::Plain(Errno::EBADF));
        }
        Ok(handle)
    }

    /// The daemon's own descriptor of an open file: for passthrough opened when it is first needed.
    pub(super) fn data(&self, handle: &VolumeHandle) -> Result<Arc<DataFd>, FsError> {
        match &handle.content {
            Content::Served(data) | Content::Filtered(data) => Ok(data.clone()),
            Content::Passthrough { data, .. } => {
                let mut data = data.lock();
                if let Some(data) = &*data {
                    return Ok(data.clone());
                }
                let descriptor = handle.inode().descriptor(&self.nodes.descriptors)?;
                let how = OpenHow { truncate: false, ..handle.terms.request.how() };
                let opened = Arc::new(descriptor.reopen(how, handle.terms.permit)?);
                Ok(data.insert(opened).clone())
            }
            Content::Directory(_) => Err(FsError::Plain(Errno::EISDIR)),
        }
    }
}
