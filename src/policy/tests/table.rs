//! POLICY.md's table "Another application's ordinary file", one line each.

#![forbid(unsafe_code)]

use super::*;

/// The columns R W C D N L of a caller and a file. C and the target of N are judged in the file's own directory.
fn columns(caller: &Caller, facts: &FileFacts) -> String {
    let from = says(caller, facts, Operation::RenameFrom);
    let moved = if from == "full" { says(caller, facts, Operation::RenameTo) } else { from };
    let one = |operation| says(caller, facts, operation);
    [one(READ), one(WRITE), one(Operation::Create), one(Operation::Unlink), moved, one(Operation::List)]
        .join(" ")
}

/// What a table line means in terms of [`says`]: "ok" and "yes" are full, "no" is a refusal.
fn line(words: &str) -> String {
    words.replace("ok", "full").replace("yes", "full").replace("no", "EACCES")
}

fn row(caller: &Caller, facts: &FileFacts, words: &str) {
    assert_eq!(columns(caller, facts), line(words), "{caller:?} {facts:?}");
}

const STRANGER: &str = "EACCES EACCES ok EACCES EPERM no";
const READER: &str = "redacted EACCES ok EACCES EPERM redacted";
const READER_AML: &str = "full EACCES ok EACCES EPERM yes";
const EVERYTHING: &str = "full ok ok ok ok yes";

fn granted(grants: FileGrants) -> FileFacts {
    FileFacts { grants, ..picture() }
}

#[test]
fn strangers() {
    row(&modern(Permissions::empty()), &picture(), STRANGER);
    row(&modern(Permissions::ACCESS_MEDIA_LOCATION), &picture(), STRANGER);
    row(&is(Identity::Unknown), &picture(), STRANGER);
}

#[test]
fn owners() {
    let own = |name| FileFacts { owner: Some(package(name)), ..picture() };
    row(&modern(Permissions::empty()), &own(OWN), EVERYTHING);
    row(&modern(Permissions::empty()), &own("org.example.sibling"), EVERYTHING);
    row(&modern(Permissions::empty()), &FileFacts { owner: None, ..picture() }, STRANGER);
}

#[test]
fn readers_of_a_kind() {
    let aml = Permissions::ACCESS_MEDIA_LOCATION;
    row(&modern(Permissions::READ_MEDIA_IMAGES), &picture(), READER);
    row(&modern(Permissions::READ_MEDIA_IMAGES | aml), &picture(), READER_AML);
    row(&modern(Permissions::READ_MEDIA_VIDEO), &picture(), STRANGER);
    row(&modern(Permissions::READ_MEDIA_VIDEO), &download(Kind::Video), READER);
    row(&modern(Permissions::READ_MEDIA_AUDIO), &download(Kind::Audio), READER);
    row(&modern(Permissions::READ_MEDIA_AUDIO), &download(Kind::Playlist), READER);
    row(&modern(Permissions::READ_MEDIA_AUDIO), &download(Kind::Subtitle), READER);
    row(&modern(Permissions::READ_MEDIA_VIDEO), &download(Kind::Subtitle), READER);
    row(&modern(Permissions::READ_MEDIA_VIDEO), &download(Kind::Playlist), STRANGER);
    row(&modern(Permissions::READ_MEDIA_IMAGES), &download(Kind::Subtitle), STRANGER);
    row(&modern(Permissions::all().intersection(READS)), &download(Kind::Document), STRANGER);
    row(&modern(Permissions::all().intersection(READS)), &download(Kind::Other), STRANGER);
    row(&modern(READS), &FileFacts { hidden: true, ..picture() }, STRANGER);
}

/// Every permission that makes a reader of a kind.
const READS: Permissions =
    Permissions::READ_MEDIA_IMAGES.union(Permissions::READ_MEDIA_VIDEO).union(Permissions::READ_MEDIA_AUDIO);

#[test]
fn read_external_storage_ends_at_33() {
    for kind in [Kind::Image, Kind::Video, Kind::Audio, Kind::Playlist, Kind::Subtitle] {
        row(&app(32, Permissions::READ_EXTERNAL_STORAGE), &download(kind), READER);
        row(&app(33, Permissions::READ_EXTERNAL_STORAGE), &download(kind), STRANGER);
    }
    row(&app(32, Permissions::READ_EXTERNAL_STORAGE), &download(Kind::Document), STRANGER);
}

#[test]
fn selected_readers() {
    let selected = Permissions::READ_MEDIA_VISUAL_USER_SELECTED;
    row(&modern(selected), &granted(FileGrants::SELECTED), READER);
    row(&modern(selected | Permissions::ACCESS_MEDIA_LOCATION), &granted(FileGrants::SELECTED), READER_AML);
    row(&modern(selected), &picture(), STRANGER);
    row(&modern(Permissions::empty()), &granted(FileGrants::SELECTED), STRANGER);
}

#[test]
fn grantees() {
    let aml = modern(Permissions::ACCESS_MEDIA_LOCATION);
    row(&modern(Permissions::empty()), &granted(FileGrants::READ), "redacted EACCES ok EACCES EPERM no");
    row(&aml, &granted(FileGrants::READ), "full EACCES ok EACCES EPERM no");
    row(&modern(Permissions::empty()), &granted(FileGrants::WRITE), "full ok ok ok ok no");
}

#[test]
fn galleries() {
    let images = modern(Permissions::WRITE_MEDIA_IMAGES);
    row(&images, &picture(), EVERYTHING);
    row(&images, &download(Kind::Video), STRANGER);
    row(&modern(Permissions::WRITE_MEDIA_VIDEO), &download(Kind::Video), EVERYTHING);
    row(&images, &FileFacts { place: Place::Shared(None), ..picture() }, EVERYTHING);
    row(&images, &FileFacts { hidden: true, ..picture() }, STRANGER);
}

#[test]
fn the_app_ops_of_a_legacy_gallery_count_only_with_the_right_to_write() {
    let app_op = Permissions::WRITE_MEDIA_IMAGES;
    let read = app_op | Permissions::READ_EXTERNAL_STORAGE;
    row(&app(29, app_op), &picture(), "EACCES EACCES EPERM EACCES EACCES no");
    row(&app(29, read), &picture(), "full EACCES EPERM EACCES EACCES yes");
    row(&app(34, read | Permissions::LEGACY_STORAGE), &picture(), "full EACCES EPERM EACCES EACCES yes");
    row(&app(29, app_op | Permissions::WRITE_EXTERNAL_STORAGE), &picture(), EVERYTHING);
    let album = directory(Place::Shared(Some(DefaultDirectory::Dcim)));
    assert_eq!(says(&app(29, read), &album, Operation::RenameFrom), "EACCES");
    assert_eq!(says(&app(34, app_op), &album, Operation::RenameFrom), "full");
}

#[test]
fn legacy_applications() {
    let read = Permissions::READ_EXTERNAL_STORAGE;
    let write = Permissions::WRITE_EXTERNAL_STORAGE;
    let may_read = "full EACCES EPERM EACCES EACCES yes";
    let nothing = "EACCES EACCES EPERM EACCES EACCES no";
    for facts in [picture(), download(Kind::Other), FileFacts { hidden: true, kind: None, ..picture() }] {
        row(&app(29, read), &facts, may_read);
        row(&app(34, read | Permissions::LEGACY_STORAGE), &facts, may_read);
        row(&app(29, read | write), &facts, EVERYTHING);
        row(&app(29, write), &facts, EVERYTHING);
        row(&app(29, Permissions::empty()), &facts, nothing);
    }
    assert_eq!(
        says(&app(29, Permissions::empty()), &directory(Place::Root), Operation::OpenDirectory),
        "EACCES"
    );
    assert_eq!(says(&app(29, read), &directory(Place::Root), Operation::OpenDirectory), "full");
}

#[test]
fn broad_callers() {
    let manager = modern(Permissions::MANAGE_EXTERNAL_STORAGE);
    for caller in [manager, is(Identity::Shell), is(Identity::Root)] {
        for place in [Place::Top(None), Place::Shared(None), Place::AndroidOther, picture().place] {
            let facts = FileFacts { place, kind: None, hidden: true, state: State::Trashed, ..picture() };
            row(&caller, &facts, EVERYTHING);
        }
    }
}

#[test]
fn unfinished_entries() {
    for state in [State::Pending, State::Trashed] {
        let of = |facts| FileFacts { state, ..facts };
        let refused = "EACCES EACCES ok EACCES EPERM no";
        let own = FileFacts { owner: Some(package(OWN)), ..picture() };
        row(&modern(Permissions::empty()), &of(own), EVERYTHING);
        row(&modern(Permissions::MANAGE_EXTERNAL_STORAGE), &of(picture()), EVERYTHING);
        row(&modern(Permissions::WRITE_MEDIA_IMAGES), &of(picture()), EVERYTHING);
        row(&modern(Permissions::WRITE_MEDIA_VIDEO), &of(picture()), refused);
        row(&modern(READS), &of(picture()), refused);
        row(&modern(Permissions::empty()), &of(granted(FileGrants::WRITE)), refused);
        row(
            &app(29, Permissions::READ_EXTERNAL_STORAGE),
            &of(picture()),
            "EACCES EACCES EPERM EACCES EACCES no",
        );
        row(
            &app(29, Permissions::WRITE_EXTERNAL_STORAGE),
            &of(picture()),
            "EACCES EACCES ok EACCES EACCES no",
        );
    }
}

/// Each grant counts by itself: what is selected is listed, whatever else was granted.
#[test]
fn grants_add_up() {
    let selected = modern(Permissions::READ_MEDIA_VISUAL_USER_SELECTED);
    let (picked, read, write) = (FileGrants::SELECTED, FileGrants::READ, FileGrants::WRITE);
    row(&selected, &granted(picked | read), READER);
    row(&selected, &granted(picked | write), "full ok ok ok ok yes");
    row(&modern(Permissions::empty()), &granted(picked | read), "redacted EACCES ok EACCES EPERM no");
    row(&modern(Permissions::empty()), &granted(read | write), "full ok ok ok ok no");
}

/// What a package has in another user's tree is not its own there.
#[test]
fn another_users_media_directory_is_not_the_callers() {
    let own = Place::Media { package: package(OWN) };
    let facts = FileFacts { place: own.clone(), owner: None, ..picture() };
    assert_eq!(says(&modern(Permissions::empty()), &facts, WRITE), "full");
    let other = FileFacts { of_other_user: true, ..facts };
    assert_eq!(says(&modern(Permissions::empty()), &other, WRITE), "EACCES");
    assert_eq!(says(&modern(Permissions::empty()), &other, Operation::Create), "EPERM");
}

/// The directory of all users' trees, and what lies beside them.
#[test]
fn the_top_of_several_users() {
    use Operation::*;
    let manager = modern(Permissions::all());
    let top = directory(Place::Users);
    for operation in [OpenDirectory, READ, WRITE, SetTimes, Create, MakeDirectory, RenameFrom, Replace] {
        assert_eq!(says(&manager, &top, operation), "EACCES", "{operation:?}");
    }
    assert_eq!(says(&manager, &top, Look), "full");
    assert_eq!(short(decide_concealed(&manager, &top, &Look)), "full", "it is walked in every visibility");
    assert_eq!(says(&is(Identity::Shell), &top, OpenDirectory), "full");
    assert_eq!(says(&is(Identity::Root), &top, OpenDirectory), "full");
    for facts in [directory(Place::BesideUsers), FileFacts { place: Place::BesideUsers, ..picture() }] {
        for caller in [&manager, &is(Identity::Shell), &is(Identity::Unknown)] {
            for operation in [Look, READ, List, OpenDirectory] {
                assert_eq!(says(caller, &facts, operation), "ENOENT", "{operation:?}");
            }
            for operation in [Create, MakeDirectory, Unlink, RenameFrom, RenameTo, Replace] {
                assert_eq!(says(caller, &facts, operation), "EACCES", "{operation:?}");
            }
        }
        assert_eq!(says(&is(Identity::Root), &facts, Look), "full");
    }
}
