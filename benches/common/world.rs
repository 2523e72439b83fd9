//! What the measures of scale work on.

#![forbid(unsafe_code)]

use super::*;

/// A directory with its database and the volume that serves it.
pub(super) struct World {
    pub(super) directory: TempDir,
    pub(super) store: Arc<Store>,
    pub(super) volume: Arc<Volume>,
}

impl World {
    pub(super) fn new(parent: Option<&Path>) -> Result<World> {
        let directory = match parent {
            Some(parent) => tempfile::tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        };
        let lower = directory.path().join("lower");
        fs::create_dir_all(lower.join("Pictures"))?;
        let store = Arc::new(Store::open(&directory.path().join("state.db"))?);
        for (name, uid, permissions) in [
            ("org.example.owner", OWNER, Permissions::empty()),
            ("org.example.reader", READER, Permissions::READ_MEDIA_IMAGES),
            ("org.example.manager", MANAGER, Permissions::MANAGE_EXTERNAL_STORAGE),
        ] {
            let (name, app) = (PackageName::new(name), AppId::new(uid));
            store.set_application(&ApplicationRecord { name, app, target_sdk: 34, permissions })?;
        }
        let settings = Settings {
            kind: VolumeKind::Shared,
            own: Uid::ROOT,
            user: UserId::new(0),
            shown_uid: 1023,
            shown_gid: 1023,
            passthrough: false,
            rest: Duration::ZERO,
            handles_per_uid: 1000,
            descriptors: 4096,
            watches: 4096,
            visibility: Visibility::Shared,
        };
        let (counters, decisions) = (Arc::new(Counters::default()), Arc::new(DecisionRing::default()));
        let volume = Arc::new(Volume::new(&lower, settings, store.clone(), counters, decisions)?);
        Ok(World { directory, store, volume })
    }

    pub(super) fn lower(&self) -> PathBuf {
        self.directory.path().join("lower")
    }

    /// `entries` pictures, [`DIRECTORY`] to a directory; or all in the one directory `one`.
    pub(super) fn fill(&self, entries: usize, one: Option<&str>) -> Result<()> {
        for start in (0..entries).step_by(DIRECTORY) {
            let directory = match one {
                Some(one) => self.lower().join(one),
                None => self.lower().join(tree_directory(start / DIRECTORY)),
            };
            fs::create_dir_all(&directory)?;
            for number in start..entries.min(start + DIRECTORY) {
                fs::write(directory.join(picture(number)), PICTURE)?;
            }
        }
        Ok(())
    }

    pub(super) fn scan(&self, progress: &Progress) -> Result<ScanOutcome> {
        let root = PathFd::root(&self.lower())?;
        Ok(scan(&root, self.volume.root_row(), &self.store, &[], ScanOptions::default(), progress)?)
    }

    pub(super) fn look(&self, uid: u32, path: &str) -> Result<NodeId> {
        let mut node = NodeId::ROOT;
        for part in path.split('/') {
            node = self.volume.lookup(caller(uid), node, &name(part)?)?.node.give_to_kernel();
        }
        Ok(node)
    }

    pub(super) fn row(&self, path: &str) -> Result<MediaId> {
        let mut row = self.volume.root_row();
        for part in path.split('/') {
            row = self.store.entry(row, part.as_bytes())?.context("no row")?.id;
        }
        Ok(row)
    }
}
