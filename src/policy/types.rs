//! The vocabulary of the decision.

#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::id::Uid;

/// A package name such as `org.example.gallery`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PackageName(Arc<str>);

impl PackageName {
    /// Wraps a name that the edge has checked.
    pub fn new(name: &str) -> PackageName {
        PackageName(name.into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same directory of a tree of package directories: package names are ASCII, and no
    /// spelling of a directory's name makes it another package's.
    pub fn names_same_directory(&self, other: &PackageName) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

bitflags::bitflags! {
    /// Permissions and app-ops that the policy knows.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Permissions: u32 {
        /// `READ_MEDIA_IMAGES`
        const READ_MEDIA_IMAGES = 1 << 0;
        /// `READ_MEDIA_VIDEO`
        const READ_MEDIA_VIDEO = 1 << 1;
        /// `READ_MEDIA_AUDIO`
        const READ_MEDIA_AUDIO = 1 << 2;
        /// `READ_MEDIA_VISUAL_USER_SELECTED`
        const READ_MEDIA_VISUAL_USER_SELECTED = 1 << 3;
        /// `READ_EXTERNAL_STORAGE`
        const READ_EXTERNAL_STORAGE = 1 << 4;
        /// `WRITE_EXTERNAL_STORAGE`
        const WRITE_EXTERNAL_STORAGE = 1 << 5;
        /// `MANAGE_EXTERNAL_STORAGE`
        const MANAGE_EXTERNAL_STORAGE = 1 << 6;
        /// `ACCESS_MEDIA_LOCATION`
        const ACCESS_MEDIA_LOCATION = 1 << 7;
        /// app-op `WRITE_MEDIA_IMAGES`
        const WRITE_MEDIA_IMAGES = 1 << 8;
        /// app-op `WRITE_MEDIA_VIDEO`
        const WRITE_MEDIA_VIDEO = 1 << 9;
        /// requests legacy storage although its target SDK is 30 or more
        const LEGACY_STORAGE = 1 << 10;
        /// role: installs packages, so it reaches all of `Android/obb`
        const INSTALLER = 1 << 11;
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The uid that the kernel gave.
    pub uid: Uid,
    /// What the uid stands for.
    pub identity: Identity,
}

/// What a uid stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// uid 0 or the daemon's own uid.
    Root,
    /// `adb shell`.
    Shell,
    /// A registered application: all packages of a shared uid together.
    Application(Arc<Application>),
    /// A uid that no application has.
    Unknown,
}

/// What the policy needs to know of the application (or the applications of a shared uid).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Application {
    /// Every package of the uid; never empty.
    pub packages: Vec<PackageName>,
    /// The lowest target SDK of the packages.
    pub target_sdk: u32,
    /// What counts now: granted and not denied by app-op, or allowed by app-op alone.
    pub permissions: Permissions,
    /// What would count if app-ops did not deny it; for explanations.
    pub denied: Permissions,
}

impl Application {
    /// Whether one of the uid's packages is `package`.
    pub fn is(&self, package: &PackageName) -> bool {
        self.packages.contains(package)
    }

    /// Whether `package`, as a directory spells it, is one of the uid's packages.
    pub fn has_directory(&self, package: &PackageName) -> bool {
        self.packages.iter().any(|own| own.names_same_directory(package))
    }
}

/// The kinds of media that permissions speak of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A picture.
    Image,
    /// A moving picture.
    Video,
    /// Sound.
    Audio,
    /// A list of media; goes with audio.
    Playlist,
    /// Text of a recording; goes with audio or video.
    Subtitle,
    /// A text, a page, a book, or a file whose content contradicts its name.
    Document,
    /// Anything else.
    Other,
}

/// One of the twelve directories that applications may use at the top of a volume.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DefaultDirectory {
    /// `Alarms`
    Alarms,
    /// `Audiobooks`
    Audiobooks,
    /// `DCIM`
    Dcim,
    /// `Documents`
    Documents,
    /// `Download`
    Download,
    /// `Movies`
    Movies,
    /// `Music`
    Music,
    /// `Notifications`
    Notifications,
    /// `Pictures`
    Pictures,
    /// `Podcasts`
    Podcasts,
    /// `Recordings`
    Recordings,
    /// `Ringtones`
    Ringtones,
}

/// The two trees whose package directories are private.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PrivateTree {
    /// `Android/data`
    Data,
    /// `Android/obb`
    Obb,
}

/// Where an entry lies on its volume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The root of a volume itself, or of a user's tree.
    Root,
    /// The directory of all users' trees.
    Users,
    /// Something beside the users' trees.
    BesideUsers,
    /// A top-level directory itself, or a file directly in the root; with the default directory that it is.
    Top(Option<DefaultDirectory>),
    /// Below a top-level directory.
    Shared(Option<DefaultDirectory>),
    /// `Android` itself.
    Android,
    /// Something in `Android` that is none of the named trees.
    AndroidOther,
    /// `Android/media` itself.
    MediaRoot,
    /// `Android/media/<package>` and all below.
    Media {
        /// Whose directory it is.
        package: PackageName,
    },
    /// `Android/data` or `Android/obb` itself.
    PrivateRoot(PrivateTree),
    /// The file `.nomedia` directly in `Android/data` or `Android/obb`.
    PrivateMarker(PrivateTree),
    /// `Android/data/<package>` or `Android/obb/<package>`.
    Private {
        /// Which of the two.
        tree: PrivateTree,
        /// Whose directory it is.
        package: PackageName,
        /// The package's directory itself, as opposed to something in it.
        top: bool,
    },
    /// The tree of another Android user with whom media is not shared.
    OtherUser,
}

/// Whether an entry is finished.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// An ordinary entry.
    Normal,
    /// Not yet published (`.pending-<seconds>-name`).
    Pending,
    /// Thrown away, not yet removed (`.trashed-<seconds>-name`).
    Trashed,
}

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

/// What policy needs to know of the file, for this caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileFacts {
    /// Where it lies.
    pub place: Place,
    /// Whether it is a directory.
    pub directory: bool,
    /// Kind on which name and content agree; `None` is unknown.
    pub kind: Option<Kind>,
    /// The name or an ancestor begins with a dot, or an ancestor holds `.nomedia`.
    pub hidden: bool,
    /// The package that made it, if it did so as the caller's Android user: what the same package made as another user
    /// is not its own.
    pub owner: Option<PackageName>,
    /// Whether it is finished.
    pub state: State,
    /// A name that a new entry may be given. What stands there already may have any.
    pub portable: bool,
    /// The caller's grants for this file that have not expired.
    pub grants: FileGrants,
    /// It lies in the tree of another Android user, who shares media with the caller's: what is a package's own there
    /// is that user's, not the caller's.
    pub of_other_user: bool,
}

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

/// How a file is seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum View {
    /// As it is.
    Full,
    /// Without its private parts.
    Redacted,
}

/// Proof that a verdict allowed; only [`super::decide`] makes one, and without one there is no content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Permit(pub(super) ());

/// The terms of an allowance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// The view that the caller gets.
    pub view: View,
    /// The rule that determined it.
    pub rule: RuleName,
}

/// The name of a rule, as `check`, the audit and docs/POLICY.md print it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RuleName(pub &'static str);

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DenyReason {
    /// Private to another application or hidden by `visibility = private`, for reading or walking: it does not
    /// exist.
    Private,
    /// Private to another application or hidden by `visibility = private`, for making, removing or renaming.
    PrivateChange,
    /// Seen but refused.
    Refused,
    /// This kind does not belong there, or nothing may be renamed from or to there.
    Misplaced,
    /// The caller may not rename this entry, or (legacy) not make files.
    Forbidden,
    /// Another user's tree.
    OtherUser,
    /// What is private in the content cannot be told from the rest.
    Opaque,
    /// No rule spoke.
    NoRule,
}

/// The three error numbers of refusals by policy; `fs` maps them to numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DenyErrno {
    /// `ENOENT`
    Enoent,
    /// `EACCES`
    Eacces,
    /// `EPERM`
    Eperm,
}

impl DenyErrno {
    /// The symbolic name.
    pub const fn name(self) -> &'static str {
        match self {
            DenyErrno::Enoent => "ENOENT",
            DenyErrno::Eacces => "EACCES",
            DenyErrno::Eperm => "EPERM",
        }
    }
}

impl DenyReason {
    /// The one error number of this reason (docs/POLICY.md, "Reasons and errno").
    pub const fn errno(self) -> DenyErrno {
        match self {
            DenyReason::Private => DenyErrno::Enoent,
            DenyReason::PrivateChange => DenyErrno::Eacces,
            DenyReason::Refused => DenyErrno::Eacces,
            DenyReason::Misplaced => DenyErrno::Eperm,
            DenyReason::Forbidden => DenyErrno::Eperm,
            DenyReason::OtherUser => DenyErrno::Eacces,
            DenyReason::Opaque => DenyErrno::Eacces,
            DenyReason::NoRule => DenyErrno::Eacces,
        }
    }
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Verdict {
    /// Not so.
    Deny {
        /// Why.
        reason: DenyReason,
        /// The rule that determined it.
        rule: RuleName,
    },
    /// Go ahead on these terms.
    Allow(Permit, Access),
}
