//! Counters of requests and of what became of them; they only grow.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// What is counted.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Counter {
            $($(#[$doc])* $name,)*
        }

        impl Counter {
            /// Every counter, in the order in which they are shown.
            pub const ALL: &[Counter] = &[$(Counter::$name,)*];

            /// The name that `dump counters` shows.
            pub fn name(self) -> &'static str {
                match self {
                    $(Counter::$name => $text,)*
                }
            }
        }
    };
}

counters! {
    /// LOOKUP requests.
    Lookup => "lookup",
    /// FORGET requests, each name of a batch counted.
    Forget => "forget",
    /// GETATTR requests.
    GetAttributes => "getattr",
    /// SETATTR requests.
    SetAttributes => "setattr",
    /// OPEN requests.
    Open => "open",
    /// CREATE requests.
    Create => "create",
    /// RELEASE requests.
    Release => "release",
    /// READ requests: what passthrough spares.
    Read => "read",
    /// Bytes that READ answered.
    ReadBytes => "read_bytes",
    /// WRITE requests: what passthrough spares.
    Write => "write",
    /// Bytes that WRITE took.
    WriteBytes => "write_bytes",
    /// OPENDIR requests.
    OpenDirectory => "opendir",
    /// READDIR and READDIRPLUS requests.
    ReadDirectory => "readdir",
    /// MKDIR, MKNOD, UNLINK, RMDIR and RENAME requests.
    Change => "change",
    /// Changes made beneath the mount that were followed.
    OutsideChange => "outside_change",
    /// Entries that the kernel was told to ask for again.
    Expired => "expired",
    /// Times at which so much changed beneath the mount that everything was asked for again.
    NewsLost => "news_lost",
    /// All other requests.
    Other => "other",
    /// Opens that the kernel serves itself from the lower file.
    OpenedPassthrough => "opened_passthrough",
    /// Opens of the full view that the daemon serves.
    OpenedServed => "opened_served",
    /// Opens of the redacted view.
    OpenedRedacted => "opened_redacted",
    /// Lower files registered with the kernel.
    BackingOpened => "backing_opened",
    /// Requests refused by policy.
    Denied => "denied",
    /// Opens whose view was another's: answered ESTALE, so that the kernel looks again.
    StaleView => "stale_view",
    /// Plans made by scanning a file.
    Planned => "planned",
    /// Plans found in the database.
    PlanLoaded => "plan_loaded",
    /// Filtered reads while somebody could write to the file.
    StrictRead => "strict_read",
    /// Filtered reads that had to look again because the file changed meanwhile.
    ReadRetry => "read_retry",
    /// Requests that failed for a reason inside the daemon.
    Failed => "failed",
}

/// One count for each [`Counter`].
#[derive(Debug)]
pub struct Counters(Vec<AtomicU64>);

impl Default for Counters {
    fn default() -> Counters {
        Counters(Counter::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Counters {
    /// Adds one.
    pub fn count(&self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Adds `amount`.
    pub fn add(&self, counter: Counter, amount: u64) {
        if let Some(value) = self.0.get(counter as usize) {
            value.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// The count so far.
    pub fn value(&self, counter: Counter) -> u64 {
        self.0.get(counter as usize).map_or(0, |value| value.load(Ordering::Relaxed))
    }
}
