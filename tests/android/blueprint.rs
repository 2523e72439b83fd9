//! `Android.bp`: every file and module that it names is there, and it says of dependencies what `Cargo.toml` says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use android_bp::{BluePrint, Module, Value};

use crate::{path, text};

fn blueprint() -> BluePrint {
    BluePrint::parse(&text("Android.bp")).expect("Android.bp can be parsed")
}

fn manifest() -> toml::Table {
    text("Cargo.toml").parse().expect("Cargo.toml can be parsed")
}

fn named<'a>(blueprint: &'a BluePrint, name: &str) -> &'a Module {
    let found =
        blueprint.modules.iter().find(|module| module.get_string("name").is_some_and(|own| own == name));
    found.unwrap_or_else(|| panic!("Android.bp has no module {name}"))
}

/// The strings of a list property, or of one that is a string.
fn strings(module: &Module, key: &str) -> Vec<String> {
    let string = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => panic!("{key} has {other:?} where a string is expected"),
    };
    match module.get(key) {
        Some(Value::Array(all)) => all.iter().map(string).collect(),
        Some(one) => vec![string(one)],
        None => Vec::new(),
    }
}

/// The name that AOSP's `external/rust` gives a crate.
fn soong_name(crate_name: &str) -> String {
    match crate_name {
        "log" => "liblog_rust".to_owned(),
        other => format!("lib{}", other.replace('-', "_")),
    }
}

/// The crates of these tables of the manifest, under Soong's names.
fn dependencies(tables: &[&toml::Value]) -> BTreeSet<String> {
    let tables = tables.iter().map(|table| table.as_table().expect("a table of dependencies"));
    tables.flat_map(|table| table.keys()).map(|name| soong_name(name)).collect()
}

fn rustlibs(blueprint: &BluePrint, module: &str) -> BTreeSet<String> {
    strings(named(blueprint, module), "rustlibs").into_iter().collect()
}

/// All Rust below a directory, as one text.
fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).expect("a directory of sources");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let text = |path: &std::path::PathBuf| match path.extension().and_then(|name| name.to_str()) {
        _ if path.is_dir() => sources(path),
        Some("rs") => fs::read_to_string(path).expect("a source"),
        _ => String::new(),
    };
    paths.iter().map(text).collect()
}

#[test]
fn the_library_depends_on_what_cargo_says() {
    let manifest = manifest();
    let android = &manifest["target"]["cfg(target_os = \"android\")"]["dependencies"];
    let expected = dependencies(&[&manifest["dependencies"], android]);
    assert_eq!(rustlibs(&blueprint(), "mediagate_library_defaults"), expected);
}

#[test]
fn the_generator_depends_on_what_cargo_says() {
    let expected = dependencies(&[&manifest()["build-dependencies"]]);
    assert_eq!(rustlibs(&blueprint(), "mediagate_aidl_generator"), expected);
}

#[test]
fn the_program_depends_on_what_it_names() {
    let (manifest, program) = (manifest(), text("src/bin/mediagate.rs"));
    let crates = manifest["dependencies"].as_table().expect("a table of dependencies").keys();
    let used = crates.filter(|name| program.contains(&format!("{}::", name.replace('-', "_"))));
    let mut expected: BTreeSet<_> = used.map(|name| soong_name(name)).collect();
    expected.insert("libmediagate".to_owned());
    assert_eq!(rustlibs(&blueprint(), "mediagate"), expected);
}

#[test]
fn the_tests_depend_on_what_the_unit_tests_name() {
    let (manifest, sources) = (manifest(), sources(&path("src")));
    let development = manifest["dev-dependencies"].as_table().expect("a table of dependencies");
    let library = manifest["dependencies"].as_table().expect("a table of dependencies");
    let used = development.keys().filter(|name| {
        // The one crate whose library has another name than its package.
        let word = if *name == "kamadak-exif" { "exif".to_owned() } else { name.replace('-', "_") };
        let path = format!("{word}::");
        let mut before = sources.match_indices(&path).map(|(at, _)| &sources[..at]);
        !library.contains_key(*name)
            && before.any(|text| !text.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    });
    let expected: BTreeSet<_> = used.map(|name| soong_name(name)).collect();
    assert!(expected.len() > 1, "the unit tests use crates of their own");
    assert_eq!(rustlibs(&blueprint(), "mediagate_test"), expected);
}

#[test]
fn name_version_and_edition_are_cargos() {
    let (blueprint, manifest) = (blueprint(), manifest());
    let package = |key: &str| manifest["package"][key].as_str().expect("a text").to_owned();
    let defaults = named(&blueprint, "mediagate_defaults");
    assert_eq!(strings(defaults, "cargo_pkg_version"), [package("version")]);
    assert_eq!(defaults.get_bool("cargo_env_compat"), Some(true), "`--version` is Cargo's variable");
    for module in ["mediagate_defaults", "mediagate_aidl_generator"] {
        assert_eq!(strings(named(&blueprint, module), "edition"), [package("edition")]);
    }
    for module in ["mediagate_library_defaults", "mediagate"] {
        assert_eq!(strings(named(&blueprint, module), "crate_name"), [package("name")]);
    }
}

#[test]
fn every_file_is_there_and_every_module_is_described() {
    let blueprint = blueprint();
    for module in &blueprint.modules {
        let files = ["srcs", "src", "crate_root", "license_text", "local_include_dir"];
        for value in files.iter().flat_map(|key| strings(module, key)) {
            match value.strip_prefix(':') {
                Some(other) => drop(named(&blueprint, other)),
                None => assert!(!matches(&value).is_empty(), "{value}: there is no such file"),
            }
        }
        let modules = ["defaults", "tools", "required", "default_applicable_licenses"];
        for value in modules.iter().flat_map(|key| strings(module, key)) {
            named(&blueprint, &value);
        }
    }
    named(&blueprint, "libmediagate");
}

/// The files that a path stands for; its last part may be `*` with an ending.
fn matches(pattern: &str) -> BTreeSet<String> {
    let Some((directory, ending)) = pattern.split_once('*') else {
        return BTreeSet::from_iter(path(pattern).exists().then(|| pattern.to_owned()));
    };
    let entries = fs::read_dir(path(directory)).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(ending)).map(|name| format!("{directory}{name}")).collect()
}

#[test]
fn every_interface_is_given_to_clients_and_to_the_generator() {
    let blueprint = blueprint();
    let there = matches("aidl/org/mediagate/*");
    assert!(there.iter().all(|file| file.ends_with(".aidl")), "only interfaces lie in aidl/");
    let of = |module: &str| -> BTreeSet<String> {
        strings(named(&blueprint, module), "srcs").iter().flat_map(|pattern| matches(pattern)).collect()
    };
    assert_eq!(of("mediagate_aidl"), there);
    assert!(of("mediagate_aidl_rust").is_superset(&there), "the generator must see every file");
}

#[test]
fn the_generated_code_is_the_one_that_is_included() {
    let out = strings(named(&blueprint(), "mediagate_aidl_rust"), "out");
    let [out] = out.as_slice() else { panic!("one file is generated, not {out:?}") };
    assert!(
        text("src/binder/wire.rs").contains(&format!("include!(concat!(env!(\"OUT_DIR\"), \"/{out}\"))"))
    );
    assert!(text("build.rs").contains(&format!("\"{out}\"")));
}

/// The parser is the one that AOSP ships; this shows that it does refuse.
#[test]
fn a_broken_file_is_refused() {
    let broken = text("Android.bp").replacen("name:", "name", 1);
    assert!(BluePrint::parse(&broken).is_err());
}

/// Patches are of one version of a crate; the text that an AOSP engineer follows names the same.
#[test]
fn the_patch_of_fuser_is_for_the_version_in_use() {
    let lock: toml::Table = text("Cargo.lock").parse().expect("Cargo.lock can be parsed");
    let packages = lock["package"].as_array().expect("a list of packages");
    let fuser =
        packages.iter().find(|package| package["name"].as_str() == Some("fuser")).expect("fuser is used");
    let patch = format!("patches/fuser-{}-android.patch", fuser["version"].as_str().expect("a version"));
    assert!(path(&patch).exists(), "there is no {patch}");
    assert!(text("docs/ANDROID.md").contains(&patch));
}
