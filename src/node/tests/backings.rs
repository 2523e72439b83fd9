//! A registered file is let go once; handles are found until they are removed.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use parking_lot::Mutex;

use super::*;
use crate::id::{HandleId, Uid};

#[derive(Debug, Default)]
struct Registered {
    last: Mutex<u32>,
    closed: Mutex<Vec<u32>>,
}

impl BackingDevice for Registered {
    fn open_backing(&self, _: BorrowedFd<'_>) -> io::Result<u32> {
        let mut last = self.last.lock();
        *last += 1;
        if *last > 2 { Err(io::Error::from_raw_os_error(libc::EPERM)) } else { Ok(*last) }
    }

    fn close_backing(&self, id: u32) {
        self.closed.lock().push(id);
    }
}

#[test]
fn each_is_let_go_once_and_last() {
    let (_directory, table) = table(10);
    let fd = table.root().inode().descriptor(&table.descriptors).unwrap();
    let registered = Arc::new(Registered::default());
    let device: Arc<dyn BackingDevice> = registered.clone();
    let one = Arc::new(Backing::open(&device, fd.as_fd()).unwrap());
    let other = Backing::open(&device, fd.as_fd()).unwrap();
    assert_eq!((one.id(), other.id()), (1, 2));
    assert_eq!(Backing::open(&device, fd.as_fd()).unwrap_err().raw_os_error(), Some(libc::EPERM));
    let shared = one.clone();
    drop(one);
    assert!(registered.closed.lock().is_empty());
    drop(shared);
    assert_eq!(*registered.closed.lock(), [1]);
    // Without the device there is nothing to let go from.
    drop((device, registered));
    drop(other);
}

#[test]
fn a_node_that_is_forgotten_lets_its_backing_go() {
    let (directory, table) = table(10);
    std::fs::write(directory.path().join("a"), b"").unwrap();
    let registered = Arc::new(Registered::default());
    let device: Arc<dyn BackingDevice> = registered.clone();
    let id = looked_up(&table, "a", View::Full);
    let node = table.find(id).unwrap();
    let fd = node.inode().descriptor(&table.descriptors).unwrap();
    node.io().backing = Some(Arc::new(Backing::open(&device, fd.as_fd()).unwrap()));
    drop(node);
    table.forget(id, 1);
    assert_eq!(*registered.closed.lock(), [1]);
}

#[test]
fn handles_are_found_by_numbers_that_are_never_used_twice() {
    let (_directory, table) = table(10);
    let handles: HandleTable<(), u8> = HandleTable::default();
    let made = |terms| {
        let stream = table.root().inode().descriptor(&table.descriptors).unwrap().list().unwrap();
        Handle::new(table.root().clone(), Uid::new(5), Content::Directory(stream.into()), terms)
    };
    let first = handles.insert(made(1));
    let second = handles.insert(made(2));
    assert_eq!(handles.find(first).unwrap().terms, 1);
    assert_eq!(handles.remove(first).unwrap().terms, 1);
    assert!(handles.remove(first).is_none() && handles.find(first).is_none());
    let third = handles.insert(made(3));
    assert!(third != first && third != second && first != HandleId::new(0));
    assert_eq!((handles.len(), handles.all().len(), handles.is_empty()), (2, 2, false));
}
