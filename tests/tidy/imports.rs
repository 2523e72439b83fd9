//! Who may import whom: the table of docs/ARCHITECTURE.md, kept by reading the paths in the sources.
//!
//! It sees paths that begin with `crate::`, `super::` or the crate's own name, in `use` trees and in expressions. It
//! does not see through a re-export: a module that may be imported answers for what it re-exports.

use crate::Violation;
use crate::lexer::{Token, tokens};
use crate::tree::SourceFile;

/// What a module may import besides itself.
enum May {
    /// These modules.
    Only(&'static [&'static str]),
    /// Every module.
    All,
}

/// What everything outside `STRICT` may import without being named in the table.
const COMMON: [&str; 2] = ["error", "id"];
/// The modules that may not import `COMMON` unless the table says so.
const STRICT: [&str; 5] = ["error", "id", "policy", "redact", "sample"];

const TABLE: [(&str, May); 21] = [
    ("id", May::Only(&[])),
    ("error", May::Only(&["id"])),
    ("policy", May::Only(&["id"])),
    ("redact", May::Only(&[])),
    ("sample", May::Only(&[])),
    ("diag", May::Only(&[])),
    ("platform", May::Only(&["diag"])),
    ("lower", May::Only(&["policy"])),
    ("node", May::Only(&["lower", "policy"])),
    ("store", May::Only(&["policy"])),
    ("content", May::Only(&["lower", "policy", "redact"])),
    ("scan", May::Only(&["content", "diag", "lower", "node", "policy", "redact", "store"])),
    ("fs", May::Only(&["content", "diag", "lower", "node", "policy", "redact", "store"])),
    ("fuse", May::Only(&["diag", "fs", "lower", "node", "platform"])),
    ("admin", May::Only(&["diag", "fs", "policy", "redact", "scan", "store"])),
    ("shell", May::Only(&["admin", "config", "content", "diag", "platform", "policy", "redact"])),
    ("binder", May::Only(&["admin", "platform", "shell"])),
    ("config", May::All),
    ("daemon", May::All),
    ("demo", May::All),
    ("bin", May::Only(&["admin", "binder", "config", "daemon", "demo", "platform", "shell"])),
];

fn may_import(from: &str, to: &str) -> bool {
    let listed = TABLE.iter().find(|(module, _)| *module == from).is_some_and(|(_, may)| match may {
        May::Only(modules) => modules.contains(&to),
        May::All => true,
    });
    from == to || listed || (COMMON.contains(&to) && !STRICT.contains(&from))
}

/// A module of the crate that no row of the table names.
pub(crate) fn known_module(file: &SourceFile) -> Vec<Violation> {
    match file.module().first() {
        Some(module) if !TABLE.iter().any(|(known, _)| known == module) => {
            vec![Violation::new(file, 1, format!("`{module}` is not in the import table"))]
        }
        _ => Vec::new(),
    }
}

/// Imports that the table does not allow. Every module's tests may use the samples.
pub(crate) fn check(file: &SourceFile) -> Vec<Violation> {
    let module = file.module();
    let Some(from) = module.first() else { return Vec::new() };
    let tests = module.contains(&"tests");
    references(&module, &tokens(&file.rust.code))
        .into_iter()
        .filter(|reference| !(may_import(from, reference.text) || (tests && reference.text == "sample")))
        .map(|Token { text, line }| Violation::new(file, line, format!("`{from}` may not import `{text}`")))
        .collect()
}

/// The first part, seen from the crate root, of every path that leads out of the module.
fn references<'a>(module: &[&'a str], tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut found = Vec::new();
    let mut inline = InlineModules::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        inline.see(&tokens[at.saturating_sub(2)..=at]);
        let follows = tokens.get(at + 1).is_some_and(|next| next.text == "::");
        let continues = at > 0 && tokens[at - 1].text == "::";
        let depth = module.len() + inline.depth();
        let (levels, start) = match token.text {
            "crate" if follows => (depth, at + 2),
            // The program reaches the library by its name; the library itself does not use that name.
            "mediagate" if follows && !continues && module.first() == Some(&"bin") => (depth, at + 2),
            "super" if follows => supers(tokens, at),
            _ => (0, at + 1),
        };
        if levels >= depth && levels > 0 {
            found.extend(first_parts(tokens, start));
        }
        at = start.max(at + 1);
    }
    found
}

/// How many levels a chain `super::super::…` climbs and where its rest begins.
fn supers(tokens: &[Token<'_>], mut at: usize) -> (usize, usize) {
    let mut levels = 0;
    while tokens.get(at).is_some_and(|token| token.text == "super") {
        levels += 1;
        at += 2;
    }
    (levels, at)
}

/// The word at `start`, or the first word of each branch of the `{…}` group that stands there.
fn first_parts<'a>(tokens: &[Token<'a>], start: usize) -> Vec<Token<'a>> {
    let Some(first) = tokens.get(start) else { return Vec::new() };
    if first.text != "{" {
        return vec![*first];
    }
    let (mut parts, mut depth) = (Vec::new(), 0usize);
    for (before, token) in tokens[start..].iter().zip(&tokens[start + 1..]) {
        match before.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(before.text, "{" | ",") && !matches!(token.text, "}" | "{") {
            parts.push(*token);
        }
    }
    parts
}

/// The `mod name { … }` blocks around the current token: each makes `super` reach one level less far.
#[derive(Default)]
struct InlineModules {
    braces: Vec<bool>,
}

impl InlineModules {
    /// `window`: the current token and up to two before it.
    fn see(&mut self, window: &[Token<'_>]) {
        match window {
            [first, _, current] if current.text == "{" => self.braces.push(first.text == "mod"),
            [.., current] if current.text == "{" => self.braces.push(false),
            [.., current] if current.text == "}" => drop(self.braces.pop()),
            _ => {}
        }
    }

    fn depth(&self) -> usize {
        self.braces.iter().filter(|module| **module).count()
    }
}
