//! Why a call to the administration fails: the typed error, its code for every transport, and what a client sees.

#![forbid(unsafe_code)]

use std::fmt;

use crate::error::Errno;
use crate::id::{GrantId, Uid, UserId};

use super::access::Method;
use super::names;

/// What kind of failure it is; the numbers are those of `IMediaGateAdmin.ERROR_*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// The caller may not do this.
    Refused,
    /// No such application, grant or file.
    NotFound,
    /// An argument is not valid.
    Invalid,
    /// The daemon failed; its log has the cause.
    Internal,
    /// Only one can be done at a time, and another one is.
    Busy,
    /// The caller has too much under way at once.
    Limit,
    /// Something is there already by that name.
    Exists,
    /// The file system refused; the text has the errno.
    FileSystem,
    /// There is no daemon to ask; made by clients only.
    Unreachable,
}

/// Every code with its number on the wire; `Unreachable` never crosses it.
const NUMBERS: [(Code, i32); 8] = [
    (Code::Refused, 1),
    (Code::NotFound, 2),
    (Code::Invalid, 3),
    (Code::Internal, 4),
    (Code::Busy, 5),
    (Code::Limit, 6),
    (Code::Exists, 7),
    (Code::FileSystem, 8),
];

impl Code {
    /// The service-specific error number of a Binder answer.
    pub fn number(self) -> i32 {
        NUMBERS.iter().find(|(code, _)| *code == self).map_or(0, |(_, number)| *number)
    }

    /// The code of a service-specific error number; one that is not known is `Internal`.
    pub fn of_number(number: i32) -> Code {
        NUMBERS.iter().find(|(_, known)| *known == number).map_or(Code::Internal, |(code, _)| *code)
    }

    /// The exit status of a command that fails so.
    pub fn exit_status(self) -> u8 {
        match self {
            Code::Refused
            | Code::NotFound
            | Code::Internal
            | Code::Busy
            | Code::Limit
            | Code::Exists
            | Code::FileSystem => 1,
            Code::Invalid => 2,
            Code::Unreachable => 3,
        }
    }
}

/// A failed call as its client sees it, whatever the transport.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What kind it is.
    pub code: Code,
    /// One line for a person: what and, where there is one, the remedy.
    pub text: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Failure {
        Failure { code: error.code(), text: error.to_string() }
    }
}

/// Why the administration did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The caller is not an administrator.
    #[error(
        "uid {caller} may not {method}: only root, shell (2000), system (1000) and the daemon's own uid may"
    )]
    Refused {
        /// Who asked.
        caller: Uid,
        /// For what.
        method: Method,
    },
    /// The caller asked for a verdict about somebody else.
    #[error("uid {caller} may only check about itself, not about uid {about}")]
    RefusedAbout {
        /// Who asked.
        caller: Uid,
        /// About whom.
        about: Uid,
    },
    /// No application of that name.
    #[error("no application {name} is registered: register it with `mediagate app set {name} --uid UID`")]
    UnknownApplication {
        /// The name that was asked for.
        name: String,
    },
    /// No grant of that number.
    #[error("no grant {id}: `mediagate grant list` shows those that there are")]
    UnknownGrant {
        /// The number that was asked for.
        id: GrantId,
    },
    /// Two users who do not share media.
    #[error("users {one} and {other} do not share media: `mediagate user list` shows who does")]
    NotSharing {
        /// One of them.
        one: UserId,
        /// The other.
        other: UserId,
    },
    /// Nothing at that path.
    #[error("no file {path}: {errno}")]
    NoSuchFile {
        /// The path that was asked for.
        path: String,
        /// What the lower file system answered.
        errno: Errno,
    },
    /// What the mount answered to the caller.
    #[error("cannot {operation} {path}: {errno}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// With which file.
        path: String,
        /// The answer.
        errno: Errno,
    },
    /// No request of that number that is the caller's, or that waits for an answer.
    #[error("no request {id}: `mediagate request list` shows those that wait")]
    UnknownRequest {
        /// The number that was asked for.
        id: u64,
    },
    /// There are too many requests for access.
    #[error(
        "no more than {most} requests for access are kept: uid {caller} has to wait for answers or withdraw some"
    )]
    TooManyRequests {
        /// Who asked.
        caller: Uid,
        /// How many there may be.
        most: usize,
    },
    /// There are too many observers.
    #[error(
        "no more than {most} observers are told of changes: uid {caller} has to end some, or others have to"
    )]
    TooManyObservers {
        /// Who asked.
        caller: Uid,
        /// How many there may be.
        most: usize,
    },
    /// Observers that are being begun have to be waited for.
    #[error("other observers are being begun: try again")]
    ObserversBegin,
    /// No observer of that number that is the caller's.
    #[error("no observer {id}")]
    UnknownObserver {
        /// The number that was given.
        id: u64,
    },
    /// An observer that cannot be called.
    #[error(
        "the observer of uid {caller} cannot be called: over RPC its session needs an incoming connection"
    )]
    NotHeard {
        /// Who asked.
        caller: Uid,
    },
    /// Only an application can be granted something.
    #[error("uid {caller} is no application: only applications are granted access to files")]
    NoApplication {
        /// Who asked.
        caller: Uid,
    },
    /// The caller has too many calls under way.
    #[error("uid {caller} has {most} calls under way: wait for one to end")]
    TooMany {
        /// Who asked.
        caller: Uid,
        /// How many it may have.
        most: usize,
    },
    /// The path lies in none of the volumes.
    #[error("{path} lies in no volume: name it below a mount point that `mediagate status` shows")]
    OutsideVolumes {
        /// The path that was asked for.
        path: String,
    },
    /// Another scan is not through yet.
    #[error(
        "a scan is running already and has met {files} files so far: wait for it, or end it with `mediagate scan \
         --cancel`"
    )]
    ScanRuns {
        /// Files that it met.
        files: u64,
    },
    /// A permission that the policy does not know.
    #[error("unknown permission {name}: the valid ones are {}", names::permission_list())]
    UnknownPermission {
        /// The name that was given.
        name: String,
    },
    /// An operation that the policy does not know.
    #[error("unknown operation {name}: the valid ones are {}", names::operation_list())]
    UnknownOperation {
        /// The name that was given.
        name: String,
    },
    /// An argument that is wrong in another way.
    #[error("invalid {what} {value:?}: {remedy}")]
    Invalid {
        /// Which argument.
        what: &'static str,
        /// What was given.
        value: String,
        /// What it has to be.
        remedy: &'static str,
    },
    /// Something failed that the caller cannot change.
    #[error("cannot {operation}: {cause}")]
    Internal {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        cause: String,
    },
}

impl AdminError {
    /// A failure of something beneath, with its cause.
    pub fn internal(operation: &'static str, cause: impl fmt::Display) -> AdminError {
        AdminError::Internal { operation, cause: cause.to_string() }
    }

    /// What kind of failure it is.
    pub fn code(&self) -> Code {
        match self {
            AdminError::Refused { .. }
            | AdminError::RefusedAbout { .. }
            | AdminError::NoApplication { .. } => Code::Refused,
            AdminError::UnknownApplication { .. }
            | AdminError::UnknownGrant { .. }
            | AdminError::UnknownRequest { .. }
            | AdminError::UnknownObserver { .. }
            | AdminError::NotSharing { .. }
            | AdminError::NoSuchFile { .. }
            | AdminError::OutsideVolumes { .. } => Code::NotFound,
            AdminError::UnknownPermission { .. }
            | AdminError::UnknownOperation { .. }
            | AdminError::NotHeard { .. }
            | AdminError::Invalid { .. } => Code::Invalid,
            AdminError::ScanRuns { .. } | AdminError::ObserversBegin => Code::Busy,
            AdminError::TooMany { .. }
            | AdminError::TooManyRequests { .. }
            | AdminError::TooManyObservers { .. } => Code::Limit,
            AdminError::File { errno, .. } => code_of(*errno),
            AdminError::Internal { .. } => Code::Internal,
        }
    }
}

/// What kind of failure an answer of the mount is.
fn code_of(errno: Errno) -> Code {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => Code::NotFound,
        Errno::EACCES | Errno::EPERM => Code::Refused,
        Errno::EEXIST => Code::Exists,
        Errno::EMFILE => Code::Limit,
        Errno::EINVAL | Errno::EISDIR | Errno::ENAMETOOLONG | Errno::ELOOP => Code::Invalid,
        _ => Code::FileSystem,
    }
}
