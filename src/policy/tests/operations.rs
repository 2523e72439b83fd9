//! POLICY.md's private trees and its rules for operations.

#![forbid(unsafe_code)]

use super::*;

const READING: [Operation; 6] =
    [Operation::Look, READ, WRITE, Operation::List, Operation::OpenDirectory, Operation::SetTimes];

const CHANGING: [Operation; 7] = [
    Operation::Create,
    Operation::MakeDirectory,
    Operation::Unlink,
    Operation::RemoveDirectory,
    Operation::RenameFrom,
    Operation::RenameTo,
    Operation::Replace,
];

const SPECIAL: [Operation; 3] = [Operation::MakeSpecial, Operation::MakeSymlink, Operation::MakeLink];

fn private(tree: PrivateTree, name: &str, top: bool) -> FileFacts {
    FileFacts { place: Place::Private { tree, package: package(name), top }, directory: top, ..picture() }
}

fn all(caller: &Caller, facts: &FileFacts, operations: &[Operation], expected: &str) {
    for operation in operations {
        assert_eq!(says(caller, facts, *operation), expected, "{caller:?} {facts:?} {operation:?}");
    }
}

fn everyone_else() -> [Caller; 4] {
    let broad = Permissions::all().difference(Permissions::INSTALLER);
    [modern(Permissions::empty()), modern(broad), app(28, broad), is(Identity::Unknown)]
}

#[test]
fn private_trees_exist_for_their_packages_only() {
    for tree in [PrivateTree::Data, PrivateTree::Obb] {
        for top in [true, false] {
            for caller in everyone_else() {
                all(&caller, &private(tree, OTHER, top), &READING, "ENOENT");
                all(&caller, &private(tree, OTHER, top), &CHANGING, "EACCES");
            }
            for own in [OWN, "ORG.Example.own", "org.example.sibling"] {
                all(&modern(Permissions::empty()), &private(tree, own, top), &READING, "full");
                all(&app(28, Permissions::empty()), &private(tree, own, top), &CHANGING, "full");
            }
            all(&is(Identity::Root), &private(tree, OTHER, top), &CHANGING, "full");
            all(&is(Identity::Shell), &private(tree, OTHER, top), &CHANGING, "EACCES");
        }
    }
}

#[test]
fn the_installer_reaches_obb_only() {
    let installer = modern(Permissions::INSTALLER);
    all(&installer, &private(PrivateTree::Obb, OTHER, true), &CHANGING, "full");
    all(&installer, &private(PrivateTree::Obb, OTHER, false), &READING, "full");
    all(&installer, &private(PrivateTree::Data, OTHER, false), &READING, "ENOENT");
}

#[test]
fn an_owner_of_a_file_in_anothers_private_tree_has_nothing() {
    let facts = FileFacts {
        owner: Some(package(OWN)),
        grants: FileGrants::WRITE,
        ..private(PrivateTree::Data, OTHER, false)
    };
    all(&modern(Permissions::empty()), &facts, &READING, "ENOENT");
}

#[test]
fn the_private_roots_are_walked_and_never_changed() {
    let root = directory(Place::PrivateRoot(PrivateTree::Data));
    let marker = FileFacts { place: Place::PrivateMarker(PrivateTree::Data), ..picture() };
    for caller in [modern(Permissions::all()), is(Identity::Shell)] {
        all(&caller, &root, &[Operation::Look, Operation::List, Operation::OpenDirectory, READ], "full");
        all(&caller, &root, &CHANGING, "EACCES");
        all(&caller, &marker, &[Operation::Look, Operation::List], "full");
        all(&caller, &marker, &CHANGING, "EACCES");
        all(&caller, &marker, &[READ, WRITE], "EACCES");
    }
}

#[test]
fn own_media_is_full_and_others_is_shared() {
    let of = |name| FileFacts {
        place: Place::Media { package: package(name) },
        hidden: true,
        ..download(Kind::Other)
    };
    for caller in [modern(Permissions::empty()), app(28, Permissions::empty())] {
        all(&caller, &of(OWN), &READING, "full");
        all(&caller, &of(OWN), &CHANGING, "full");
    }
    assert_eq!(says(&modern(Permissions::empty()), &of(OTHER), READ), "EACCES");
    assert_eq!(says(&modern(Permissions::empty()), &of(OTHER), Operation::Create), "EPERM");
    assert_eq!(says(&modern(Permissions::MANAGE_EXTERNAL_STORAGE), &of(OTHER), WRITE), "full");
}

#[test]
fn another_users_tree_lists_empty() {
    let facts = directory(Place::OtherUser);
    for caller in [modern(Permissions::all()), is(Identity::Shell), is(Identity::Unknown)] {
        all(&caller, &facts, &CHANGING, "EACCES");
        all(&caller, &facts, &[Operation::Look, Operation::List, READ, WRITE], "EACCES");
        assert_eq!(says(&caller, &facts, Operation::OpenDirectory), "full");
    }
}

#[test]
fn top_level_directories() {
    let stranger = modern(Permissions::empty());
    let default = directory(Place::Top(Some(DefaultDirectory::Music)));
    for place in [default.place.clone(), Place::Top(None), Place::Android, Place::Root] {
        let facts = directory(place);
        let made = if facts == default { "full" } else { "EACCES" };
        assert_eq!(says(&stranger, &facts, Operation::MakeDirectory), made, "{facts:?}");
        assert_eq!(says(&stranger, &facts, WRITE), made, "{facts:?}");
        assert_eq!(says(&stranger, &facts, READ), "full", "{facts:?}");
        all(&stranger, &facts, &[Operation::RemoveDirectory], "EACCES");
        all(&stranger, &facts, &[Operation::RenameFrom, Operation::RenameTo, Operation::Replace], "EPERM");
    }
    for place in [Place::Shared(None), Place::AndroidOther, Place::Media { package: package(OTHER) }] {
        all(&stranger, &directory(place), &[Operation::MakeDirectory, Operation::RemoveDirectory], "full");
    }
    let manager = modern(Permissions::MANAGE_EXTERNAL_STORAGE);
    all(&manager, &directory(Place::Top(None)), &CHANGING, "full");
    all(&manager, &directory(Place::Android), &[Operation::RemoveDirectory], "EACCES");
    let moves = [Operation::RenameFrom, Operation::RenameTo, Operation::Replace];
    all(&manager, &directory(Place::Android), &moves, "EPERM");
    all(&manager, &directory(Place::MediaRoot), &moves, "EPERM");
}

#[test]
fn legacy_without_write_changes_no_directory() {
    for permissions in [Permissions::empty(), Permissions::READ_EXTERNAL_STORAGE] {
        let facts = directory(Place::Shared(Some(DefaultDirectory::Download)));
        let changes = [Operation::MakeDirectory, Operation::RemoveDirectory, Operation::RenameFrom];
        all(&app(29, permissions), &facts, &changes, "EACCES");
    }
}

#[test]
fn directories_are_moved_by_what_is_in_them() {
    let moves = [Operation::RenameFrom, Operation::RenameTo, Operation::Replace];
    let stranger = modern(Permissions::empty());
    all(&stranger, &directory(Place::Shared(Some(DefaultDirectory::Dcim))), &moves, "full");
    assert_eq!(says(&stranger, &directory(Place::Shared(None)), Operation::RenameTo), "EPERM");
    assert_eq!(
        says(&stranger, &directory(Place::Media { package: package(OTHER) }), Operation::RenameFrom),
        "EPERM"
    );
}

#[test]
fn kinds_that_directories_accept() {
    use DefaultDirectory::*;
    use Kind::*;
    let every = [Image, Video, Audio, Playlist, Subtitle, Document, Other];
    let accepted: [(&[DefaultDirectory], &[Kind]); 5] = [
        (&[Alarms, Audiobooks, Notifications, Podcasts, Recordings, Ringtones], &[Audio]),
        (&[Music], &[Audio, Playlist, Subtitle]),
        (&[Movies], &[Video, Playlist, Subtitle]),
        (&[Dcim, Pictures], &[Image, Video]),
        (&[Documents, Download], &every),
    ];
    for (directories, kinds) in accepted {
        for (place, kind) in directories.iter().flat_map(|place| every.map(|kind| (place, kind))) {
            let facts = FileFacts { place: Place::Shared(Some(*place)), kind: Some(kind), ..picture() };
            let expected = if kinds.contains(&kind) { "full" } else { "EPERM" };
            all(&modern(Permissions::empty()), &facts, &[Operation::Create, Operation::RenameTo], expected);
        }
    }
    for place in [Place::Top(None), Place::Shared(None), Place::AndroidOther] {
        let facts = FileFacts { place, ..picture() };
        all(&modern(Permissions::empty()), &facts, &[Operation::Create, Operation::RenameTo], "EPERM");
    }
}

#[test]
fn lookup_shows_everything_shared_in_the_callers_view() {
    let look = |caller: &Caller, facts: &FileFacts| says(caller, facts, Operation::Look);
    assert_eq!(look(&modern(Permissions::empty()), &picture()), "redacted");
    assert_eq!(look(&modern(Permissions::READ_MEDIA_IMAGES), &picture()), "redacted");
    assert_eq!(look(&modern(Permissions::WRITE_MEDIA_IMAGES), &picture()), "full");
    assert_eq!(look(&modern(Permissions::empty()), &directory(Place::Shared(None))), "full");
    assert_eq!(look(&is(Identity::Unknown), &directory(Place::Root)), "full");
}

#[test]
fn a_forced_redaction_name_is_redacted_for_everyone() {
    let read = Operation::OpenRedacted { write: false };
    let write = Operation::OpenRedacted { write: true };
    for caller in [is(Identity::Root), is(Identity::Shell), modern(Permissions::all())] {
        assert_eq!(says(&caller, &picture(), read), "redacted");
        assert_eq!(says(&caller, &picture(), write), "EACCES");
    }
    // The name is a number that anybody can guess: it tells nothing to one who may not read the file.
    for operation in [read, write] {
        assert_eq!(says(&modern(Permissions::empty()), &picture(), operation), "ENOENT");
        assert_eq!(says(&is(Identity::Root), &directory(Place::Shared(None)), operation), "ENOENT");
    }
}

#[test]
fn a_private_volume_conceals_what_is_not_listed() {
    let concealed =
        |caller: &Caller, facts: &FileFacts, operation| short(decide_concealed(caller, facts, &operation));
    let stranger = modern(Permissions::empty());
    for operation in [Operation::Look, READ, WRITE, Operation::List, Operation::SetTimes] {
        assert_eq!(concealed(&stranger, &picture(), operation), "ENOENT");
    }
    for operation in [Operation::Unlink, Operation::RenameFrom, Operation::Replace] {
        assert_eq!(concealed(&stranger, &picture(), operation), "EACCES");
    }
    assert_eq!(concealed(&stranger, &picture(), Operation::Create), "full");
    assert_eq!(concealed(&stranger, &directory(Place::Root), Operation::Look), "full");
    assert_eq!(concealed(&modern(Permissions::READ_MEDIA_IMAGES), &picture(), WRITE), "EACCES");
    assert_eq!(concealed(&stranger, &directory(Place::OtherUser), Operation::Look), "EACCES");
}

#[test]
fn a_bad_name_is_given_to_nothing_new() {
    let bad = |facts: FileFacts| FileFacts { portable: false, ..facts };
    let (file, folder) = (bad(picture()), bad(directory(Place::Shared(Some(DefaultDirectory::Dcim)))));
    for caller in [modern(Permissions::all()), app(28, Permissions::all()), is(Identity::Shell)] {
        all(&caller, &file, &[Operation::Create, Operation::RenameTo], "EPERM");
        all(&caller, &folder, &[Operation::MakeDirectory, Operation::RenameTo], "EPERM");
        // What has such a name already is used and removed.
        all(&caller, &file, &[READ, WRITE, Operation::Unlink, Operation::RenameFrom], "full");
    }
    all(&is(Identity::Root), &file, &CHANGING, "full");
    let media = bad(FileFacts { place: Place::Media { package: package(OWN) }, ..picture() });
    all(&modern(Permissions::empty()), &media, &[Operation::Create], "EPERM");
    // What is private to others is judged before the name.
    all(&modern(Permissions::all()), &bad(private(PrivateTree::Data, OTHER, false)), &CHANGING, "EACCES");
    let own = bad(private(PrivateTree::Data, OWN, false));
    all(&modern(Permissions::empty()), &own, &[Operation::Create, Operation::RenameTo], "EPERM");
    all(&modern(Permissions::empty()), &own, &[Operation::Unlink, Operation::RenameFrom], "full");
}

#[test]
fn nobody_makes_special_files() {
    let everyone =
        [modern(Permissions::all()), app(28, Permissions::all()), is(Identity::Shell), is(Identity::Root)];
    for caller in &everyone {
        all(caller, &picture(), &SPECIAL, "EPERM");
        all(caller, &directory(Place::Root), &SPECIAL, "EPERM");
    }
    let own = modern(Permissions::empty());
    all(&own, &private(PrivateTree::Data, OWN, false), &SPECIAL, "EPERM");
    // Where a caller may make nothing at all, it learns that and no more.
    for caller in everyone_else() {
        all(&caller, &private(PrivateTree::Obb, OTHER, true), &SPECIAL, "EACCES");
        all(&caller, &FileFacts { place: Place::OtherUser, ..picture() }, &SPECIAL, "EACCES");
    }
}
