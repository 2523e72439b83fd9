//! The keywords of init with the arguments that they take, as init/README.md describes them.

use std::ops::RangeInclusive;

/// As many as there are.
const MANY: usize = usize::MAX;

type Keyword = (&'static str, usize, usize);

/// Options of a service, with the least and the most arguments.
const OPTIONS: [Keyword; 38] = [
    ("capabilities", 0, MANY),
    ("class", 1, MANY),
    ("console", 0, 1),
    ("critical", 0, 2),
    ("disabled", 0, 0),
    ("enter_namespace", 2, 2),
    ("file", 2, 2),
    ("gentle_kill", 0, 0),
    ("group", 1, 33),
    ("interface", 2, 2),
    ("ioprio", 2, 2),
    ("keycodes", 1, MANY),
    ("memcg.limit_in_bytes", 1, 1),
    ("memcg.limit_percent", 1, 1),
    ("memcg.limit_property", 1, 1),
    ("memcg.soft_limit_in_bytes", 1, 1),
    ("memcg.swappiness", 1, 1),
    ("namespace", 1, 2),
    ("oneshot", 0, 0),
    ("onrestart", 1, MANY),
    ("oom_score_adjust", 1, 1),
    ("override", 0, 0),
    ("priority", 1, 1),
    ("reboot_on_failure", 1, 1),
    ("restart_period", 1, 1),
    ("rlimit", 3, 3),
    ("seclabel", 1, 1),
    ("setenv", 2, 2),
    ("shared_kallsyms", 0, 0),
    ("shutdown", 1, 1),
    ("sigstop", 0, 0),
    ("socket", 3, 6),
    ("stdio_to_kmsg", 0, 0),
    ("task_profiles", 1, MANY),
    ("timeout_period", 1, 1),
    ("updatable", 0, 0),
    ("user", 1, 1),
    ("writepid", 1, MANY),
];

/// Commands of an action.
const COMMANDS: [Keyword; 28] = [
    ("chmod", 2, 2),
    ("chown", 2, 3),
    ("class_reset", 1, 1),
    ("class_restart", 1, 2),
    ("class_start", 1, 1),
    ("class_stop", 1, 1),
    ("copy", 2, 2),
    ("enable", 1, 1),
    ("exec", 1, MANY),
    ("exec_background", 1, MANY),
    ("exec_start", 1, 1),
    ("export", 2, 2),
    ("interface_restart", 1, 1),
    ("interface_start", 1, 1),
    ("interface_stop", 1, 1),
    ("mkdir", 1, 6),
    ("mount", 3, MANY),
    ("restart", 1, 2),
    ("restorecon", 1, MANY),
    ("restorecon_recursive", 1, MANY),
    ("rm", 1, 1),
    ("rmdir", 1, 1),
    ("setprop", 2, 2),
    ("start", 1, 1),
    ("stop", 1, 1),
    ("trigger", 1, 1),
    ("umount", 1, 1),
    ("write", 2, 2),
];

/// Capabilities without `CAP_` (capabilities(7)).
const CAPABILITIES: [&str; 41] = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// Resources of setrlimit(2).
const RESOURCES: [&str; 16] = [
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// Users and groups that this project has use for, of those that every device has.
const NAMES: [&str; 5] = ["root", "system", "shell", "media_rw", "package_info"];

/// Checks a line of a service.
pub(crate) fn option(words: &[String]) -> Result<(), String> {
    known("option", &OPTIONS, words)?;
    let (name, arguments) = words.split_first().expect("a line has words");
    match name.as_str() {
        "capabilities" => each(arguments, "capability", &CAPABILITIES),
        "user" | "group" => each(arguments, "user or group", &NAMES),
        "rlimit" => {
            each(&arguments[..1], "resource", &RESOURCES)?;
            arguments[1..].iter().try_for_each(|limit| match limit.as_str() {
                "-1" | "unlimited" => Ok(()),
                other => other.parse::<u64>().map(drop).map_err(|_| format!("no limit `{other}`")),
            })
        }
        "oom_score_adjust" => number(&arguments[0], -1000..=1000),
        "priority" => number(&arguments[0], -20..=19),
        "restart_period" | "timeout_period" => number(&arguments[0], 0..=i64::from(i32::MAX)),
        "shutdown" => each(arguments, "shutdown behaviour", &["critical"]),
        "seclabel" if arguments[0].split(':').count() < 4 => Err(format!("no context `{}`", arguments[0])),
        "onrestart" => command(arguments),
        _ => Ok(()),
    }
}

/// Checks a line of an action.
pub(crate) fn command(words: &[String]) -> Result<(), String> {
    known("command", &COMMANDS, words)?;
    match words {
        [name, _, mode, owners @ ..] if name == "mkdir" => {
            u32::from_str_radix(mode, 8)
                .ok()
                .filter(|mode| *mode <= 0o7777)
                .ok_or(format!("no mode `{mode}`"))?;
            let owners: Vec<String> = owners.iter().filter(|word| !word.contains('=')).cloned().collect();
            each(&owners, "user or group", &NAMES)
        }
        _ => Ok(()),
    }
}

fn known(what: &str, table: &[Keyword], words: &[String]) -> Result<(), String> {
    let (name, arguments) = words.split_first().expect("a line has words");
    let found = table.iter().find(|(keyword, _, _)| keyword == name);
    let (_, least, most) = found.ok_or_else(|| format!("there is no {what} `{name}`"))?;
    if (*least..=*most).contains(&arguments.len()) {
        return Ok(());
    }
    let takes = match (least, most) {
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, &MANY) => format!("{least} arguments or more"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    Err(format!("{name} takes {takes}, not {}", arguments.len()))
}

fn each(words: &[String], what: &str, allowed: &[&str]) -> Result<(), String> {
    match words.iter().find(|word| !allowed.contains(&word.as_str())) {
        Some(stranger) => Err(format!("there is no {what} `{stranger}`")),
        None => Ok(()),
    }
}

fn number(word: &str, range: RangeInclusive<i64>) -> Result<(), String> {
    let number: i64 = word.parse().map_err(|_| format!("no number `{word}`"))?;
    if range.contains(&number) { Ok(()) } else { Err(format!("{number} is not in {range:?}")) }
}
