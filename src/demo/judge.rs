//! What an application saw, judged by the bytes that it read.

#![forbid(unsafe_code)]

use std::fmt;

use serde::{Serialize, Serializer};

use super::cast::Sample;
use super::location;
use crate::error::Errno;

/// What an application saw of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// Every byte as it is.
    Full {
        /// Whether the kernel read the real file itself.
        kernel: bool,
    },
    /// A file of the same size without the location.
    Redacted,
    /// It could not open the file.
    Denied {
        /// The error's number.
        errno: i32,
    },
    /// Something was changed, and the location is still there.
    Leaked,
    /// Neither the original nor a redacted form of it.
    Damaged,
    /// The daemon and the kernel disagree about what was opened.
    Miscounted,
}

/// How the daemon's counters moved during one open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Served {
    /// Opens that the kernel serves.
    pub(super) by_kernel: u64,
    /// Opens that the daemon serves.
    pub(super) by_daemon: u64,
    /// Reads that the daemon answered.
    pub(super) reads: u64,
}

impl Seen {
    /// Judges what was read, and who answered.
    pub(super) fn judge(file: &Sample, read: Result<&[u8], Errno>, served: Served) -> Seen {
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(errno) => return Seen::Denied { errno: errno.raw() },
        };
        let same_size = bytes.len() == file.bytes.len();
        match (bytes == file.bytes, served) {
            (true, Served { by_kernel: 1, by_daemon: 0, reads: 0 }) => Seen::Full { kernel: true },
            (true, Served { by_kernel: 0, by_daemon: 1, .. }) => Seen::Full { kernel: false },
            (true, _) => Seen::Miscounted,
            (false, _) if location::appears(bytes) => Seen::Leaked,
            (false, Served { by_kernel: 0, by_daemon: 1, .. }) if same_size && file.located => Seen::Redacted,
            (false, _) if same_size && file.located => Seen::Miscounted,
            (false, _) => Seen::Damaged,
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Full { kernel: true } => f.write_str("full, kernel"),
            Seen::Full { kernel: false } => f.write_str("full, daemon"),
            Seen::Redacted => f.write_str("redacted"),
            Seen::Denied { errno } => write!(f, "denied ({})", Errno::new(*errno)),
            Seen::Leaked => f.write_str("LOCATION SHOWN"),
            Seen::Damaged => f.write_str("DAMAGED"),
            Seen::Miscounted => f.write_str("MISCOUNTED"),
        }
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::samples;

    const KERNEL: Served = Served { by_kernel: 1, by_daemon: 0, reads: 0 };
    const DAEMON: Served = Served { by_kernel: 0, by_daemon: 1, reads: 1 };

    #[test]
    fn bytes_and_counters_decide() {
        let file = samples().remove(0);
        let hidden = vec![0; file.bytes.len()];
        let judged = |bytes: &[u8], served| Seen::judge(&file, Ok(bytes), served);
        assert_eq!(judged(&file.bytes, KERNEL), Seen::Full { kernel: true });
        assert_eq!(judged(&file.bytes, DAEMON), Seen::Full { kernel: false });
        assert_eq!(judged(&file.bytes, Served { reads: 1, ..KERNEL }), Seen::Miscounted);
        assert_eq!(judged(&hidden, DAEMON), Seen::Redacted);
        assert_eq!(judged(&hidden, KERNEL), Seen::Miscounted);
        assert_eq!(judged(hidden.get(1..).unwrap(), DAEMON), Seen::Damaged);
        let mut leaky = file.bytes.clone();
        *leaky.last_mut().unwrap() ^= 1;
        assert_eq!(judged(&leaky, DAEMON), Seen::Leaked);
        assert_eq!(Seen::judge(&file, Err(Errno::EACCES), DAEMON).to_string(), "denied (EACCES)");
    }

    #[test]
    fn a_file_without_a_location_must_not_change() {
        let file = samples().into_iter().find(|file| !file.located).unwrap();
        assert_eq!(Seen::judge(&file, Ok(&vec![0; file.bytes.len()]), DAEMON), Seen::Damaged);
    }
}
