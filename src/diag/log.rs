//! The log: its settings for every platform, and the sink for plain Linux.
//!
//! Libraries beneath us are heard from `error` on only, unless the level is `trace`: what matters of their
//! warnings is said by whoever called them.

#![forbid(unsafe_code)]

use std::env;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::utc;

/// The variable that sets the level: off, error, warn, info, debug or trace.
const VARIABLE: &str = "MEDIAGATE_LOG";

/// What is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    level: LevelFilter,
}

impl Settings {
    /// Those of the environment; `info` where it says nothing.
    ///
    /// # Errors
    /// A value that is no level; the text names the valid ones.
    pub fn from_environment() -> Result<Settings, String> {
        env::var(VARIABLE).map_or(Ok(Settings { level: LevelFilter::Info }), |value| Settings::parse(&value))
    }

    fn parse(value: &str) -> Result<Settings, String> {
        let level = value.parse().map_err(|_| {
            format!("{VARIABLE}={value} is no level: it is off, error, warn, info, debug or trace")
        })?;
        Ok(Settings { level })
    }

    /// From which level on.
    pub fn level(self) -> LevelFilter {
        self.level
    }

    fn admits(self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with("mediagate") || self.level == LevelFilter::Trace;
        metadata.level() <= if ours { self.level } else { self.level.min(LevelFilter::Error) }
    }
}

/// The standard error, one line a record.
#[derive(Debug)]
pub struct StderrLog {
    settings: Settings,
    journal: bool,
}

impl StderrLog {
    /// With these settings; `journal` is whether systemd's journal reads it, which wants a priority before each line and
    /// knows the time itself (sd-daemon(3)).
    pub fn new(settings: Settings, journal: bool) -> StderrLog {
        StderrLog { settings, journal }
    }

    /// What stands before the record's target.
    fn prefix(&self, level: Level) -> String {
        if self.journal {
            return format!("<{}>", priority(level));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("{}.{:03} {} ", utc(since.as_secs()), since.subsec_millis(), name(level))
    }
}

impl Log for StderrLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.settings.admits(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = format!("{}{}: {}\n", self.prefix(record.level()), record.target(), record.args());
        // Nobody is left to tell that the log cannot be written.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

/// The priority of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn ",
        Level::Info => "info ",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_quieter_than_we_are() {
        let settings = Settings::parse("debug").unwrap();
        let of = |target, level| Metadata::builder().target(target).level(level).build();
        assert!(settings.admits(&of("mediagate::fs", Level::Debug)));
        assert!(!settings.admits(&of("mediagate::fs", Level::Trace)));
        assert!(settings.admits(&of("rsbinder", Level::Error)));
        assert!(!settings.admits(&of("rsbinder", Level::Info)));
        assert!(Settings::parse("trace").unwrap().admits(&of("rsbinder", Level::Trace)));
    }

    #[test]
    fn the_journal_gets_priorities_and_others_the_time() {
        let settings = Settings::parse("info").unwrap();
        assert_eq!(StderrLog::new(settings, true).prefix(Level::Warn), "<4>");
        assert!(StderrLog::new(settings, false).prefix(Level::Warn).ends_with(" warn  "));
    }

    #[test]
    fn a_wrong_level_is_named_with_the_right_ones() {
        assert_eq!(
            Settings::parse("loud").unwrap_err(),
            "MEDIAGATE_LOG=loud is no level: it is off, error, warn, info, debug or trace"
        );
    }
}
