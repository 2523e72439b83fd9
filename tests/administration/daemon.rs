//! A daemon without a file system: the real administration, store, policy and Binder service over a [`Gate`] that
//! knows two files.

#![forbid(unsafe_code)]

use std::fs::{self, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mediagate::admin::{
    Admin, AdminError, Asked, BackingRecord, Confinement, CounterRecord, Dump, Explanation, Files, Gate,
    HandleRecord, ListedFile, MaintenanceReport, NodeRecord, OpenMode, ScanProgress, ScanReport, Section,
    Status, VolumeRecord,
};
use mediagate::binder::{self, Kernel, Serving, Transports};
use mediagate::error::Errno;
use mediagate::id::{FileId, Identity, MediaId, NodeId, Uid};
use mediagate::policy::{
    self, Caller, DefaultDirectory, FileFacts, FileGrants, Kind, Operation, PackageName, Place, PrivateTree,
    State,
};
use mediagate::store::{EntryName, NewEntry, Store};

/// The only shared file that there is; `org.example.camera` owns it.
pub(crate) const PHOTO: &str = "DCIM/photo.jpg";

/// A file that exists only for `org.example.camera`.
pub(crate) const PRIVATE: &str = "Android/data/org.example.camera/notes";

/// How long a scan waits to be asked how far it is.
const LONGEST: Duration = Duration::from_secs(20);

/// What the administration asks of the serving part, over one file.
pub(crate) struct OneFile {
    store: Arc<Store>,
    root: MediaId,
    pub(crate) changes: AtomicU32,
    /// How often a scan is to be asked how far it is before it is through.
    pub(crate) questions: AtomicU32,
    pub(crate) stopped: AtomicBool,
}

fn file(ino: u64) -> Identity {
    Identity { file: FileId { dev: 1, ino }, born: 0 }
}

impl OneFile {
    fn exists(path: &str) -> Result<(), AdminError> {
        match path {
            PHOTO | PRIVATE => Ok(()),
            other if other.starts_with("/elsewhere") => {
                Err(AdminError::OutsideVolumes { path: other.to_owned() })
            }
            other => Err(AdminError::NoSuchFile { path: other.to_owned(), errno: Errno::ENOENT }),
        }
    }
}

/// No mount: nobody reaches a file.
struct NoFiles;

impl NoFiles {
    fn answer<T>(path: &str) -> Result<T, AdminError> {
        Err(AdminError::File { operation: "reach", path: path.to_owned(), errno: Errno::ENOTCONN })
    }
}

impl Files for NoFiles {
    fn open(&self, _uid: Uid, path: &str, _mode: OpenMode) -> Result<OwnedFd, AdminError> {
        NoFiles::answer(path)
    }

    fn create(&self, _uid: Uid, path: &str) -> Result<OwnedFd, AdminError> {
        NoFiles::answer(path)
    }

    fn rename(&self, _uid: Uid, path: &str, _name: &str) -> Result<(), AdminError> {
        NoFiles::answer(path)
    }

    fn remove(&self, _uid: Uid, path: &str) -> Result<(), AdminError> {
        NoFiles::answer(path)
    }

    fn list(&self, _: Uid, path: &str, _: Option<&str>, _: usize) -> Result<Vec<ListedFile>, AdminError> {
        NoFiles::answer(path)
    }

    fn inside(&self, path: &str) -> Result<String, AdminError> {
        Ok(path.to_owned())
    }
}

impl Gate for OneFile {
    fn explain(&self, uid: Uid, asked: Asked<'_>, path: &str) -> Result<Explanation, AdminError> {
        OneFile::exists(path)?;
        let operation = match asked {
            Asked::Operation(operation) | Asked::Access(operation) => operation,
            Asked::Rename { .. } | Asked::Exchange { .. } => Operation::RenameFrom,
        };
        let snapshot = self.store.snapshot();
        let caller = Caller { uid, identity: snapshot.identity(uid, Uid::ROOT) };
        let camera = PackageName::new("org.example.camera");
        let facts = FileFacts {
            place: match path {
                PRIVATE => Place::Private { tree: PrivateTree::Data, package: camera.clone(), top: false },
                _ => Place::Shared(Some(DefaultDirectory::Dcim)),
            },
            directory: false,
            kind: Some(Kind::Image),
            hidden: false,
            portable: true,
            owner: Some(camera),
            state: State::Normal,
            grants: FileGrants::empty(),
            of_other_user: false,
        };
        let verdict = policy::decide(&caller, &facts, &operation);
        Ok(Explanation::of(&caller, operation, path, &facts, &verdict))
    }

    fn dump(&self, section: Section) -> Dump {
        let node = NodeId::new((1 << 63) | 7);
        let path = "DCIM/\u{1b}[31mred.jpg".to_owned();
        let nodes = || {
            let (mount, view) = ("/mnt".to_owned(), "full".to_owned());
            vec![NodeRecord { node, mount, path: path.clone(), view, lookup_count: 2, handles: 1 }]
        };
        let handles = || {
            let (uid, mode) = (Uid::new(10_123), "passthrough".to_owned());
            vec![HandleRecord { handle: 9, node, uid, pid: 77, mode, writes: true, path: path.clone() }]
        };
        Dump {
            nodes: section.has(Section::Nodes).then(nodes),
            handles: section.has(Section::Handles).then(handles),
            backings: section
                .has(Section::Backings)
                .then(|| vec![BackingRecord { backing: 3, node, handles: 1, path: path.clone() }]),
            counters: section
                .has(Section::Counters)
                .then(|| vec![CounterRecord { name: "open".to_owned(), value: u64::MAX }]),
            ..Dump::default()
        }
    }

    fn scan(&self, path: Option<&str>, full: bool) -> Result<ScanReport, AdminError> {
        path.map_or(Ok(()), OneFile::exists)?;
        let deadline = Instant::now() + LONGEST;
        while self.questions.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < deadline, "nobody asks how far the scan is");
            thread::sleep(Duration::from_millis(1));
        }
        let changed = u64::from(full);
        Ok(ScanReport { files: 1, directories: 1, changed, milliseconds: 1_002, ..ScanReport::default() })
    }

    fn scan_progress(&self) -> Option<ScanProgress> {
        let less = |questions: u32| questions.checked_sub(1);
        let left = self.questions.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).ok()?;
        Some(ScanProgress {
            files: 1000,
            directories: 3,
            read: 900,
            failed: 1,
            milliseconds: 4 * left.min(1) as u64,
        })
    }

    fn cancel_scan(&self) -> bool {
        self.questions.swap(0, Ordering::SeqCst) > 0
    }

    fn maintain(&self, now: i64) -> Result<MaintenanceReport, AdminError> {
        Ok(MaintenanceReport { removed: now.cast_unsigned(), ..MaintenanceReport::default() })
    }

    fn entry_of(&self, path: &str) -> Result<MediaId, AdminError> {
        OneFile::exists(path)?;
        let named = |name: &'static str| EntryName { bytes: name.as_bytes(), folded: name.as_bytes() };
        let inner = || {
            let directory = self.store.ensure_directory(self.root, named("DCIM"), file(2))?;
            self.store.record_found(&NewEntry {
                parent: directory,
                name: named("photo.jpg"),
                directory: false,
                kind: Some(Kind::Image),
                owner: None,
                state: State::Normal,
                expires: None,
                file: file(3),
                version: None,
                created: 0,
            })
        };
        inner().map_err(|error: mediagate::store::StoreError| AdminError::internal("find the entry", error))
    }

    fn tree_of(&self, _path: &str) -> String {
        String::new()
    }

    fn files(&self) -> &dyn Files {
        &NoFiles
    }

    fn status(&self) -> Status {
        Status {
            pid: std::process::id(),
            version: "0.1.0".to_owned(),
            uptime_seconds: 61,
            threads: 2,
            nodes: 5,
            handles: 1,
            backings: 1,
            volumes: vec![VolumeRecord {
                lower: "/data/media".to_owned(),
                mount: "/mnt".to_owned(),
                passthrough: false,
                why_not: Some("the kernel refuses backing files: EPERM".to_owned()),
            }],
            transports: Vec::new(),
            confinement: Confinement {
                capabilities: vec!["CAP_SYS_ADMIN".to_owned(), "CAP_LEASE".to_owned()],
                no_new_privileges: true,
                landlock: 6,
                seccomp: true,
                missing: vec!["a thing that kernels have".to_owned()],
            },
        }
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    fn policy_changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}

/// A served administration in a directory that every uid may enter.
pub(crate) struct Daemon {
    pub(crate) admin: Arc<Admin>,
    pub(crate) gate: Arc<OneFile>,
    pub(crate) serving: Option<Serving>,
    directory: tempfile::TempDir,
}

impl Daemon {
    pub(crate) fn start() -> Daemon {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let store = Arc::new(Store::open(&directory.path().join("mediagate.db")).unwrap());
        let root = store.volume(Path::new("/data/media"), file(1)).unwrap().root;
        let (changes, questions, stopped) = Default::default();
        let gate = Arc::new(OneFile { store: Arc::clone(&store), root, changes, questions, stopped });
        let own = Uid::new(rustix::process::getuid().as_raw());
        let admin = Arc::new(Admin::new(store, Arc::clone(&gate) as _, own));
        let serving = Daemon::serve(&admin, &directory.path().join("socket")).unwrap();
        Daemon { admin, gate, serving: Some(serving), directory }
    }

    fn serve(admin: &Arc<Admin>, socket: &Path) -> Result<Serving, binder::ServeError> {
        let transports = Transports {
            socket: Some(socket.to_owned()),
            kernel: Kernel::No,
            service: "mediagate".to_owned(),
        };
        binder::serve(admin, binder::bind(admin, &transports)?)
    }

    /// Serves the same administration on another socket.
    pub(crate) fn serve_again(&self, socket: &Path) -> Result<Serving, binder::ServeError> {
        Daemon::serve(&self.admin, socket)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("socket")
    }

    /// A path in the daemon's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
