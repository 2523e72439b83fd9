//! Kinds by name and content, places by names, and what hides an entry.

#![forbid(unsafe_code)]

use super::*;

/// The place of a path whose names fold by ASCII case alone.
fn at(path: &str, directory: bool) -> Place {
    let folded = path.to_ascii_lowercase();
    let names: Vec<(&str, &str)> = folded.split('/').zip(path.split('/')).collect();
    Place::of(&names, directory)
}

#[test]
fn extensions_tell_kinds() {
    let named = |name: &str| Kind::of_extension(name);
    assert_eq!(named("IMG_1.JPG"), Kind::Image);
    assert_eq!(named("a.b.heic"), Kind::Image);
    assert_eq!(named("clip.MoV"), Kind::Video);
    assert_eq!(named("song.flac"), Kind::Audio);
    assert_eq!(named("list.m3u8"), Kind::Playlist);
    assert_eq!(named("film.srt"), Kind::Subtitle);
    assert_eq!(named("paper.pdf"), Kind::Document);
    for other in ["jpg", "a.", "a.jpg ", "a.jpg.enc", "", ".", "a.apk", "a.longextension"] {
        assert_eq!(named(other), Kind::Other, "{other}");
    }
    assert_eq!(Kind::of_extension(b"\xff\xfe.png"), Kind::Image);
    assert_eq!(named(".pending-1700000000-a.jpg"), Kind::Image);
}

#[test]
fn content_that_contradicts_makes_a_document() {
    for kind in
        [Kind::Image, Kind::Video, Kind::Audio, Kind::Playlist, Kind::Subtitle, Kind::Document, Kind::Other]
    {
        assert_eq!(Kind::agree(kind, Content::Empty), kind);
        assert_eq!(Kind::agree(kind, Content::Unrecognised), kind);
    }
    assert_eq!(Kind::agree(Kind::Image, Content::Image), Kind::Image);
    assert_eq!(Kind::agree(Kind::Audio, Content::Video), Kind::Audio);
    assert_eq!(Kind::agree(Kind::Video, Content::Audio), Kind::Video);
    assert_eq!(Kind::agree(Kind::Other, Content::NotMedia), Kind::Other);
    for (kind, content) in [
        (Kind::Image, Content::Video),
        (Kind::Image, Content::NotMedia),
        (Kind::Video, Content::Image),
        (Kind::Audio, Content::NotMedia),
        (Kind::Playlist, Content::Image),
        (Kind::Subtitle, Content::NotMedia),
        (Kind::Other, Content::Image),
        (Kind::Document, Content::Audio),
    ] {
        assert_eq!(Kind::agree(kind, content), Kind::Document, "{kind:?} {content:?}");
    }
}

#[test]
fn names_make_places() {
    let private = |tree, top| Place::Private { tree, package: package("org.Example"), top };
    let expected = [
        ("dcim", true, Place::Top(Some(DefaultDirectory::Dcim))),
        ("DCIM", false, Place::Top(None)),
        ("Stuff", true, Place::Top(None)),
        ("a.jpg", false, Place::Top(None)),
        ("RINGTONES/x/a.mp3", false, Place::Shared(Some(DefaultDirectory::Ringtones))),
        ("Stuff/DCIM", true, Place::Shared(None)),
        ("ANDROID", true, Place::Android),
        ("android", false, Place::Android),
        ("Android/x/data", true, Place::AndroidOther),
        ("Android/Data", false, Place::PrivateRoot(PrivateTree::Data)),
        ("Android/OBB", true, Place::PrivateRoot(PrivateTree::Obb)),
        ("Android. .", true, Place::Android),
        ("Android/data..", true, Place::PrivateRoot(PrivateTree::Data)),
        ("Android./obb ", false, Place::PrivateRoot(PrivateTree::Obb)),
        ("Android/data./org.Example. ", true, private(PrivateTree::Data, true)),
        ("Android/.data", true, Place::AndroidOther),
        ("DCIM.", true, Place::Top(None)),
        ("Android/data/org.Example", true, private(PrivateTree::Data, true)),
        ("Android/data/org.Example/files/Android", true, private(PrivateTree::Data, false)),
        ("Android/obb/org.Example/a", false, private(PrivateTree::Obb, false)),
        ("Android/data/.nomedia", false, Place::PrivateMarker(PrivateTree::Data)),
        ("Android/media", true, Place::MediaRoot),
        ("Android/media/a.jpg", false, Place::AndroidOther),
        ("Android/media/org.Example/a/b.jpg", false, Place::Media { package: package("org.Example") }),
    ];
    for (path, directory, place) in expected {
        assert_eq!(at(path, directory), place, "{path}");
    }
    assert_eq!(Place::of(&[], true), Place::Root);
    assert!(matches!(at("Android/data/.nomedia", true), Place::Private { .. }));
    assert_eq!(Place::OtherUser.child("dcim", "DCIM", true), Place::OtherUser);
}

#[test]
fn every_default_directory_is_known() {
    let names = "alarms audiobooks dcim documents download movies music notifications pictures podcasts recordings \
                 ringtones";
    let known: Vec<_> = names.split_whitespace().filter_map(DefaultDirectory::of_folded).collect();
    assert_eq!(known.len(), 12);
    assert!(known.iter().enumerate().all(|(index, one)| !known[..index].contains(one)));
    assert_eq!(DefaultDirectory::of_folded("DCIM"), None, "the caller folds");
}

/// What folds to a package's name belongs to that package, and to no one else.
#[test]
fn no_spelling_escapes() {
    let root = Place::PrivateRoot(PrivateTree::Data);
    let spellings = [
        (OWN, OWN),
        (OWN, "ORG.EXAMPLE.OWN"),
        (OWN, "org.example\u{200b}.own"),
        (OWN, "org.example.\u{ff4f}wn"),
    ];
    for (folded, original) in spellings {
        for top in [true, false] {
            let above = root.child(folded, original, true);
            let place = if top { above } else { above.child("files", "files", true) };
            let facts = directory(place);
            assert_eq!(says(&modern(Permissions::empty()), &facts, Operation::Look), "full", "{original}");
            let other = Application {
                packages: vec![package(OTHER)],
                target_sdk: 34,
                permissions: Permissions::all(),
                denied: Permissions::empty(),
            };
            let other = is(Identity::Application(Arc::new(other)));
            let data = Operation::OpenDirectory;
            assert_eq!(says(&other, &facts, data), "ENOENT", "{original}");
        }
    }
    let nameless = directory(root.child("", "\u{200b}", true));
    assert_eq!(says(&modern(Permissions::all()), &nameless, Operation::Look), "ENOENT");
}

#[test]
fn states_by_name() {
    assert_eq!(State::of_name(".pending-1700000000-a.jpg"), (State::Pending, "a.jpg"));
    assert_eq!(State::of_name(".trashed-1-a-b"), (State::Trashed, "a-b"));
    for plain in [".pending--a", ".pending-x-a", ".pending-1-", ".pending-1", "pending-1-a", ".trashed-1", ""]
    {
        assert_eq!(State::of_name(plain), (State::Normal, plain));
    }
}

#[test]
fn hiding() {
    let dcim = Place::Top(Some(DefaultDirectory::Dcim));
    let music = Place::Top(Some(DefaultDirectory::Music));
    let below = Place::Shared(Some(DefaultDirectory::Dcim));
    assert!(below.hides(false, ".a.jpg", false, false));
    assert!(below.hides(true, "a.jpg", false, false));
    assert!(below.hides(false, "a", true, true));
    assert!(!below.hides(false, "a", true, false));
    assert!(!below.hides(false, "a.jpg", false, false));
    assert!(!below.hides(false, ".pending-1-a.jpg", false, false));
    assert!(below.hides(false, ".pending-1-.a.jpg", false, false));
    assert!(below.hides(false, ".trashed-1-album", true, false));
    assert!(!Place::Root.hides(true, "dcim", true, true));
    assert!(!Place::Root.hides(false, "screenshots", true, true));
    assert!(!dcim.hides(true, "camera", true, true));
    assert!(!music.hides(false, "screenshots", true, true));
    assert!(music.hides(false, "camera", true, true));
    assert!(below.hides(false, "camera", true, true));
    assert!(dcim.hides(true, "camera", false, false), "a file of that name is no exception");
}

#[test]
fn trees_of_users() {
    let child = |name: &str, directory| Place::Users.child(name, name, directory);
    assert_eq!(child("0", true), Place::Root);
    assert_eq!(child("10", true), Place::Root);
    assert_eq!(child("10", true).child("android", "Android", true), Place::Android);
    for name in ["00", "010", "+1", "-1", "", "a", "10 ", "42950", "4294967296", "android", "obb"] {
        assert_eq!(child(name, true), Place::BesideUsers, "{name:?}");
    }
    assert_eq!(child("10", false), Place::BesideUsers, "a file is no tree");
    assert_eq!(Place::Users.child("10", "1\u{200b}0", true), Place::BesideUsers);
    assert_eq!(Place::BesideUsers.child("0", "0", true), Place::BesideUsers);
    assert!(!Place::Users.hides(false, "10", true, true), "a .nomedia in it hides no user's tree");
}
