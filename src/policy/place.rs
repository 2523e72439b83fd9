//! Where an entry lies, derived step by step from the names above it, and whether a name hides an entry.
//!
//! Names come folded (NFD, full case folding, default-ignorable code points removed) by `lower`; this file folds
//! nothing. Whether a volume belongs to another user depends on the caller and is decided where the caller is known:
//! that side starts from [`Place::OtherUser`]. A private volume starts from [`Place::PrivateRoot`], one of several users
//! from [`Place::Users`].
//!
//! INVARIANT: every spelling that folds to a protected name gets the protected place, whatever the lower file
//! system makes of it.

#![forbid(unsafe_code)]

use crate::id::UserId;

use super::{DefaultDirectory, PackageName, Place, PrivateTree, State};

const NOMEDIA: &str = ".nomedia";

impl DefaultDirectory {
    /// The default directory of this folded name.
    pub fn of_folded(name: &str) -> Option<DefaultDirectory> {
        match name {
            "alarms" => Some(DefaultDirectory::Alarms),
            "audiobooks" => Some(DefaultDirectory::Audiobooks),
            "dcim" => Some(DefaultDirectory::Dcim),
            "documents" => Some(DefaultDirectory::Documents),
            "download" => Some(DefaultDirectory::Download),
            "movies" => Some(DefaultDirectory::Movies),
            "music" => Some(DefaultDirectory::Music),
            "notifications" => Some(DefaultDirectory::Notifications),
            "pictures" => Some(DefaultDirectory::Pictures),
            "podcasts" => Some(DefaultDirectory::Podcasts),
            "recordings" => Some(DefaultDirectory::Recordings),
            "ringtones" => Some(DefaultDirectory::Ringtones),
            _ => None,
        }
    }
}

impl Place {
    /// The place of the entry `original` (`folded` when folded) of the directory at this place.
    ///
    /// `directory` says whether the entry is, or is about to be, a directory. The protected names of `Android` are
    /// protected whatever they are, and with dots or spaces behind them, which some lower file systems drop.
    pub fn child(&self, folded: &str, original: &str, directory: bool) -> Place {
        let (bare, bare_original) = (undotted(folded), undotted(original));
        match self {
            Place::Users if directory && Place::user_of(folded, original).is_some() => Place::Root,
            Place::Users | Place::BesideUsers => Place::BesideUsers,
            Place::Root if bare == "android" => Place::Android,
            Place::Root if directory => Place::Top(DefaultDirectory::of_folded(folded)),
            Place::Root => Place::Top(None),
            Place::Top(default) | Place::Shared(default) => Place::Shared(*default),
            Place::Android => in_android(bare),
            Place::AndroidOther => Place::AndroidOther,
            Place::MediaRoot if directory => Place::Media { package: package(bare, bare_original) },
            Place::MediaRoot => Place::AndroidOther,
            Place::Media { package } => Place::Media { package: package.clone() },
            Place::PrivateRoot(tree) if folded == NOMEDIA && !directory => Place::PrivateMarker(*tree),
            Place::PrivateRoot(tree) => {
                Place::Private { tree: *tree, package: package(bare, bare_original), top: true }
            }
            Place::PrivateMarker(tree) => Place::PrivateMarker(*tree),
            Place::Private { tree, package, .. } => {
                Place::Private { tree: *tree, package: package.clone(), top: false }
            }
            Place::OtherUser => Place::OtherUser,
        }
    }

    /// The Android user whose tree a directory of this name is, in the directory of all users' trees: a decimal number
    /// without leading zeros. Another spelling that folds to one is no user's.
    pub fn user_of(folded: &str, original: &str) -> Option<UserId> {
        let user = folded.parse().ok().filter(|user| *user <= UserId::LAST.raw()).map(UserId::new)?;
        (user.to_string() == original).then_some(user)
    }

    /// The place of the entry that is reached from the volume's root by `names`, each as (folded, original).
    /// `directory` speaks of the last.
    pub fn of(names: &[(&str, &str)], directory: bool) -> Place {
        match names.split_last() {
            None => Place::Root,
            Some(((folded, original), above)) => above
                .iter()
                .fold(Place::Root, |place, (folded, original)| place.child(folded, original, true))
                .child(folded, original, directory),
        }
    }

    /// The place of everything that lies below a directory at this place, where it is the same whatever the names are.
    pub fn below(&self) -> Option<Place> {
        match self {
            Place::Users | Place::Root | Place::Android | Place::MediaRoot | Place::PrivateRoot(_) => None,
            Place::Top(default) | Place::Shared(default) => Some(Place::Shared(*default)),
            Place::Private { tree, package, .. } => {
                Some(Place::Private { tree: *tree, package: package.clone(), top: false })
            }
            Place::BesideUsers
            | Place::AndroidOther
            | Place::Media { .. }
            | Place::PrivateMarker(_)
            | Place::OtherUser => Some(self.clone()),
        }
    }

    /// Whether the entry `folded` of the directory at this place is hidden.
    ///
    /// `parent_hidden` is this function's answer for the directory at this place (`false` for a volume's root),
    /// `holds_nomedia` whether the entry is a directory in which a `.nomedia` lies.
    pub fn hides(&self, parent_hidden: bool, folded: &str, directory: bool, holds_nomedia: bool) -> bool {
        if directory && self.always_shows(folded) {
            return false;
        }
        let shown_name = if directory { folded } else { State::of_name(folded).1 };
        parent_hidden || shown_name.starts_with('.') || (directory && holds_nomedia)
    }

    /// The default directories, `DCIM/Camera`, and `Screenshots` at the top or directly in a default directory.
    fn always_shows(&self, folded: &str) -> bool {
        match self {
            Place::Users => true,
            Place::Root => DefaultDirectory::of_folded(folded).is_some() || folded == "screenshots",
            Place::Top(Some(DefaultDirectory::Dcim)) => folded == "camera" || folded == "screenshots",
            Place::Top(Some(_)) => folded == "screenshots",
            Place::Top(None)
            | Place::Shared(_)
            | Place::Android
            | Place::AndroidOther
            | Place::MediaRoot
            | Place::Media { .. }
            | Place::PrivateRoot(_)
            | Place::PrivateMarker(_)
            | Place::Private { .. }
            | Place::BesideUsers
            | Place::OtherUser => false,
        }
    }
}

impl State {
    /// The state that a folded file name tells (`.pending-<seconds>-name`, `.trashed-<seconds>-name`), and the name
    /// without that prefix. A name that only resembles the pattern is [`State::Normal`].
    pub fn of_name(folded: &str) -> (State, &str) {
        let marked = |prefix, state| {
            let (seconds, name) = folded.strip_prefix(prefix)?.split_once('-')?;
            let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
            (digits && !name.is_empty()).then_some((state, name))
        };
        marked(".pending-", State::Pending)
            .or_else(|| marked(".trashed-", State::Trashed))
            .unwrap_or((State::Normal, folded))
    }
}

fn in_android(folded: &str) -> Place {
    match folded {
        "data" => Place::PrivateRoot(PrivateTree::Data),
        "obb" => Place::PrivateRoot(PrivateTree::Obb),
        "media" => Place::MediaRoot,
        _ => Place::AndroidOther,
    }
}

fn undotted(name: &str) -> &str {
    name.trim_end_matches(['.', ' '])
}

/// The package that a directory's name stands for. Package names are ASCII: the original spelling is one only if it
/// folds by ASCII case alone; any other spelling (an ignorable code point, a long s) counts as what it folds to.
fn package(folded: &str, original: &str) -> PackageName {
    PackageName::new(if original.eq_ignore_ascii_case(folded) { original } else { folded })
}
