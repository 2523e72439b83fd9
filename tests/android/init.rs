//! `mediagate.rc`: init would take every line of it, and the services are started with arguments that they understand.

mod grammar;
mod language;

use std::collections::BTreeSet;

use clap::Parser as _;
use mediagate::config::BinderMode;
use mediagate::shell::{Command, CommandLine, ServeArguments};

use crate::text;
use language::{Script, Section, parse};

fn script() -> Script {
    parse(&text("mediagate.rc")).unwrap_or_else(|wrong| panic!("mediagate.rc: {wrong}"))
}

/// The services, each with the arguments of its program once properties are put in.
fn services() -> Vec<(Section, ServeArguments)> {
    let services = script().sections.into_iter().filter(|section| section.kind == "service");
    let with_arguments = services.map(|service| {
        let command: Vec<String> = service.header[1..].iter().map(|word| expanded(word)).collect();
        assert_eq!(command[0], "/system/bin/mediagate");
        let parsed = CommandLine::try_parse_from(&command).unwrap_or_else(|error| panic!("{error}"));
        let Command::Serve(arguments) = parsed.command else { panic!("{command:?} serves nothing") };
        (service, arguments)
    });
    with_arguments.collect()
}

/// A word in which `${property}` is replaced by the property's name.
fn expanded(word: &str) -> String {
    word.replace("${", "").replace('}', "")
}

/// The properties in the words of the script, both those that trigger and those that are put into arguments.
fn properties() -> BTreeSet<String> {
    let script = script();
    let mut found = BTreeSet::new();
    for word in script.sections.iter().flat_map(Section::words) {
        if let Some((name, _)) = word.strip_prefix("property:").and_then(|trigger| trigger.split_once('=')) {
            found.insert(name.to_owned());
        }
        let uses = word.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
        found.extend(uses.map(|(name, _)| name.to_owned()));
    }
    found
}

/// The first words of the lines of a contexts file of `sepolicy/`.
fn labelled(file: &str) -> BTreeSet<String> {
    let text = text(&format!("sepolicy/private/{file}"));
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn init_takes_every_line() {
    assert_eq!(services().len(), 3);
}

#[test]
fn what_init_refuses_is_refused_here() {
    let service = "service one /system/bin/one\n user root\n";
    assert!(parse(service).is_ok());
    for (wrong, why) in [
        ("service one\n user root\n", "a name and a program"),
        ("service one! /bin/one\n user root\n", "invalid service name"),
        ("service one /bin/one\n", "no user"),
        ("service one /bin/one\n user root\n capability SYS_ADMIN\n", "no option `capability`"),
        ("service one /bin/one\n user root\n rlimit nofile 5\n", "rlimit takes 3 arguments"),
        ("service one /bin/one\n user root\n rlimit files 5 5\n", "no resource `files`"),
        ("service one /bin/one\n user root\n rlimit nofile 5 many\n", "no limit `many`"),
        ("service one /bin/one\n user root\n capabilities CAP_CHOWN\n", "no capability `CAP_CHOWN`"),
        ("service one /bin/one\n user root\n user media_wr\n", "no user or group `media_wr`"),
        ("service one /bin/one\n user root\n oom_score_adjust 1001\n", "not in -1000..=1000"),
        ("service one /bin/one\n user root\n interface aidl one two\n", "interface takes 2 arguments"),
        ("service one /bin/one\n user root\n restart_period soon\n", "no number `soon`"),
        ("service one /bin/one\n user root\n onrestart make one\n", "no command `make`"),
        ("on boot\n mkdir /data/one 999 root root\n", "no mode `999`"),
        ("on boot\n start one two\n", "start takes 1 argument"),
        ("on boot\n start one\n", "no service `one`"),
        ("on boot && init\n", "multiple event triggers"),
        ("on property:one\n", "without `=`"),
        ("on property:one=1 property:two=1\n", "`&&`"),
        ("on property:one=1 && property:one=2\n", "multiple property triggers"),
        ("on boot\n mkdir $data/one\n", "deprecated"),
        ("start one\n", "before the first section"),
        ("on boot\n write /one \"two\n", "unterminated"),
    ] {
        let error = parse(wrong).err().unwrap_or_else(|| panic!("{wrong}: taken"));
        assert!(error.contains(why), "{wrong}: {error}");
    }
    let twice = format!("{service}service one /system/bin/two\n user root\n");
    assert!(parse(&twice).is_err_and(|error| error.contains("duplicate")));
    let interface = " interface aidl three\n";
    let both = format!("{service}{interface}service two /bin/two\n user root\n{interface}");
    assert!(parse(&both).is_err_and(|error| error.contains("redefined")));
}

#[test]
fn words_are_taken_apart_as_init_does() {
    let script =
        parse("# comment\non \\\n  boot\n  write /a \"two words\" # end\n  setprop a b\\ c\n").unwrap();
    let [section] = script.sections.as_slice() else { panic!("one section") };
    assert_eq!(section.header, ["boot"]);
    assert_eq!(section.lines[0], ["write", "/a", "two words"]);
    assert_eq!(section.lines[1], ["setprop", "a", "b c"]);
}

/// Every directory that is mounted on is made before, and the database's parent.
#[test]
fn directories_are_made_before_they_are_used() {
    let script = script();
    let made: BTreeSet<&str> = script.commands("mkdir").map(|line| line[1].as_str()).collect();
    for (_, arguments) in services() {
        let mount = arguments.mount.expect("a mount point");
        assert!(made.contains(mount.to_str().unwrap()), "{} is not made", mount.display());
        let state = arguments.state.expect("a state directory");
        assert!(made.contains(state.parent().unwrap().to_str().unwrap()), "{}", state.display());
    }
}

/// No two services share what only one can have.
#[test]
fn services_are_apart() {
    let services = services();
    let of = |value: fn(&ServeArguments) -> String| {
        let values: BTreeSet<String> = services.iter().map(|(_, arguments)| value(arguments)).collect();
        assert_eq!(values.len(), services.len(), "{values:?}");
    };
    of(|arguments| arguments.mount.clone().unwrap().display().to_string());
    of(|arguments| arguments.state.clone().unwrap().display().to_string());
    of(|arguments| arguments.service.clone().unwrap_or_default());
}

/// What init starts for a client who waits for a name is what registers the name, and the policy has a label for it.
#[test]
fn interfaces_are_those_that_are_registered() {
    let labelled = labelled("service_contexts");
    let mut all = BTreeSet::new();
    for (service, arguments) in services() {
        assert_eq!(arguments.binder, Some(BinderMode::Kernel));
        let name = arguments.service.unwrap_or_else(|| "mediagate".to_owned());
        let names = BTreeSet::from([name.clone(), format!("{name}.admin")]);
        let declared = service.options("interface").map(|line| {
            assert_eq!(line[1], "aidl");
            line[2].clone()
        });
        assert_eq!(declared.collect::<BTreeSet<_>>(), names);
        all.extend(names);
    }
    assert_eq!(labelled, all);
}

#[test]
fn properties_are_labelled() {
    let own: BTreeSet<_> =
        properties().into_iter().filter(|name| name != "sys.user.0.ce_available").collect();
    let labelled = labelled("property_contexts");
    for name in &own {
        let covers =
            |prefix: &String| name == prefix || prefix.ends_with('.') && name.starts_with(prefix.as_str());
        assert!(labelled.iter().any(covers), "{name} has no label");
    }
    assert!(!own.is_empty());
}

/// The stop is a signal that the daemon hears, and nobody starts it without its domain.
#[test]
fn every_service_is_confined_and_stops_gently() {
    for (service, _) in services() {
        let all = |option| service.options(option).map(|line| line[1..].to_vec()).collect::<Vec<_>>();
        let only = |option| match all(option).as_slice() {
            [arguments] => arguments.clone(),
            other => panic!("{option} of {}: {other:?}", service.header[0]),
        };
        assert_eq!(only("seclabel"), ["u:r:mediagate:s0"]);
        assert!(only("gentle_kill").is_empty() && only("disabled").is_empty());
        assert!(only("capabilities").contains(&"SYS_ADMIN".to_owned()));
        assert_eq!(all("rlimit"), [["nofile", "65536", "65536"], ["core", "0", "0"]]);
    }
}
