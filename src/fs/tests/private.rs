//! A private volume: what is another's does not exist, as far as the kernel can be made to say so.

#![forbid(unsafe_code)]

use super::*;
use crate::policy::PrivateTree;

const OWN: &str = "org.example.owner";
const FILE: &str = "org.example.owner/a.txt";

fn private(tree: PrivateTree) -> World {
    let world = World::new(Start { kind: VolumeKind::Private(tree), ..SHARED });
    world.put(FILE, b"secret");
    world.put("org.example.stranger/b.txt", b"other");
    world.put(".nomedia", b"");
    world
}

#[test]
fn a_package_has_everything_in_its_own_directory() {
    let world = private(PrivateTree::Data);
    assert_eq!(world.read(OWNER, FILE).unwrap(), b"secret");
    world.make_directory(OWNER, "org.example.owner/d").unwrap();
    world.create(OWNER, "org.example.owner/d/any.thing", b"x").unwrap();
    world.rename(OWNER, "org.example.owner/d", "org.example.owner/e", RenameMode::Replace).unwrap();
    world.remove(OWNER, "org.example.owner/e/any.thing").unwrap();
    assert_eq!(world.list(OWNER, OWN).unwrap(), ["a.txt", "e"]);
    assert_eq!(world.row(FILE), None);
    let node = world.look(OWNER, OWN).unwrap();
    let shown = world.volume.stat(caller(OWNER), node, None).unwrap();
    assert_eq!((shown.uid, shown.mode, shown.cached), (OWNER, 0o770, std::time::Duration::ZERO));
    assert_eq!(shown.gid, 2000, "the shell reads raw");
}

#[test]
fn a_stranger_finds_nothing_that_the_kernel_does_not_know() {
    for uid in [STRANGER, MANAGER, UNKNOWN, READER] {
        let world = private(PrivateTree::Data);
        assert_eq!(world.look(uid, OWN), Err(Errno::ENOENT));
        assert_eq!(world.look(uid, "org.example.none"), Err(Errno::ENOENT));
    }
}

#[test]
fn a_stranger_gets_the_same_node_while_it_is_in_use_and_no_further() {
    let world = private(PrivateTree::Data);
    let node = world.look(OWNER, OWN).unwrap();
    let file = world.look(OWNER, FILE).unwrap();
    for uid in [STRANGER, MANAGER, UNKNOWN] {
        let entry = world.volume.lookup(caller(uid), NodeId::ROOT, &name(OWN)).unwrap();
        assert_eq!(entry.node.give_to_kernel(), node);
        let volume = &world.volume;
        assert_eq!(volume.stat(caller(uid), node, None).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(volume.open_directory(caller(uid), node).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(volume.statfs(caller(uid), node).map(|_| ()).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(
            volume.access(caller(uid), node, AccessRequest::default()).unwrap_err().errno(),
            Errno::ENOENT
        );
        assert_eq!(volume.lookup(caller(uid), node, &name("a.txt")).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(volume.lookup(caller(uid), node, &name("none")).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(volume.open(caller(uid), file, READ).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(volume.open(caller(uid), file, WRITE).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(
            volume.extended_attribute(caller(uid), file, "user.mediagate.kind").unwrap_err().errno(),
            Errno::ENOENT
        );
    }
}

#[test]
fn changes_by_a_stranger_are_refused_alike_whether_the_name_exists_or_not() {
    for in_use in [false, true] {
        let world = private(PrivateTree::Data);
        if in_use {
            world.look(OWNER, OWN).unwrap();
        }
        for target in [OWN, "org.example.none"] {
            let (volume, root, target) = (&world.volume, NodeId::ROOT, name(target));
            let by = caller(STRANGER);
            let own = name("org.example.stranger");
            let answers = [
                volume.make_directory(by, root, &target).map(|_| ()),
                volume.make_file(by, root, &target).map(|_| ()),
                volume.create(by, root, &target, WRITE, true).map(|_| ()),
                volume.create(by, root, &target, WRITE, false).map(|_| ()),
                volume.create(by, root, &target, READ, false).map(|_| ()),
                volume.remove(by, root, &target, true),
                volume.rename(by, (root, &target), (root, &own), RenameMode::Replace),
                volume.rename(by, (root, &own), (root, &target), RenameMode::Replace),
                volume.rename(by, (root, &own), (root, &target), RenameMode::NoReplace),
                volume.rename(by, (root, &own), (root, &target), RenameMode::Exchange),
            ];
            for (index, answer) in answers.into_iter().enumerate() {
                assert_eq!(answer.map_err(errno), Err(Errno::EACCES), "{index} on {}", target.as_str());
            }
        }
        assert_eq!(fs::read(world.lower(FILE)).unwrap(), b"secret");
    }
}

#[test]
fn the_tree_shows_each_caller_its_own() {
    let world = private(PrivateTree::Data);
    let shown = |uid| world.list(uid, "").unwrap().join(" ");
    assert_eq!(shown(OWNER), ".nomedia org.example.owner");
    assert_eq!(shown(STRANGER), ".nomedia org.example.stranger");
    assert_eq!(shown(MANAGER), ".nomedia");
    assert_eq!(shown(ROOT), ".nomedia org.example.owner org.example.stranger");
    assert!(world.look(STRANGER, ".nomedia").is_ok());
    assert_eq!(world.read(STRANGER, ".nomedia"), Err(Errno::EACCES));
    let made = world.volume.create(caller(OWNER), NodeId::ROOT, &name("stray.txt"), WRITE, true);
    assert_eq!(made.map(|_| ()).unwrap_err().errno(), Errno::EACCES);
}

#[test]
fn no_spelling_is_another_directory() {
    let world = private(PrivateTree::Data);
    for spelling in ["ORG.example.owner", "org.example.owner\u{200b}", "org.example.\u{17f}tranger"] {
        world.put(&format!("{spelling}/a.txt"), b"x");
        assert_eq!(world.look(MANAGER, spelling), Err(Errno::ENOENT), "{spelling:?}");
    }
    assert!(world.look(OWNER, "ORG.example.owner/a.txt").is_ok());
}

#[test]
fn an_installer_reaches_all_of_obb() {
    let world = private(PrivateTree::Obb);
    let reader = PackageName::new("org.example.reader");
    assert_eq!(world.read(READER, FILE), Err(Errno::ENOENT));
    world.store.grant_permission(&reader, Permissions::INSTALLER).unwrap();
    assert_eq!(world.read(READER, FILE).unwrap(), b"secret");
    world.make_directory(READER, "org.example.new").unwrap();
    world.create(READER, "org.example.new/main.obb", b"x").unwrap();
}

#[test]
fn another_user_is_kept_out_of_private_trees() {
    let world = private(PrivateTree::Data);
    let node = world.look(OWNER, OWN).unwrap();
    let foreign = 1_000_000 + OWNER;
    assert_eq!(world.volume.stat(caller(foreign), node, None).unwrap_err().errno(), Errno::EACCES);
    assert_eq!(world.look(foreign, "org.example.stranger"), Err(Errno::EACCES));
    assert_eq!(world.look(foreign, "org.example.none"), Err(Errno::EACCES));
    assert_eq!(world.volume.open_directory(caller(foreign), node).map(|_| ()).ok(), Some(()));
    assert_eq!(world.list(foreign, ""), Ok(Vec::new()));
}
