//! The errno that a caller sees, and the error that carries it from where it arose to the edge that logs it once.

#![forbid(unsafe_code)]

use std::fmt;
use std::io;

/// A Linux error number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(i32);

macro_rules! errnos {
    ($($name:ident),* $(,)?) => {
        impl Errno {
            $(#[doc = concat!("`", stringify!($name), "`")] pub const $name: Errno = Errno(libc::$name);)*

            /// The symbolic name, or `errno N` for one that this program never makes itself.
            pub fn name(self) -> String {
                match self.0 {
                    $(libc::$name => stringify!($name).to_owned(),)*
                    other => format!("errno {other}"),
                }
            }
        }
    };
}

errnos! {
    EPERM, ENOENT, EIO, EBADF, EAGAIN, ENOMEM, EACCES, EBUSY, EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL,
    ENFILE, EMFILE, ETXTBSY, EFBIG, ENOSPC, EROFS, ENAMETOOLONG, ENOSYS, ENOTEMPTY, ENODATA, EOPNOTSUPP, ESTALE,
    ERANGE, ENOTCONN, ELOOP, EINTR,
}

impl Errno {
    /// Wraps a raw number that a system call gave.
    pub const fn new(raw: i32) -> Errno {
        Errno(raw)
    }

    /// The number itself, positive.
    pub const fn raw(self) -> i32 {
        self.0
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl From<&io::Error> for Errno {
    fn from(error: &io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        Errno::from(&error)
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Errno {
        Errno(error.raw_os_error())
    }
}
