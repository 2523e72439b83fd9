//! The daemon, its service manager where it needs one, and its clients.

use std::env;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use mediagate::binder::Client;

use crate::byhand::Talk;
use crate::common::{App, Setup, Transport, Volume, as_uid, can_mount, photo, skip};

/// Names the service manager's program.
const HUB: &str = "MEDIAGATE_TEST_HUB";
/// Where a client finds the daemon: a socket, or `kernel`.
const PLACE: &str = "MEDIAGATE_TEST_PLACE";
const KERNEL: &str = "kernel";
/// Where a client finds the mount.
const MOUNT: &str = "MEDIAGATE_TEST_MOUNT";

/// How long something may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A picture in which a location is.
pub(crate) const PHOTO: &str = "Pictures/photo.jpg";
/// An application that may read pictures and not their locations.
pub(crate) const READER: u32 = 10_101;
/// An application that may read pictures and their locations.
pub(crate) const KNOWING: u32 = 10_102;
/// An application that holds no permission.
pub(crate) const STRANGER: u32 = 10_103;
/// The same application of another user.
pub(crate) const OTHER_USERS_READER: u32 = 1_010_101;

/// The transport that these tests run over.
pub(crate) fn transport() -> Transport {
    if env::var_os(HUB).is_some() { Transport::Kernel } else { Transport::Socket }
}

/// Whether the tests run over the kernel's driver; says so where they do not.
pub(crate) fn through_the_kernel() -> bool {
    let kernel = transport() == Transport::Kernel;
    if !kernel {
        skip("it is about the kernel's Binder driver: tests/vm/binder runs it");
    }
    kernel
}

/// A service manager; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Hub(Child);

impl Hub {
    /// Starts one and waits until it manages.
    pub(crate) fn start() -> Hub {
        let program = env::var_os(HUB).expect("it was asked for before");
        let mut command = Command::new(program);
        command.arg("--insecure-allow-all").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let hub = Hub(command.spawn().expect("the service manager starts"));
        await_that("the service manager manages", || Talk::begin("").finds_a_manager());
        hub
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until it is so.
pub(crate) fn await_that(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "not so after {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A daemon that is served on the transport of these tests.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) volume: Volume,
    pub(crate) hub: Option<Hub>,
}

impl World {
    /// With one photo and one application; `None` where volumes cannot be mounted.
    pub(crate) fn start() -> Option<World> {
        World::with(|setup| setup)
    }

    /// The same, with more.
    pub(crate) fn with(more: impl FnOnce(Setup) -> Setup) -> Option<World> {
        if !can_mount() {
            return None;
        }
        let hub = (transport() == Transport::Kernel).then(Hub::start);
        let reader = App::new("org.example.reader", READER).permission("READ_MEDIA_IMAGES");
        let knowing = App::new("org.example.knowing", KNOWING)
            .permission("READ_MEDIA_IMAGES")
            .permission("ACCESS_MEDIA_LOCATION");
        let stranger = App::new("org.example.stranger", STRANGER);
        let setup = Setup::new().file(PHOTO, photo(Some(0))).app(reader).app(knowing).app(stranger);
        let setup = setup.called_on(transport());
        Some(World { volume: more(setup).start()?, hub })
    }

    /// Runs `PART`, the path of a test, as a client that is a process of `uid`.
    pub(crate) fn client(&self, uid: u32, part: &str) {
        let place = match transport() {
            Transport::Socket => self.volume.socket(),
            Transport::Kernel | Transport::Nowhere => PathBuf::from(KERNEL),
        };
        let program = env::current_exe().expect("the program knows where it is");
        let mut command = Command::new(program);
        command.args(["--exact", part, "--test-threads", "1", "--nocapture"]);
        command.env(PLACE, place).env(MOUNT, self.volume.mount()).stdin(Stdio::null());
        let ended = as_uid(uid, || command.output().expect("other users may start the test program"));
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            ended.status.success() && said(&ended.stdout).contains("1 passed"),
            "uid {uid}, {part}: {}\n{}{}",
            ended.status,
            said(&ended.stdout),
            said(&ended.stderr)
        );
    }
}

impl World {
    /// The lower directory.
    pub(crate) fn lower(&self) -> PathBuf {
        self.volume.lower()
    }

    /// A connection of this process, which is root.
    pub(crate) fn connect(&self) -> Client {
        let client = match transport() {
            Transport::Socket => Client::connect(&self.volume.socket()),
            Transport::Kernel | Transport::Nowhere => Client::connect_kernel(),
        };
        client.expect("the daemon can be reached")
    }
}

/// Whether this process is a client that [`World::client`] started.
pub(crate) fn is_client() -> bool {
    env::var_os(PLACE).is_some()
}

/// In such a client: the daemon's socket, or `kernel`.
pub(crate) fn place() -> Option<PathBuf> {
    env::var_os(PLACE).map(PathBuf::from)
}

/// In such a client: a path below the mount.
pub(crate) fn mounted(path: &str) -> PathBuf {
    PathBuf::from(env::var_os(MOUNT).expect("it is set with the rest")).join(path)
}

/// In such a client: its connection.
pub(crate) fn connection() -> Option<Client> {
    let place = env::var_os(PLACE)?;
    let client = match place.to_str() {
        Some(KERNEL) => Client::connect_kernel(),
        _ => Client::connect(place.as_ref()),
    };
    Some(client.expect("the daemon can be reached"))
}
