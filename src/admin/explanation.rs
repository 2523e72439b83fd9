//! A verdict of the policy in words.

#![forbid(unsafe_code)]

use crate::policy::{
    self, Caller, FileFacts, Identity, Kind, Operation, PackageName, Place, PrivateTree, State, Verdict, View,
};

use super::{Explanation, Fact, names};

impl Explanation {
    /// What `verdict` says about `operation` by `caller` on the file at `path`, with every fact that it was made
    /// from. The serving part adds what it knows beyond the policy, such as the redaction plan, to the facts.
    pub fn of(
        caller: &Caller,
        operation: Operation,
        path: &str,
        facts: &FileFacts,
        verdict: &Verdict,
    ) -> Explanation {
        let (rule, view, errno) = match verdict {
            Verdict::Allow(_, access) => (access.rule, Some(view_name(access.view).to_owned()), None),
            Verdict::Deny { reason, rule } => (*rule, None, Some(reason.errno().name().to_owned())),
        };
        Explanation {
            uid: caller.uid,
            operation: operation.name().to_owned(),
            path: path.to_owned(),
            allowed: errno.is_none(),
            view,
            rule: rule.0.to_owned(),
            sentence: policy::explain(rule).map_or("", |explained| explained.sentence).to_owned(),
            errno,
            facts: [caller_facts(caller), file_facts(facts)].concat(),
        }
    }
}

/// The name of a view, as `check`, `dump` and the audit print it.
pub fn view_name(view: View) -> &'static str {
    match view {
        View::Full => "full",
        View::Redacted => "redacted",
    }
}

impl Explanation {
    /// The same with the places where facts are known from, by the facts' names.
    #[must_use]
    pub fn from_sources(mut self, sources: &[(&str, String)]) -> Explanation {
        for fact in &mut self.facts {
            if let Some((_, source)) = sources.iter().find(|(name, _)| *name == fact.name) {
                fact.source.clone_from(source);
            }
        }
        self
    }

    /// The same with another answer than the policy's.
    #[must_use]
    pub fn beside(self, outcome: &policy::Outcome) -> Explanation {
        Explanation {
            allowed: false,
            view: None,
            rule: outcome.rule.0.to_owned(),
            sentence: outcome.sentence.to_owned(),
            errno: Some(outcome.errno.to_owned()),
            ..self
        }
    }
}

impl Fact {
    /// A fact, its value, and where it is known from.
    pub fn new(name: &str, value: impl Into<String>, source: &str) -> Fact {
        Fact { name: name.to_owned(), value: value.into(), source: source.to_owned() }
    }
}

/// What is registered of applications.
const RECORD: &str = "the application's record";

fn caller_facts(caller: &Caller) -> Vec<Fact> {
    let application = match &caller.identity {
        Identity::Root => return vec![Fact::new("caller", "root", "the uid")],
        Identity::Shell => return vec![Fact::new("caller", "shell", "the uid")],
        Identity::Unknown => return vec![Fact::new("caller", "no application has this uid", RECORD)],
        Identity::Application(application) => application,
    };
    let packages: Vec<_> = application.packages.iter().map(PackageName::as_str).collect();
    let lowest = match packages.len() {
        1 => RECORD,
        _ => "the records of the uid's applications, together",
    };
    vec![
        Fact::new("caller", packages.join(", "), "the uid"),
        Fact::new("target SDK", application.target_sdk.to_string(), lowest),
        Fact::new(
            "permissions",
            or_none(names::permission_names(application.permissions).join(", ")),
            lowest,
        ),
        Fact::new(
            "denied by app-op",
            or_none(names::permission_names(application.denied).join(", ")),
            "the app-ops",
        ),
    ]
}

fn file_facts(facts: &FileFacts) -> Vec<Fact> {
    let row = "the file's row";
    vec![
        Fact::new("place", place(&facts.place), "the path"),
        Fact::new("directory", yes_or_no(facts.directory), "the lower file system"),
        Fact::new("kind", facts.kind.map_or("unknown", kind_name), "the name and the content"),
        Fact::new("hidden", yes_or_no(facts.hidden), "the names on the path"),
        Fact::new("name is portable", yes_or_no(facts.portable), "the name"),
        Fact::new("owner", facts.owner.as_ref().map_or("none", PackageName::as_str), row),
        Fact::new("state", state(facts.state), row),
        Fact::new("grants", or_none(names::grant_names(facts.grants).join(", ")), "the grants"),
    ]
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

/// The name of a kind, as `check` and `inspect` print it.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Image => "image",
        Kind::Video => "video",
        Kind::Audio => "audio",
        Kind::Playlist => "playlist",
        Kind::Subtitle => "subtitle",
        Kind::Document => "document",
        Kind::Other => "other",
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Normal => "normal",
        State::Pending => "pending",
        State::Trashed => "trashed",
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Root => "the volume's root".to_owned(),
        Place::Users => "the directory of all users' trees".to_owned(),
        Place::BesideUsers => "beside the users' trees".to_owned(),
        Place::Top(directory) | Place::Shared(directory) => match directory {
            Some(directory) => format!("shared, {directory:?}"),
            None => "shared, no default directory".to_owned(),
        },
        Place::Android => "Android".to_owned(),
        Place::AndroidOther => "in Android".to_owned(),
        Place::MediaRoot => "Android/media".to_owned(),
        Place::Media { package } => format!("Android/media of {}", package.as_str()),
        Place::PrivateRoot(of) => tree(*of).to_owned(),
        Place::PrivateMarker(of) => format!("the .nomedia of {}", tree(*of)),
        Place::Private { tree: of, package, top } => {
            format!("{}{} of {}", if *top { "the directory in " } else { "" }, tree(*of), package.as_str())
        }
        Place::OtherUser => "another user's tree".to_owned(),
    }
}

fn tree(tree: PrivateTree) -> &'static str {
    match tree {
        PrivateTree::Data => "Android/data",
        PrivateTree::Obb => "Android/obb",
    }
}
