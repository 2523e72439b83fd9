//! Newtypes for every identifier, so that no two of them can be mixed up.
//!
//! They are made at the edge (a FUSE request, a Binder call, a database row) and carried unchanged from there.

#![forbid(unsafe_code)]

use std::fmt;

use serde::Serialize;

/// Number of uids that Android gives to each user: `uid = user * 100_000 + application id`.
const UIDS_PER_USER: u32 = 100_000;

/// A Linux user id, as the kernel reports it for a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct Uid(u32);

impl Uid {
    /// The superuser.
    pub const ROOT: Uid = Uid(0);
    /// Android's system server.
    pub const SYSTEM: Uid = Uid(1000);
    /// Android's `adb shell`.
    pub const SHELL: Uid = Uid(2000);

    /// Wraps a uid that the kernel gave.
    pub const fn new(raw: u32) -> Uid {
        Uid(raw)
    }

    /// The uid of an application for a user; `None` where there is no such number.
    pub fn of(user: UserId, app: AppId) -> Option<Uid> {
        user.0.checked_mul(UIDS_PER_USER)?.checked_add(app.0).map(Uid)
    }

    /// The number itself.
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// The Android user that the uid belongs to; 0 on plain Linux for uids below 100,000.
    pub const fn user(self) -> UserId {
        UserId(self.0 / UIDS_PER_USER)
    }

    /// The application id: the part of the uid that is the same for all users.
    pub const fn app(self) -> AppId {
        AppId(self.0 % UIDS_PER_USER)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Declares a newtype over an integer with the same four things for each: make, read, compare, print.
macro_rules! number_id {
    ($(#[$doc:meta] $name:ident($raw:ty);)*) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
        pub struct $name($raw);

        impl $name {
            /// Wraps the number; only the edge that it comes from does so.
            pub const fn new(raw: $raw) -> $name {
                $name(raw)
            }

            /// The number itself.
            pub const fn raw(self) -> $raw {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

number_id! {
    /// An application's uid without its user.
    AppId(u32);
    /// An Android user.
    UserId(u32);
    /// A FUSE node: what a kernel inode number of the mount stands for.
    NodeId(u64);
    /// One open file or directory.
    HandleId(u64);
    /// A row of the `entries` table; never used again after the row is gone.
    MediaId(i64);
    /// A row of the `grants` table.
    GrantId(i64);
    /// A volume of this daemon, in the order in which they were set up.
    VolumeId(u32);
}

impl UserId {
    /// The largest user that has uids.
    pub const LAST: UserId = UserId(u32::MAX / UIDS_PER_USER);
}

impl NodeId {
    /// The root directory of a mount: FUSE fixes its number.
    pub const ROOT: NodeId = NodeId(1);
}

/// A file of the lower file system: device and inode number, valid as long as something keeps the inode alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct FileId {
    /// `st_dev`
    pub dev: u64,
    /// `st_ino`
    pub ino: u64,
}

/// Stands for the number of a file whose number does not last. No file has it: a number of a file is positive as a
/// signed one.
const UNNUMBERED: u64 = u64::MAX;
/// Nanoseconds in the steps in which FAT and exFAT store the time of birth.
const BIRTH_STEP: i64 = 10_000_000;

/// What tells a file from every other, also from one that gets its inode number after it is gone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct Identity {
    /// Device and inode number.
    pub file: FileId,
    /// Time of birth in nanoseconds since 1970; 0 where the file system keeps none.
    pub born: i64,
}

impl Identity {
    /// No file: no file system gives out inode number 0.
    pub const NONE: Identity = Identity { file: FileId { dev: 0, ino: 0 }, born: 0 };

    /// Where the file system numbers a file anew whenever the kernel has forgotten it: what lasts of its identity is the
    /// time of birth, in the steps in which it is stored, and only beside the name does it tell which file it is.
    /// Without one nothing lasts.
    #[must_use]
    pub fn unnumbered(self) -> Identity {
        let born = self.coarsely_born();
        if born == 0 {
            Identity::NONE
        } else {
            Identity { file: FileId { ino: UNNUMBERED, ..self.file }, born }
        }
    }

    /// Whether the inode number says nothing.
    pub fn is_unnumbered(&self) -> bool {
        self.file.ino == UNNUMBERED
    }

    fn coarsely_born(&self) -> i64 {
        self.born.saturating_sub(self.born.rem_euclid(BIRTH_STEP))
    }

    /// Whether both are one file, as far as is known. The device number is left out: it may be another after a restart
    /// of the system. Of an unnumbered one only the time of birth is known.
    pub fn agrees(&self, other: &Identity) -> bool {
        if self.is_unnumbered() || other.is_unnumbered() {
            return self.coarsely_born() != 0 && self.coarsely_born() == other.coarsely_born();
        }
        let born = self.born == other.born || self.born == 0 || other.born == 0;
        self.file.ino == other.file.ino && self.file.ino != 0 && born
    }

    /// Whether both are one file for certain, wherever they were met.
    pub fn is_certainly(&self, other: &Identity) -> bool {
        let numbered = !self.is_unnumbered() && !other.is_unnumbered();
        numbered && self.born != 0 && other.born != 0 && self.agrees(other)
    }
}
