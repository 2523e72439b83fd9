//! Random operations of three applications against a model of what should be there and whose it is.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;
use crate::sample::{jpeg_clean, jpeg_with_location};

const CALLERS: [u32; 3] = [OWNER, READER, STRANGER];
const NAMES: [&str; 5] =
    ["Pictures/a.jpg", "Pictures/b.jpg", "Pictures/d/c.jpg", "Pictures/.hidden.jpg", "Download/a.jpg"];

/// One operation: by which caller, on which name.
#[derive(Clone, Copy, Debug)]
enum Step {
    Create(usize, usize, bool),
    Write(usize, usize, bool),
    Read(usize, usize),
    Rename(usize, usize, usize, bool),
    Remove(usize, usize),
    /// Renamed beneath the mount, or by a daemon that ended before it recorded it.
    Outside(usize, usize, bool),
    Restart,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    owner: u32,
    located: bool,
}

type Model = BTreeMap<usize, File>;

fn content(located: bool) -> Vec<u8> {
    if located { jpeg_with_location() } else { jpeg_clean() }
}

fn package(uid: u32) -> &'static str {
    match uid {
        OWNER => "org.example.owner",
        READER => "org.example.reader",
        _ => "org.example.stranger",
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let (caller, file) = (0..CALLERS.len(), 0..NAMES.len());
    prop_oneof![
        4 => (caller.clone(), file.clone(), any::<bool>()).prop_map(|(c, f, l)| Step::Create(c, f, l)),
        2 => (caller.clone(), file.clone(), any::<bool>()).prop_map(|(c, f, l)| Step::Write(c, f, l)),
        3 => (caller.clone(), file.clone()).prop_map(|(c, f)| Step::Read(c, f)),
        3 => (caller.clone(), file.clone(), file.clone(), any::<bool>())
            .prop_map(|(c, f, t, swap)| Step::Rename(c, f, t, swap)),
        2 => (caller, file.clone()).prop_map(|(c, f)| Step::Remove(c, f)),
        3 => (0..NAMES.len(), 0..NAMES.len(), any::<bool>()).prop_map(|(f, t, swap)| Step::Outside(f, t, swap)),
        1 => Just(Step::Restart),
    ]
}

fn expect_read(file: Option<&File>, uid: u32, path: &str) -> Result<bool, Errno> {
    let file = file.ok_or(Errno::ENOENT)?;
    match uid {
        uid if uid == file.owner => Ok(file.located),
        READER if !path.contains("/.") => Ok(false),
        _ => Err(Errno::EACCES),
    }
}

fn expect_rename(model: &mut Model, uid: u32, from: usize, to: usize, swap: bool) -> Result<(), Errno> {
    let moved = model.get(&from).cloned().ok_or(Errno::ENOENT)?;
    if moved.owner != uid {
        return Err(Errno::EPERM);
    }
    match model.get(&to).cloned() {
        None if swap => return Err(Errno::ENOENT),
        Some(standing) if from != to && standing.owner != uid => return Err(Errno::EPERM),
        Some(standing) if swap => {
            model.insert(from, standing);
        }
        Some(_) if from == to => {}
        None | Some(_) => {
            model.remove(&from);
        }
    }
    model.insert(to, moved);
    Ok(())
}

fn take(world: &mut World, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Create(by, at, located) => {
            let made = world.create(CALLERS[by], NAMES[at], &content(located));
            let free = !model.contains_key(&at);
            prop_assert_eq!(made, if free { Ok(()) } else { Err(Errno::EEXIST) });
            model.entry(at).or_insert(File { owner: CALLERS[by], located });
        }
        Step::Write(by, at, located) => {
            let opened = world.open(CALLERS[by], NAMES[at], OpenRequest { truncate: true, ..WRITE });
            let file = model.get_mut(&at);
            let expected = match &file {
                None => Err(Errno::ENOENT),
                Some(file) if file.owner != CALLERS[by] => Err(Errno::EACCES),
                Some(_) => Ok(()),
            };
            prop_assert_eq!(opened.as_ref().map(|_| ()).map_err(|errno| *errno), expected);
            if let (Ok(opened), Some(file)) = (opened, file) {
                world.volume.write(opened.handle, 0, &content(located)).unwrap();
                world.volume.release(opened.handle);
                file.located = located;
            }
        }
        Step::Read(by, at) => {
            let seen = world.read(CALLERS[by], NAMES[at]);
            let expected = expect_read(model.get(&at), CALLERS[by], NAMES[at]);
            let whole = seen.as_ref().map(|seen| *seen == jpeg_with_location()).map_err(|errno| *errno);
            prop_assert_eq!(whole, expected);
        }
        Step::Rename(by, from, to, swap) => {
            let mode = if swap { RenameMode::Exchange } else { RenameMode::Replace };
            let done = world.rename(CALLERS[by], NAMES[from], NAMES[to], mode);
            prop_assert_eq!(done, expect_rename(model, CALLERS[by], from, to, swap));
        }
        Step::Remove(by, at) => {
            let done = world.remove(CALLERS[by], NAMES[at]);
            let expected = match model.get(&at) {
                None => Err(Errno::ENOENT),
                Some(file) if file.owner != CALLERS[by] => Err(Errno::EACCES),
                Some(_) => Ok(()),
            };
            prop_assert_eq!(done, expected);
            if done.is_ok() {
                model.remove(&at);
            }
        }
        Step::Outside(from, to, swap) => {
            let flags = if swap { RenameFlags::EXCHANGE } else { RenameFlags::empty() };
            let (old, new) = (world.lower(NAMES[from]), world.lower(NAMES[to]));
            if renameat_with(CWD, old, CWD, new, flags).is_ok() && from != to {
                let (moved, standing) = (model.remove(&from), model.remove(&to));
                model.extend(moved.map(|file| (to, file)));
                model.extend(standing.filter(|_| swap).map(|file| (from, file)));
            }
        }
        Step::Restart => world.restart(),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn names_owners_and_views_agree_with_the_model(steps in prop::collection::vec(any_step(), 1..25)) {
        let mut world = World::shared();
        world.make_directory(OWNER, "Pictures/d").unwrap();
        let mut model = Model::new();
        for step in steps {
            take(&mut world, &mut model, step)?;
            for (at, path) in NAMES.iter().enumerate() {
                prop_assert_eq!(world.lower(path).exists(), model.contains_key(&at), "{}", path);
                if let Some(file) = model.get(&at) {
                    let owner = world.owner(path);
                    prop_assert_eq!(owner.as_deref(), Some(package(file.owner)), "{}", path);
                }
            }
            prop_assert_eq!(world.volume.sizes().1, 0);
        }
    }
}
