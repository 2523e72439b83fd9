//! `sepolicy/`: it compiles over stand-ins of what it uses (`tests/sepolicy`), its own neverallows bite, every rule says
//! why, and every label is of a type that it declares. `tests/sepolicy/full` compiles it with all of AOSP's policy.

#[path = "../common/skip.rs"]
#[allow(dead_code, reason = "these tests mount nothing")]
mod skip;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use crate::{path, text};
use skip::skip;

const RULES: &str = "sepolicy/private/mediagate.te";
const HANDOVER: &str = "sepolicy/handover/mediagate_vold.te";
const VARIANTS: [&str; 3] = ["user", "userdebug", "eng"];

/// Compiles the policy with more rules; `None`, with the reason recorded, where that is impossible.
fn compile(variant: &str, more: &str) -> Option<Output> {
    for tool in ["checkpolicy", "m4"] {
        if Command::new(tool).arg("--version").output().is_err() {
            skip(&format!("{tool} is not installed"));
            return None;
        }
    }
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), more).expect("the temporary file is ours");
    let output = Command::new(path("tests/sepolicy/compile")).arg(variant).arg(file.path()).output();
    Some(output.expect("the script starts"))
}

fn refusal(variant: &str, more: &str) -> Option<String> {
    let output = compile(variant, more)?;
    assert!(!output.status.success(), "{more}: compiled");
    Some(String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout))
}

#[test]
fn it_compiles_for_every_build_with_and_without_the_handover() {
    for variant in VARIANTS {
        for more in [String::new(), text(HANDOVER)] {
            let Some(output) = compile(variant, &more) else { return };
            let shown = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{variant}: {shown}");
        }
    }
}

#[test]
fn what_must_never_be_allowed_is_refused() {
    for rule in [
        "allow mediagate self:tcp_socket create;",
        "allow mediagate untrusted_app:udp_socket write;",
        "allow mediagate app_data_file:file read;",
        "allow mediagate app_data_file:dir search;",
        "allow mediagate media_rw_data_file:file execute_no_trans;",
        "allow mediagate shell:process transition;",
        "allow mediagate media_rw_data_file:file execute;",
        "allow mediagate self:process execmem;",
        "allow mediagate self:capability sys_module;",
        "allow mediagate kernel:security setenforce;",
        "allow system_server mediagate_data_file:dir add_name;",
        "allow shell mediagate_data_file:file read;",
        "allow shell mediagate:process transition;",
        "allow shell mediagate:process ptrace;",
        "allow shell mediagate_prop:property_service set;",
        "allow untrusted_app mediagate_service:service_manager add;",
    ] {
        for variant in VARIANTS {
            let Some(said) = refusal(variant, rule) else { return };
            assert!(said.contains("1 neverallow failures occurred"), "{variant}: {rule}: {said}");
        }
    }
}

#[test]
fn unknown_names_are_refused() {
    let Some(said) = refusal("user", "allow mediagate nobody_file:file read;") else { return };
    assert!(said.contains("unknown type nobody_file"), "{said}");
    let Some(said) = refusal("user", "allow mediagate fuse:file reed;") else { return };
    assert!(said.contains("permission reed is not defined"), "{said}");
}

/// The paragraphs of rules, each with whether a comment leads it.
fn paragraphs(text: &str) -> Vec<(bool, String)> {
    let of = |paragraph: &str| {
        let (mut told, mut rules) = (false, String::new());
        for line in paragraph.lines() {
            match line.strip_prefix('#') {
                Some(_) if rules.is_empty() => told = line.trim_matches('#').trim() != "" || told,
                Some(_) => {}
                None => rules += line,
            }
        }
        (told, rules)
    };
    text.split("\n\n").map(of).filter(|(_, rules)| !rules.is_empty()).collect()
}

#[test]
fn every_rule_has_its_reason() {
    for file in [RULES, HANDOVER] {
        for (told, rules) in paragraphs(&text(file)) {
            let declares = rules.starts_with("type ");
            assert!(told || declares, "{file}: no word about why: {rules}");
        }
    }
    assert!(!paragraphs("# why\nallow a b:file read;\n\nallow c d:file read;")[1].0);
}

#[test]
fn every_label_is_declared_and_every_type_that_needs_one_has_it() {
    let rules = text(RULES);
    let declared = |line: &str| {
        let name = line.strip_prefix("type ").or_else(|| line.strip_prefix("system_internal_prop("))?;
        Some(name.split([',', ';', ')']).next()?.to_owned())
    };
    let mut types: BTreeSet<String> = rules.lines().filter_map(declared).collect();
    assert!(types.remove("mediagate"), "the domain");
    let mut used = BTreeSet::new();
    for file in ["file_contexts", "service_contexts", "property_contexts"] {
        for line in text(&format!("sepolicy/private/{file}")).lines() {
            let context = line.split_whitespace().nth(1).expect("a label");
            let parts: Vec<&str> = context.split(':').collect();
            let ["u", "object_r", label, "s0"] = parts.as_slice() else { panic!("{file}: {context}") };
            used.insert((*label).to_owned());
        }
    }
    assert_eq!(used, types);
}

/// What the policy lets the daemon do is what init gives it.
#[test]
fn capabilities_are_those_of_the_service() {
    let (script, rules) = (text("mediagate.rc"), text(RULES));
    let block = rules.split_once("self:global_capability_class_set {").expect("a block").1;
    let allowed: BTreeSet<String> =
        block.split_once('}').expect("its end").0.split_whitespace().map(str::to_uppercase).collect();
    let lines: Vec<&str> =
        script.lines().filter_map(|line| line.trim().strip_prefix("capabilities ")).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!(line.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>(), allowed);
    }
}
