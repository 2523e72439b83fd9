//! The bound on descriptors is never an error.

#![forbid(unsafe_code)]

use std::fs;
use std::sync::Arc;

use super::*;

fn holding<'a>(inodes: impl IntoIterator<Item = &'a Arc<Inode<()>>>) -> usize {
    inodes.into_iter().filter(|inode| inode.holds_descriptor()).count()
}

fn opened(table: &Table, text: &str) -> Handle<(), ()> {
    let inode = found(table, text).inode;
    let stream = table.root().inode().descriptor(&table.descriptors).unwrap().list().unwrap();
    let node = table.node(&inode, View::Full);
    let kept = node.node().clone();
    let _id = node.give_to_kernel();
    Handle::new(kept, crate::id::Uid::new(10_001), Content::Directory(stream.into()), ())
}

#[test]
fn ten_thousand_files_are_found_with_a_hundred_descriptors() {
    let (directory, table) = table(100);
    let mut inodes = Vec::new();
    for file in 0..10_000 {
        let text = format!("f{file}");
        fs::write(directory.path().join(&text), b"").unwrap();
        inodes.push(found(&table, &text).inode);
        assert!(table.descriptors.len() <= 120, "{} are noted", table.descriptors.len());
    }
    assert!(holding(&inodes) <= 120, "{} are held", holding(&inodes));
    for inode in &inodes {
        let fd = inode.descriptor(&table.descriptors).unwrap();
        assert_eq!(fd.stat().unwrap().identity, inode.identity());
    }
    assert!(holding(&inodes) <= 120, "{} are held", holding(&inodes));
}

#[test]
fn open_files_keep_their_descriptors() {
    let (directory, table) = table(10);
    let texts: Vec<_> = (0..200).map(|file| format!("f{file}")).collect();
    for text in &texts {
        fs::write(directory.path().join(text), b"").unwrap();
    }
    let handles: Vec<_> = texts.iter().take(50).map(|text| opened(&table, text)).collect();
    let rest: Vec<_> = texts.iter().skip(50).map(|text| found(&table, text).inode).collect();
    assert_eq!(holding(handles.iter().map(Handle::inode)), 50);
    assert!(holding(&rest) <= 30, "{} are held", holding(&rest));
    for (text, handle) in texts.iter().zip(&handles) {
        fs::remove_file(directory.path().join(text)).unwrap();
        handle.inode().set_link(None);
        let fd = handle.inode().descriptor(&table.descriptors).unwrap();
        assert_eq!(fd.stat().unwrap().links, 0);
    }
}

/// The descriptor went while nobody had the file open; the kernel opens it without asking for content and removes it.
#[test]
fn finding_a_file_again_gives_it_a_descriptor() {
    let (directory, table) = table(2);
    fs::write(directory.path().join("a"), b"").unwrap();
    let inode = found(&table, "a").inode;
    for file in 0..40 {
        let text = format!("f{file}");
        fs::write(directory.path().join(&text), b"").unwrap();
        drop(found(&table, &text));
    }
    assert!(!inode.holds_descriptor());
    drop(found(&table, "a"));
    fs::remove_file(directory.path().join("a")).unwrap();
    inode.set_link(None);
    assert_eq!(inode.descriptor(&table.descriptors).unwrap().stat().unwrap().links, 0);
}

#[test]
fn a_replaced_file_is_not_taken_for_the_former() {
    let (directory, table) = table(0);
    fs::write(directory.path().join("a"), b"").unwrap();
    let inode = found(&table, "a").inode;
    for file in 0..20 {
        let text = format!("f{file}");
        fs::write(directory.path().join(&text), b"").unwrap();
        drop(found(&table, &text));
    }
    assert!(!inode.holds_descriptor());
    fs::rename(directory.path().join("f0"), directory.path().join("a")).unwrap();
    let error = inode.descriptor(&table.descriptors).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ESTALE));
    fs::remove_file(directory.path().join("a")).unwrap();
    let error = inode.descriptor(&table.descriptors).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
}
