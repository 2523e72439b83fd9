//! `visibility = private`: a file that a caller could not list does not exist for it.
//!
//! The law is tested against a twin: two volumes of which one holds one more file, and a caller that could not list
//! it. Whatever the caller does, as the kernel would carry it out, both answer alike, except where docs/POLICY.md says
//! that they do not.

#![forbid(unsafe_code)]

use proptest::prelude::*;

use super::*;
use crate::lower::{TimeToSet, Times};
use crate::policy::PrivateTree;
use crate::sample::{jpeg_clean, jpeg_with_location};

const PRIVATE: Start = Start { visibility: Visibility::Private, ..SHARED };
const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";

/// Files that exist in one of the twins only. None of [`PROBERS`] may list one.
const SECRETS: [(&str, &[u8]); 6] = [
    ("Download/d/x.txt", b"secret"),
    ("Download/x.txt", b"secret"),
    ("Download/d/.x.jpg", b"secret"),
    ("Download/d/.pending-9999999999-x.jpg", b"secret"),
    ("Pictures/d/.nomedia", b""),
    ("Pictures/d/x.jpg", PDF),
];
const PROBERS: [u32; 4] = [STRANGER, READER, LOCATED, UNKNOWN];
/// What is in both: some of it the prober's.
const FILES: [(&str, u32); 4] = [
    ("Download/own.txt", STRANGER),
    ("Download/e/own.txt", READER),
    ("Pictures/seen.jpg", OWNER),
    ("Download/e/unseen.txt", OWNER),
];
const PATHS: [&str; 12] = [
    "Download/own.txt",
    "Download/e/own.txt",
    "Pictures/seen.jpg",
    "Download/e/unseen.txt",
    "Download/d",
    "Download/e",
    "Pictures/d",
    "Download/d/free.txt",
    "Download/free.txt",
    "Pictures/d/free.jpg",
    "Pictures/free.txt",
    "Download/x?.txt",
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Stat,
    Read,
    Write,
    Access(bool, bool, bool),
    Truncate,
    Times,
    Mode,
    Attribute(&'static str),
    Attributes,
    Link,
    List,
    ListPlus,
    StatParent,
    Create(bool),
    MakeFile,
    MakeDirectory,
    Unlink,
    RemoveDirectory,
    Rename(RenameMode),
}

const ACTS: [Act; 23] = [
    Act::Stat,
    Act::Read,
    Act::Write,
    Act::Access(false, false, false),
    Act::Access(true, false, false),
    Act::Access(false, true, false),
    Act::Access(false, false, true),
    Act::Truncate,
    Act::Times,
    Act::Mode,
    Act::Attribute("user.mediagate.kind"),
    Act::Attribute("user.other"),
    Act::Attributes,
    Act::Link,
    Act::List,
    Act::ListPlus,
    Act::StatParent,
    Act::Create(true),
    Act::Create(false),
    Act::MakeFile,
    Act::MakeDirectory,
    Act::Unlink,
    Act::RemoveDirectory,
];
const MODES: [RenameMode; 3] = [RenameMode::Replace, RenameMode::NoReplace, RenameMode::Exchange];

type Answer = Result<String, Errno>;

/// Everything that `stat` shows but times and numbers.
fn shown(attributes: &Attributes) -> String {
    let Attributes { size, blocks, links, mode, uid, gid, directory, cached, .. } = attributes;
    format!("{size} {blocks} {links} {mode:o} {uid} {gid} {directory} {cached:?}")
}

/// What a caller does, as the kernel carries it out with an empty name cache.
struct Prober<'w> {
    world: &'w World,
    uid: u32,
}

impl Prober<'_> {
    fn parent<'p>(&self, path: &'p str) -> Result<(NodeId, FileName), Errno> {
        let (above, last): (&'p str, &'p str) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.world.look(self.uid, above)?, name(last)))
    }

    fn act(&self, act: Act, path: &str, other: &str) -> Answer {
        match act {
            Act::List => self.list(path),
            Act::ListPlus => self.list_plus(path),
            Act::StatParent => {
                let (parent, _) = self.parent(path)?;
                self.world.volume.stat(caller(self.uid), parent, None).map_err(errno).map(|stat| shown(&stat))
            }
            Act::Create(_) | Act::MakeFile | Act::MakeDirectory => self.make(act, path),
            Act::Unlink | Act::RemoveDirectory => {
                let (parent, name) = self.parent(path)?;
                self.world.look(self.uid, path)?;
                let directory = act == Act::RemoveDirectory;
                let done = self.world.volume.remove(caller(self.uid), parent, &name, directory);
                done.map_err(errno).map(|()| String::new())
            }
            Act::Rename(mode) => self.rename(path, other, mode),
            _ => self.use_file(act, path),
        }
    }

    fn use_file(&self, act: Act, path: &str) -> Answer {
        let (volume, by) = (&self.world.volume, caller(self.uid));
        let node = self.world.look(self.uid, path)?;
        let open = |request| {
            let opened = self.world.open(self.uid, path, request)?;
            let content = if request == READ { self.world.content(opened.handle)?.len() } else { 0 };
            volume.release(opened.handle);
            Ok(content.to_string())
        };
        let change = |change| volume.change_attributes(by, node, None, change).map(|stat| shown(&stat));
        match act {
            Act::Read => open(READ),
            Act::Write => open(WRITE),
            Act::Access(read, write, execute) => {
                let asked = volume.access(by, node, AccessRequest { read, write, execute });
                asked.map_err(errno).map(|()| String::new())
            }
            Act::Truncate => change(AttributeChange { size: Some(0), ..Default::default() }).map_err(errno),
            Act::Times => {
                let times = Times { accessed: None, modified: Some(TimeToSet::Now) };
                change(AttributeChange { size: None, times }).map_err(errno)
            }
            Act::Mode => change(AttributeChange::default()).map_err(errno),
            Act::Attribute(name) => {
                let value = volume.extended_attribute(by, node, name).map_err(errno)?;
                Ok(String::from_utf8(value).unwrap())
            }
            Act::Attributes => {
                Ok(String::from_utf8(volume.extended_attributes(by, node).map_err(errno)?).unwrap())
            }
            Act::Link => Err(volume.reach(by, node).map_or_else(errno, |()| Errno::EPERM)),
            _ => volume.stat(by, node, None).map_err(errno).map(|stat| shown(&stat)),
        }
    }

    fn list(&self, path: &str) -> Answer {
        let above = path.rsplit_once('/').unwrap_or(("", path)).0;
        Ok(self.world.list(self.uid, above)?.join(" "))
    }

    fn list_plus(&self, path: &str) -> Answer {
        let (parent, _) = self.parent(path)?;
        let (volume, by) = (&self.world.volume, caller(self.uid));
        let handle = volume.open_directory(by, parent).map_err(errno)?;
        let mut listed = Vec::new();
        let read = volume.read_directory_plus(by, handle, 0, |entry| {
            listed.extend(entry.entry.map(|found| format!("{} {}", entry.name, shown(&found.attributes))));
            true
        });
        volume.release(handle);
        listed.sort();
        read.map_err(errno).map(|()| listed.join("\n"))
    }

    fn make(&self, act: Act, path: &str) -> Answer {
        let (parent, name) = self.parent(path)?;
        let (volume, by) = (&self.world.volume, caller(self.uid));
        match self.world.look(self.uid, path) {
            Ok(_) if act == Act::Create(false) => return self.use_file(Act::Write, path),
            Ok(_) => return Err(Errno::EEXIST),
            Err(Errno::ENOENT) => {}
            Err(other) => return Err(other),
        }
        let made = match act {
            Act::MakeDirectory => volume.make_directory(by, parent, &name).map(|_| ()),
            Act::MakeFile => volume.make_file(by, parent, &name).map(|_| ()),
            _ => {
                let created = volume.create(by, parent, &name, WRITE, act == Act::Create(true));
                created.map(|created| volume.release(created.opened.handle))
            }
        };
        made.map_err(errno).map(|()| String::new())
    }

    fn rename(&self, from: &str, to: &str, mode: RenameMode) -> Answer {
        if from == to {
            // The kernel answers from the name alone.
            return Ok(String::new());
        }
        let (source, target) = (self.parent(from)?, self.parent(to)?);
        self.world.look(self.uid, from)?;
        match (self.world.look(self.uid, to), mode) {
            (Ok(_), RenameMode::NoReplace) => return Err(Errno::EEXIST),
            (Err(error), RenameMode::Exchange) => return Err(error),
            (Err(error), _) if error != Errno::ENOENT => return Err(error),
            _ if below(to, from) => return Err(Errno::EINVAL),
            (_, RenameMode::Replace) if below(from, to) => return Err(Errno::ENOTEMPTY),
            _ if below(from, to) => return Err(Errno::EINVAL),
            _ => {}
        }
        let (from, to) = ((source.0, &source.1), (target.0, &target.1));
        let done = self.world.volume.rename(caller(self.uid), from, to, mode);
        done.map_err(errno).map(|()| String::new())
    }
}

/// Whether a path lies below a directory.
fn below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn twin(secret: Option<(&str, &[u8])>) -> World {
    let world = World::new(PRIVATE);
    for directory in ["Download/d", "Download/e", "Pictures/d"] {
        world.make_directory(OWNER, directory).unwrap();
    }
    for (path, owner) in FILES {
        let content = if path.ends_with("jpg") { jpeg_with_location() } else { b"text".to_vec() };
        made(&world, owner, path, &content);
    }
    match secret {
        // No application may make it there.
        Some((path, content)) if path.ends_with(".nomedia") => world.put(path, content),
        Some((path, content)) => made(&world, OWNER, path, content),
        None => {}
    }
    world
}

/// Makes a file that the kernel then forgets.
fn made(world: &World, uid: u32, path: &str, content: &[u8]) {
    world.create(uid, path, content).unwrap();
    let node = world.look(ROOT, path).unwrap();
    world.volume.forget(node, u64::MAX);
}

/// What docs/POLICY.md names: a name cannot be given twice, a directory is moved with all that is in it and removed
/// when it is empty, and of a file that is in use the kernel knows the name.
fn may_differ(act: Act, at: (&str, &str), secret: &str, in_use: bool) -> &'static [Errno] {
    let above = |path: &str| below(secret, path);
    let making: &[Errno] = if in_use { &[Errno::EEXIST] } else { &[Errno::EACCES] };
    let opening: &[Errno] = if in_use { &[Errno::ENOENT] } else { &[Errno::EACCES] };
    let moving: &[Errno] = if in_use {
        &[Errno::EACCES, Errno::EEXIST, Errno::EPERM, Errno::EINVAL, Errno::ENOTEMPTY]
    } else {
        &[Errno::EACCES]
    };
    match act {
        Act::Create(false) if at.0 == secret => opening,
        Act::Create(true) | Act::MakeFile | Act::MakeDirectory if at.0 == secret => making,
        Act::Unlink | Act::RemoveDirectory if at.0 == secret && in_use => &[Errno::EACCES, Errno::ENOTDIR],
        Act::Rename(_) if at.0 == secret && in_use => moving,
        Act::Rename(_) if at.1 == secret => moving,
        Act::RemoveDirectory if above(at.0) => &[Errno::ENOTEMPTY],
        Act::Rename(_) if above(at.0) || above(at.1) => &[Errno::EPERM, Errno::ENOTEMPTY],
        _ => &[],
    }
}

/// Undoes in the twin without the secret what the other one refused.
fn undo(world: &World, act: Act, path: &str, other: &str) {
    match act {
        Act::Rename(RenameMode::Exchange) => world.rename(ROOT, path, other, RenameMode::Exchange).unwrap(),
        Act::Rename(_) => {
            world.rename(ROOT, other, path, RenameMode::NoReplace).unwrap();
            if ["Download/d", "Download/e", "Pictures/d"].contains(&other) {
                world.make_directory(OWNER, other).unwrap();
            }
        }
        Act::RemoveDirectory => world.make_directory(OWNER, path).unwrap(),
        _ => world.remove(ROOT, path).unwrap(),
    }
}

fn any_act() -> impl Strategy<Value = (Act, usize, usize)> {
    let act = prop_oneof![
        5 => prop::sample::select(ACTS.to_vec()),
        2 => prop::sample::select(MODES.to_vec()).prop_map(Act::Rename),
    ];
    // Past the end of the list: the secret.
    (act, 0..2 * PATHS.len(), 0..2 * PATHS.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_is_not_listed_changes_no_other_answer(
        (secret, uid, in_use) in (0..SECRETS.len(), 0..PROBERS.len(), any::<bool>()),
        acts in prop::collection::vec(any_act(), 1..30),
    ) {
        let (secret, uid) = (SECRETS[secret], PROBERS[uid]);
        let (without, with) = (twin(None), twin(Some(secret)));
        if in_use {
            with.look(MANAGER, secret.0).unwrap();
        }
        let at = |index: usize| PATHS.get(index).copied().unwrap_or(secret.0);
        for (act, path, other) in acts {
            let (path, other) = (at(path), at(other));
            let plain = Prober { world: &without, uid }.act(act, path, other);
            let answer = Prober { world: &with, uid }.act(act, path, other);
            if answer != plain {
                let named = may_differ(act, (path, other), secret.0, in_use);
                let told = answer.as_ref().is_err_and(|error| named.contains(error));
                prop_assert!(told, "{act:?} {path} {other}: {plain:?} without it, {answer:?} with it");
                if plain.is_ok() {
                    undo(&without, act, path, other);
                }
            }
            prop_assert_eq!(fs::read(with.lower(secret.0)).unwrap(), secret.1);
        }
    }
}

#[test]
fn who_may_see_a_file_does_everything_as_on_a_shared_volume() {
    let world = twin(Some(SECRETS[1]));
    let path = SECRETS[1].0;
    for uid in [OWNER, MANAGER, ROOT] {
        assert_eq!(world.read(uid, path).unwrap(), b"secret");
        assert!(world.list(uid, "Download").unwrap().contains(&"x.txt".to_owned()));
    }
    assert_eq!(world.read(READER, "Pictures/seen.jpg").unwrap().len(), jpeg_with_location().len());
    assert_eq!(world.create(MANAGER, path, b""), Err(Errno::EEXIST));
    assert_eq!(world.remove(READER, "Pictures/seen.jpg"), Err(Errno::EACCES));
    world.remove(OWNER, path).unwrap();
}

#[test]
fn a_granted_file_is_found_and_read_though_not_listed() {
    let world = twin(Some(SECRETS[0]));
    let path = SECRETS[0].0;
    assert_eq!(world.read(STRANGER, path), Err(Errno::ENOENT));
    world.grant(path, "org.example.stranger", FileGrant::Read, None);
    assert_eq!(world.read(STRANGER, path).unwrap(), b"secret");
    assert!(world.list(STRANGER, "Download/d").unwrap().is_empty());
    assert_eq!(world.remove(STRANGER, path), Err(Errno::EACCES));
}

#[test]
fn a_file_in_use_is_one_node_for_everyone_and_no_more_than_that() {
    let world = World::new(PRIVATE);
    made(&world, OWNER, "Pictures/a.jpg", &jpeg_with_location());
    let full = world.look(OWNER, "Pictures/a.jpg").unwrap();
    world.read(READER, "Pictures/a.jpg").unwrap();
    let redacted = world.look(READER, "Pictures/a.jpg").unwrap();
    assert_ne!(full, redacted);
    // A stranger's lookup moves nobody: it gets the view that was looked up last.
    assert_eq!(world.look(STRANGER, "Pictures/a.jpg"), Ok(redacted));
    assert_eq!(world.look(OWNER, "Pictures/a.jpg"), Ok(full));
    assert_eq!(world.look(STRANGER, "Pictures/a.jpg"), Ok(full));
    for node in [full, redacted] {
        let (volume, by) = (&world.volume, caller(STRANGER));
        assert_eq!(volume.stat(by, node, None).map_err(errno).map(|_| ()), Err(Errno::ENOENT));
        assert_eq!(volume.open(by, node, READ).map_err(errno).map(|_| ()), Err(Errno::ENOENT));
        assert_eq!(volume.reach(by, node).map_err(errno), Err(Errno::ENOENT));
        volume.forget(node, 100);
    }
    assert_eq!(world.look(STRANGER, "Pictures/a.jpg"), Err(Errno::ENOENT));
}

#[test]
fn a_handle_works_on_when_its_holder_could_no_longer_list_the_file() {
    let world = twin(Some(SECRETS[0]));
    let path = SECRETS[0].0;
    world.grant(path, "org.example.stranger", FileGrant::Write, None);
    let node = world.look(STRANGER, path).unwrap();
    let opened = world.open(STRANGER, path, WRITE).unwrap();
    let row = world.row(path).unwrap();
    let grant = world.store.grants().unwrap().into_iter().find(|grant| grant.entry == row).unwrap();
    assert!(world.store.remove_grant(grant.id).unwrap());
    let change = AttributeChange { size: Some(1), ..AttributeChange::default() };
    let by = caller(STRANGER);
    world.volume.change_attributes(by, node, Some(opened.handle), change).unwrap();
    let refused = world.volume.change_attributes(by, node, None, change).unwrap_err();
    assert_eq!(refused.errno(), Errno::ENOENT);
}

#[test]
fn removing_does_not_tell_of_what_sort_a_file_is() {
    let world = twin(Some(SECRETS[1]));
    let (parent, name, _) = world.place(SECRETS[1].0);
    for directory in [true, false] {
        let refused = world.volume.remove(caller(STRANGER), parent, &name, directory);
        assert_eq!(refused.map_err(errno), Err(Errno::EACCES));
    }
}

#[test]
fn the_kernel_keeps_no_attributes_of_files() {
    let world = twin(None);
    world.put("Pictures/clean.jpg", &jpeg_clean());
    for path in ["Pictures/clean.jpg", "Pictures/seen.jpg", "Download/own.txt"] {
        let node = world.look(MANAGER, path).unwrap();
        let stat = world.volume.stat(caller(MANAGER), node, None).unwrap();
        assert_eq!(stat.cached, Duration::ZERO, "{path}");
    }
    let directory = world.look(MANAGER, "Download").unwrap();
    assert_eq!(world.volume.stat(caller(MANAGER), directory, None).unwrap().cached, CACHED);
}

#[test]
fn the_tree_of_packages_does_not_tell_how_many_there_are_and_when_they_come() {
    let world = World::new(Start { kind: VolumeKind::Private(PrivateTree::Data), ..SHARED });
    let stat = |world: &World| {
        let stat = world.volume.stat(caller(STRANGER), NodeId::ROOT, None).unwrap();
        (shown(&stat), stat.modified, stat.changed, stat.accessed)
    };
    let before = stat(&world);
    for package in ["org.example.owner", "org.example.reader"] {
        fs::create_dir(world.lower(package)).unwrap();
        assert_eq!(stat(&world), before);
    }
}
