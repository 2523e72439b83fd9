//! Words that name an entry by its number: `#{PATH}` stands for the number of the row of the file at PATH.

#![forbid(unsafe_code)]

use std::ffi::OsString;

use mediagate::admin::Administration;
use mediagate::id::Uid;

use crate::language::Case;
use crate::stage::Stage;

/// The fact of `check` that is the number.
const NUMBER: &str = "entry id";

/// The case with numbers in place of such words, and the path whose number came first; `None` if it has no such word.
///
/// # Errors
/// If there is no number.
pub(crate) fn with_numbers(stage: &Stage, case: &Case) -> Result<Option<(Case, String)>, String> {
    let mut named = None;
    let mut arguments = Vec::new();
    for argument in &case.arguments {
        let parts = argument.to_str().and_then(|text| {
            let (before, rest) = text.split_once("#{")?;
            let (path, after) = rest.split_once('}')?;
            Some((before, path, after))
        });
        arguments.push(match parts {
            None => argument.clone(),
            Some((before, path, after)) => {
                named.get_or_insert_with(|| path.to_owned());
                OsString::from(format!("{before}{}{after}", number(stage, path)?))
            }
        });
    }
    Ok(named.map(|path| (Case { arguments, ..case.clone() }, path)))
}

fn number(stage: &Stage, path: &str) -> Result<String, String> {
    let path = stage.mount().join(path).to_string_lossy().into_owned();
    let said = stage.client.check(Uid::ROOT, "look", &path, None).map_err(|failure| failure.text)?;
    let fact = said.facts.into_iter().find(|fact| fact.name == NUMBER);
    fact.map(|fact| fact.value).filter(|value| value != "none").ok_or_else(|| format!("{path} has no number"))
}
