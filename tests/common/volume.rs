//! A running daemon over a temporary volume.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::app::{App, applications_file};
use super::mounts::{detach_below, mount_for_another};
use super::skip::can_mount;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mediagate");
/// How long a daemon may take to mount, and to end.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// How a daemon is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// On its socket.
    Socket,
    /// Through the kernel's Binder driver alone.
    Kernel,
    /// Not at all.
    Nowhere,
}

/// A volume that is about to be served: its lower directory can be filled, then [`Setup::start`] serves it.
#[derive(Debug)]
pub(crate) struct Setup {
    scratch: TempDir,
    apps: Vec<App>,
    arguments: Vec<String>,
    elsewhere: Option<TempDir>,
    small_state: bool,
    handed_over: bool,
    packages: Option<String>,
    transport: Transport,
    under: Vec<String>,
}

impl Setup {
    /// An empty lower directory, no applications, the daemon's default settings.
    pub(crate) fn new() -> Setup {
        let scratch = tempfile::Builder::new().prefix("volume-").tempdir().expect("a scratch directory");
        for name in ["lower", "mount", "state"] {
            fs::create_dir(scratch.path().join(name)).expect("a directory in the scratch directory");
        }
        let open = Permissions::from_mode(0o755); // other users must be able to walk to the mount
        fs::set_permissions(scratch.path(), open).expect("the scratch directory is ours");
        let transport = Transport::Socket;
        Setup {
            scratch,
            apps: Vec::new(),
            arguments: Vec::new(),
            elsewhere: None,
            small_state: false,
            handed_over: false,
            packages: None,
            transport,
            under: Vec::new(),
        }
    }

    /// The lower directory.
    pub(crate) fn lower(&self) -> PathBuf {
        self.scratch.path().join("lower")
    }

    /// Puts the lower directory, still empty, on another file system: below this directory.
    pub(crate) fn beneath(mut self, directory: &Path) -> Setup {
        let elsewhere = tempfile::Builder::new().prefix("lower-").tempdir_in(directory);
        let elsewhere = elsewhere.expect("a lower directory elsewhere");
        fs::remove_dir(self.lower()).expect("the lower directory is empty");
        std::os::unix::fs::symlink(elsewhere.path(), self.lower()).expect("a link to the lower directory");
        self.elsewhere = Some(elsewhere);
        self
    }

    /// Has the daemon keep its database on a file system of its own, of two megabytes.
    pub(crate) fn small_state(mut self) -> Setup {
        self.small_state = true;
        self
    }

    /// Has the daemon follow a `packages.list`, which begins with this text, in place of the declared applications.
    pub(crate) fn packages(mut self, list: &str) -> Setup {
        self.packages = Some(list.to_owned());
        self
    }

    /// Has this process mount, and hand the descriptor of `/dev/fuse` over to the daemon.
    pub(crate) fn handed_over(mut self) -> Setup {
        self.handed_over = true;
        self
    }

    /// Puts a file on the lower file system, with the directories above it.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Setup {
        let path = self.lower().join(path);
        let parent = path.parent().expect("a file has a directory");
        fs::create_dir_all(parent).expect("directories on the lower file system");
        fs::write(&path, content).expect("a file on the lower file system");
        self
    }

    /// Declares an application.
    pub(crate) fn app(mut self, app: App) -> Setup {
        self.apps.push(app);
        self
    }

    /// Adds an argument of `mediagate serve`.
    pub(crate) fn argument(mut self, argument: &str) -> Setup {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Has another program start the daemon: in the same process, after it has changed something.
    pub(crate) fn under(mut self, program: &[&str]) -> Setup {
        self.under = program.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Serves so that it is called on this transport.
    pub(crate) fn called_on(mut self, transport: Transport) -> Setup {
        self.transport = transport;
        match transport {
            Transport::Socket => self,
            Transport::Kernel => self.argument("--binder").argument("kernel"),
            Transport::Nowhere => self.argument("--binder").argument("off"),
        }
    }

    /// Serves the volume; `None`, with the reason recorded, where volumes cannot be mounted.
    pub(crate) fn start(self) -> Option<Volume> {
        if !can_mount() {
            return None;
        }
        let root = fs::canonicalize(self.scratch.path()).expect("the scratch directory exists");
        fs::write(root.join("apps.toml"), applications_file(&self.apps)).expect("the applications file");
        if self.small_state {
            let flags = rustix::mount::MountFlags::empty();
            rustix::mount::mount("none", root.join("state"), "tmpfs", flags, Some(c"size=2m"))
                .expect("root may mount");
        }
        let apps = root.join(if self.packages.is_some() { "packages.list" } else { "apps.toml" });
        if let Some(list) = &self.packages {
            fs::write(&apps, list).expect("the list of packages");
        }
        let Setup { scratch, arguments, elsewhere, handed_over, transport, under, .. } = self;
        let mut volume =
            Volume { scratch, elsewhere, root, apps, arguments, handed_over, transport, under, daemon: None };
        volume.serve();
        Some(volume)
    }
}

/// A volume that a daemon serves.
#[derive(Debug)]
pub(crate) struct Volume {
    scratch: TempDir,
    elsewhere: Option<TempDir>,
    root: PathBuf,
    apps: PathBuf,
    arguments: Vec<String>,
    handed_over: bool,
    transport: Transport,
    under: Vec<String>,
    daemon: Option<Child>,
}

impl Volume {
    /// The mount point.
    pub(crate) fn mount(&self) -> PathBuf {
        self.root.join("mount")
    }

    /// A path below the mount point.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.mount().join(below)
    }

    /// The lower directory.
    pub(crate) fn lower(&self) -> PathBuf {
        self.root.join("lower")
    }

    /// The list of applications that the daemon was given.
    pub(crate) fn apps(&self) -> &Path {
        &self.apps
    }

    /// The directory where the daemon keeps its database.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// The socket on which the daemon answers the command line.
    pub(crate) fn socket(&self) -> PathBuf {
        self.root.join("socket")
    }

    /// The daemon's process, to send it signals.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(self.daemon.as_ref().expect("the daemon runs"))
    }

    /// What the daemon has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.root.join("log")).unwrap_or_default()
    }

    /// Starts the daemon, after [`Volume::stop`] or a kill again over the same lower directory and state.
    pub(crate) fn serve(&mut self) {
        assert!(self.daemon.is_none(), "the daemon runs already");
        let log = File::options().append(true).create(true).open(self.root.join("log")).expect("the log");
        let mut words = self.under.iter().map(String::as_str).chain([PROGRAM]);
        let mut command = Command::new(words.next().expect("there is the program itself"));
        command.args(words).arg("serve").args(&self.arguments);
        for (option, value) in [
            ("--lower", self.lower()),
            ("--mount", self.mount()),
            ("--state", self.state()),
            ("--apps", self.apps.clone()),
            ("--socket", self.socket()),
        ] {
            command.arg(option).arg(value);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second descriptor")).stderr(log);
        if self.handed_over {
            // As its standard input, so that no other process that is started meanwhile inherits it.
            command.args(["--fuse-fd", "0"]).stdin(mount_for_another(&self.mount()));
        }
        command.env_remove("MEDIAGATE_LOG"); // the log tells when everything is mounted
        let before = self.starts();
        self.daemon = Some(command.spawn().expect("the daemon starts"));
        self.await_service(before);
    }

    /// How often a daemon has mounted everything, the private trees of all users too. Neither the mounts nor the socket
    /// tell: those of a daemon that was killed are still there, and a new one listens before it mounts.
    fn starts(&self) -> usize {
        self.log().lines().filter(|line| line.contains(" mediagate::daemon: serving ")).count()
    }

    fn answers(&self) -> bool {
        match self.transport {
            Transport::Socket => UnixStream::connect(self.socket()).is_ok(),
            Transport::Kernel => self.command(&["status"]).status.success(),
            Transport::Nowhere => true,
        }
    }

    fn await_service(&mut self, before: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.starts() == before || !self.answers() {
            if let Some(status) = self.exited() {
                panic!("the daemon ended at its start with {status}:\n{}", self.log());
            }
            assert!(
                Instant::now() < deadline,
                "the daemon does not serve after {PATIENCE:?}:\n{}",
                self.log()
            );
            thread::sleep(POLL);
        }
    }

    /// Asks the daemon to end (SIGTERM) and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.end_with(Signal::TERM)
    }

    /// Sends a signal that ends the daemon and waits until it has; what was mounted stays as the daemon left it.
    pub(crate) fn end_with(&mut self, signal: Signal) -> ExitStatus {
        kill_process(self.pid(), signal).expect("the daemon is our child");
        self.wait()
    }

    /// Waits until the daemon has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.await_end().unwrap_or_else(|| panic!("the daemon does not end:\n{}", self.log()))
    }

    /// Runs `mediagate ARGUMENTS --socket SOCKET`, without the socket where the daemon has none.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::null());
        if self.transport != Transport::Kernel {
            command.arg("--socket").arg(self.socket());
        }
        command.output().expect("the program starts")
    }

    /// Runs a command with `--json` and reads its answer; the command must succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.command(&[arguments, &["--json"]].concat());
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}: {shown}", output.status);
        serde_json::from_slice(&output.stdout).expect("--json prints JSON")
    }

    /// The daemon's counters, as `mediagate dump counters` shows them.
    pub(crate) fn counters(&self) -> serde_json::Value {
        self.json(&["dump", "counters"])
    }

    /// One of the daemon's counters.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let counters = self.counters();
        let counters = counters["counters"].as_array().expect("a list of counters");
        let counter = counters.iter().find(|counter| counter["name"] == name);
        counter.and_then(|counter| counter["value"].as_u64()).unwrap_or_else(|| panic!("no counter {name}"))
    }

    /// The end of the daemon, if it has ended.
    fn exited(&mut self) -> Option<ExitStatus> {
        let status = self.daemon.as_mut()?.try_wait().expect("the daemon is our child")?;
        self.daemon = None;
        Some(status)
    }

    fn await_end(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        while self.daemon.is_some() && Instant::now() < deadline {
            if let Some(status) = self.exited() {
                return Some(status);
            }
            thread::sleep(POLL);
        }
        None
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("log of the daemon:\n{}", self.log());
        }
        if let Some(daemon) = &self.daemon {
            let _ = kill_process(Pid::from_child(daemon), Signal::TERM);
        }
        detach_below(&self.root);
        if self.await_end().is_none()
            && let Some(mut daemon) = self.daemon.take()
        {
            eprintln!("the daemon did not end within {PATIENCE:?} and is killed");
            let _ = daemon.kill();
            let _ = daemon.wait();
            detach_below(&self.root);
        }
    }
}
