//! Requests that are served where others wait.

#![forbid(unsafe_code)]

use super::*;
use crate::fs::{AccessRequest, hurried};
use crate::sample::jpeg_with_location;

const FILE: &str = "Pictures/a.jpg";

impl World {
    /// What a request leaves behind.
    fn traces(&self) -> ([u64; 5], (usize, usize), usize) {
        let counters = [Counter::Lookup, Counter::Open, Counter::Read, Counter::Other, Counter::Planned]
            .map(|one| self.counted(one));
        (counters, self.volume.sizes(), self.volume.decisions.take().0.len())
    }

    /// The request would look into a file, and leaves that and everything else alone.
    fn assert_long<T: std::fmt::Debug>(&self, request: impl FnOnce() -> Result<T, FsError>) {
        self.volume.decisions.take();
        let before = self.traces();
        let done = hurried(request);
        assert!(matches!(done, Err(FsError::TakesLong)), "{done:?}");
        assert_eq!(self.traces(), before);
    }
}

#[test]
fn who_is_hurried_looks_into_no_file_and_leaves_no_trace() {
    let world = World::shared();
    world.create(OWNER, FILE, &jpeg_with_location()).unwrap();
    let (parent, name, _) = world.place(FILE);
    let node = world.look(READER, FILE).unwrap();
    let reads = AccessRequest { read: true, ..AccessRequest::default() };
    let attribute = "user.mediagate.view";
    world.assert_long(|| world.volume.open(caller(READER), node, READ));
    world.assert_long(|| world.volume.create(caller(READER), parent, &name, READ, false));
    world.assert_long(|| world.volume.access(caller(READER), node, reads));
    world.assert_long(|| world.volume.extended_attribute(caller(READER), node, attribute));
    // Who sees all of it needs nothing looked at.
    let opened = hurried(|| world.open(OWNER, FILE, READ)).unwrap();
    world.volume.release(opened.handle);

    let redacted = world.read(READER, FILE).unwrap();
    assert!(redacted != jpeg_with_location());
    // What was looked into is known, and served at once.
    let opened = hurried(|| world.open(READER, FILE, READ)).unwrap();
    assert_eq!(hurried(|| world.content(opened.handle)).unwrap(), redacted);
    assert!(hurried(|| world.volume.create(caller(READER), parent, &name, READ, false)).is_ok());

    world.put(FILE, &[jpeg_with_location(), vec![0; 10]].concat());
    world.assert_long(|| world.volume.read(opened.handle, 0, &mut [0; 100]));
    assert!(world.volume.read(opened.handle, 0, &mut [0; 100]).is_ok());
    let writing = world.open(OWNER, FILE, WRITE).unwrap();
    world.assert_long(|| world.volume.read(opened.handle, 0, &mut [0; 100]));
    world.volume.release(writing.handle);
    world.volume.release(opened.handle);
}

#[test]
fn a_hurry_ends_with_its_request() {
    let world = World::shared();
    world.create(OWNER, FILE, &jpeg_with_location()).unwrap();
    let panicked = std::panic::catch_unwind(|| hurried(|| std::panic::resume_unwind(Box::new(()))));
    assert!(panicked.is_err());
    assert!(world.read(READER, FILE).is_ok());
}
