//! Private directories under load: who probes learns no more while eight other processes make, rename and delete in
//! the tree as fast as they can, and their owner feels nothing of those who probe as fast as they can.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::mount::mount_bind;

use common::{Again, App, Inside, MANAGER, OWNER, READER, STRANGER, Volume, as_uid, asked, cast, skip};

/// The applications that are at work in the tree.
const WORKERS: [u32; 8] = [10_201, 10_202, 10_203, 10_204, 10_205, 10_206, 10_207, 10_208];
const TREE: &str = "Android/data";
const PACKAGE: &str = "Android/data/org.example.owner";
/// How long a crowd is at work.
const TIME: Duration = Duration::from_secs(3);
/// How many rounds the test itself makes at least meanwhile.
const ROUNDS: usize = 20;

fn package(uid: u32) -> String {
    format!("org.example.worker{uid}")
}

fn start() -> Option<Volume> {
    let workers = WORKERS.iter().fold(cast(), |cast, uid| cast.app(App::new(&package(*uid), *uid)));
    workers.file(&format!("{PACKAGE}/files/secret.txt"), "secret").start()
}

/// The error number of what must not succeed.
fn refused<T>(done: io::Result<T>, what: &str) -> i32 {
    done.err().unwrap_or_else(|| panic!("{what} succeeded")).raw_os_error().unwrap()
}

/// Every way in which a stranger may go at a package's directory, each with the answers that it may get.
fn probe(package: &Path) {
    let gone = [libc::ENOENT];
    let made = [libc::EACCES, libc::EEXIST];
    let taken = [libc::EACCES, libc::ENOENT];
    let answers: [(&str, i32, &[i32]); 14] = [
        ("stat", refused(fs::metadata(package), "stat"), &gone),
        ("opendir", refused(fs::read_dir(package), "opendir"), &gone),
        ("open", refused(File::open(package), "open"), &gone),
        ("stat below", refused(fs::metadata(package.join("a")), "stat below"), &gone),
        ("open below", refused(File::open(package.join("files/secret.txt")), "open below"), &gone),
        ("make below", refused(fs::write(package.join("a"), "x"), "make below"), &gone),
        ("mkdir below", refused(fs::create_dir(package.join("d")), "mkdir below"), &gone),
        ("unlink below", refused(fs::remove_file(package.join("a")), "unlink below"), &gone),
        ("statfs", refused(rustix::fs::statfs(package).map_err(io::Error::from), "statfs"), &gone),
        ("mkdir", refused(fs::create_dir(package), "mkdir"), &made),
        ("rmdir", refused(fs::remove_dir(package), "rmdir"), &taken),
        ("rename", refused(fs::rename(package, package.with_file_name("away")), "rename"), &taken),
        ("unlink", refused(fs::remove_file(package), "unlink"), &[libc::EACCES, libc::ENOENT, libc::EISDIR]),
        ("list the tree", refused(fs::read_dir(package.parent().unwrap()), "list the tree"), &[libc::EACCES]),
    ];
    for (what, errno, expected) in answers {
        assert!(expected.contains(&errno), "{what} of {}: {errno}", package.display());
    }
}

/// In a process of its own: an application at work in its own directory, which it makes and removes again and again.
#[test]
fn works_in_its_own_directory() {
    let Some((own, end)) = asked() else { return };
    let next = own.with_file_name("org.example.owner");
    let mut rounds = 0;
    while Instant::now() < end {
        fs::create_dir(&own).unwrap();
        fs::create_dir(own.join("d")).unwrap();
        fs::write(own.join("d/a"), "a").unwrap();
        fs::rename(own.join("d/a"), own.join("a")).unwrap();
        fs::rename(own.join("d"), own.join("e")).unwrap();
        assert_eq!(fs::read(own.join("a")).unwrap(), b"a");
        // What it tries on its neighbour's is refused as ever.
        assert_eq!(refused(fs::write(next.join("a"), "x"), "make at a neighbour's"), libc::ENOENT);
        assert_eq!(refused(fs::rename(own.join("a"), next.join("a")), "rename to a neighbour"), libc::ENOENT);
        fs::remove_file(own.join("a")).unwrap();
        fs::remove_dir(own.join("e")).unwrap();
        fs::remove_dir(&own).unwrap();
        rounds += 1;
    }
    assert!(rounds > 0);
}

/// In a process of its own: a stranger that probes.
#[test]
fn probes_a_directory() {
    let Some((package, end)) = asked() else { return };
    while Instant::now() < end {
        probe(&package);
    }
}

fn crowd(test: &'static str, uids: &[u32], on: impl Fn(u32) -> PathBuf) -> Option<Vec<Again>> {
    let program = std::env::current_exe().unwrap();
    if as_uid(uids[0], || File::open(&program)).is_err() {
        skip(&format!("other users may not read {}", program.display()));
        return None;
    }
    Some(uids.iter().map(|uid| Again::start(test, *uid, &on(*uid), TIME)).collect())
}

#[test]
fn strangers_learn_nothing_while_eight_others_work_in_the_tree() {
    let Some(volume) = start() else { return };
    let own = |uid| volume.path(TREE).join(package(uid));
    let Some(workers) = crowd("works_in_its_own_directory", &WORKERS, own) else { return };
    let secret = volume.path(PACKAGE).join("files/secret.txt");
    let end = Instant::now() + TIME;
    let mut rounds = 0;
    while Instant::now() < end || rounds < ROUNDS {
        for uid in [STRANGER, MANAGER] {
            as_uid(uid, || {
                probe(&volume.path(PACKAGE));
                WORKERS.iter().for_each(|worker| probe(&own(*worker)));
            });
        }
        assert_eq!(as_uid(OWNER, || fs::read(&secret).unwrap()), b"secret");
        rounds += 1;
    }
    workers.into_iter().for_each(Again::succeeds);
    for left in WORKERS.map(package) {
        assert!(!volume.lower().join(TREE).join(left).exists(), "each removed its own");
    }
    assert_eq!(fs::read(volume.lower().join(PACKAGE).join("files/secret.txt")).unwrap(), b"secret");
}

/// In a process of its own: an application that makes, renames and removes files in a shared place.
#[test]
fn works_in_a_shared_place() {
    let Some((directory, end)) = asked() else { return };
    let (made, moved) = shared_names(rustix::process::getuid().as_raw());
    let (made, moved) = (directory.join(made), directory.join(moved));
    let mut rounds = 0;
    while Instant::now() < end {
        fs::write(&made, "secret").unwrap();
        assert_eq!(fs::metadata(&made).unwrap().len(), 6);
        fs::rename(&made, &moved).unwrap();
        assert_eq!(fs::read(&moved).unwrap(), b"secret");
        assert!(fs::read_dir(&directory).unwrap().flatten().any(|entry| entry.path() == moved));
        OpenOptions::new().append(true).open(&moved).unwrap().write_all(b"s").unwrap();
        fs::remove_file(&moved).unwrap();
        rounds += 1;
    }
    assert!(rounds > 0);
}

fn shared_names(uid: u32) -> (String, String) {
    (format!("made{uid}.txt"), format!("moved{uid}.txt"))
}

#[test]
fn on_a_volume_with_private_visibility_strangers_learn_nothing_while_eight_others_work() {
    let workers = WORKERS.iter().fold(cast(), |cast, uid| cast.app(App::new(&package(*uid), *uid)));
    let Some(volume) = workers.argument("--visibility").argument("private").start() else { return };
    let directory = volume.path("Download");
    as_uid(OWNER, || fs::create_dir(&directory).unwrap());
    let Some(workers) = crowd("works_in_a_shared_place", &WORKERS, |_| directory.clone()) else { return };
    let names: Vec<_> =
        WORKERS.iter().map(|uid| shared_names(*uid)).flat_map(|(one, two)| [one, two]).collect();
    let end = Instant::now() + TIME;
    let mut rounds = 0;
    while Instant::now() < end || rounds < ROUNDS {
        for uid in [STRANGER, READER] {
            as_uid(uid, || {
                for path in names.iter().map(|name| directory.join(name)) {
                    assert_eq!(refused(fs::metadata(&path), "stat"), libc::ENOENT);
                    assert_eq!(refused(File::open(&path), "open"), libc::ENOENT);
                    let write = OpenOptions::new().write(true).truncate(true).open(&path);
                    assert_eq!(refused(write, "open to write"), libc::ENOENT);
                    let taken = [libc::ENOENT, libc::EACCES];
                    assert!(taken.contains(&refused(fs::remove_file(&path), "unlink")));
                    assert!(
                        taken.contains(&refused(fs::rename(&path, directory.join("away.txt")), "rename"))
                    );
                }
                assert_eq!(fs::read_dir(&directory).unwrap().flatten().count(), 0, "a listing");
            });
        }
        rounds += 1;
    }
    workers.into_iter().for_each(Again::succeeds);
}

/// What an owner has in its directory while others probe it.
struct Owner {
    package: PathBuf,
    watcher: OwnedFd,
    directory: File,
    file: File,
    expected: BTreeSet<String>,
}

impl Owner {
    fn start(package: &Path) -> Owner {
        fs::create_dir(package.join("mounted")).unwrap();
        let watcher = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).unwrap();
        let events = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::DELETE_SELF;
        inotify::add_watch(&watcher, package, events).unwrap();
        inotify::add_watch(&watcher, package.join("files"), WatchFlags::DELETE_SELF).unwrap();
        inotify::add_watch(&watcher, package.join("files/secret.txt"), WatchFlags::DELETE_SELF).unwrap();
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(package.join("files/log")).unwrap();
        Owner {
            package: package.to_owned(),
            watcher,
            directory: File::open(package).unwrap(),
            file,
            expected: BTreeSet::new(),
        }
    }

    /// One round of everything, by paths, from the working directory, and by what is open.
    fn work(&mut self, round: usize) {
        let (made, moved) = (format!("made{round}"), format!("moved{round}"));
        fs::write(self.package.join(&made), &made).unwrap();
        fs::rename(self.package.join(&made), self.package.join(&moved)).unwrap();
        let open = rustix::fs::OFlags::RDONLY;
        let found = rustix::fs::openat(&self.directory, moved.as_str(), open, rustix::fs::Mode::empty());
        assert_eq!(io::read_to_string(File::from(found.unwrap())).unwrap(), made);
        writeln!(self.file, "{round}").unwrap();
        assert_eq!(fs::read(self.package.join("files/secret.txt")).unwrap(), b"secret");
        assert_eq!(fs::read(self.package.join("mounted/inside.txt")).unwrap(), b"inside");
        assert!(fs::read_dir(&self.package).unwrap().flatten().any(|entry| entry.file_name() == *moved));
        fs::remove_file(self.package.join(&moved)).unwrap();
        self.expected.extend([format!("create {made}"), format!("moved {moved}"), format!("delete {moved}")]);
        let link = fs::read_link(format!("/proc/self/fd/{}", self.directory.as_raw_fd())).unwrap();
        assert_eq!(link, self.package);
        self.hear();
    }

    /// Takes what the watches told; each event is one that was caused, and none says that a watch is gone.
    fn hear(&mut self) {
        let mut buffer = [MaybeUninit::uninit(); 1 << 14];
        let mut events = inotify::Reader::new(&self.watcher, &mut buffer);
        while let Ok(event) = events.next() {
            let name = event.file_name().map(|name| name.to_str().unwrap().to_owned()).unwrap_or_default();
            let told = match event.events() {
                ReadFlags::CREATE => format!("create {name}"),
                ReadFlags::MOVED_TO => format!("moved {name}"),
                ReadFlags::DELETE => format!("delete {name}"),
                other => panic!("{other:?} of {name}"),
            };
            assert!(self.expected.remove(&told), "unexpected: {told}");
        }
    }
}

#[test]
fn an_owner_loses_nothing_while_strangers_probe_its_directory() {
    let Some(volume) = start() else { return };
    let path = volume.path(PACKAGE);
    let mut owner = as_uid(OWNER, || Owner::start(&path));
    let source = fs::canonicalize(volume.state()).unwrap().with_file_name("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("inside.txt"), "inside").unwrap();
    mount_bind(&source, path.join("mounted")).unwrap();
    let mut inside = Inside::start(OWNER, &path);
    let Some(probers) =
        crowd("probes_a_directory", &[STRANGER, READER, MANAGER, WORKERS[0]], |_| path.clone())
    else {
        return;
    };
    let end = Instant::now() + TIME;
    let mut rounds = 0;
    while Instant::now() < end || rounds < ROUNDS {
        as_uid(OWNER, || owner.work(rounds));
        assert_eq!(inside.ask("/bin/pwd 2>&1"), path.to_str().unwrap());
        let own = format!("own{rounds}");
        let shell =
            format!("echo made > {own} && cat {own} > /dev/null && rm {own} && echo done || echo failed");
        assert_eq!(inside.ask(&format!("({shell}) 2>&1")), "done");
        owner.expected.extend([format!("create {own}"), format!("delete {own}")]);
        rounds += 1;
    }
    probers.into_iter().for_each(Again::succeeds);
    thread::sleep(Duration::from_millis(10));
    owner.hear();
    assert_eq!(owner.expected, BTreeSet::new(), "every event was told");
    owner.file.rewind().unwrap();
    let log = as_uid(OWNER, || io::read_to_string(&owner.file).unwrap());
    assert_eq!(log.lines().count(), rounds);
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(table.contains(path.join("mounted").to_str().unwrap()), "it is still mounted");
}
