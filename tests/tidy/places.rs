//! Where things may stand: `unsafe`, SQL, foreign interfaces, paths, and how long a file may grow.

use crate::Violation;
use crate::lexer::{Token, tokens};
use crate::tree::SourceFile;

/// The files that may hold `unsafe`.
const UNSAFE_FILES: [&str; 5] = [
    "src/lower/sys.rs",
    "src/fuse/backing.rs",
    "src/platform/android.rs",
    "tests/common/sys.rs",
    "tests/service/byhand/driver.rs",
];
const FORBID: &str = "#![forbid(unsafe_code)]";

/// A word of the code in `src/` and the folder that alone may use it.
const ADAPTERS: [(&str, &str); 4] = [
    ("fuser", "src/fuse/"),
    ("io_uring", "src/fuse/ring/"),
    ("rsbinder", "src/binder/"),
    ("rusqlite", "src/store/"),
];

/// How SQL statements begin. A statement is recognised in capitals, at the start of a line of a string literal.
const SQL: [&str; 14] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM",
    "REPLACE INTO",
    "CREATE ",
    "ALTER TABLE",
    "DROP ",
    "PRAGMA ",
    "BEGIN ",
    "SAVEPOINT ",
    "ATTACH ",
    "VACUUM",
    "WITH RECURSIVE",
];

const MAX_LINES: usize = 500;
const MEDIAN_LINES: usize = 200;

/// A Rust file that is too long to be read in one sitting.
pub(crate) fn length(file: &SourceFile) -> Vec<Violation> {
    let lines = file.text.lines().count();
    if file.is_rust() && lines > MAX_LINES {
        return vec![Violation::new(file, lines, format!("{lines} lines, at most {MAX_LINES} are allowed"))];
    }
    Vec::new()
}

/// The sources as a whole have grown too long.
pub(crate) fn median_length(files: &[SourceFile]) -> Vec<Violation> {
    let mut sources: Vec<(usize, &SourceFile)> =
        files.iter().filter(|file| file.is_source()).map(|file| (file.text.lines().count(), file)).collect();
    sources.sort_by_key(|(lines, _)| *lines);
    match sources.get(sources.len() / 2) {
        Some((lines, file)) if *lines >= MEDIAN_LINES => {
            vec![Violation::new(
                file,
                *lines,
                format!("the median file has {lines} lines, not under {MEDIAN_LINES}"),
            )]
        }
        _ => Vec::new(),
    }
}

/// `unsafe` outside its files.
pub(crate) fn unsafe_code(file: &SourceFile) -> Vec<Violation> {
    if UNSAFE_FILES.contains(&file.path.as_str()) {
        return Vec::new();
    }
    words(file, "unsafe")
        .map(|token| Violation::new(file, token.line, "`unsafe` may not stand here"))
        .collect()
}

/// A source file that does not forbid `unsafe`. The modules around an `unsafe` file cannot (forbidding is inherited);
/// the lint in Cargo.toml denies it there.
pub(crate) fn forbids_unsafe(file: &SourceFile) -> Vec<Violation> {
    let around = |inner: &str| {
        let module = file.module();
        let inner = SourceFile::new(inner, "");
        file.path != "src/bin/mediagate.rs" && inner.module().starts_with(&module)
    };
    if !file.is_source() || UNSAFE_FILES.iter().any(|inner| around(inner)) {
        return Vec::new();
    }
    let attributes = file.rust.code.lines().map(str::trim).filter(|line| !line.is_empty());
    if attributes.take_while(|line| line.starts_with("#!")).any(|line| line == FORBID) {
        return Vec::new();
    }
    vec![Violation::new(file, 1, format!("`{FORBID}` is missing above the first item"))]
}

/// SQL outside the store.
pub(crate) fn sql(file: &SourceFile) -> Vec<Violation> {
    if !file.is_source() || file.path.starts_with("src/store/") {
        return Vec::new();
    }
    let lines = file.rust.strings.lines().enumerate();
    lines
        .filter(|(_, line)| {
            let literal = line.trim_start().trim_start_matches(['r', 'b', '#', '"']).trim_start();
            SQL.iter().any(|start| literal.starts_with(start))
        })
        .map(|(number, _)| Violation::new(file, number + 1, "SQL may stand only in src/store/"))
        .collect()
}

/// A foreign interface named outside its adapter.
pub(crate) fn adapters(file: &SourceFile) -> Vec<Violation> {
    let strangers = ADAPTERS.iter().filter(|(_, home)| file.is_source() && !file.path.starts_with(home));
    strangers
        .flat_map(|(word, home)| {
            words(file, word).map(move |token| {
                Violation::new(file, token.line, format!("`{word}` may be named only in {home}"))
            })
        })
        .collect()
}

/// A difference between operating systems outside the folder for it. The FUSE library is another one on each system, so
/// its session is where else one may be.
pub(crate) fn systems(file: &SourceFile) -> Vec<Violation> {
    let home = file.path.starts_with("src/platform/") || file.path == "src/fuse/session.rs";
    if !file.is_source() || home {
        return Vec::new();
    }
    ["target_os", "target_vendor", "target_env", "target_family"]
        .into_iter()
        .flat_map(|word| words(file, word))
        .map(|token| Violation::new(file, token.line, "operating systems may differ only in src/platform/"))
        .collect()
}

/// A path of one machine, or one that climbs out of the repository.
pub(crate) fn outside_paths(file: &SourceFile) -> Vec<Violation> {
    let machine = ["home", "root", "work", "Users"].map(|directory| format!("/{directory}/"));
    let depth = file.path.matches('/').count();
    let climb = "../".repeat(depth + 1);
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        if machine.iter().any(|path| begins_in(line, path)) {
            found.push(Violation::new(file, number + 1, "a path of one machine"));
        }
        if line.contains(&climb) {
            found.push(Violation::new(file, number + 1, "a path that leaves the repository"));
        }
    }
    found
}

/// Whether `path` stands in the line as the beginning of a path and not as a later part of one.
fn begins_in(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|character| character.is_alphanumeric() || "_-./*}])>".contains(character))
    })
}

fn words<'a>(file: &'a SourceFile, word: &'a str) -> impl Iterator<Item = Token<'a>> {
    tokens(&file.rust.code).into_iter().filter(move |token| token.text == word)
}
