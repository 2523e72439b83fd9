//! The daemon's settings: from the command line, else from a configuration file, else the platform's defaults.
//!
//! They do not change after the start.

#![forbid(unsafe_code)]

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::lower::Watcher;
use crate::platform;
use crate::policy::Visibility;
use crate::redact::Classes;

/// How many threads serve where nobody says: more only contend for the kernel's queue.
const THREADS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
/// The name in the service manager where nobody gives one.
const SERVICE: &str = "mediagate";
/// How many directories a user may watch where the kernel does not say: what older kernels allow.
const LEAST_WATCHES: usize = 8192;

/// What `mediagate serve` does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServeOptions {
    /// The directory to serve.
    pub lower: PathBuf,
    /// Where to serve it.
    pub mount: PathBuf,
    /// The directory of the database; made where there is none.
    pub state: PathBuf,
    /// Applications to register at the start.
    pub apps: Option<PathBuf>,
    /// The descriptor of `/dev/fuse` with which whoever started the daemon has mounted at `mount`; without one the daemon
    /// mounts itself.
    pub fuse_fd: Option<u32>,
    /// Whether the directory holds the trees of several Android users, each in a directory of the user's number.
    pub users: bool,
    /// Threads that serve.
    pub threads: NonZeroU32,
    /// Whether files may be passed through to the kernel where nothing is to be checked any more.
    pub passthrough: bool,
    /// Whether files exist for applications that could not list them.
    pub visibility: Visibility,
    /// What of a location is hidden.
    pub hide: Classes,
    /// How many directories of each volume may be watched for changes made beneath the mount.
    pub watches: usize,
    /// Where the administration listens.
    pub socket: PathBuf,
    /// On which transports it is called.
    pub binder: BinderMode,
    /// The name of the service for applications in the service manager; that for administrators has `.admin` after it.
    pub service: String,
}

/// On which transports of Binder the daemon is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BinderMode {
    /// On the socket, and through the kernel's driver where there is one.
    #[default]
    Auto,
    /// Through the kernel's driver only; without one the daemon does not start.
    Kernel,
    /// On the socket only.
    Rpc,
    /// On none: nobody can call the daemon.
    Off,
}

impl BinderMode {
    const ALL: [BinderMode; 4] = [BinderMode::Auto, BinderMode::Kernel, BinderMode::Rpc, BinderMode::Off];
    /// The names of all, as configuration and command line spell them.
    pub const NAMES: [&'static str; 4] = ["auto", "kernel", "rpc", "off"];

    /// What a name stands for.
    pub fn of_name(name: &str) -> Option<BinderMode> {
        Self::NAMES.into_iter().zip(Self::ALL).find(|(known, _)| *known == name).map(|(_, mode)| mode)
    }
}

/// Settings of which each may be missing; also the form of the configuration file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// See [`ServeOptions::lower`].
    pub lower: Option<PathBuf>,
    /// See [`ServeOptions::mount`].
    pub mount: Option<PathBuf>,
    /// See [`ServeOptions::state`].
    pub state: Option<PathBuf>,
    /// See [`ServeOptions::apps`].
    pub apps: Option<PathBuf>,
    /// See [`ServeOptions::fuse_fd`]; a file cannot know it.
    #[serde(skip)]
    pub fuse_fd: Option<u32>,
    /// See [`ServeOptions::users`].
    pub users: Option<bool>,
    /// See [`ServeOptions::threads`].
    pub threads: Option<NonZeroU32>,
    /// See [`ServeOptions::passthrough`].
    pub passthrough: Option<bool>,
    /// See [`ServeOptions::visibility`].
    pub visibility: Option<Visibility>,
    /// See [`ServeOptions::hide`].
    pub hide: Option<Classes>,
    /// See [`ServeOptions::watches`].
    pub watches: Option<usize>,
    /// See [`ServeOptions::socket`].
    pub socket: Option<PathBuf>,
    /// See [`ServeOptions::binder`].
    pub binder: Option<BinderMode>,
    /// See [`ServeOptions::service`].
    pub service: Option<String>,
}

/// What is wrong with the settings.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {}: {cause}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The configuration file is wrong.
    #[error("{}: {problem}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Line and key, and what is wrong.
        problem: String,
    },
    /// A setting without which nothing can be served.
    #[error("no {name} directory is given: add {option} DIR, or `{name} = \"DIR\"` to the configuration")]
    Missing {
        /// The key.
        name: &'static str,
        /// The option.
        option: &'static str,
    },
    /// A directory that is none.
    #[error("the {name} directory {} is not a directory: make it or choose another one", .path.display())]
    NoDirectory {
        /// The key.
        name: &'static str,
        /// What was given.
        path: PathBuf,
    },
}

impl Settings {
    /// Those of a configuration file.
    ///
    /// # Errors
    /// [`ConfigError::Read`], [`ConfigError::Content`]
    pub fn read(path: &Path) -> Result<Settings, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigError::Read { path: path.to_owned(), cause: error.to_string() })?;
        toml::from_str(&text).map_err(|error| {
            let before = text.bytes().take(error.span().map_or(0, |span| span.start));
            let line = 1 + before.filter(|byte| *byte == b'\n').count();
            ConfigError::Content {
                path: path.to_owned(),
                problem: format!("line {line}: {}", error.message().trim_end()),
            }
        })
    }

    /// These settings, and where one is missing that of `below`.
    pub fn over(self, below: Settings) -> Settings {
        Settings {
            lower: self.lower.or(below.lower),
            mount: self.mount.or(below.mount),
            state: self.state.or(below.state),
            apps: self.apps.or(below.apps),
            fuse_fd: self.fuse_fd.or(below.fuse_fd),
            users: self.users.or(below.users),
            threads: self.threads.or(below.threads),
            passthrough: self.passthrough.or(below.passthrough),
            visibility: self.visibility.or(below.visibility),
            hide: self.hide.or(below.hide),
            watches: self.watches.or(below.watches),
            socket: self.socket.or(below.socket),
            binder: self.binder.or(below.binder),
            service: self.service.or(below.service),
        }
    }

    /// All of them, with the platform's defaults for what is still missing.
    ///
    /// # Errors
    /// [`ConfigError::Missing`], [`ConfigError::NoDirectory`]
    pub fn complete(self) -> Result<ServeOptions, ConfigError> {
        Ok(ServeOptions {
            lower: directory(self.lower, "lower", "--lower")?,
            mount: match self.fuse_fd {
                None => directory(self.mount, "mount", "--mount")?,
                // To look at it would be to wait for ourselves.
                Some(_) => given(self.mount, "mount", "--mount")?,
            },
            state: self.state.unwrap_or_else(platform::state_directory),
            apps: self.apps,
            fuse_fd: self.fuse_fd,
            users: self.users.unwrap_or(false),
            threads: self.threads.unwrap_or(THREADS),
            passthrough: self.passthrough.unwrap_or(true),
            visibility: self.visibility.unwrap_or_default(),
            hide: self.hide.unwrap_or_default(),
            watches: self.watches.unwrap_or_else(default_watches),
            socket: self.socket.unwrap_or_else(platform::socket),
            binder: self.binder.unwrap_or_default(),
            service: self.service.unwrap_or_else(|| SERVICE.to_owned()),
        })
    }
}

/// An eighth of what the user may watch, for each of the three volumes: others want to watch too.
fn default_watches() -> usize {
    Watcher::most().unwrap_or(LEAST_WATCHES) / 8
}

fn given(path: Option<PathBuf>, name: &'static str, option: &'static str) -> Result<PathBuf, ConfigError> {
    path.ok_or(ConfigError::Missing { name, option })
}

fn directory(
    path: Option<PathBuf>,
    name: &'static str,
    option: &'static str,
) -> Result<PathBuf, ConfigError> {
    let path = given(path, name, option)?;
    match fs::metadata(&path) {
        Ok(found) if found.is_dir() => Ok(path),
        // A mount whose daemon died does not answer; the start clears it.
        Err(error) if error.raw_os_error() == Some(libc::ENOTCONN) => Ok(path),
        Ok(_) | Err(_) => Err(ConfigError::NoDirectory { name, path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_over_the_file() {
        let line = Settings { threads: NonZeroU32::new(4), ..Settings::default() };
        let file: Settings = toml::from_str(
            "threads = 8\nlower = \"/tmp\"\nmount = \"/\"\nvisibility = \"private\"\nbinder = \"rpc\"\nhide = [\"places\"]",
        )
        .unwrap();
        let options = line.over(file).complete().unwrap();
        assert_eq!(options.threads.get(), 4);
        assert_eq!(options.lower, Path::new("/tmp"));
        assert!(options.passthrough);
        assert_eq!(options.visibility, Visibility::Private);
        assert_eq!(options.binder, BinderMode::Rpc);
        assert_eq!(options.hide, Classes::PLACES);
        assert!(toml::from_str::<Settings>("hide = []").is_err());
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_the_remedy() {
        let missing = Settings::default().complete().unwrap_err().to_string();
        assert_eq!(
            missing,
            "no lower directory is given: add --lower DIR, or `lower = \"DIR\"` to the configuration"
        );
        let wrong = Settings { lower: Some("/nowhere".into()), ..Settings::default() };
        assert_eq!(
            wrong.complete().unwrap_err().to_string(),
            "the lower directory /nowhere is not a directory: make it or choose another one"
        );
    }

    #[test]
    fn an_error_in_the_file_has_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mediagate.toml");
        fs::write(&path, "threads = 2\nlowwer = \"/tmp\"\n").unwrap();
        let text = Settings::read(&path).unwrap_err().to_string();
        assert!(text.contains("mediagate.toml: line 2: unknown field `lowwer`"), "{text}");
    }
}
