//! Each capability that the daemon keeps is needed: without it, something else fails each time. With them alone it
//! serves as another user than root.

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use mediagate::admin::{Application as _, OpenMode};
use mediagate::binder::Client;

use crate::common::{KNOWING, MANAGER, READER, Setup, Volume, as_uid, can_mount, cast, photo, redacted};

/// Who put the files there beneath the mount: neither root nor the daemon's user.
const SOMEBODY: u32 = 12_345;
/// The user of a daemon that is not root.
const SERVICE: u32 = 1_023;
/// The capabilities that are kept, without `CAP_`.
const KEPT: [&str; 6] = ["SYS_ADMIN", "DAC_OVERRIDE", "FOWNER", "LEASE", "SETGID", "SETUID"];
const SECRET: &str = "Pictures/secret.jpg";
const PLAIN: &str = "Pictures/plain.jpg";

fn setup() -> Setup {
    let setup = cast().file(SECRET, photo(Some(0))).file(PLAIN, photo(None));
    for path in [SECRET, PLAIN] {
        give(&setup.lower().join(path), SOMEBODY, 0o600);
    }
    setup
}

fn give(path: &Path, owner: u32, mode: u32) {
    chown(path, Some(owner), Some(owner)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What goes wrong, of all that needs a capability.
fn fails(volume: &Volume) -> Vec<&'static str> {
    let mut failed = Vec::new();
    let mut tell = |what, works: bool| {
        if !works {
            failed.push(what)
        }
    };
    let read = as_uid(READER, || fs::read(volume.path(SECRET)).ok());
    tell("reading what somebody keeps to himself", read == Some(redacted(&photo(Some(0)))));
    let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    let set = as_uid(MANAGER, || File::options().write(true).open(volume.path(SECRET))?.set_times(times));
    tell("setting the times of what is somebody's", set.is_ok());
    // What was just written rests for a second before it is passed through.
    thread::sleep(Duration::from_millis(1_200));
    let open = as_uid(READER, || File::open(volume.path(PLAIN)));
    let mode = volume.json(&["dump", "handles"])["handles"][0]["mode"].clone();
    tell("seeing that nobody writes to it", open.is_ok() && mode == "passthrough");
    let how = OpenMode { read: true, write: false, truncate: false, append: false };
    let opened = as_uid(KNOWING, || Client::connect(&volume.socket()).unwrap().open(PLAIN, how).map(drop));
    tell("acting for an application", opened.is_ok());
    failed
}

#[test]
fn every_capability_is_needed() {
    if !can_mount() {
        return;
    }
    let volume = setup().start().unwrap();
    assert_eq!(fails(&volume), [""; 0], "with all of them:\n{}", volume.log());
    let kept = volume.json(&["status"])["confinement"]["capabilities"].clone();
    let mut kept: Vec<_> =
        kept.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    kept.sort();
    let mut expected = KEPT.map(|name| format!("CAP_{name}"));
    expected.sort();
    assert_eq!(kept, expected);
    drop(volume);
    for (capability, failing) in [
        ("dac_override", "reading what somebody keeps to himself"),
        ("fowner", "setting the times of what is somebody's"),
        ("lease", "seeing that nobody writes to it"),
        ("setgid", "acting for an application"),
        ("setuid", "acting for an application"),
    ] {
        let without = format!("--bounding-set=-{capability}");
        let volume = setup().under(&["setpriv", &without]).start().unwrap();
        let failed = fails(&volume);
        assert!(failed.contains(&failing), "without {capability}: {failed:?}");
    }
}

#[test]
fn without_the_right_to_mount_nothing_is_served() {
    if !can_mount() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    for name in ["lower", "mount", "state"] {
        fs::create_dir(scratch.path().join(name)).unwrap();
    }
    let mut command = std::process::Command::new("setpriv");
    command.args(["--bounding-set=-sys_admin", env!("CARGO_BIN_EXE_mediagate"), "serve"]);
    for name in ["lower", "mount", "state", "socket"] {
        command.arg(format!("--{name}")).arg(scratch.path().join(name));
    }
    let ended = command.output().unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("mounting takes root (CAP_SYS_ADMIN)"), "{said}");
    assert!(fs::read_dir(scratch.path().join("state")).unwrap().next().is_none(), "nothing is left behind");
    assert!(!scratch.path().join("socket").exists(), "nothing is left behind");
}

#[test]
fn a_daemon_that_is_not_root_serves_everybody_with_these_capabilities() {
    if !can_mount() {
        return;
    }
    let names = KEPT.map(|name| format!("+{}", name.to_lowercase())).join(",");
    let (inherited, ambient) = (format!("--inh-caps=-all,{names}"), format!("--ambient-caps=-all,{names}"));
    let user = SERVICE.to_string();
    let setup = setup().under(&[
        "setpriv",
        "--reuid",
        &user,
        "--regid",
        &user,
        "--clear-groups",
        &inherited,
        &ambient,
    ]);
    let scratch = setup.lower().parent().unwrap().to_owned();
    for name in ["", "lower", "state"] {
        give(&scratch.join(name), SERVICE, 0o755);
    }
    let volume = setup.start().unwrap();
    assert_eq!(fails(&volume), [""; 0], "{}", volume.log());
    let told = volume.json(&["status"]);
    assert_eq!(told["volumes"].as_array().unwrap().len(), 3, "the private trees are served, too: {told}");
    for mounted in told["volumes"].as_array().unwrap() {
        assert_eq!(mounted["passthrough"], true, "{told}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", volume.pid())).unwrap();
    assert!(status.contains(&format!("Uid:\t{SERVICE}\t{SERVICE}\t{SERVICE}\t{SERVICE}")), "{status}");
    assert!(
        status.contains("CapInh:\t0000000000000000") && status.contains("CapAmb:\t0000000000000000"),
        "{status}"
    );
    as_uid(MANAGER, || {
        fs::create_dir(volume.path("Download"))?;
        fs::write(volume.path("Download/new.txt"), "new")
    })
    .unwrap();
    assert_eq!(fs::read_to_string(volume.lower().join("Download/new.txt")).unwrap(), "new");
}
