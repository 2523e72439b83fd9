//! Applications ask for access to others' files; who administers answers.

use mediagate::admin::{Administration as _, Application as _, Code, OpenMode};

use crate::world::{KNOWING, PHOTO, STRANGER, World, connection};

const READ: OpenMode = OpenMode { read: true, write: false, truncate: false, append: false };

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn asks() {
    let Some(client) = connection() else { return };
    assert_eq!(client.open(PHOTO, READ).expect_err("nothing is granted yet").code, Code::Refused);
    let first = client.request_access(&paths(&[PHOTO]), false).expect("it exists");
    assert_eq!((first, client.request_state(first)), (1, Ok("waiting".to_owned())));
    let second = client.request_access(&paths(&[PHOTO]), true).expect("it exists");
    assert_eq!(client.request_state(second), Ok("waiting".to_owned()));
    let third = client.request_access(&paths(&[PHOTO]), true).expect("it exists");
    client.cancel_request(third).expect("it is its own");
    assert_eq!(client.request_state(third).expect_err("it is withdrawn").code, Code::NotFound);
    for (wrong, code) in [
        (paths(&[]), Code::Invalid),
        (paths(&[PHOTO; 101]), Code::Invalid),
        (paths(&[PHOTO, "Pictures"]), Code::Invalid),
        (paths(&[PHOTO, "Pictures/none.jpg"]), Code::NotFound),
        (paths(&["Android/data/org.example.knowing/notes"]), Code::NotFound),
        (paths(&["/etc/passwd"]), Code::NotFound),
    ] {
        assert_eq!(client.request_access(&wrong, false).expect_err("no such files").code, code, "{wrong:?}");
    }
    for _ in 2..8 {
        client.request_access(&paths(&[PHOTO]), false).expect("there is room");
    }
    assert_eq!(client.request_access(&paths(&[PHOTO]), false).expect_err("too many").code, Code::Limit);
    assert_eq!(client.list_requests().expect_err("for administrators").code, Code::Refused);
    assert_eq!(client.answer_request(1, true, None).expect_err("for administrators").code, Code::Refused);
}

#[test]
fn learns_nothing_of_others_requests() {
    let Some(client) = connection() else { return };
    for id in [1, 2, 99] {
        assert_eq!(client.request_state(id).expect_err("not its own").code, Code::NotFound);
        assert_eq!(client.cancel_request(id).expect_err("not its own").code, Code::NotFound);
    }
}

#[test]
fn is_no_application() {
    let Some(client) = connection() else { return };
    assert_eq!(
        client.request_access(&paths(&[PHOTO]), false).expect_err("it owns nothing").code,
        Code::Refused
    );
}

#[test]
fn learns_the_answers() {
    let Some(client) = connection() else { return };
    assert_eq!(client.request_state(1), Ok("granted".to_owned()));
    assert_eq!(client.request_state(2), Ok("refused".to_owned()));
    assert!(client.open(PHOTO, READ).is_ok());
    let write = OpenMode { read: false, write: true, ..READ };
    assert_eq!(client.open(PHOTO, write).expect_err("only reading was granted").code, Code::Refused);
    client.request_access(&paths(&[PHOTO]), false).expect("the first answer makes room");
    assert_eq!(client.request_state(1).expect_err("it made room").code, Code::NotFound);
}

#[test]
fn access_is_asked_for_and_granted_or_refused() {
    let Some(world) = World::start() else { return };
    world.client(STRANGER, "asking::asks");
    world.client(KNOWING, "asking::learns_nothing_of_others_requests");
    world.client(2000, "asking::is_no_application");
    let listed = world.volume.json(&["request", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(8), "{listed}");
    let first = &listed[0];
    assert_eq!((&first["id"], &first["uid"]), (&1.into(), &STRANGER.into()));
    assert_eq!(first["application"], "org.example.stranger");
    assert_eq!((&first["access"], &first["paths"][0]), (&"read".into(), &PHOTO.into()));
    for (arguments, status) in [
        (["request", "allow", "1", "--for", "1h"].as_slice(), 0),
        (&["request", "refuse", "2"], 0),
        (&["request", "refuse", "1"], 1),
        (&["request", "allow", "99"], 1),
    ] {
        let done = world.volume.command(arguments);
        assert_eq!(done.status.code(), Some(status), "{arguments:?}: {done:?}");
    }
    world.client(STRANGER, "asking::learns_the_answers");
    assert_eq!(world.volume.json(&["grant", "list"])[0]["path"], PHOTO);
    let recorded = world.volume.json(&["audit"]).to_string();
    assert!(recorded.contains("answer a request for access"), "{recorded}");
}
