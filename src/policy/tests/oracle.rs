//! The policy a second time, naively: POLICY.md's table as text, read column by column, and nested matches around it.
//!
//! It shares no function with the rules, so that a slip has to be made twice to go unseen.

#![forbid(unsafe_code)]
#![allow(clippy::wildcard_enum_match_arm, reason = "the table's remainders are wildcards on purpose")]

use super::*;

/// POLICY.md, "Another application's ordinary file", in the columns R W C D N L. `-` in C leaves it to the place;
/// `?` in R is redacted, or full with ACCESS_MEDIA_LOCATION.
const TABLE: &[(&str, [&str; 6])] = &[
    ("root", ["full", "ok", "ok", "ok", "ok", "yes"]),
    ("shell", ["full", "ok", "ok", "ok", "ok", "yes"]),
    ("manager", ["full", "ok", "ok", "ok", "ok", "yes"]),
    ("legacy write", ["full", "ok", "ok", "ok", "ok", "yes"]),
    ("owner", ["full", "ok", "-", "ok", "ok", "yes"]),
    ("gallery", ["full", "ok", "ok", "ok", "ok", "yes"]),
    ("write grantee", ["full", "ok", "-", "ok", "ok", "no"]),
    ("legacy read", ["full", "EACCES", "EPERM", "EACCES", "EACCES", "yes"]),
    ("reader", ["?", "EACCES", "-", "EACCES", "EPERM", "yes"]),
    ("read grantee", ["?", "EACCES", "-", "EACCES", "EPERM", "no"]),
    ("legacy nothing", ["EACCES", "EACCES", "EPERM", "EACCES", "EACCES", "no"]),
    ("stranger", ["EACCES", "EACCES", "-", "EACCES", "EPERM", "no"]),
];

struct Question<'a> {
    caller: &'a Caller,
    facts: &'a FileFacts,
}

/// `full`, `redacted`, or an errno's name.
pub(super) fn expected(caller: &Caller, facts: &FileFacts, operation: Operation) -> &'static str {
    use Operation::*;
    let question = Question { caller, facts };
    match operation {
        OpenRedacted { write } => {
            return match expected(caller, facts, READ) {
                "full" | "redacted" if facts.directory => "ENOENT",
                "full" | "redacted" if write => "EACCES",
                "full" | "redacted" => "redacted",
                _ => "ENOENT",
            };
        }
        MakeSpecial | MakeSymlink | MakeLink => return special(caller, facts),
        _ if caller.identity == Identity::Root => return "full",
        _ => {}
    }
    match (&facts.place, operation) {
        (Place::OtherUser | Place::Users | Place::BesideUsers, _) => question.among_users(operation),
        (Place::Private { tree, package, .. }, Create | MakeDirectory | RenameTo) if !facts.portable => {
            match question.private(*tree, package, operation) {
                "full" => "EPERM",
                refused => refused,
            }
        }
        (
            Place::Private { .. } | Place::PrivateRoot(_) | Place::PrivateMarker(_),
            Create | MakeDirectory | RenameTo,
        ) if !facts.portable => "EACCES",
        (_, Create | MakeDirectory | RenameTo) if !facts.portable => "EPERM",
        (Place::Private { tree, package, .. }, _) => question.private(*tree, package, operation),
        (Place::PrivateMarker(_), Look | List) => "full",
        (Place::PrivateMarker(_), _) => "EACCES",
        (Place::PrivateRoot(_), Look | List) => "full",
        (Place::PrivateRoot(_), OpenDirectory) => question.shared(operation),
        (Place::PrivateRoot(_), Open { write: false, .. }) if facts.directory => {
            question.shared(OpenDirectory)
        }
        (Place::PrivateRoot(_), _) => "EACCES",
        (Place::Media { package }, _) if !facts.of_other_user && question.mine(package) => "full",
        (Place::Root | Place::Android | Place::MediaRoot, Create | RenameFrom | RenameTo | Replace) => {
            "EPERM"
        }
        (Place::Root | Place::Android | Place::MediaRoot, Unlink | RemoveDirectory) => "EACCES",
        (_, Open { write: true, .. }) if facts.directory => question.shared(MakeDirectory),
        (_, Open { write: false, .. }) if facts.directory => question.shared(OpenDirectory),
        _ => question.shared(operation),
    }
}

/// A device, a symbolic link, a second name.
fn special(caller: &Caller, facts: &FileFacts) -> &'static str {
    let made = FileFacts { portable: true, ..facts.clone() };
    match facts.place {
        _ if caller.identity == Identity::Root => "EPERM",
        Place::OtherUser | Place::BesideUsers => "EACCES",
        Place::PrivateRoot(_) | Place::PrivateMarker(_) => "EACCES",
        Place::Private { .. } if expected(caller, &made, Operation::Create) == "EACCES" => "EACCES",
        _ => "EPERM",
    }
}

impl Question<'_> {
    /// Another user's tree, the directory of all of them, and what lies beside them.
    fn among_users(&self, operation: Operation) -> &'static str {
        use Operation::*;
        let reads = match operation {
            Open { write, .. } => self.facts.directory && !write,
            other => other == OpenDirectory,
        };
        match (&self.facts.place, operation) {
            (Place::OtherUser, OpenDirectory) => "full",
            (Place::OtherUser, _) => "EACCES",
            (Place::Users, Look | List) => "full",
            // The names are for the shell; it sees no more of them than it may enter.
            (Place::Users, _) if reads && self.caller.identity == Identity::Shell => "full",
            (Place::Users, _) => "EACCES",
            (_, Look | Open { .. } | List | OpenDirectory | SetTimes) => "ENOENT",
            (_, _) => "EACCES",
        }
    }

    fn application(&self) -> Option<&Application> {
        match &self.caller.identity {
            Identity::Application(application) => Some(application),
            _ => None,
        }
    }

    fn has(&self, permission: Permissions) -> bool {
        self.application().is_some_and(|application| application.permissions & permission == permission)
    }

    fn mine(&self, package: &PackageName) -> bool {
        let folded = package.as_str().to_lowercase();
        let packages = self.application().map(|application| application.packages.clone()).unwrap_or_default();
        packages.iter().any(|own| own.as_str().to_lowercase() == folded)
    }

    fn private(&self, tree: PrivateTree, package: &PackageName, operation: Operation) -> &'static str {
        use Operation::*;
        let shell = self.caller.identity == Identity::Shell;
        match operation {
            _ if self.mine(package) => "full",
            _ if tree == PrivateTree::Obb && self.has(Permissions::INSTALLER) => "full",
            Look | Open { .. } | List | OpenDirectory if shell => "full",
            Look | Open { .. } | List | OpenDirectory | SetTimes => "ENOENT",
            _ => "EACCES",
        }
    }

    fn legacy(&self) -> Option<&'static str> {
        let application = self.application()?;
        let asked = self.has(Permissions::LEGACY_STORAGE);
        match (application.target_sdk, asked) {
            (30.., false) => None,
            _ if self.has(Permissions::WRITE_EXTERNAL_STORAGE) => Some("legacy write"),
            _ if self.has(Permissions::READ_EXTERNAL_STORAGE) => Some("legacy read"),
            _ => Some("legacy nothing"),
        }
    }

    /// Whether the caller is in the class of a table line, for this entry.
    fn in_class(&self, class: &str) -> bool {
        let facts = self.facts;
        let open = !facts.hidden && facts.state == State::Normal && !facts.directory;
        let sdk = self.application().map_or(0, |application| application.target_sdk);
        let storage = sdk <= 32 && self.has(Permissions::READ_EXTERNAL_STORAGE);
        let images = storage || self.has(Permissions::READ_MEDIA_IMAGES);
        let video = storage || self.has(Permissions::READ_MEDIA_VIDEO);
        let audio = storage || self.has(Permissions::READ_MEDIA_AUDIO);
        match class {
            "shell" => self.caller.identity == Identity::Shell,
            "manager" => self.has(Permissions::MANAGE_EXTERNAL_STORAGE),
            "legacy write" => self.legacy() == Some(class) && facts.state == State::Normal,
            "legacy read" => self.legacy() == Some(class) && facts.state == State::Normal && !facts.directory,
            "legacy nothing" => self.legacy().is_some(),
            "owner" => facts
                .owner
                .as_ref()
                .is_some_and(|owner| self.application().is_some_and(|app| app.packages.contains(owner))),
            "gallery" if facts.directory || facts.hidden => false,
            "gallery" if !self.may_be_gallery() => false,
            "gallery" => match facts.kind {
                Some(Kind::Image) => self.has(Permissions::WRITE_MEDIA_IMAGES),
                Some(Kind::Video) => self.has(Permissions::WRITE_MEDIA_VIDEO),
                _ => false,
            },
            "write grantee" => {
                self.application().is_some() && open && facts.grants.contains(FileGrants::WRITE)
            }
            "read grantee" => self.application().is_some() && open && facts.grants.contains(FileGrants::READ),
            "reader" if !open => false,
            "reader" => {
                let picked = facts.grants.contains(FileGrants::SELECTED)
                    && self.has(Permissions::READ_MEDIA_VISUAL_USER_SELECTED);
                picked
                    || match facts.kind {
                        Some(Kind::Image) => images,
                        Some(Kind::Video) => video,
                        Some(Kind::Audio | Kind::Playlist) => audio,
                        Some(Kind::Subtitle) => audio || video,
                        Some(Kind::Document | Kind::Other) | None => false,
                    }
            }
            "stranger" => true,
            _ => false,
        }
    }

    /// The best answer of all lines that the caller is in; of refusals that of the first line.
    fn column(&self, index: usize) -> &'static str {
        let located = self.has(Permissions::ACCESS_MEDIA_LOCATION) && self.facts.kind.is_some();
        let answers: Vec<&str> = TABLE
            .iter()
            .filter(|(class, _)| self.in_class(class))
            .map(|(_, columns)| match columns[index] {
                "ok" | "yes" | "full" => "full",
                "?" if located => "full",
                "?" => "redacted",
                "no" => "EACCES",
                refusal => refusal,
            })
            .collect();
        let best = ["full", "redacted"].into_iter().find(|wanted| answers.contains(wanted));
        // A legacy application's refusals stand in the table below those of better classes.
        let legacy = self.legacy().is_some() && answers.contains(&"EACCES");
        best.unwrap_or(if legacy { "EACCES" } else { answers[0] })
    }

    fn everywhere(&self) -> bool {
        self.in_class("shell") || self.in_class("manager")
    }

    fn accepted(&self) -> bool {
        use DefaultDirectory::*;
        let Place::Shared(Some(directory)) = self.facts.place else { return false };
        let kind = self.facts.kind;
        match directory {
            Documents | Download => true,
            Dcim | Pictures => matches!(kind, Some(Kind::Image | Kind::Video)),
            Movies => matches!(kind, Some(Kind::Video | Kind::Playlist | Kind::Subtitle)),
            Music => matches!(kind, Some(Kind::Audio | Kind::Playlist | Kind::Subtitle)),
            _ => kind == Some(Kind::Audio),
        }
    }

    /// Into this place: a new file, or (for a rename) a file or directory that is moved.
    fn put_down(&self, renamed: bool) -> &'static str {
        let below_top = matches!(self.facts.place, Place::Shared(_) | Place::Media { .. });
        let moved_directory = renamed && self.facts.directory;
        match () {
            () if self.everywhere() || self.legacy() == Some("legacy write") => "full",
            () if self.in_class("gallery") && below_top => "full",
            () if moved_directory && self.gallery_directory() => "full",
            () if self.legacy().is_some() => {
                if renamed {
                    "EACCES"
                } else {
                    "EPERM"
                }
            }
            () if self.accepted() => "full",
            () if moved_directory && matches!(self.facts.place, Place::Shared(Some(_))) => "full",
            () => "EPERM",
        }
    }

    /// A legacy application's app-ops of a gallery count only if it may write.
    fn may_be_gallery(&self) -> bool {
        !matches!(self.legacy(), Some("legacy read" | "legacy nothing"))
    }

    fn gallery_directory(&self) -> bool {
        use DefaultDirectory::*;
        self.facts.directory
            && self.may_be_gallery()
            && !self.facts.hidden
            && matches!(self.facts.place, Place::Shared(Some(Dcim | Pictures | Movies)))
            && (self.has(Permissions::WRITE_MEDIA_IMAGES) || self.has(Permissions::WRITE_MEDIA_VIDEO))
    }

    fn taken_away(&self) -> &'static str {
        let facts = self.facts;
        let top = facts.directory && matches!(facts.place, Place::Top(_));
        let broad = self.everywhere() || self.in_class("legacy write");
        let movable = facts.directory
            && matches!(facts.place, Place::Shared(_))
            && facts.state == State::Normal
            && self.legacy().is_none();
        match () {
            () if top && !broad => "EPERM",
            () if movable || self.gallery_directory() => "full",
            () => self.column(4),
        }
    }

    fn directory_made_or_removed(&self, made: bool) -> &'static str {
        let limited = matches!(self.legacy(), Some("legacy read" | "legacy nothing"));
        match &self.facts.place {
            _ if self.everywhere() || self.legacy() == Some("legacy write") => "full",
            _ if limited => "EACCES",
            Place::Top(Some(_)) if made => "full",
            Place::Top(Some(_)) if !self.facts.directory => "EACCES",
            Place::Shared(_) | Place::AndroidOther | Place::Media { .. } => "full",
            Place::MediaRoot if made => "full",
            _ => "EACCES",
        }
    }

    fn shared(&self, operation: Operation) -> &'static str {
        use Operation::*;
        let facts = self.facts;
        match operation {
            Look if facts.directory => "full",
            Look if self.column(0) == "full" => "full",
            Look => "redacted",
            OpenDirectory if self.everywhere() => "full",
            OpenDirectory if self.legacy() == Some("legacy nothing") => "EACCES",
            OpenDirectory => "full",
            Open { write: false, .. } => self.column(0),
            Open { write: true, .. } => self.column(1),
            List if facts.directory && facts.state == State::Normal => "full",
            // The listing carries the view in which the file would be read.
            List if self.column(5) == "full" => self.column(0),
            List => "EACCES",
            Unlink => self.column(3),
            SetTimes if self.gallery_directory() => "full",
            SetTimes => self.column(1),
            Create => self.put_down(false),
            RenameTo => self.put_down(true),
            RenameFrom | Replace => self.taken_away(),
            MakeDirectory => self.directory_made_or_removed(true),
            RemoveDirectory => self.directory_made_or_removed(false),
            OpenRedacted { .. } | MakeSpecial | MakeSymlink | MakeLink => unreachable!("answered before"),
        }
    }
}
