//! Init's language as far as a script is made of it: words, sections, options, commands and triggers (system/core,
//! init/README.md). What init would refuse or ignore is an error here.

use std::collections::{BTreeMap, BTreeSet};

use super::grammar;

/// A file.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) sections: Vec<Section>,
}

/// `service` or `on`, with the lines that belong to it.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) kind: String,
    /// The words after the keyword.
    pub(crate) header: Vec<String>,
    pub(crate) lines: Vec<Vec<String>>,
}

impl Section {
    /// The lines with this option, or command.
    pub(crate) fn options<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Vec<String>> + 'a {
        self.lines.iter().filter(move |line| line[0] == name)
    }

    /// All words.
    pub(crate) fn words(&self) -> impl Iterator<Item = &String> {
        self.header.iter().chain(self.lines.iter().flatten())
    }
}

impl Script {
    /// The lines of all actions with this command.
    pub(crate) fn commands<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Vec<String>> + 'a {
        self.sections
            .iter()
            .filter(|section| section.kind == "on")
            .flat_map(move |section| section.options(name))
    }
}

/// Reads and checks a script; an error begins with its line.
pub(crate) fn parse(text: &str) -> Result<Script, String> {
    let mut script = Script::default();
    for (number, words) in lines(text)? {
        let at = |error: String| format!("line {number}: {error}");
        let (first, rest) = words.split_first().expect("a line has words");
        match first.as_str() {
            "service" | "on" => {
                script.sections.push(Section {
                    kind: first.clone(),
                    header: rest.to_vec(),
                    lines: Vec::new(),
                });
            }
            _ => {
                let section =
                    script.sections.last_mut().ok_or_else(|| at("before the first section".to_owned()))?;
                if section.kind == "service" {
                    grammar::option(&words).map_err(at)?;
                } else {
                    grammar::command(&words).map_err(at)?;
                }
                section.lines.push(words);
            }
        }
    }
    whole(&script)?;
    Ok(script)
}

/// What can be told only of a section, or of all of them.
fn whole(script: &Script) -> Result<(), String> {
    let mut interfaces: BTreeMap<&str, &str> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for section in &script.sections {
        for word in section.words() {
            expansion(word)?;
        }
        if section.kind == "on" {
            triggers(&section.header)?;
            continue;
        }
        let [name, _, ..] = section.header.as_slice() else {
            return Err("services must have a name and a program".to_owned());
        };
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.@".contains(letter)) {
            return Err(format!("invalid service name `{name}`"));
        }
        if !names.insert(name.as_str()) {
            return Err(format!("duplicate definition of the service `{name}`"));
        }
        if section.options("user").next().is_none() {
            return Err(format!("the service `{name}` has no user"));
        }
        for line in section.options("interface") {
            if let Some(other) = interfaces.insert(&line[2], name) {
                return Err(format!("interface `{}` of `{other}` is redefined by `{name}`", line[2]));
            }
        }
    }
    let started =
        ["start", "stop", "restart", "enable"].into_iter().flat_map(|command| script.commands(command));
    match started.map(|line| line[1].as_str()).find(|name| !names.contains(name)) {
        Some(stranger) => Err(format!("there is no service `{stranger}`")),
        None => Ok(()),
    }
}

/// `${property}` only; `$property` is deprecated and no longer taken.
fn expansion(word: &str) -> Result<(), String> {
    for after in word.replace("$$", "").split('$').skip(1) {
        let name = after.strip_prefix('{').ok_or_else(|| format!("deprecated expansion in `{word}`"))?;
        if name.split_once('}').is_none_or(|(name, _)| name.is_empty()) {
            return Err(format!("unfinished expansion in `{word}`"));
        }
    }
    Ok(())
}

/// `event && property:name=value && …`, in any order, with one event at most.
fn triggers(words: &[String]) -> Result<(), String> {
    let (mut events, mut properties) = (0, BTreeSet::new());
    for (place, word) in words.iter().enumerate() {
        if place % 2 == 1 {
            if word != "&&" {
                return Err(format!("`&&` is expected, not `{word}`"));
            }
        } else if let Some(property) = word.strip_prefix("property:") {
            let (name, _) =
                property.split_once('=').ok_or_else(|| format!("property trigger `{word}` without `=`"))?;
            if !properties.insert(name) {
                return Err(format!("multiple property triggers for `{name}`"));
            }
        } else {
            events += 1;
            if !word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter)) {
                return Err(format!("illegal event `{word}`"));
            }
        }
    }
    match (words.len() % 2, events) {
        (1, 0 | 1) => Ok(()),
        (1, _) => Err("multiple event triggers".to_owned()),
        _ => Err("an action needs a trigger after `on` and after each `&&`".to_owned()),
    }
}

/// The lines that have words, with their numbers: comments gone, folded ones joined.
fn lines(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut found = Vec::new();
    let mut physical = text.lines().enumerate();
    while let Some((index, line)) = physical.next() {
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            let (_, next) = physical.next().ok_or("a folded line at the end")?;
            whole.push_str(next.trim_start());
        }
        let words = words(&whole).map_err(|error| format!("line {}: {error}", index + 1))?;
        if !words.is_empty() {
            found.push((index + 1, words));
        }
    }
    Ok(found)
}

fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().push(letters.next().ok_or("a backslash at the end")?),
            ' ' | '\t' if !quoted => words.extend(word.take()),
            '#' if !quoted && word.is_none() => break,
            other => word.get_or_insert_default().push(other),
        }
    }
    if quoted {
        return Err("unterminated quotes".to_owned());
    }
    words.extend(word);
    Ok(words)
}
