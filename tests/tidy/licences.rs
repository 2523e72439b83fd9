//! The licences of the dependencies: each must leave the reader a choice that goes with Apache-2.0.

use std::process::Command;

/// Licences that ask for no more than Apache-2.0 does (SPDX identifiers).
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// A package and its licence expression; `None` where it states none.
pub(crate) type Licensed = (String, Option<String>);

/// Every package of the lock file, for all targets, as `name version`.
pub(crate) fn of_dependencies() -> Vec<Licensed> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata starts");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    assert!(packages.len() > 1, "the dependencies are not listed");
    packages.iter().map(licensed).collect()
}

fn licensed(package: &serde_json::Value) -> Licensed {
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    let name = format!("{} {}", text("name").unwrap_or_default(), text("version").unwrap_or_default());
    (name, text("license"))
}

/// The packages whose licence is not on the list, each with what it states.
pub(crate) fn refused(packages: &[Licensed]) -> Vec<String> {
    let acceptable = |licence: &Option<String>| licence.as_deref().is_some_and(acceptable);
    packages
        .iter()
        .filter(|(_, licence)| !acceptable(licence))
        .map(|(name, licence)| format!("{name}: {}", licence.as_deref().unwrap_or("no licence stated")))
        .collect()
}

/// Evaluates an SPDX expression (`/` is the old spelling of `OR`); what cannot be read is not acceptable.
fn acceptable(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest) == Some(true) && rest.is_empty()
}

fn either(rest: &mut &[&str]) -> Option<bool> {
    let mut accepted = both(rest)?;
    while take(rest, "OR") {
        accepted |= both(rest)?;
    }
    Some(accepted)
}

fn both(rest: &mut &[&str]) -> Option<bool> {
    let mut accepted = single(rest)?;
    while take(rest, "AND") {
        accepted &= single(rest)?;
    }
    Some(accepted)
}

fn single(rest: &mut &[&str]) -> Option<bool> {
    if take(rest, "(") {
        let accepted = either(rest)?;
        return take(rest, ")").then_some(accepted);
    }
    let mut licence = next(rest)?.to_owned();
    if take(rest, "WITH") {
        licence = format!("{licence} WITH {}", next(rest)?);
    }
    Some(ALLOWED.contains(&licence.as_str()))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let found = rest.first() == Some(&word);
    if found {
        *rest = &rest[1..];
    }
    found
}

fn next<'a>(rest: &mut &[&'a str]) -> Option<&'a str> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}
