//! What can be asked about, and by which names.

#![forbid(unsafe_code)]

/// What the caller wants to do. Each names one check; an operation of several parts makes several.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// Walk to it, stat it, ask whether it exists.
    Look,
    /// Open a file, or ask whether one could.
    Open {
        /// For reading.
        read: bool,
        /// For writing or truncating.
        write: bool,
    },
    /// Make a file of the facts' kind at the facts' place (the facts are those of the file to be).
    Create,
    /// Make a directory at the facts' place.
    MakeDirectory,
    /// Remove a file.
    Unlink,
    /// Remove a directory.
    RemoveDirectory,
    /// Take the entry away from where it is.
    RenameFrom,
    /// Put an entry of the facts' kind at the facts' place.
    RenameTo,
    /// Put another entry in the place of this one.
    Replace,
    /// See the name in its directory's listing.
    List,
    /// Read the names of this directory at all.
    OpenDirectory,
    /// Change times.
    SetTimes,
    /// Make a device, a socket or a named pipe at the facts' place.
    MakeSpecial,
    /// Make a symbolic link at the facts' place.
    MakeSymlink,
    /// Give a file another name, at the facts' place.
    MakeLink,
    /// Open a file by its forced-redaction name (`.mediagate/redacted/<id>`).
    OpenRedacted {
        /// For writing or truncating.
        write: bool,
    },
}

impl Operation {
    /// Whether it acts on a file that exists by a right to that very file: reading, changing, removing, taking away,
    /// replacing, naming it in a listing.
    pub(super) fn uses_file(self) -> bool {
        match self {
            Operation::Open { .. }
            | Operation::Unlink
            | Operation::RenameFrom
            | Operation::Replace
            | Operation::List
            | Operation::SetTimes => true,
            Operation::Look
            | Operation::OpenRedacted { .. }
            | Operation::Create
            | Operation::MakeDirectory
            | Operation::RemoveDirectory
            | Operation::RenameTo
            | Operation::OpenDirectory
            | Operation::MakeSpecial
            | Operation::MakeSymlink
            | Operation::MakeLink => false,
        }
    }

    /// Whether it puts a new name into a directory: what stands there already does not count.
    pub fn makes(self) -> bool {
        matches!(self, Operation::Create | Operation::MakeDirectory | Operation::RenameTo)
            || self.makes_special()
    }

    /// Whether it makes what is neither a file nor a directory, or another name of a file.
    pub(super) fn makes_special(self) -> bool {
        matches!(self, Operation::MakeSpecial | Operation::MakeSymlink | Operation::MakeLink)
    }

    /// Whether it opens a file and writes nothing.
    pub(super) fn only_reads(self) -> bool {
        matches!(self, Operation::Open { write: false, .. })
    }

    /// Whether it makes, removes, moves or replaces an entry.
    pub fn makes_or_moves(self) -> bool {
        match self {
            Operation::Create
            | Operation::MakeDirectory
            | Operation::Unlink
            | Operation::RemoveDirectory
            | Operation::RenameFrom
            | Operation::RenameTo
            | Operation::Replace
            | Operation::MakeSpecial
            | Operation::MakeSymlink
            | Operation::MakeLink => true,
            Operation::Look
            | Operation::Open { .. }
            | Operation::OpenRedacted { .. }
            | Operation::List
            | Operation::OpenDirectory
            | Operation::SetTimes => false,
        }
    }
}

/// Every operation that can be asked about, by the name that `check`, the audit and the documents use. The first of
/// several names of an operation is the one that is shown.
pub const OPERATIONS: [(&str, Operation); 22] = [
    ("look", Operation::Look),
    ("read", Operation::Open { read: true, write: false }),
    ("write", Operation::Open { read: false, write: true }),
    ("readwrite", Operation::Open { read: true, write: true }),
    ("open", Operation::Open { read: true, write: false }),
    ("truncate", Operation::Open { read: false, write: true }),
    ("read-redacted", Operation::OpenRedacted { write: false }),
    ("write-redacted", Operation::OpenRedacted { write: true }),
    ("create", Operation::Create),
    ("mknod", Operation::Create),
    ("mkdir", Operation::MakeDirectory),
    ("unlink", Operation::Unlink),
    ("rmdir", Operation::RemoveDirectory),
    ("rename-from", Operation::RenameFrom),
    ("rename-to", Operation::RenameTo),
    ("replace", Operation::Replace),
    ("list", Operation::List),
    ("opendir", Operation::OpenDirectory),
    ("utime", Operation::SetTimes),
    ("mknod-special", Operation::MakeSpecial),
    ("symlink", Operation::MakeSymlink),
    ("link", Operation::MakeLink),
];

impl Operation {
    /// The name of the operation; `none` for an open that neither reads nor writes.
    pub fn name(self) -> &'static str {
        OPERATIONS.iter().find(|(_, known)| *known == self).map_or("none", |(name, _)| name)
    }
}
