//! Who sees which view, and who does the I/O.

#![forbid(unsafe_code)]

use super::*;
use crate::sample::iso::{mp4_clean, mp4_with_location};

const FILE: &str = "Movies/a.mp4";

fn with(content: &[u8]) -> World {
    let world = World::shared();
    world.create(OWNER, FILE, content).unwrap();
    world
}

fn is_redacted(node: NodeId) -> bool {
    node.raw() >> 63 == 1
}

fn passes_through(opened: &Opened) -> bool {
    matches!(opened.io, OpenedIo::Passthrough(_))
}

#[test]
fn each_caller_gets_the_bytes_that_are_its_own() {
    let file = mp4_with_location();
    let world = with(&file);
    assert!(shows_place(&file));
    for uid in [OWNER, LOCATED, GALLERY, MANAGER, ROOT, 2000] {
        assert_eq!(world.read(uid, FILE).unwrap(), file, "{uid}");
    }
    let seen = world.read(READER, FILE).unwrap();
    assert_eq!(seen.len(), file.len());
    assert!(!shows_place(&seen));
    for uid in [STRANGER, UNKNOWN] {
        assert_eq!(world.read(uid, FILE), Err(Errno::EACCES), "{uid}");
    }
}

#[test]
fn lookup_names_the_full_view_until_the_plan_is_known() {
    let world = with(&mp4_with_location());
    let full = world.look(READER, FILE).unwrap();
    assert!(!is_redacted(full));
    let stale = world.volume.open(caller(READER), full, READ);
    assert!(matches!(stale, Err(FsError::StaleView)), "{stale:?}");
    assert_eq!(world.counted(Counter::StaleView), 1);
    let redacted = world.look(READER, FILE).unwrap();
    assert!(is_redacted(redacted));
    let opened = world.volume.open(caller(READER), redacted, READ).unwrap();
    assert!(!passes_through(&opened));
    assert_eq!(world.look(OWNER, FILE).unwrap(), full);
    let stale = world.volume.open(caller(OWNER), redacted, READ);
    assert!(matches!(stale, Err(FsError::StaleView)), "{stale:?}");
    assert_eq!(world.counted(Counter::Planned), 1);
}

#[test]
fn what_was_seen_is_known_after_the_kernel_forgot_the_file() {
    let world = with(&mp4_with_location());
    world.read(READER, FILE).unwrap();
    for (node, lookups) in world.volume.nodes.all() {
        world.volume.forget(node.id(), lookups);
    }
    drop(world.volume.nodes.all());
    assert!(is_redacted(world.look(READER, FILE).unwrap()));
    assert_eq!(world.counted(Counter::Planned), 1);
}

#[test]
fn a_plan_is_loaded_by_the_next_daemon() {
    let mut world = with(&mp4_with_location());
    let seen = world.read(READER, FILE).unwrap();
    world.restart();
    assert_eq!(world.read(READER, FILE).unwrap(), seen);
    assert_eq!((world.counted(Counter::Planned), world.counted(Counter::PlanLoaded)), (0, 1));
}

#[test]
fn a_file_with_nothing_to_hide_has_one_view_and_passes_through() {
    let world = with(&mp4_clean());
    let opened = world.open(READER, FILE, READ).unwrap();
    assert!(passes_through(&opened));
    assert_eq!(world.content(opened.handle).unwrap(), mp4_clean());
    assert_eq!(world.look(READER, FILE), world.look(OWNER, FILE));
    assert_eq!(world.counted(Counter::StaleView), 0);
}

#[test]
fn while_somebody_may_write_a_reader_gets_no_passthrough() {
    let world = with(&mp4_clean());
    let full = world.look(READER, FILE).unwrap();
    let writer = world.open(OWNER, FILE, WRITE).unwrap();
    let stale = world.volume.open(caller(READER), full, READ);
    assert!(matches!(stale, Err(FsError::StaleView)), "{stale:?}");
    let opened = world.open(READER, FILE, READ).unwrap();
    assert!(!passes_through(&opened));
    // What the writer puts there meanwhile is hidden as well.
    world.volume.write(writer.handle, 0, &mp4_with_location()).unwrap();
    let seen = world.content(opened.handle).unwrap();
    assert_eq!(seen.len(), mp4_with_location().len());
    assert!(!shows_place(&seen));
    world.volume.release(writer.handle);
    assert!(!shows_place(&world.content(opened.handle).unwrap()));
    world.volume.write(world.open(OWNER, FILE, WRITE).unwrap().handle, 0, &mp4_clean()).unwrap();
}

#[test]
fn a_reader_gets_passthrough_again_when_the_writer_is_gone() {
    let world = with(&mp4_clean());
    let writer = world.open(OWNER, FILE, WRITE).unwrap();
    assert!(!passes_through(&world.open(READER, FILE, READ).unwrap()));
    world.volume.release(writer.handle);
    assert!(passes_through(&world.open(READER, FILE, READ).unwrap()));
}

/// What the kernel was granted cannot be taken back, so the audit tells who holds it once somebody may write.
#[test]
fn who_holds_a_clean_file_by_passthrough_is_told_when_it_is_opened_for_writing() {
    let world = with(&mp4_clean());
    let reader = world.open(READER, FILE, READ).unwrap();
    assert!(passes_through(&reader));
    world.volume.decisions.take();
    let writer = world.open(OWNER, FILE, WRITE).unwrap();
    let (told, _) = world.volume.decisions.take();
    assert!(told.iter().any(|one| one.rule == "held-while-written" && one.uid == READER), "{told:?}");
    world.volume.release(writer.handle);
    world.volume.release(reader.handle);
    world.open(OWNER, FILE, WRITE).unwrap();
    let (told, _) = world.volume.decisions.take();
    assert!(told.iter().all(|one| one.rule != "held-while-written"), "{told:?}");
}

/// `check` may be asked about a file that is mapped for writing: stores then change bytes and not the version.
#[test]
fn no_plan_is_kept_that_was_made_while_somebody_could_write() {
    let world = with(&mp4_clean());
    let writer = world.open(OWNER, FILE, WRITE).unwrap();
    let read = crate::policy::Operation::Open { read: true, write: false };
    world.volume.explain(Uid::new(READER), read, FILE).unwrap();
    let before = world.lower(FILE).metadata().unwrap();
    world.volume.release(writer.handle);
    let inode = world.volume.resolve(FILE).unwrap();
    let version = inode.descriptor(&world.volume.nodes.descriptors).unwrap().stat().unwrap().version;
    let after = world.lower(FILE).metadata().unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    let kept =
        inode.known.content.lock().clone().or_else(|| world.volume.recent.lock().find(&inode.identity()));
    assert!(kept.is_none_or(|seen| seen.version != version || seen.plan.is_none()));
}

#[test]
fn content_that_cannot_be_made_safe_is_for_those_who_see_all() {
    let broken = [b"OggS", &crate::sample::jpeg_with_location()[..]].concat();
    let world = with(&broken);
    let plan = crate::redact::plan(&&broken[..], Some("mp4"), &crate::redact::Budget::STANDARD).unwrap();
    assert!(matches!(plan, crate::redact::Plan::Opaque(_)), "{plan:?}");
    assert_eq!(world.read(READER, FILE), Err(Errno::EACCES));
    let (told, _) = world.volume.decisions.take();
    assert!(told.iter().any(|one| (one.uid, one.rule, one.errno) == (READER, "opaque", Some(libc::EACCES))));
    assert_eq!(world.read(OWNER, FILE).unwrap(), broken);
    assert_eq!(world.read(LOCATED, FILE).unwrap(), broken);
}

#[test]
fn the_redacted_view_is_not_written() {
    let world = with(&mp4_with_location());
    assert_eq!(world.open(READER, FILE, WRITE).unwrap_err(), Errno::EACCES);
    let truncating = OpenRequest { truncate: true, ..READ };
    assert_eq!(world.open(READER, FILE, truncating).unwrap_err(), Errno::EACCES);
    let opened = world.open(READER, FILE, READ).unwrap().handle;
    assert_eq!(world.volume.write(opened, 0, b"x").map_err(errno), Err(Errno::EBADF));
    assert_eq!(world.volume.allocate(opened, 0, 0, 1).map_err(errno), Err(Errno::EBADF));
    let writer = world.open(OWNER, FILE, WRITE).unwrap().handle;
    assert_eq!(world.volume.copy((opened, 0), (writer, 0), 10).map_err(errno), Err(Errno::EXDEV));
}

#[test]
fn content_that_contradicts_the_name_is_not_read_by_permission() {
    let world = World::shared();
    world.create(OWNER, "Pictures/a.jpg", &mp4_clean()).unwrap();
    assert_eq!(world.read(READER, "Pictures/a.jpg"), Err(Errno::EACCES));
    assert_eq!(world.read(OWNER, "Pictures/a.jpg").unwrap(), mp4_clean());
}

#[test]
fn a_file_from_outside_is_found_typed_and_served() {
    let world = World::shared();
    world.put(FILE, &mp4_with_location());
    assert!(!shows_place(&world.read(READER, FILE).unwrap()));
    assert_eq!(world.read(LOCATED, FILE).unwrap(), mp4_with_location());
    assert_eq!(world.read(OWNER, FILE), Err(Errno::EACCES));
    // Written over from outside, it is looked at again.
    world.put(FILE, &mp4_clean());
    assert_eq!(world.read(READER, FILE).unwrap(), mp4_clean());
    world.put(FILE, &mp4_with_location());
    assert!(!shows_place(&world.read(READER, FILE).unwrap()));
}

#[test]
fn without_a_backing_the_daemon_serves() {
    for start in [Start { refused: true, ..SHARED }, Start { passthrough: false, ..SHARED }] {
        let world = World::new(start);
        world.create(OWNER, FILE, &mp4_clean()).unwrap();
        let opened = world.open(READER, FILE, READ).unwrap();
        assert!(!passes_through(&opened));
        assert_eq!(world.content(opened.handle).unwrap(), mp4_clean());
        assert!(world.volume.passthrough().is_err());
    }
}
