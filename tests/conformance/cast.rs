//! Who plays: the applications of `cases/cast.txt`, and the uids that are no application.
//!
//! ```text
//! app NAME UID SDK CLASS [PERMISSION ...]    an application org.example.NAME, registered for every section
//! uid NAME UID CLASS                         a uid that no application has
//! ```
//!
//! CLASS is the class of callers of POLICY.md; the totals count by it. Two applications with one uid share it.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use mediagate::admin::AppRequest;
use mediagate::id::Uid;

use crate::language::words;

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) uid: u32,
    pub(crate) class: String,
    /// The application, if it is one.
    pub(crate) app: Option<AppRequest>,
}

/// All callers by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cast(BTreeMap<String, Actor>);

impl Cast {
    pub(crate) fn parse(file: &str, text: &str, wrong: &mut Vec<String>) -> Cast {
        let mut cast = Cast::default();
        for (line, text) in text.lines().enumerate() {
            let words = words(text);
            if !words.is_empty()
                && let Err(why) = cast.add(&words)
            {
                wrong.push(format!("tests/conformance/cases/{file}:{}: {why}: {text}", line + 1));
            }
        }
        cast
    }

    /// Adds a caller that a line declares.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub(crate) fn add(&mut self, words: &[String]) -> Result<&Actor, String> {
        let number = |word: &str| word.parse::<u32>().map_err(|_| format!("no number: {word}"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (name, actor) = match words.as_slice() {
            ["app", name, uid, sdk, class, permissions @ ..] => {
                let uid = number(uid)?;
                let app = AppRequest {
                    name: package(name),
                    uid: Uid::new(uid),
                    target_sdk: Some(number(sdk)?),
                    permissions: Some(permissions.iter().map(|name| (*name).to_owned()).collect()),
                };
                (name, Actor { uid, class: (*class).to_owned(), app: Some(app) })
            }
            ["uid", name, uid, class] => {
                (name, Actor { uid: number(uid)?, class: (*class).to_owned(), app: None })
            }
            _ => {
                return Err(
                    "it is `app NAME UID SDK CLASS [PERMISSION ...]` or `uid NAME UID CLASS`".to_owned()
                );
            }
        };
        self.0.insert((*name).to_owned(), actor);
        Ok(&self.0[*name])
    }

    /// The caller of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&Actor> {
        self.0.get(name)
    }

    /// The applications.
    pub(crate) fn apps(&self) -> Vec<AppRequest> {
        self.0.values().filter_map(|actor| actor.app.clone()).collect()
    }
}

/// The package of a name of the cast.
pub(crate) fn package(name: &str) -> String {
    format!("org.example.{}", name.replace('-', "_"))
}
