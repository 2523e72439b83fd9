//! Just enough of Rust's lexical rules to tell code, string literals and comments from each other.

/// A Rust file twice, each time as long as the original and with the same line breaks.
#[derive(Debug, Default)]
pub(crate) struct Blanked {
    /// The code: comments and the contents of literals are spaces.
    pub(crate) code: String,
    /// The contents of the string literals: everything else is spaces.
    pub(crate) strings: String,
}

/// One token of blanked code: a word or a single punctuation mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Literal,
    Comment,
}

/// Separates code from strings and comments.
pub(crate) fn blank(text: &str) -> Blanked {
    let mut out = Blanked::default();
    let mut at = 0;
    while at < text.len() {
        let (length, part) = piece(text, at);
        for character in text[at..at + length].chars() {
            let keep = |wanted: Part| if part == wanted || character == '\n' { character } else { ' ' };
            out.code.push(keep(Part::Code));
            out.strings.push(keep(Part::Literal));
        }
        at += length;
    }
    out
}

/// How many bytes from `at` on belong to one piece, and of which part it is.
fn piece(text: &str, at: usize) -> (usize, Part) {
    let rest = &text[at..];
    let in_word = text[..at].chars().next_back().is_some_and(is_word);
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), Part::Comment)
    } else if rest.starts_with("/*") {
        (block_comment(rest), Part::Comment)
    } else if rest.starts_with('"') {
        (quoted(rest), Part::Literal)
    } else if let Some(length) = (!in_word).then(|| raw_string(rest)).flatten() {
        (length, Part::Literal)
    } else if let Some(length) = character_literal(rest) {
        (length, Part::Comment)
    } else {
        (rest.chars().next().map_or(1, char::len_utf8), Part::Code)
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
    })?;
    let after = &rest[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let body = prefix.len() + hashes + 1;
    Some(rest[body..].find(&end).map_or(rest.len(), |found| body + found + end.len()))
}

/// `'x'`, `'\n'`, `'\u{1F600}'`; a lifetime is none.
fn character_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if inner.starts_with('\\') {
        return inner.char_indices().skip(2).find(|(_, character)| *character == '\'').map(|(at, _)| at + 2);
    }
    let first = inner.chars().next()?;
    inner[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

/// Words and punctuation marks of blanked code, in order.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut at = 0;
        while at < line.len() {
            let rest = &line[at..];
            let word = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
            let length = if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                rest.chars().next().map_or(1, char::len_utf8)
            };
            let text = &rest[..length];
            if !text.trim().is_empty() {
                found.push(Token { text, line: number + 1 });
            }
            at += length;
        }
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
