//! A thread of the daemon that an attacker has taken over, by ptrace: the real process, and the real kernel's answers.

use std::fs;

use nix::libc as c;

use crate::common::{Setup, Volume};
use crate::inject::Taken;

const HERE: u64 = c::AT_FDCWD as u64;
const REFUSED: i64 = -(c::EACCES as i64);
const NO_SUCH_CALL: i64 = -(c::ENOSYS as i64);

/// Files that everybody has, and what is around the volume.
fn outside(volume: &Volume) -> Vec<String> {
    let around = volume.lower().parent().unwrap().display().to_string();
    let mut paths = vec![around.clone(), format!("{around}/apps.toml"), format!("{around}/log")];
    for path in
        ["/", "/etc/passwd", "/etc/shadow", "/root", "/dev", "/dev/fuse", "/dev/null", "/dev/kmsg", "/tmp"]
    {
        paths.push(path.to_owned());
    }
    for path in ["/proc/1/environ", "/proc/self/mem", "/proc/self/maps", "/proc/kallsyms", "/sys/power/state"]
    {
        paths.push(path.to_owned());
    }
    paths
}

fn open(taken: &Taken, path: &str, flags: i32) -> i64 {
    let path = taken.path(path);
    taken.call(c::SYS_openat, [HERE, path, flags as u64, 0o600, 0, 0])
}

fn threads(volume: &Volume) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{}/task", volume.pid())).unwrap();
    tasks.map(|task| task.unwrap().file_name().into_string().unwrap().parse().unwrap()).collect()
}

fn start() -> Option<Volume> {
    Setup::new().file("DCIM/a.txt", "a").start()
}

#[test]
fn a_taken_thread_opens_nothing_outside() {
    let Some(volume) = start() else { return };
    let threads = threads(&volume);
    assert!(threads.len() > 8, "{threads:?}");
    for taken in threads.into_iter().filter_map(Taken::try_take) {
        for path in outside(&volume) {
            for flags in [c::O_RDONLY, c::O_WRONLY, c::O_RDWR] {
                let opened = open(&taken, &path, flags);
                let as_is = [REFUSED, -i64::from(c::EISDIR), -i64::from(c::ENOENT)];
                assert!(as_is.contains(&opened), "{path}, {flags}: {opened}");
            }
        }
        // A descriptor without content is to be had, and leads no further.
        let beside = open(&taken, "/etc/shadow", c::O_PATH);
        assert!(beside >= 0);
        assert_eq!(open(&taken, &format!("/proc/self/fd/{beside}"), c::O_RDONLY), REFUSED);
        // The same calls inside succeed, so that it is not the trick that fails.
        let inside = [volume.lower().join("DCIM/a.txt"), volume.state().join("mediagate.db")];
        for path in inside {
            assert!(open(&taken, path.to_str().unwrap(), c::O_RDWR) >= 0, "{path:?}");
        }
    }
    assert_eq!(fs::read_to_string(volume.path("DCIM/a.txt")).unwrap(), "a", "it goes on serving");
}

#[test]
fn a_taken_thread_makes_nothing_outside() {
    let Some(volume) = start() else { return };
    let taken = Taken::take(volume.pid().as_raw_nonzero().get());
    let around = volume.lower().parent().unwrap().to_owned();
    let made = around.join("made");
    let text = made.to_str().unwrap();
    assert_eq!(open(&taken, text, c::O_CREAT | c::O_WRONLY), REFUSED);
    let path = taken.path(text);
    assert_eq!(taken.call(c::SYS_mkdirat, [HERE, path, 0o700, 0, 0, 0]), REFUSED);
    let path = taken.path(around.join("apps.toml").to_str().unwrap());
    assert_eq!(taken.call(c::SYS_unlinkat, [HERE, path, 0, 0, 0, 0]), REFUSED);
    let both = format!("{}\0{text}\0", around.join("apps.toml").display());
    let from = taken.bytes(both.as_bytes());
    let to = from + u64::try_from(both.find('\0').unwrap() + 1).unwrap();
    assert_eq!(taken.call(c::SYS_renameat2, [HERE, from, HERE, to, 0, 0]), REFUSED);
    assert!(!made.exists() && around.join("apps.toml").exists());
}

#[test]
fn a_taken_thread_makes_no_process_and_reaches_nobody() {
    let Some(volume) = start() else { return };
    for taken in threads(&volume).into_iter().filter_map(Taken::try_take) {
        let program = taken.path("/bin/true");
        let family = |family: i32| [family as u64, c::SOCK_STREAM as u64, 0, 0, 0, 0];
        let own = u64::from(std::process::id());
        let tried = [
            ("execve", c::SYS_execve, [program, 0, 0, 0, 0, 0]),
            ("execveat", c::SYS_execveat, [HERE, program, 0, 0, 0, 0]),
            ("fork", c::SYS_fork, [0; 6]),
            ("vfork", c::SYS_vfork, [0; 6]),
            ("clone", c::SYS_clone, [c::SIGCHLD as u64, 0, 0, 0, 0, 0]),
            ("clone3", c::SYS_clone3, [0; 6]),
            ("socket of IPv4", c::SYS_socket, family(c::AF_INET)),
            ("socket of IPv6", c::SYS_socket, family(c::AF_INET6)),
            ("socket of Unix", c::SYS_socket, family(c::AF_UNIX)),
            ("socket of netlink", c::SYS_socket, family(c::AF_NETLINK)),
            ("ptrace", c::SYS_ptrace, [c::PTRACE_ATTACH.into(), own, 0, 0, 0, 0]),
            ("process_vm_readv", c::SYS_process_vm_readv, [own, 0, 0, 0, 0, 0]),
            ("pidfd_open", c::SYS_pidfd_open, [own, 0, 0, 0, 0, 0]),
            ("kill", c::SYS_kill, [own, 0, 0, 0, 0, 0]),
            ("tgkill", c::SYS_tgkill, [own, own, 0, 0, 0, 0]),
        ];
        for (name, number, arguments) in tried {
            assert_eq!(taken.call(number, arguments), NO_SUCH_CALL, "{name}");
        }
        let itself = u64::try_from(volume.pid().as_raw_nonzero().get()).unwrap();
        assert_eq!(taken.call(c::SYS_process_vm_readv, [itself, 0, 0, 0, 0, 0]), 0, "its own memory");
    }
}

#[test]
fn a_taken_thread_gets_no_rights_and_changes_no_system() {
    let Some(volume) = start() else { return };
    let taken = Taken::take(volume.pid().as_raw_nonzero().get());
    let place = taken.path("/");
    let tried = [
        ("mount", c::SYS_mount, [place, place, place, c::MS_BIND, 0, 0]),
        ("umount2", c::SYS_umount2, [place, c::MNT_DETACH as u64, 0, 0, 0, 0]),
        ("move_mount", c::SYS_move_mount, [HERE, place, HERE, place, 0, 0]),
        ("fsopen", c::SYS_fsopen, [place, 0, 0, 0, 0, 0]),
        ("pivot_root", c::SYS_pivot_root, [place, place, 0, 0, 0, 0]),
        ("chroot", c::SYS_chroot, [place, 0, 0, 0, 0, 0]),
        ("unshare", c::SYS_unshare, [c::CLONE_NEWUSER as u64, 0, 0, 0, 0, 0]),
        ("setns", c::SYS_setns, [0; 6]),
        ("setuid", c::SYS_setuid, [0; 6]),
        ("chown", c::SYS_fchownat, [HERE, place, 0, 0, 0, 0]),
        ("chmod", c::SYS_fchmodat, [HERE, place, 0o777, 0, 0, 0]),
        ("setxattr", c::SYS_setxattr, [place, place, place, 1, 0, 0]),
        ("truncate", c::SYS_truncate, [place, 0, 0, 0, 0, 0]),
        ("symlink", c::SYS_symlinkat, [place, HERE, place, 0, 0, 0]),
        ("mknod", c::SYS_mknodat, [HERE, place, 0o20600, 0, 0, 0]),
        ("open_by_handle_at", c::SYS_open_by_handle_at, [HERE, place, 0, 0, 0, 0]),
        ("bpf", c::SYS_bpf, [0; 6]),
        ("keyctl", c::SYS_keyctl, [0; 6]),
        ("init_module", c::SYS_init_module, [0; 6]),
        ("finit_module", c::SYS_finit_module, [0; 6]),
        ("kexec_load", c::SYS_kexec_load, [0; 6]),
        ("reboot", c::SYS_reboot, [0; 6]),
        ("perf_event_open", c::SYS_perf_event_open, [0; 6]),
        ("io_uring_setup", c::SYS_io_uring_setup, [1, 0, 0, 0, 0, 0]),
        ("userfaultfd", c::SYS_userfaultfd, [0; 6]),
        ("quotactl", c::SYS_quotactl, [0; 6]),
        ("swapon", c::SYS_swapon, [place, 0, 0, 0, 0, 0]),
        ("sethostname", c::SYS_sethostname, [place, 1, 0, 0, 0, 0]),
        ("settimeofday", c::SYS_settimeofday, [0; 6]),
        ("syslog", c::SYS_syslog, [10, 0, 0, 0, 0, 0]),
        ("a call of the x32 ABI", 0x4000_0000 + c::SYS_getuid, [0; 6]),
        ("prctl", c::SYS_prctl, [c::PR_SET_DUMPABLE as u64, 1, 0, 0, 0, 0]),
        (
            "memory that is code",
            c::SYS_mmap,
            [0, 4096, 7, (c::MAP_PRIVATE | c::MAP_ANONYMOUS) as u64, u64::MAX, 0],
        ),
        ("setrlimit", c::SYS_prlimit64, [0, c::RLIMIT_CORE.into(), place, 0, 0, 0]),
        ("a command of terminals", c::SYS_ioctl, [0, c::TIOCSTI, place, 0, 0, 0]),
    ];
    for (name, number, arguments) in tried {
        assert_eq!(taken.call(number, arguments), NO_SUCH_CALL, "{name}");
    }
    assert!(taken.call(c::SYS_getpid, [0; 6]) > 0, "the same trick with a call that is allowed");
}

#[test]
fn nothing_of_it_goes_into_a_core() {
    let Some(volume) = start() else { return };
    let limits = fs::read_to_string(format!("/proc/{}/limits", volume.pid())).unwrap();
    let core: Vec<_> = limits.lines().find(|line| line.starts_with("Max core")).unwrap().split(' ').collect();
    assert_eq!(core.iter().filter(|word| **word == "0").count(), 2, "{limits}");
    let status = volume.json(&["status"]);
    let confinement = &status["confinement"];
    assert_eq!(confinement["no_new_privileges"], true, "{confinement}");
    assert_eq!(confinement["seccomp"], true, "{confinement}");
    let told = String::from_utf8(volume.command(&["status"]).stdout).unwrap();
    assert!(told.contains("no new privileges: yes, landlock: version"), "{told}");
}
