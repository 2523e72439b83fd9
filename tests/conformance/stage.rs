//! A served volume and its fresh tree for every section.
//!
//! One daemon serves all sections with the same options one after the other. INVARIANT: what a section leaves is
//! removed through the mount, as root, so that the kernel and the daemon learn of it as they would of any removal; what
//! cannot be named through the mount is removed from the lower file system afterwards.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use mediagate::admin::{Administration, AppRequest};
use mediagate::binder::Client;

use crate::cast::{Cast, package};
use crate::common::{Setup, Volume, as_uid};
use crate::lasting::Lasting;

/// The directories that a volume begins with.
const DIRECTORIES: [&str; 13] = [
    "Alarms",
    "Android/media",
    "Audiobooks",
    "DCIM",
    "Documents",
    "Download",
    "Movies",
    "Music",
    "Notifications",
    "Pictures",
    "Podcasts",
    "Recordings",
    "Ringtones",
];
/// Directories that stay, each with what stays in it: the last two are mount points of volumes of their own.
const KEPT: [(&str, &[&str]); 4] =
    [("", &["Android"]), ("Android", &["data", "obb"]), ("Android/data", &[]), ("Android/obb", &[])];

/// A daemon and what a section has open.
pub(crate) struct Stage {
    volume: Volume,
    pub(crate) client: Client,
    pub(crate) held: Vec<OwnedFd>,
    pub(crate) lasting: Lasting,
}

impl Stage {
    /// Starts a daemon with these options.
    pub(crate) fn start(options: &[String]) -> Stage {
        let setup = options.iter().fold(Setup::new(), |setup, option| setup.argument(option));
        let volume = setup.start().expect("volumes can be mounted");
        let client = Client::connect(&volume.socket()).expect("the daemon answers");
        Stage { volume, client, held: Vec::new(), lasting: Lasting::default() }
    }

    /// The mount point.
    pub(crate) fn mount(&self) -> PathBuf {
        self.volume.mount()
    }

    /// What lies beneath.
    pub(crate) fn lower(&self) -> PathBuf {
        self.volume.lower()
    }

    /// The answer of `mediagate ARGUMENTS --json`, whether it says yes or no.
    pub(crate) fn ask(&self, arguments: &[OsString]) -> Result<serde_json::Value, String> {
        let output = self.volume.command(&[arguments, &["--json".into()]].concat());
        serde_json::from_slice(&output.stdout)
            .map_err(|_| String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
    }

    /// An empty tree, and the cast as it was declared.
    pub(crate) fn reset(&mut self, cast: &Cast) {
        self.held.clear();
        self.lasting = Lasting::default();
        for below in [self.mount(), self.lower()] {
            for (directory, kept) in KEPT {
                clear(&below.join(directory), kept);
            }
        }
        for name in DIRECTORIES {
            fs::create_dir_all(self.mount().join(name)).expect("root makes directories");
        }
        for grant in self.client.list_grants().expect("the daemon lists grants") {
            self.client.revoke_grant(grant.id).expect("a grant is revoked");
        }
        let apps = cast.apps();
        for known in self.client.list_applications().expect("the daemon lists applications") {
            if apps.iter().all(|app| app.name != known.name) {
                self.client.remove_application(&known.name).expect("an application is removed");
            }
        }
        self.client.set_applications(&apps).expect("the cast is registered");
    }

    /// Registers one application.
    pub(crate) fn register(&self, app: &AppRequest) -> Result<(), String> {
        self.client.set_applications(std::slice::from_ref(app)).map(drop).map_err(|failure| failure.text)
    }

    /// Takes all grants of an application for a file back.
    pub(crate) fn revoke(&self, app: &str, path: &str) -> Result<(), String> {
        let grants = self.client.list_grants().map_err(|failure| failure.text)?;
        let (application, mut found) = (package(app), false);
        for grant in grants.iter().filter(|grant| grant.application == application && grant.path == path) {
            self.client.revoke_grant(grant.id).map_err(|failure| failure.text)?;
            found = true;
        }
        if found { Ok(()) } else { Err(format!("{app} has no grant of {path}")) }
    }
}

/// Removes everything in a directory but what is kept.
fn clear(directory: &Path, kept: &[&str]) {
    for entry in fs::read_dir(directory).expect("root lists directories") {
        let entry = entry.expect("root lists entries");
        if kept.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let removed = match entry.file_type().expect("an entry has a type").is_dir() {
            true => fs::remove_dir_all(entry.path()),
            false => fs::remove_file(entry.path()),
        };
        removed.unwrap_or_else(|error| panic!("{} is not removed: {error}", entry.path().display()));
    }
}

/// Runs `work` as a user; as root with all that root has.
pub(crate) fn acting<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    if uid == 0 { work() } else { as_uid(uid, work) }
}
