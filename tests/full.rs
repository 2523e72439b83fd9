//! A disk without room: for the lower file system's answer it is ENOSPC, and what needs no room goes on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it must be")]

mod common;

use std::fs::{self, File};
use std::io::{self, Write};

use common::{OWNER, STRANGER, Volume, as_uid, cast};

/// Fills the file system on which the database is.
fn fill(volume: &Volume) {
    let mut filler = File::create(volume.state().join("filler")).unwrap();
    for piece in [65_536, 4_096, 1] {
        while filler.write_all(&vec![0; piece]).is_ok() {}
    }
}

fn errno<T>(done: io::Result<T>) -> Option<i32> {
    done.err().and_then(|error| error.raw_os_error())
}

/// Removing is how room is made, so it must not fail for want of it; and what was renamed or removed meanwhile is its
/// owner's, and nobody else's, as before.
#[test]
fn without_room_for_the_database_files_are_read_renamed_and_removed() {
    let Some(volume) = cast().file("Pictures/.keep", "").small_state().start() else { return };
    let path = |name: &str| volume.path("Pictures").join(name);
    as_uid(OWNER, || {
        for name in ["read.jpg", "moved.jpg", "gone.jpg", "again.jpg"] {
            fs::write(path(name), name).unwrap();
        }
        fs::create_dir(path("directory")).unwrap();
        // Every row tells its file before there is no room.
        fs::rename(path("moved.jpg"), path("known.jpg")).unwrap();
    });
    fill(&volume);
    as_uid(OWNER, || {
        assert_eq!(fs::read_to_string(path("read.jpg")).unwrap(), "read.jpg");
        assert_eq!(errno(fs::write(path("new.jpg"), "")), Some(libc::ENOSPC));
        assert_eq!(errno(fs::create_dir(path("another"))), Some(libc::ENOSPC));
        fs::remove_file(path("gone.jpg")).unwrap();
        fs::remove_file(path("again.jpg")).unwrap();
        fs::remove_dir(path("directory")).unwrap();
        fs::rename(path("known.jpg"), path("renamed.jpg")).unwrap();
        assert_eq!(fs::read_to_string(path("renamed.jpg")).unwrap(), "moved.jpg");
    });
    let stranger = || as_uid(STRANGER, || fs::read(path("renamed.jpg")));
    assert_eq!(errno(stranger()), Some(libc::EACCES));
    fs::remove_file(volume.state().join("filler")).unwrap();
    as_uid(OWNER, || {
        fs::write(path("again.jpg"), "new").unwrap();
        assert_eq!(fs::read_to_string(path("renamed.jpg")).unwrap(), "moved.jpg");
        fs::remove_file(path("renamed.jpg")).unwrap();
    });
    assert!(!volume.log().contains(" error "), "{}", volume.log());
}
