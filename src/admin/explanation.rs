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

impl Fact {
    /// A fact and its value.
    pub fn new(name: &str, value: impl Into<String>) -> Fact {
        Fact { name: name.to_owned(), value: value.into() }
    }
}

fn caller_facts(caller: &Caller) -> Vec<Fact> {
    let application = match &caller.identity {
        Identity::Root => return vec![Fact::new("caller", "root")],
        Identity::Shell => return vec![Fact::new("caller", "shell")],
        Identity::Unknown => return vec![Fact::new("caller", "no application has this uid")],
        Identity::Application(application) => application,
    };
    let packages: Vec<_> = application.packages.iter().map(PackageName::as_str).collect();
    vec![
        Fact::new("caller", packages.join(", ")),
        Fact::new("target SDK", application.target_sdk.to_string()),
        Fact::new("permissions", or_none(names::permission_names(application.permissions).join(", "))),
        Fact::new("denied by app-op", or_none(names::permission_names(application.denied).join(", "))),
    ]
}

fn file_facts(facts: &FileFacts) -> Vec<Fact> {
    vec![
        Fact::new("place", place(&facts.place)),
        Fact::new("directory", yes_or_no(facts.directory)),
        Fact::new("kind", facts.kind.map_or("unknown", kind_name)),
        Fact::new("hidden", yes_or_no(facts.hidden)),
        Fact::new("owner", facts.owner.as_ref().map_or("none", PackageName::as_str)),
        Fact::new("state", state(facts.state)),
        Fact::new("grants", or_none(names::grant_names(facts.grants).join(", "))),
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
