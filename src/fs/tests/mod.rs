//! Mediation in-process: a volume on real directories, with the kernel's backing table played by a double.

#![forbid(unsafe_code)]

mod ahead;
mod attacks;
mod changes;
mod expiry;
mod feed;
mod handles;
mod hurry;
mod model;
mod names;
mod private;
mod races;
mod repair;
mod rows;
mod scale;
mod users;
mod views;
mod visibility;

use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::TempDir;

use super::*;
use crate::diag::Counter;
use crate::error::Errno;
use crate::id::{AppId, HandleId};
use crate::lower::FileName;
use crate::node::BackingDevice;
use crate::policy::{FileGrant, PackageName, Permissions};
use crate::store::{ApplicationRecord, NewGrant};

const OWNER: u32 = 10_001;
const READER: u32 = 10_002;
const LOCATED: u32 = 10_003;
const GALLERY: u32 = 10_004;
const STRANGER: u32 = 10_005;
const MANAGER: u32 = 10_006;
const UNKNOWN: u32 = 19_999;
const ROOT: u32 = 0;

const READ: OpenRequest =
    OpenRequest { read: true, write: false, append: false, truncate: false, sync: false };
const WRITE: OpenRequest =
    OpenRequest { read: false, write: true, append: false, truncate: false, sync: false };

/// What every sample with a location has in it.
const PLACE: &[u8] = b"+48.8584";

/// The kernel's table of backing files, and what it was told.
#[derive(Debug, Default)]
struct Backings {
    refused: bool,
    open: Mutex<Vec<u32>>,
    last: Mutex<u32>,
}

impl BackingDevice for Backings {
    fn open_backing(&self, _: BorrowedFd<'_>) -> io::Result<u32> {
        if self.refused {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
        let mut last = self.last.lock();
        *last += 1;
        self.open.lock().push(*last);
        Ok(*last)
    }

    fn close_backing(&self, id: u32) {
        self.open.lock().retain(|known| *known != id);
    }
}

impl Kernel for Backings {
    fn invalidate(&self, _: NodeId) {}

    fn expire_attributes(&self, _: NodeId) {}

    fn expire(&self, _: NodeId, _: &FileName) {}

    fn as_backing_device(self: Arc<Self>) -> Arc<dyn BackingDevice> {
        self
    }
}

/// A volume with its applications.
struct World {
    directory: TempDir,
    store: Arc<Store>,
    volume: Volume,
    backings: Arc<Backings>,
}

#[derive(Clone, Copy)]
struct Start {
    kind: VolumeKind,
    passthrough: bool,
    refused: bool,
    descriptors: usize,
    rest: Duration,
    visibility: Visibility,
    hide: Classes,
}

const SHARED: Start = Start {
    kind: VolumeKind::Shared,
    passthrough: true,
    refused: false,
    descriptors: 1000,
    rest: Duration::ZERO,
    visibility: Visibility::Shared,
    hide: Classes::ALL,
};

impl World {
    fn shared() -> World {
        World::new(SHARED)
    }

    fn new(start: Start) -> World {
        let directory = tempfile::tempdir().unwrap();
        let lower = directory.path().join("lower");
        for top in ["Pictures", "Movies", "Music", "Download", "DCIM", "Android/data", "Android/media"] {
            if start.kind == VolumeKind::Shared {
                fs::create_dir_all(lower.join(top)).unwrap();
            }
        }
        fs::create_dir_all(&lower).unwrap();
        let store = Arc::new(Store::open(&directory.path().join("state.db")).unwrap());
        let media = Permissions::READ_MEDIA_IMAGES | Permissions::READ_MEDIA_VIDEO;
        for (name, uid, permissions) in [
            ("org.example.owner", OWNER, Permissions::empty()),
            ("org.example.reader", READER, media),
            ("org.example.located", LOCATED, media | Permissions::ACCESS_MEDIA_LOCATION),
            (
                "org.example.gallery",
                GALLERY,
                Permissions::WRITE_MEDIA_IMAGES | Permissions::WRITE_MEDIA_VIDEO,
            ),
            ("org.example.stranger", STRANGER, Permissions::empty()),
            ("org.example.manager", MANAGER, Permissions::MANAGE_EXTERNAL_STORAGE),
        ] {
            let (name, app) = (PackageName::new(name), AppId::new(uid));
            store.set_application(&ApplicationRecord { name, app, target_sdk: 34, permissions }).unwrap();
        }
        let (volume, backings) = served(&lower, &store, &start);
        World { directory, store, volume, backings }
    }

    fn lower(&self, path: &str) -> PathBuf {
        self.directory.path().join("lower").join(path)
    }

    /// The same state under a new daemon.
    fn restart(&mut self) {
        self.restart_as(&SHARED);
    }

    /// The same with other settings.
    fn restart_as(&mut self, start: &Start) {
        (self.volume, self.backings) = served(&self.directory.path().join("lower"), &self.store, start);
    }

    /// Puts a file on the lower file system from outside.
    fn put(&self, path: &str, content: &[u8]) {
        fs::create_dir_all(self.lower(path).parent().unwrap()).unwrap();
        fs::write(self.lower(path), content).unwrap();
    }

    /// Walks as the kernel does without cached entries; the counts stay with the kernel.
    fn look(&self, uid: u32, path: &str) -> Result<NodeId, Errno> {
        let mut node = NodeId::ROOT;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let entry = self.volume.lookup(caller(uid), node, &name(part)).map_err(errno)?;
            node = entry.node.give_to_kernel();
            if entry.attributes.directory {
                self.volume.stat(caller(uid), node, None).map_err(errno)?;
            }
        }
        Ok(node)
    }

    /// The node of a path's directory, walked as root, and its last name.
    fn place<'p>(&self, path: &'p str) -> (NodeId, FileName, &'p str) {
        let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
        (self.look(ROOT, above).unwrap(), name(last), last)
    }

    /// Opens as the kernel does: an answer of ESTALE leads to one more walk.
    fn open(&self, uid: u32, path: &str, request: OpenRequest) -> Result<Opened, Errno> {
        match self.volume.open(caller(uid), self.look(uid, path)?, request) {
            Err(FsError::StaleView) => {
                self.volume.open(caller(uid), self.look(uid, path)?, request).map_err(errno)
            }
            other => other.map_err(errno),
        }
    }

    fn content(&self, handle: HandleId) -> Result<Vec<u8>, Errno> {
        let mut buffer = vec![0; 1 << 20];
        let count = self.volume.read(handle, 0, &mut buffer).map_err(errno)?;
        buffer.truncate(count);
        Ok(buffer)
    }

    fn read(&self, uid: u32, path: &str) -> Result<Vec<u8>, Errno> {
        let opened = self.open(uid, path, READ)?;
        let content = self.content(opened.handle);
        self.volume.release(opened.handle);
        content
    }

    fn create(&self, uid: u32, path: &str, content: &[u8]) -> Result<(), Errno> {
        let (parent, name, _) = self.place(path);
        let created = self.volume.create(caller(uid), parent, &name, WRITE, true).map_err(errno)?;
        let handle = created.opened.handle;
        created.entry.node.give_to_kernel();
        let written = self.volume.write(handle, 0, content).map_err(errno);
        self.volume.release(handle);
        written.map(|count| assert_eq!(count, content.len()))
    }

    fn make_directory(&self, uid: u32, path: &str) -> Result<(), Errno> {
        let (parent, name, _) = self.place(path);
        let entry = self.volume.make_directory(caller(uid), parent, &name).map_err(errno)?;
        entry.node.give_to_kernel();
        Ok(())
    }

    fn remove(&self, uid: u32, path: &str) -> Result<(), Errno> {
        let (parent, name, _) = self.place(path);
        let directory = self.lower(path).is_dir();
        self.volume.remove(caller(uid), parent, &name, directory).map_err(errno)
    }

    fn rename(&self, uid: u32, from: &str, to: &str, mode: RenameMode) -> Result<(), Errno> {
        let (from, to) = (self.place(from), self.place(to));
        self.volume.rename(caller(uid), (from.0, &from.1), (to.0, &to.1), mode).map_err(errno)
    }

    /// The names that a caller is shown, sorted.
    fn list(&self, uid: u32, path: &str) -> Result<Vec<String>, Errno> {
        let handle = self.volume.open_directory(caller(uid), self.look(uid, path)?).map_err(errno)?;
        let mut names = Vec::new();
        let take = |entry: ListedDirectory<'_>| {
            names.push(entry.name.to_owned());
            true
        };
        let read = self.volume.read_directory(caller(uid), handle, 0, take).map_err(errno);
        self.volume.release(handle);
        names.retain(|name| name != "." && name != "..");
        names.sort();
        read.map(|()| names)
    }

    fn row(&self, path: &str) -> Option<MediaId> {
        let inode = self.volume.resolve(path).unwrap();
        self.volume.facts(&inode).unwrap().row
    }

    fn owner(&self, path: &str) -> Option<String> {
        let inode = self.volume.resolve(path).unwrap();
        self.volume.facts(&inode).unwrap().owner.as_ref().map(|owner| owner.as_str().to_owned())
    }

    fn grant(&self, path: &str, package: &str, mode: FileGrant, expires: Option<i64>) {
        let entry = self.volume.row_of(path).unwrap();
        let package = PackageName::new(package);
        self.store.add_grant(&NewGrant { entry, package, mode, expires, granted: 1 }).unwrap();
    }

    fn counted(&self, counter: Counter) -> u64 {
        self.volume.counters().value(counter)
    }
}

fn served(lower: &Path, store: &Arc<Store>, start: &Start) -> (Volume, Arc<Backings>) {
    let settings = Settings {
        kind: start.kind,
        own: Uid::ROOT,
        user: UserId::new(0),
        visibility: start.visibility,
        hide: start.hide,
        shown_uid: 1023,
        shown_gid: 1023,
        passthrough: start.passthrough,
        handles_per_uid: 1000,
        rest: start.rest,
        descriptors: start.descriptors,
        watches: 100,
    };
    let volume = Volume::new(lower, settings, store.clone(), Arc::default(), Arc::default()).unwrap();
    let backings = Arc::new(Backings { refused: start.refused, ..Backings::default() });
    volume.connect(backings.clone());
    (volume.told_in(Arc::default()), backings)
}

fn caller(uid: u32) -> Context {
    Context { uid: Uid::new(uid), pid: 1 }
}

fn name(text: &str) -> FileName {
    FileName::parse(text.as_ref()).unwrap()
}

fn errno(error: FsError) -> Errno {
    error.errno()
}

fn shows_place(content: &[u8]) -> bool {
    content.windows(PLACE.len()).any(|window| window == PLACE)
}
