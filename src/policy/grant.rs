//! Access of a package to one file.

#![forbid(unsafe_code)]

/// What a per-file grant allows its package.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FileGrant {
    /// The user picked the file for the package (counts with `READ_MEDIA_VISUAL_USER_SELECTED`).
    Selected,
    /// Read.
    Read,
    /// Read and write.
    Write,
}

bitflags::bitflags! {
    /// The per-file grants that a caller has for one file; each counts by itself.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct FileGrants: u8 {
        /// See [`FileGrant::Selected`].
        const SELECTED = 1 << 0;
        /// See [`FileGrant::Read`].
        const READ = 1 << 1;
        /// See [`FileGrant::Write`].
        const WRITE = 1 << 2;
    }
}

impl From<FileGrant> for FileGrants {
    fn from(grant: FileGrant) -> FileGrants {
        match grant {
            FileGrant::Selected => FileGrants::SELECTED,
            FileGrant::Read => FileGrants::READ,
            FileGrant::Write => FileGrants::WRITE,
        }
    }
}
