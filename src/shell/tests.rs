//! The grammar, durations and tables.

use clap::{CommandFactory, Parser};

use super::*;

fn parsed(line: &str) -> Result<Command, String> {
    let words = std::iter::once("mediagate").chain(line.split_whitespace());
    CommandLine::try_parse_from(words).map(|line| line.command).map_err(|error| error.to_string())
}

#[test]
fn the_grammar_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn commands_are_understood() {
    for line in [
        "serve --lower /a --mount /b --state /c --config /d --apps /e --threads 4 --no-passthrough --socket /f",
        "demo",
        "inspect a.jpg b.mp4 --json",
        "redact a.jpg b.jpg",
        "app list --json",
        "app set org.example.a --uid 10001 --target-sdk 33 --permission A,B --role gallery",
        "app remove org.example.a",
        "app import apps.toml",
        "permission grant org.example.a READ_MEDIA_IMAGES",
        "permission revoke org.example.a READ_MEDIA_IMAGES",
        "grant add org.example.a DCIM/a.jpg --write --for 10m",
        "grant list --json",
        "grant revoke 7",
        "check --uid 10001 --op read DCIM/a.jpg --json",
        "scan DCIM --full --json",
        "dump",
        "dump handles --json",
        "audit --uid 10001 --path DCIM --denied --follow --json",
        "status --json",
        "--socket /s stop",
        "stop --socket /s",
    ] {
        assert!(parsed(line).is_ok(), "{line}: {}", parsed(line).unwrap_err());
    }
}

#[test]
fn nonsense_is_refused() {
    for line in [
        "",
        "serve --threads 0",
        "inspect",
        "redact a.jpg",
        "app set org.example.a",
        "app set org.example.a --uid -1",
        "grant add org.example.a a.jpg --write --selected",
        "grant add org.example.a a.jpg --for 0m",
        "grant revoke first",
        "check --uid 1 a.jpg",
        "dump cellar",
        "upgrade",
    ] {
        assert!(parsed(line).is_err(), "{line}");
    }
}

#[test]
fn durations() {
    let cases = [("90s", 90), ("10m", 600), ("2h", 7_200), ("7d", 604_800)];
    for (text, seconds) in cases {
        assert_eq!(duration::parse(text), Ok(seconds));
    }
    for text in [
        "",
        "s",
        "10",
        "m10",
        "-1s",
        "+1s",
        "1.5h",
        "0d",
        "1w",
        "99999999999999999999s",
        "9999999999999999999d",
    ] {
        assert!(duration::parse(text).is_err(), "{text}");
    }
}

#[test]
fn columns_are_aligned_and_control_characters_escaped() {
    let mut out = Vec::new();
    let rows = [["a\nb".to_owned(), "1".to_owned()], ["é".to_owned(), "22".to_owned()]];
    table::table(&mut out, ["NAME", "N"], rows).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "NAME  N\na\\nb  1\né     22\n");
}
