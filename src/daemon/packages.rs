//! The applications of a device: Android's `packages.list` says which are installed, and is followed.
//!
//! The list is all of them. What it names no longer was uninstalled and is forgotten before the rest is registered,
//! because its uid may be another package's now; so is a package that has another uid, which is another installation.
//! What the list does not tell, permissions above all, stays as it is registered.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

use crate::admin::{Admin, Administration as _, AppRequest, Failure, ImportFormat, read_applications};
use crate::id::Uid;

/// Room for a few events; more are read in turn.
const EVENTS: usize = 4096;

/// Registers the applications of a file, which were read from it; a `packages.list` is to be followed from now on.
pub(super) fn register(
    path: &Path,
    applications: &[AppRequest],
    admin: &Arc<Admin>,
    own: Uid,
) -> Result<Option<Follower>> {
    if ImportFormat::of_name(&path.to_string_lossy()) != ImportFormat::PackagesList {
        admin.session(own).set_applications(applications)?;
        return Ok(None);
    }
    // Watched before it is read again, so that no change is missed.
    let watch = watch(directory(path))?;
    let follower = Follower { path: path.to_owned(), watch, admin: admin.clone(), own };
    follower.take(&read_applications(path)?)?;
    Ok(Some(follower))
}

fn directory(list: &Path) -> &Path {
    let directory = list.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

/// The list is replaced by another file, so its directory is watched.
fn watch(directory: &Path) -> Result<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC)?;
    let events = WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
    inotify::add_watch(&watch, directory, events)
        .with_context(|| format!("cannot watch {} for installed packages", directory.display()))?;
    Ok(watch)
}

/// A list that is watched, and those who are told of it.
pub(super) struct Follower {
    path: PathBuf,
    watch: OwnedFd,
    admin: Arc<Admin>,
    own: Uid,
}

impl Follower {
    /// Where the list lies, which is read again there.
    pub(super) fn directory(&self) -> &Path {
        directory(&self.path)
    }

    /// Follows the list, with the rights that this thread has now.
    pub(super) fn start(self) -> Result<()> {
        std::thread::Builder::new().name("packages".to_owned()).spawn(move || {
            if let Err(error) = self.follow() {
                log::error!("{} is no longer followed: {error}", self.path.display());
            }
        })?;
        Ok(())
    }

    fn follow(&self) -> io::Result<()> {
        let name = self.path.file_name().and_then(|name| CString::new(name.as_bytes()).ok());
        loop {
            if self.changed(name.as_deref())? {
                self.catch_up();
            }
        }
    }

    /// Waits for news of the directory; tells whether the list is among them, or might be.
    fn changed(&self, name: Option<&std::ffi::CStr>) -> io::Result<bool> {
        let watch = &self.watch;
        match poll(&mut [PollFd::new(watch, PollFlags::IN)], None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut reader = Reader::new(watch, &mut buffer);
        let mut ours = false;
        loop {
            match reader.next() {
                Ok(event) => {
                    ours |= event.events().contains(ReadFlags::QUEUE_OVERFLOW) || event.file_name() == name;
                    if reader.is_buffer_empty() {
                        return Ok(ours);
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A list that cannot be taken changes nothing; the next one is tried again.
    fn catch_up(&self) {
        let taken = read_applications(&self.path).map_err(|error| error.to_string());
        if let Err(error) = taken.and_then(|list| self.take(&list).map_err(|error| error.to_string())) {
            log::error!("the list of packages is not taken: {error}");
        }
    }

    fn take(&self, list: &[AppRequest]) -> Result<(), Failure> {
        if list.is_empty() {
            log::warn!("{} names no package: it is not taken", self.path.display());
            return Ok(());
        }
        let session = self.admin.session(self.own);
        let installed: HashMap<&str, Uid> =
            list.iter().map(|package| (package.name.as_str(), package.uid)).collect();
        let registered = session.list_applications()?;
        let gone = registered.iter().filter(|known| {
            installed.get(known.name.as_str()).is_none_or(|uid| uid.app() != known.uid.app())
        });
        for package in gone {
            log::info!("{} with uid {} was uninstalled", package.name, package.uid);
            session.remove_application(&package.name)?;
        }
        let new = |package: &&AppRequest| {
            !registered.iter().any(|known| {
                known.name == package.name
                    && known.uid.app() == package.uid.app()
                    && package.target_sdk.is_none_or(|sdk| sdk == known.target_sdk)
            })
        };
        let new: Vec<AppRequest> = list.iter().filter(new).cloned().collect();
        if !new.is_empty() {
            session.set_applications(&new)?;
        }
        Ok(())
    }
}
