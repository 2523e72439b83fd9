//! What the kernel was told of, and how often.

#![forbid(unsafe_code)]

use std::fs;
use std::sync::Arc;
use std::thread;

use super::*;

#[test]
fn a_file_has_the_lower_number_and_one_inode_for_both_views() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let first = found(&table, "a");
    assert!(first.fresh && !first.moved && first.reuse.is_none());
    let full = table.node(&first.inode, View::Full);
    let redacted = table.node(&found(&table, "a").inode, View::Redacted);
    let ino = first.inode.identity().file.ino;
    assert_eq!(full.node().id(), NodeId::new(ino));
    assert_eq!(redacted.node().id(), NodeId::new(ino | REDACTED));
    assert!(Arc::ptr_eq(full.node().inode(), redacted.node().inode()));
    assert!(!Arc::ptr_eq(full.node(), redacted.node()));
    assert_eq!((full.node().view(), redacted.node().view()), (View::Full, View::Redacted));
    assert!(Arc::ptr_eq(&table.find(full.node().id()).unwrap(), full.node()));
    assert!(Arc::ptr_eq(&table.known(&first.inode, View::Redacted).unwrap(), redacted.node()));
}

#[test]
fn the_root_is_always_known_and_never_forgotten() {
    let (_directory, table) = table(100);
    assert!(Arc::ptr_eq(&table.find(NodeId::ROOT).unwrap(), table.root()));
    table.forget(NodeId::ROOT, 5);
    assert!(table.find(NodeId::ROOT).is_some());
    assert!(table.is_empty());
}

#[test]
fn a_reference_that_is_dropped_does_not_count() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let reference = table.node(&found(&table, "a").inode, View::Full);
    let id = reference.node().id();
    assert!(table.find(id).is_some());
    drop(reference);
    assert!(table.find(id).is_none());
}

#[test]
fn a_node_lives_until_every_count_is_given_back() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let id = looked_up(&table, "a", View::Full);
    for _ in 0..4 {
        assert_eq!(looked_up(&table, "a", View::Full), id);
    }
    drop(table.node(&found(&table, "a").inode, View::Full));
    assert_eq!(table.all().iter().map(|(_, lookups)| *lookups).collect::<Vec<_>>(), [5]);
    table.forget(id, 3);
    assert!(table.find(id).is_some());
    table.forget(id, 2);
    assert!(table.find(id).is_none());
    assert!(table.is_empty());
}

#[test]
fn too_large_counts_and_unknown_numbers_do_no_harm() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let id = looked_up(&table, "a", View::Full);
    let other = looked_up(&table, "a", View::Redacted);
    table.forget(NodeId::new(0xdead), 1);
    table.forget(id, u64::MAX);
    assert!(table.find(id).is_none());
    table.forget(id, 1);
    assert!(table.find(other).is_some());
    assert_eq!(looked_up(&table, "a", View::Full), id);
}

#[test]
fn counts_agree_under_many_threads() {
    let (directory, table) = table(8);
    for file in 0..16 {
        fs::write(directory.path().join(format!("f{file}")), b"").unwrap();
    }
    thread::scope(|scope| {
        for seed in 0..4u32 {
            let table = &table;
            scope.spawn(move || {
                for round in 0..400u32 {
                    let text = format!("f{}", (round * 7 + seed) % 16);
                    let view = if round % 3 == 0 { View::Redacted } else { View::Full };
                    let reference = table.node(&found(table, &text).inode, view);
                    if round % 2 == 0 {
                        table.forget(reference.give_to_kernel(), 1);
                    }
                }
            });
        }
    });
    assert!(table.is_empty());
}

#[test]
fn a_file_is_followed_when_it_is_found_elsewhere() {
    let (directory, table) = table(100);
    fs::create_dir(directory.path().join("d")).unwrap();
    fs::write(directory.path().join("a"), b"").unwrap();
    let id = looked_up(&table, "a", View::Full);
    fs::rename(directory.path().join("a"), directory.path().join("d/b")).unwrap();
    let target = found(&table, "d").inode;
    let moved = found_in(&table, &target, "b");
    assert!(moved.moved && !moved.fresh);
    assert_eq!(moved.inode.number(), id);
    let link = moved.inode.link().unwrap();
    assert!(Arc::ptr_eq(&link.parent, &target));
    assert_eq!(link.name, name("b"));
    assert!(!found_in(&table, &target, "b").moved);
}

#[test]
fn a_reused_lower_number_gets_another_number_and_keeps_it() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let first = found(&table, "a").inode.identity();
    let second = Identity { born: first.born + 1, ..first };
    let id = looked_up(&table, "a", View::Redacted);
    let reused = found_as(&table, "a", second);
    assert_ne!(reused.inode.number(), found(&table, "a").inode.number());
    let reuse = reused.reuse.unwrap();
    let number = table.node(&reused.inode, View::Full).give_to_kernel();
    drop(reused);
    table.forget(id, 1);
    table.forget(number, 1);
    let again = found_as(&table, "a", second);
    assert_eq!((again.inode.number(), again.reuse), (number, None));
    let root = PathFd::root(directory.path()).unwrap();
    let next: Table = NodeTable::new(root, 100, [reuse]).unwrap();
    assert_eq!(found_as(&next, "a", second).inode.number(), number);
}

/// A request may still hold a file that the kernel was not told of yet.
#[test]
fn a_number_that_a_request_holds_is_not_given_to_another_file() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let former = found(&table, "a").inode;
    table.retire(&former);
    let identity = Identity { born: former.identity().born + 1, ..former.identity() };
    let present = found_as(&table, "a", identity).inode;
    let (one, other) = (table.node(&former, View::Full), table.node(&present, View::Full));
    assert!(Arc::ptr_eq(one.node().inode(), &former));
    assert!(Arc::ptr_eq(other.node().inode(), &present));
}

#[test]
fn a_removed_file_is_not_taken_for_a_new_one() {
    let (directory, table) = table(100);
    fs::write(directory.path().join("a"), b"").unwrap();
    let former = found(&table, "a").inode;
    let _known = looked_up(&table, "a", View::Full);
    table.retire(&former);
    let new = found(&table, "a").inode;
    assert!(!Arc::ptr_eq(&former, &new));
    assert_ne!(former.number(), new.number());
    assert!(Arc::ptr_eq(&table.inode_of(&new.identity()).unwrap(), &new));
}

/// The lower directories were renamed beneath the mount so that one that was above comes to lie below.
#[test]
fn no_directory_becomes_its_own_ancestor() {
    let (directory, table) = table(100);
    let path = |text: &str| directory.path().join(text);
    fs::create_dir_all(path("a/b")).unwrap();
    let a = found(&table, "a").inode;
    let b = found_in(&table, &a, "b").inode;
    fs::rename(path("a/b"), path("b")).unwrap();
    fs::rename(path("a"), path("b/a")).unwrap();
    let again = found_in(&table, &b, "a").inode;
    assert!(Arc::ptr_eq(&again, &a));
    let mut next = a.link();
    for _ in 0..10 {
        next = next.and_then(|link| link.parent.link());
    }
    assert!(next.is_none(), "the walk to the root does not end");
    // Found again where it is, the whole path is known again.
    let b = found(&table, "b").inode;
    assert!(Arc::ptr_eq(&a.link().unwrap().parent, &b));
    assert!(Arc::ptr_eq(&b.link().unwrap().parent, table.root().inode()));
}

#[test]
fn what_is_left_of_dead_inodes_is_swept() {
    let (directory, table) = table(10);
    fs::write(directory.path().join("a"), b"").unwrap();
    let identity = found(&table, "a").inode.identity();
    for round in 0..5000u64 {
        let file = FileId { ino: 100 + round, ..identity.file };
        drop(found_as(&table, "a", Identity { file, ..identity }));
        let removed = Identity { born: identity.born + i64::try_from(round).unwrap(), ..identity };
        table.retire(&found_as(&table, "a", removed).inode);
    }
    assert!(table.remembered() < 3000, "{} inodes are remembered", table.remembered());
    assert!(table.descriptors.len() <= 10 + 16, "{} descriptors are noted", table.descriptors.len());
}
