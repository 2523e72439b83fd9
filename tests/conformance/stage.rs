//! A served volume and its fresh tree for every section.
//!
//! One daemon serves all sections with the same options one after the other. INVARIANT: what a section leaves is
//! removed through the mount, as root, so that the kernel and the daemon learn of it as they would of any removal; what
//! cannot be named through the mount is removed from the lower file system afterwards.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::{fs, io};

use mediagate::admin::{Administration, AppRecord, AppRequest};
use mediagate::binder::Client;

use crate::cast::{Cast, package};
use crate::common::{Setup, Volume, as_uid};
use crate::lasting::Lasting;

/// The directories that a volume begins with; they stay, and what is in them goes.
const DIRECTORIES: [&str; 16] = [
    "Alarms",
    "Android",
    "Android/data",
    "Android/media",
    "Android/obb",
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

/// The users of a volume of several.
const USERS: &[&str] = &["0", "10"];

/// A daemon and what a section has open.
pub(crate) struct Stage {
    volume: Volume,
    /// Where the directories are: in the volume's root, or in each user's tree.
    roots: &'static [&'static str],
    pub(crate) client: Client,
    pub(crate) held: Vec<OwnedFd>,
    pub(crate) lasting: Lasting,
}

impl Stage {
    /// Starts a daemon with these options.
    pub(crate) fn start(options: &[String]) -> Stage {
        let setup = options.iter().fold(Setup::new(), |setup, option| setup.argument(option));
        let roots = if options.iter().any(|option| option == "--users") { USERS } else { &[""] };
        for root in roots.iter().filter(|root| !root.is_empty()) {
            fs::create_dir(setup.lower().join(root)).expect("a user's tree");
        }
        let volume = setup.start().expect("volumes can be mounted");
        let client = Client::connect(&volume.socket()).expect("the daemon answers");
        Stage { volume, roots, client, held: Vec::new(), lasting: Lasting::default() }
    }

    /// The mount point.
    pub(crate) fn mount(&self) -> PathBuf {
        self.volume.mount()
    }

    /// What lies beneath.
    pub(crate) fn lower(&self) -> PathBuf {
        self.volume.lower()
    }

    /// An empty tree, and the cast as it was declared.
    pub(crate) fn reset(&mut self, cast: &Cast) {
        self.held.clear();
        self.lasting = Lasting::default();
        for root in self.roots {
            clear(&self.mount().join(root), Path::new(""), false);
            clear(&self.lower().join(root), Path::new(""), true);
            for name in DIRECTORIES {
                fs::create_dir_all(self.mount().join(root).join(name)).expect("root makes directories");
            }
        }
        for sharing in self.client.list_sharing_users().expect("the daemon lists users") {
            self.client.unshare_users(sharing.one, sharing.other).expect("users share no longer");
        }
        for grant in self.client.list_grants().expect("the daemon lists grants") {
            self.client.revoke_grant(grant.id).expect("a grant is revoked");
        }
        self.register_all(cast.apps());
    }

    /// These applications and no others; those that are registered so already are left alone.
    fn register_all(&self, mut apps: Vec<AppRequest>) {
        for known in self.client.list_applications().expect("the daemon lists applications") {
            if apps.iter().all(|app| app.name != known.name) {
                self.client.remove_application(&known.name).expect("an application is removed");
            }
            apps.retain(|app| !is_registered(app, &known));
            for op in self.client.list_app_ops(&known.name).unwrap_or_default() {
                self.client.set_app_op(&known.name, &op.op, "default").expect("an app-op is set");
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

fn is_registered(app: &AppRequest, known: &AppRecord) -> bool {
    let permissions = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    app.name == known.name
        && app.uid == known.uid
        && app.target_sdk == Some(known.target_sdk)
        && app.permissions.as_deref().map(permissions) == Some(permissions(&known.permissions))
}

/// Removes what is below a directory of the volume at `root` and not in [`DIRECTORIES`]; unless `all` is to go, also
/// not what holds something unseen.
fn clear(root: &Path, directory: &Path, all: bool) {
    for entry in fs::read_dir(root.join(directory)).expect("root lists directories") {
        let entry = entry.expect("root lists entries");
        let (path, is_directory) = (entry.path(), entry.file_type().expect("an entry has a type").is_dir());
        let below = directory.join(entry.file_name());
        if is_directory && DIRECTORIES.iter().any(|kept| below == Path::new(kept)) {
            clear(root, &below, all);
            continue;
        }
        let removed = if is_directory { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed
            && (all || error.kind() != io::ErrorKind::DirectoryNotEmpty)
        {
            panic!("{} is not removed: {error}", path.display());
        }
    }
}

/// Runs `work` as a user; as root with all that root has.
pub(crate) fn acting<T: Send>(uid: u32, work: impl FnOnce() -> T + Send) -> T {
    if uid == 0 { work() } else { as_uid(uid, work) }
}
