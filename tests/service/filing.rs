//! Files through the service: a client gets what its own calls on the mount get.
//!
//! The functions that take a connection are run by [`World::client`] in processes of their own; the others start these.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use mediagate::admin::{Administration as _, Application, Code, Failure, FileQuery, OpenMode};
use mediagate::binder::Client;
use mediagate::error::Errno;

use crate::common::{photo, redacted};
use crate::world::{KNOWING, OTHER_USERS_READER, PHOTO, READER, STRANGER, World, connection, mounted};

const READ: OpenMode = OpenMode { read: true, write: false, truncate: false, append: false };
const WRITE: OpenMode = OpenMode { read: false, write: true, truncate: false, append: false };

/// What may stand at a path, and what may not.
const PATHS: [&str; 19] = [
    PHOTO,
    "Pictures",
    "",
    "Pictures/none.jpg",
    "None/none.jpg",
    "Pictures/photo.jpg/below",
    "Download/notes.txt",
    "Music/song.mp3",
    "Pictures/.hidden.jpg",
    "Pictures/.pending-4000000000-new.jpg",
    "Pictures/.trashed-4000000000-old.jpg",
    "Android/data/org.example.stranger/notes",
    "Android/data/org.example.stranger",
    "Android/data/org.example.none/notes",
    "Android/obb/org.example.stranger/notes",
    "android/DATA/org.example.stranger/notes",
    "Android/media/org.example.stranger/notes.txt",
    ".mediagate/redacted/1",
    "DCIM/Camera/broken.jpg",
];

fn world() -> Option<World> {
    World::with(|setup| {
        let files = [
            ("Download/notes.txt", &b"notes"[..]),
            ("Music/song.mp3", b"song"),
            ("Pictures/.hidden.jpg", &photo(None)),
            ("Pictures/.pending-4000000000-new.jpg", &photo(None)),
            ("Pictures/.trashed-4000000000-old.jpg", &photo(None)),
            ("Android/media/org.example.stranger/notes.txt", b"notes"),
            ("DCIM/Camera/broken.jpg", b"\xff\xd8\xff\xe1\xff"),
        ]
        .map(|(path, bytes)| (path, bytes.to_vec()));
        files.into_iter().fold(setup, |setup, (path, bytes)| setup.file(path, bytes))
    })
}

/// The same file by a descriptor of the service and by the client's own: view, device and number.
fn same(one: &File, other: &File) -> bool {
    let [mut ours, mut own] = [Vec::new(), Vec::new()];
    let both = [one.metadata().expect("it is open"), other.metadata().expect("it is open")];
    let read = { one }.read_to_end(&mut ours).is_ok() == { other }.read_to_end(&mut own).is_ok();
    read && ours == own && both[0].dev() == both[1].dev() && both[0].ino() == both[1].ino()
}

/// The answer of the service, as an errno.
fn errno_of(path: &str, failure: &Failure) -> String {
    let (said, errno) = failure.text.rsplit_once(": ").expect("the errno is at the end");
    assert_eq!(said, format!("cannot open {path}"));
    errno.to_owned()
}

#[test]
fn opens_as_by_itself() {
    let Some(client) = connection() else { return };
    for mode in [READ, WRITE, OpenMode { read: true, ..WRITE }, OpenMode { append: true, ..WRITE }] {
        for path in PATHS {
            let mut own = OpenOptions::new();
            own.read(mode.read).write(mode.write).append(mode.append);
            match (client.open(path, mode), own.open(mounted(path))) {
                (Ok(file), Ok(own)) if mode == READ => {
                    let is_file = own.metadata().expect("it is open").is_file();
                    assert!(is_file && same(&File::from(file), &own), "{path}: {mode:?}");
                }
                (Ok(file), Ok(own)) => {
                    assert_eq!(
                        File::from(file).metadata().expect("it is open").ino(),
                        own.metadata().expect("it is open").ino(),
                        "{path}: {mode:?}"
                    );
                }
                (Err(failure), Err(error)) => {
                    assert_eq!(errno_of(path, &failure), Errno::from(&error).name(), "{path}: {mode:?}");
                }
                // Directories are not handed out.
                (Err(failure), Ok(own)) => {
                    assert!(own.metadata().expect("it is open").is_dir(), "{path}: {mode:?}: {failure}");
                    let said = (failure.code, errno_of(path, &failure));
                    assert_eq!(said, (Code::Invalid, "EISDIR".to_owned()), "{path}: {mode:?}");
                }
                (Ok(_), Err(error)) => {
                    panic!("{path}: {mode:?}: opened, where the client's own open says {error}")
                }
            }
        }
    }
}

#[test]
fn climbs_nowhere() {
    let Some(client) = connection() else { return };
    for path in [
        "..",
        "../lower/Pictures/photo.jpg",
        "Pictures/../../lower/Pictures/photo.jpg",
        "Pictures/./photo.jpg",
    ] {
        let failure = client.open(path, READ).expect_err("it leads out");
        assert_eq!((failure.code, errno_of(path, &failure).as_str()), (Code::Invalid, "EINVAL"), "{path}");
    }
    for path in ["/etc/passwd", "/", "/proc/self/mem"] {
        let failure = client.open(path, READ).expect_err("it is elsewhere");
        assert!(
            failure.code == Code::NotFound && failure.text.contains("lies in no volume"),
            "{path}: {failure}"
        );
    }
    let absolute = mounted(PHOTO);
    assert!(client.open(absolute.to_str().expect("it is text"), READ).is_ok());
    for mode in [OpenMode::default(), OpenMode { truncate: true, ..READ }, OpenMode { append: true, ..READ }]
    {
        assert_eq!(client.open(PHOTO, mode).expect_err("no such mode").code, Code::Invalid);
    }
    let long = "x/".repeat(3000);
    assert!(client.open(&long, READ).is_err());
}

#[test]
fn reads_no_location() {
    let Some(client) = connection() else { return };
    let mut bytes = Vec::new();
    File::from(client.open(PHOTO, READ).expect("it may be read"))
        .read_to_end(&mut bytes)
        .expect("it is open");
    assert!(bytes == redacted(&photo(Some(0))) && bytes != photo(Some(0)));
}

#[test]
fn reads_the_location() {
    let Some(client) = connection() else { return };
    let mut bytes = Vec::new();
    let mut file = File::from(client.open(PHOTO, READ).expect("it may be read"));
    file.read_to_end(&mut bytes).expect("it is open");
    assert!(bytes == photo(Some(0)));
    // Held until whoever started this has looked.
    drop(fs::read(mounted("Pictures")));
}

#[test]
fn a_descriptor_is_as_privileged_as_an_open_of_ones_own() {
    let Some(world) = world() else { return };
    for uid in [READER, KNOWING, STRANGER, OTHER_USERS_READER, 2000, 1000, 0] {
        world.client(uid, "filing::opens_as_by_itself");
    }
    world.client(READER, "filing::reads_no_location");
    let before = world.volume.counter("opened_passthrough");
    world.client(KNOWING, "filing::reads_the_location");
    let passthrough = world.volume.json(&["status"])["volumes"][0]["passthrough"] == true;
    assert_eq!(world.volume.counter("opened_passthrough") > before, passthrough);
    for uid in [READER, 0] {
        world.client(uid, "filing::climbs_nowhere");
    }
}

/// Which files a query finds.
fn found(client: &Client, query: &FileQuery) -> Vec<String> {
    let page = client.query(query).expect("a valid query");
    page.files.into_iter().map(|file| file.path).collect()
}

fn all() -> FileQuery {
    FileQuery { limit: 500, ..FileQuery::default() }
}

#[test]
fn lives_of_a_file() {
    let Some(client) = connection() else { return };
    let made = client.create_pending("Pictures/new.jpg").expect("it may make pictures");
    assert!(made.path.starts_with("Pictures/.pending-") && made.path.ends_with("-new.jpg"), "{}", made.path);
    File::from(made.file).write_all(&photo(Some(1))).expect("it is open for writing");
    assert_eq!(found(&client, &all()), [PHOTO]);
    let pending = FileQuery { states: vec!["pending".to_owned()], ..all() };
    assert_eq!(found(&client, &pending), [made.path.as_str()]);

    let path = client.publish(&made.path).expect("it is its own");
    assert_eq!(path, "Pictures/new.jpg");
    assert_eq!(found(&client, &all()), ["Pictures/new.jpg", PHOTO]);
    assert_eq!(client.publish(&path).expect_err("it is published").code, Code::Invalid);
    assert_eq!(client.publish(&made.path).expect_err("it is gone").code, Code::NotFound);

    let thrown = client.trash(&path).expect("it is its own");
    assert_eq!(found(&client, &all()), [PHOTO]);
    assert_eq!(client.trash(&thrown).expect_err("it is in the trash").code, Code::Invalid);
    let other = client.create_pending(&path).expect("the name is free");
    client.publish(&other.path).expect("it is its own");
    assert_eq!(client.restore(&thrown).expect_err("the name is taken").code, Code::Exists);
    client.remove_file(&path).expect("it is its own");
    assert_eq!(client.restore(&thrown).expect("the name is free again"), path);
    assert_eq!(fs::read(mounted(&path)).expect("the owner reads it"), photo(Some(1)));

    // By a name for handing on even the owner reads it redacted.
    let handed = client.redacted_path(&path).expect("it may be read");
    assert!(handed.starts_with(".mediagate/redacted/") && handed.ends_with(".jpg"), "{handed}");
    assert!(fs::read(mounted(&handed)).expect("the owner reads it") == redacted(&photo(Some(1))));

    for refused in [client.trash(PHOTO).map(drop), client.remove_file(PHOTO)] {
        assert_eq!(refused.expect_err("it is not its own").code, Code::Refused);
    }
    for wrong in ["Pictures/new.mp3", "Elsewhere/new.jpg", "Android/data/org.example.none/new.jpg"] {
        assert!(client.create_pending(wrong).is_err(), "{wrong}");
    }
    client.remove_file(&path).expect("it is its own");
    assert_eq!(client.remove_file(&path).expect_err("it is gone").code, Code::NotFound);
}

#[test]
fn may_not_have_a_name_for_handing_on() {
    let Some(client) = connection() else { return };
    assert_eq!(client.redacted_path(PHOTO).expect_err("it may not be read").code, Code::Refused);
    assert_eq!(client.redacted_path("Pictures/none.jpg").expect_err("it is not there").code, Code::NotFound);
    assert_eq!(client.query(&all()).expect("anybody may ask").files, []);
}

#[test]
fn a_file_from_its_making_to_its_removal() {
    let Some(world) = World::start() else { return };
    world.client(READER, "filing::lives_of_a_file");
    world.client(STRANGER, "filing::may_not_have_a_name_for_handing_on");
}

/// What the client's own walk through the mount shows that can be read.
fn walked(directory: &Path, root: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walked(&path, root, into);
        } else if File::open(&path).is_ok_and(|file| file.read_at(&mut [0], 0).is_ok()) {
            into.insert(
                path.strip_prefix(root).expect("it is below").to_str().expect("it is text").to_owned(),
            );
        }
    }
}

#[test]
fn finds_what_it_may_see_page_by_page() {
    let Some(client) = connection() else { return };
    let states = ["normal", "pending", "trashed"].map(str::to_owned).to_vec();
    let mut query = FileQuery { states, limit: 7, ..FileQuery::default() };
    let mut paths = Vec::new();
    loop {
        let page = client.query(&query).expect("a valid query");
        assert!(page.files.len() <= 7);
        paths.extend(page.files.into_iter().map(|file| file.path));
        match page.next {
            Some(next) => query.after = next,
            None => break,
        }
    }
    let (root, mut own) = (mounted(""), BTreeSet::new());
    walked(&root, &root, &mut own);
    assert_eq!(paths.iter().cloned().collect::<BTreeSet<_>>(), own);
    assert_eq!(paths.len(), own.len(), "none comes twice");
    let by_component = |path: &String| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    assert!(paths.is_sorted_by_key(by_component), "{paths:?}");
}

#[test]
fn finds_by_kind_time_and_place() {
    let Some(client) = connection() else { return };
    let below = FileQuery { directory: "DCIM/many".to_owned(), ..all() };
    let many = found(&client, &below);
    assert_eq!(many.len(), 40);
    let pictures = FileQuery { kinds: vec!["image".to_owned()], ..all() };
    assert_eq!(found(&client, &pictures).len(), 41);
    assert!(found(&client, &FileQuery { kinds: vec!["audio".to_owned()], ..all() }).is_empty());
    let page = client.query(&FileQuery { limit: 1, ..below.clone() }).expect("a valid query");
    let first = &page.files[0];
    assert_eq!(
        (first.size, first.kind.as_str(), first.state.as_str()),
        (photo(None).len() as u64, "image", "normal")
    );
    let until = FileQuery { before: Some(first.modified), ..below.clone() };
    let since = FileQuery { since: Some(first.modified), ..below.clone() };
    let (until, since) = (found(&client, &until), found(&client, &since));
    assert!(!until.contains(&first.path) && since.contains(&first.path));
    assert_eq!(until.len() + since.len(), 40);
    for wrong in [
        FileQuery { limit: 0, ..all() },
        FileQuery { limit: 501, ..all() },
        FileQuery { kinds: vec!["film".to_owned()], ..all() },
        FileQuery { states: vec!["gone".to_owned()], ..all() },
        FileQuery { directory: "..".to_owned(), ..all() },
    ] {
        assert_eq!(client.query(&wrong).expect_err("no valid query").code, Code::Invalid, "{wrong:?}");
    }
    let nowhere = FileQuery { directory: "None".to_owned(), ..all() };
    assert_eq!(client.query(&nowhere).expect_err("no such directory").code, Code::NotFound);
    let not_shown = FileQuery { directory: "Android/data/org.example.stranger".to_owned(), ..all() };
    assert_eq!(client.query(&not_shown).expect_err("another's").code, Code::NotFound);
}

#[test]
fn queries_find_what_a_caller_may_see() {
    let many = |number: usize| format!("DCIM/many/{number:03}.jpg");
    let Some(world) =
        World::with(|setup| (0..40).fold(setup, |setup, number| setup.file(&many(number), photo(None))))
    else {
        return;
    };
    world.client(READER, "filing::finds_by_kind_time_and_place");
    for uid in [READER, STRANGER, 2000, 0] {
        world.client(uid, "filing::finds_what_it_may_see_page_by_page");
    }
}

#[test]
fn has_two_calls_at_once() {
    let Some(client) = connection() else { return };
    assert!(client.status().is_err());
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let client = connection().expect("it is a client");
                    (0..20)
                        .map(|_| client.query(&all()).map(drop).map_err(|failure| failure.code))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let answers: Vec<_> = calls.into_iter().flat_map(|call| call.join().expect("it ends")).collect();
        assert!(answers.contains(&Ok(())) && answers.contains(&Err(Code::Limit)), "{answers:?}");
        assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(Code::Limit))), "{answers:?}");
    });
    assert!(client.query(&all()).is_ok(), "they are given back");
}

#[test]
fn nobody_takes_the_service_from_others() {
    let Some(world) = World::start() else { return };
    world.client(READER, "filing::has_two_calls_at_once");
}
