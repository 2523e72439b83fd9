//! Laws that hold for every caller, entry and operation.

#![forbid(unsafe_code)]

use proptest::prelude::*;

use super::oracle::expected;
use super::*;

const CASES: u32 = 120_000;

const DIRECTORIES: [DefaultDirectory; 12] = [
    DefaultDirectory::Dcim,
    DefaultDirectory::Pictures,
    DefaultDirectory::Movies,
    DefaultDirectory::Music,
    DefaultDirectory::Download,
    DefaultDirectory::Documents,
    DefaultDirectory::Alarms,
    DefaultDirectory::Audiobooks,
    DefaultDirectory::Notifications,
    DefaultDirectory::Podcasts,
    DefaultDirectory::Recordings,
    DefaultDirectory::Ringtones,
];

const KINDS: [Option<Kind>; 8] = [
    None,
    Some(Kind::Image),
    Some(Kind::Video),
    Some(Kind::Audio),
    Some(Kind::Playlist),
    Some(Kind::Subtitle),
    Some(Kind::Document),
    Some(Kind::Other),
];

const OPERATIONS: [Operation; 19] = [
    Operation::Look,
    READ,
    WRITE,
    Operation::Open { read: true, write: true },
    Operation::Create,
    Operation::MakeDirectory,
    Operation::Unlink,
    Operation::RemoveDirectory,
    Operation::RenameFrom,
    Operation::RenameTo,
    Operation::Replace,
    Operation::List,
    Operation::OpenDirectory,
    Operation::SetTimes,
    Operation::OpenRedacted { write: false },
    Operation::OpenRedacted { write: true },
    Operation::MakeSpecial,
    Operation::MakeSymlink,
    Operation::MakeLink,
];

fn place() -> impl Strategy<Value = Place> {
    (0u8..16, 0..DIRECTORIES.len(), any::<bool>(), any::<bool>()).prop_map(
        |(shape, directory, mine, flag)| {
            let package = package(if mine { OWN } else { OTHER });
            let tree = if flag { PrivateTree::Data } else { PrivateTree::Obb };
            let default = Some(DIRECTORIES[directory]);
            match shape {
                0 => Place::Root,
                1 => Place::Top(if flag { default } else { None }),
                2 => Place::Shared(None),
                3 => Place::Android,
                4 => Place::AndroidOther,
                5 => Place::MediaRoot,
                6 => Place::Media { package },
                7 => Place::PrivateRoot(tree),
                8 => Place::PrivateMarker(tree),
                9 => Place::Private { tree, package, top: directory % 2 == 0 },
                10 => Place::OtherUser,
                11 => Place::Users,
                12 => Place::BesideUsers,
                _ => Place::Shared(default),
            }
        },
    )
}

prop_compose! {
    fn facts()(
        place in place(),
        directory in prop::bool::weighted(0.25),
        kind in 0..KINDS.len(),
        hidden in prop::bool::weighted(0.2),
        portable in prop::bool::weighted(0.8),
        owner in 0u8..4,
        state in 0u8..6,
        grants in (0u8..8, any::<bool>()),
        of_other_user in prop::bool::weighted(0.2),
    ) -> FileFacts {
        FileFacts {
            place,
            directory,
            kind: KINDS[kind],
            hidden,
            portable,
            owner: match owner { 0 => Some(package(OWN)), 1 => None, _ => Some(package(OTHER)) },
            state: match state { 0 => State::Pending, 1 => State::Trashed, _ => State::Normal },
            grants: if grants.1 { FileGrants::from_bits_truncate(grants.0) } else { FileGrants::empty() },
            of_other_user,
        }
    }
}

/// Few permissions are as likely as many, so that every class is met without the broad ones.
fn permissions() -> impl Strategy<Value = Permissions> {
    (any::<u32>(), any::<u32>(), any::<u32>())
        .prop_map(|(one, two, three)| Permissions::from_bits_truncate(one & two & three))
}

fn caller() -> impl Strategy<Value = Caller> {
    (0u8..20, prop::sample::select(vec![28, 29, 30, 32, 33, 35]), permissions()).prop_map(
        |(who, sdk, permissions)| match who {
            0 => is(Identity::Root),
            1 => is(Identity::Shell),
            2 => is(Identity::Unknown),
            _ => app(sdk, permissions),
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    (0..OPERATIONS.len()).prop_map(|index| OPERATIONS[index])
}

/// Refusals below `redacted` below `full`.
fn height(answer: &str) -> u8 {
    match answer {
        "full" => 2,
        "redacted" => 1,
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// The rules and the second implementation agree, and a rule denies only with the reasons that it states.
    #[test]
    fn the_oracle_agrees(caller in caller(), facts in facts(), operation in operation()) {
        let verdict = decide(&caller, &facts, &operation);
        prop_assert_eq!(short(verdict), expected(&caller, &facts, operation), "{:?}", verdict);
        match verdict {
            Verdict::Deny { reason, rule } => {
                prop_assert!(explain(rule).is_some_and(|told| told.denies.contains(&reason)), "{:?}", verdict);
            }
            Verdict::Allow(_, access) => prop_assert!(explain(access.rule).is_some()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// More permissions never allow less. The exception is `LEGACY_STORAGE`, a mode more than a permission: it puts
    /// an application under rules that refuse to create what any stranger under scoped storage may.
    #[test]
    fn a_permission_never_takes_away(
        (sdk, held, added) in (28u32..36, permissions(), permissions()),
        facts in facts(),
        operation in operation(),
    ) {
        let added = added.difference(Permissions::LEGACY_STORAGE);
        let before = says(&app(sdk, held), &facts, operation);
        let after = says(&app(sdk, held | added), &facts, operation);
        prop_assert!(height(after) >= height(before), "{} became {}", before, after);
    }

    /// An unknown kind or owner shows no content whole to those without broad rights.
    #[test]
    fn the_unknown_is_never_shown_whole(
        (sdk, held) in (30u32..36, permissions()),
        facts in facts(),
        operation in prop::sample::select(vec![Operation::Look, READ]),
    ) {
        let broad = Permissions::MANAGE_EXTERNAL_STORAGE | Permissions::LEGACY_STORAGE;
        let place = Place::Shared(Some(DefaultDirectory::Download));
        let grants = facts.grants.difference(FileGrants::WRITE);
        let facts = FileFacts { kind: None, owner: None, directory: false, place, grants, ..facts };
        prop_assert_ne!(says(&app(sdk, held.difference(broad)), &facts, operation), "full");
    }

    /// A uid that no application has is a stranger, whoever else the file speaks of.
    #[test]
    fn the_unknown_caller_is_a_stranger(facts in facts(), operation in operation()) {
        let stranger = modern(Permissions::empty());
        let own = |package: &PackageName| stranger.application().is_some_and(|app| app.has_directory(package));
        let owner = facts.owner.clone().filter(|owner| !own(owner));
        let facts = FileFacts { owner, grants: FileGrants::empty(), ..facts };
        let at_home = matches!(&facts.place, Place::Private { package, .. } | Place::Media { package } if own(package));
        let facts = if at_home { FileFacts { place: Place::Shared(None), ..facts } } else { facts };
        prop_assert_eq!(says(&is(Identity::Unknown), &facts, operation), says(&stranger, &facts, operation));
    }

    /// Who may write sees the file whole, and everyone who looks or lists gets the view that opening would give.
    #[test]
    fn views_are_consistent(caller in caller(), facts in facts()) {
        let file = FileFacts { directory: false, ..facts };
        let (look, read) = (says(&caller, &file, Operation::Look), says(&caller, &file, READ));
        let list = says(&caller, &file, Operation::List);
        prop_assert!(height(read) == 0 || read == look, "{} but {}", read, look);
        prop_assert!(height(list) == 0 || list == look, "{} but {}", list, look);
        prop_assert_ne!(says(&caller, &file, WRITE), "redacted");
        if height(says(&caller, &file, WRITE)) == 2 {
            prop_assert_eq!(read, "full");
        }
    }

    /// Concealing takes nothing that was allowed but the look, and never tells more than a plain volume.
    #[test]
    fn concealment_only_hides(caller in caller(), facts in facts(), operation in operation()) {
        let plain = says(&caller, &facts, operation);
        let concealed = short(decide_concealed(&caller, &facts, &operation));
        prop_assert!(height(concealed) == height(plain) || (operation == Operation::Look && concealed == "ENOENT"));
    }

    /// Of a file in a shared place that a caller could neither list nor read, no fact bears on an answer, but a right
    /// to change it.
    #[test]
    fn what_is_concealed_answers_alike(caller in caller(), facts in facts(), operation in operation()) {
        let shared = matches!(facts.place, Place::Top(_) | Place::Shared(_) | Place::Media { .. } | Place::AndroidOther);
        let known = [Operation::List, READ].iter().any(|wanted| height(says(&caller, &facts, *wanted)) > 0);
        if shared && !facts.directory && !known && !operation.makes() {
            let answer = short(decide_concealed(&caller, &facts, &operation));
            let expected = if operation.makes_or_moves() { "EACCES" } else { "ENOENT" };
            prop_assert!(answer == expected || height(says(&caller, &facts, operation)) > 0, "{}", answer);
        }
    }

    /// A move that is allowed on the worst facts is allowed on all facts, so that a tree is judged by one question.
    #[test]
    fn the_worst_facts_stand_for_all(caller in caller(), facts in facts(), goal in facts()) {
        let (facts, goal) = (FileFacts { portable: true, ..facts }, FileFacts { portable: true, ..goal });
        for (operation, facts) in [(Operation::RenameFrom, &facts), (Operation::RenameTo, &goal)] {
            let worst = facts.worst(facts.place.clone(), facts.directory);
            if height(says(&caller, &worst, operation)) > 0 {
                prop_assert_ne!(height(says(&caller, facts, operation)), 0, "{:?}", operation);
            }
        }
        if may_move_all(&caller, &facts, &goal) {
            let below = |facts: &FileFacts| FileFacts { place: facts.place.below().unwrap(), ..facts.clone() };
            prop_assert_ne!(height(says(&caller, &below(&facts), Operation::RenameFrom)), 0);
            prop_assert_ne!(height(says(&caller, &below(&goal), Operation::RenameTo)), 0);
        }
    }

    /// What lies below a directory has the place that is told, whatever its names are.
    #[test]
    fn what_lies_below_has_one_place(
        place in place(),
        names in prop::collection::vec(("[a-z.]{1,9}|android|data|obb|media|dcim|\\.nomedia", any::<bool>()), 1..4),
    ) {
        if let Some(below) = place.below() {
            let mut here = place;
            for (name, directory) in names {
                prop_assert_eq!(&here.child(&name, &name, directory), &below);
                here = here.child(&name, &name, true);
            }
        }
    }
}
