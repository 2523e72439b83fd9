//! Observers: what they are told, what they are not, and what becomes of those that are slow or die.

use std::fs::{self, File};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use mediagate::admin::{Application as _, AuditQuery, AuditRecord, Code, MediaEvent, ObserverFilter};
use mediagate::binder::{Client, Observation};

use crate::common::{Setup, as_uid, photo};
use crate::world::{
    KNOWING, OTHER_USERS_READER, PHOTO, READER, STRANGER, World, await_that, connection, mounted,
};

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing may have happened for nothing to happen.
const QUIET: Duration = Duration::from_secs(2);
/// How long one who changes something waits at most, whatever observers do; a busy machine is slow by itself.
const PROMPT: Duration = Duration::from_secs(5);
/// By making this file a client tells that it is ready, and by removing it whoever waits tells that all is done.
const READY: &str = "Download/ready";

/// An observer and what it is told.
struct Observed {
    _observation: Observation,
    told: Receiver<Vec<MediaEvent>>,
}

impl Observed {
    fn by(client: &Client, filter: &ObserverFilter) -> Observed {
        let (tell, told) = channel();
        let observation = client.observe(filter, move |events| {
            // The test that ends hears no more.
            let _heard = tell.send(events);
        });
        Observed { _observation: observation.expect("it may observe"), told }
    }

    fn everything(client: &Client) -> Observed {
        Observed::by(client, &ObserverFilter::default())
    }

    /// Everything that is told until `last` is.
    fn until(&self, last: &str) -> Vec<String> {
        let mut all = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while !all.iter().any(|event| event == last) {
            let events = self.told.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let events = events.unwrap_or_else(|_| panic!("{last} is not told, but {all:#?}"));
            all.extend(events.iter().map(said));
        }
        all
    }
}

/// An event in words.
fn said(event: &MediaEvent) -> String {
    let MediaEvent { what, path, new_path, directory, kind, id, detail } = event;
    let directory = if *directory { "/".to_owned() } else { String::new() };
    let words =
        [what.clone(), format!("{path}{directory}"), new_path.clone().unwrap_or_default(), kind.clone()];
    let id = if *id == 0 { String::new() } else { id.to_string() };
    let words = words.into_iter().chain([id, detail.clone()]);
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn is_told_of_its_own_changes() {
    let Some(client) = connection() else { return };
    let observed = Observed::everything(&client);
    let films = ObserverFilter { kinds: vec!["video".to_owned()], ..ObserverFilter::default() };
    let films = Observed::by(&client, &films);
    let below = ObserverFilter { directory: "Pictures/album".to_owned(), ..ObserverFilter::default() };
    let below = Observed::by(&client, &below);
    let made = client.create_pending("Pictures/new.jpg").expect("it may make pictures");
    fs::write(mounted(&made.path), photo(Some(1))).expect("it is its own");
    drop(made.file);
    // The kernel tells of a last close when it has been done.
    let mut told = observed.until(&format!("changed {} image", made.path));
    client.publish(&made.path).expect("it is its own");
    fs::create_dir(mounted("Pictures/album")).expect("anybody may");
    fs::rename(mounted("Pictures/new.jpg"), mounted("Pictures/album/new.jpg")).expect("it is its own");
    fs::remove_file(mounted("Pictures/album/new.jpg")).expect("it is its own");
    fs::remove_dir(mounted("Pictures/album")).expect("it is empty");
    fs::write(mounted("Movies/film.mp4"), "").expect("it may make films");
    told.extend(observed.until("changed Movies/film.mp4 video"));
    fs::remove_file(mounted("Movies/film.mp4")).expect("it is its own");

    told.extend(observed.until("removed Movies/film.mp4 video"));
    told.dedup();
    let pending = &made.path;
    assert_eq!(
        told,
        [
            format!("created {pending} image"),
            format!("changed {pending} image"),
            format!("renamed {pending} Pictures/new.jpg image"),
            "created Pictures/album/".to_owned(),
            "renamed Pictures/new.jpg Pictures/album/new.jpg image".to_owned(),
            "removed Pictures/album/new.jpg image".to_owned(),
            "removed Pictures/album/".to_owned(),
            "created Movies/film.mp4 video".to_owned(),
            "changed Movies/film.mp4 video".to_owned(),
            "removed Movies/film.mp4 video".to_owned(),
        ]
    );
    assert_eq!(films.until("removed Movies/film.mp4 video").len(), 3);
    assert_eq!(below.until("removed Pictures/album/"), told[3..7]);
}

#[test]
fn cannot_observe_without_end() {
    let Some(client) = connection() else { return };
    let kept: Vec<_> = (0..4).map(|_| Observed::everything(&client)).collect();
    let refused = client.observe(&ObserverFilter::default(), drop).expect_err("too many");
    assert_eq!(refused.code, Code::Limit, "{refused}");
    assert!(refused.text.starts_with("no more than 4 observers are told of changes: uid "), "{refused}");
    drop(kept);
    await_that("an observer that ended makes room", || {
        client.observe(&ObserverFilter::default(), drop).is_ok()
    });
    let wrong = ObserverFilter { kinds: vec!["film".to_owned()], ..ObserverFilter::default() };
    assert_eq!(client.observe(&wrong, drop).expect_err("no such kind").code, Code::Invalid);
    let wrong = ObserverFilter { directory: "/etc".to_owned(), ..ObserverFilter::default() };
    assert_eq!(client.observe(&wrong, drop).expect_err("no such place").code, Code::NotFound);
    let audit = client.observe_audit(&everything(), drop).expect_err("for administrators");
    assert_eq!(audit.code, Code::Refused);
}

/// A world in which there are the directories that these clients use.
fn start(more: impl FnOnce(Setup) -> Setup) -> Option<World> {
    World::with(|setup| {
        for directory in ["Download", "Movies"] {
            fs::create_dir(setup.lower().join(directory)).expect("the lower directory is ours");
        }
        more(setup)
    })
}

#[test]
fn observers_are_told_and_counted() {
    let Some(world) = start(|setup| setup) else { return };
    world.client(READER, "observing::is_told_of_its_own_changes");
    world.client(READER, "observing::cannot_observe_without_end");
}

/// Runs `part` as a client, and `work` when it says that it is ready; it is told of the end.
fn meanwhile(world: &World, uid: u32, part: &str, work: impl FnOnce() + Send) {
    let ready = world.lower().join(READY);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            await_that("the client is ready", || ready.exists());
            work();
            fs::remove_file(world.volume.path(READY)).expect("root may remove everything");
        });
        world.client(uid, part);
    });
}

/// In the client: everything that is told from here until the end, without the closing of files, which the kernel tells
/// of when it has been done.
fn told_meanwhile(observed: &Observed) -> Vec<String> {
    fs::write(mounted(READY), "").expect("anybody may make files there");
    let mut told = observed.until(&format!("removed {READY} other"));
    told.retain(|event| !event.contains(READY) && !event.starts_with("changed "));
    told
}

#[test]
fn sees_pictures_of_others() {
    let Some(client) = connection() else { return };
    let told = told_meanwhile(&Observed::everything(&client));
    assert_eq!(
        told,
        [
            "created Pictures/new.jpg image",
            "renamed Pictures/new.jpg Pictures/newer.jpg image",
            "removed Pictures/newer.jpg image"
        ]
    );
}

#[test]
fn sees_nothing_of_others() {
    let Some(client) = connection() else { return };
    assert_eq!(told_meanwhile(&Observed::everything(&client)), [""; 0]);
}

#[test]
fn sees_its_own_private_files() {
    let Some(client) = connection() else { return };
    let told = told_meanwhile(&Observed::everything(&client));
    let private: Vec<_> = told.iter().filter(|event| event.contains("Android/data")).cloned().collect();
    let path = "Android/data/org.example.reader/own.txt document";
    assert_eq!(private, ["created", "removed"].map(|what| format!("{what} {path}")));
    assert!(told.contains(&"created Pictures/new.jpg image".to_owned()));
}

/// What an application does that others may see or not.
fn as_reader(mount: &Path) {
    as_uid(READER, || {
        let of = |path: &str| mount.join(path);
        fs::write(of("Pictures/new.jpg"), photo(None)).expect("it may make pictures");
        fs::rename(of("Pictures/new.jpg"), of("Pictures/newer.jpg")).expect("it is its own");
        fs::remove_file(of("Pictures/newer.jpg")).expect("it is its own");
        fs::write(of("Android/data/org.example.reader/own.txt"), "own").expect("it is its own");
        fs::remove_file(of("Android/data/org.example.reader/own.txt")).expect("it is its own");
        fs::write(of("Download/own.txt"), "own").expect("anybody may");
        fs::remove_file(of("Download/own.txt")).expect("it is its own");
    });
}

#[test]
fn nobody_is_told_of_what_it_could_not_see() {
    let Some(world) = start(|setup| setup.argument("--visibility").argument("private")) else { return };
    let mount = world.volume.mount();
    as_uid(READER, || fs::create_dir(mount.join("Android/data/org.example.reader"))).expect("its own");
    meanwhile(&world, KNOWING, "observing::sees_pictures_of_others", || as_reader(&mount));
    meanwhile(&world, STRANGER, "observing::sees_nothing_of_others", || as_reader(&mount));
    meanwhile(&world, READER, "observing::sees_its_own_private_files", || as_reader(&mount));
}

#[test]
fn observes_another_users_volume() {
    let Some(client) = connection() else { return };
    let (tell, told) = channel();
    let observation = client.observe(&ObserverFilter::default(), move |events| {
        let _heard = tell.send(events);
    });
    let _observation = observation.expect("anybody may ask");
    // It may not make a file by which to tell that it is ready, so it is given the time.
    assert!(told.recv_timeout(QUIET).is_ok_and(|events: Vec<_>| events.is_empty()), "the first call");
    let more = told.recv_timeout(QUIET * 2);
    assert!(more.is_err(), "{more:?}");
}

#[test]
fn other_users_are_told_nothing() {
    let Some(world) = start(|setup| setup) else { return };
    let mount = world.volume.mount();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            await_that("it observes", || observers(&world) == 1);
            as_uid(READER, || fs::write(mount.join("Pictures/new.jpg"), photo(None))).expect("it may");
        });
        world.client(OTHER_USERS_READER, "observing::observes_another_users_volume");
    });
    assert!(mount.join("Pictures/new.jpg").exists());
}

#[test]
fn is_told_what_is_given_and_taken() {
    let Some(client) = connection() else { return };
    let elsewhere = ObserverFilter { directory: "Music".to_owned(), ..ObserverFilter::default() };
    let observed = Observed::by(&client, &elsewhere);
    assert_eq!(client.request_access(&[PHOTO.to_owned()], false), Ok(1));
    assert_eq!(client.request_access(&[PHOTO.to_owned()], true), Ok(2));
    fs::write(mounted(READY), "").expect("anybody may make files there");
    let mut told = observed.until("revoked Pictures/moved.jpg 4 read");
    told.sort();
    assert_eq!(
        told,
        [
            "answered 1 granted",
            "answered 2 refused",
            "granted Pictures/photo.jpg 1 read",
            "granted Pictures/photo.jpg 2 write",
            "granted Pictures/photo.jpg 3 selected",
            "granted Pictures/photo.jpg 4 read",
            "revoked Pictures/moved.jpg 2 write",
            "revoked Pictures/moved.jpg 4 read",
            "revoked Pictures/photo.jpg 1 read",
            "revoked Pictures/photo.jpg 3 selected",
            "rights",
        ]
    );
}

/// Everything that is given and taken, each after the other was told.
fn gives_and_takes(world: &World) {
    let run = |arguments: &[&str]| {
        let done = world.volume.command(arguments);
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        std::thread::sleep(Duration::from_secs(1));
    };
    let stranger = "org.example.stranger";
    run(&["request", "allow", "1"]);
    run(&["request", "refuse", "2"]);
    run(&["grant", "revoke", "1"]);
    run(&["grant", "add", stranger, PHOTO, "--write"]);
    run(&["grant", "add", stranger, PHOTO, "--selected", "--for", "2s"]);
    run(&["permission", "grant", stranger, "READ_MEDIA_VIDEO"]);
    run(&["grant", "add", stranger, PHOTO]);
    let [from, to] = [PHOTO, "Pictures/moved.jpg"].map(|path| world.volume.path(path));
    fs::rename(&from, &to).expect("root may rename everything");
    run(&["grant", "revoke", "2"]);
    fs::remove_file(to).expect("root may remove everything");
}

#[test]
fn grants_that_end_are_told_however_they_end() {
    let Some(world) = start(|setup| setup) else { return };
    let ready = world.lower().join(READY);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            await_that("the client is ready", || ready.exists());
            gives_and_takes(&world);
        });
        world.client(STRANGER, "observing::is_told_what_is_given_and_taken");
    });
}

/// How many threads of the daemon tell observers.
fn observers(world: &World) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", world.volume.pid().as_raw_nonzero()));
    let names = tasks.expect("the daemon runs").flatten();
    names
        .filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name == "observer\n"))
        .count()
}

#[test]
fn dies_while_it_observes() {
    let Some(client) = connection() else { return };
    for _ in 0..4 {
        std::mem::forget(Observed::everything(&client));
    }
}

#[test]
fn an_observer_ends_with_its_process() {
    let Some(world) = start(|setup| setup) else { return };
    world.client(READER, "observing::dies_while_it_observes");
    await_that("its observers ended", || observers(&world) == 0);
    world.client(READER, "observing::is_told_of_its_own_changes");
}

#[test]
fn is_slow() {
    let Some(client) = connection() else { return };
    let (let_go, waits) = channel::<()>();
    let (waits, (tell, told)) = (std::sync::Mutex::new(waits), channel());
    let observation = client.observe(&ObserverFilter::default(), move |events| {
        if !events.is_empty() {
            // Until the other end is dropped.
            let _let_go = waits.lock().expect("nobody panics").recv();
        }
        let _heard = tell.send(events);
    });
    let observation = observation.expect("it may observe");
    fs::write(mounted("Pictures/own.jpg"), photo(None)).expect("it may make pictures");
    let own = File::options().write(true).open(mounted("Pictures/own.jpg")).expect("it is its own");
    let mut slowest = Duration::ZERO;
    for _ in 0..8_000 {
        let begun = Instant::now();
        own.set_modified(SystemTime::now()).expect("it is its own");
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < PROMPT, "{slowest:?}");
    assert!(client.check_self("read", PHOTO, None).is_ok(), "others are served");
    drop(let_go);
    let observed = Observed { _observation: observation, told };
    let all = observed.until("lost");
    assert!(all.len() < 8_000, "{}", all.len());
    assert_eq!(all.iter().filter(|event| *event == "lost").count(), 1);
    fs::remove_file(mounted("Pictures/own.jpg")).expect("it is its own");
    let rest = observed.until("removed Pictures/own.jpg image");
    assert!(rest.iter().all(|event| event.ends_with("Pictures/own.jpg image")), "{rest:?}");
}

#[test]
fn a_slow_observer_loses_changes_and_holds_up_nobody() {
    let Some(world) = start(|setup| setup) else { return };
    world.client(READER, "observing::is_slow");
}

fn everything() -> AuditQuery {
    AuditQuery { uid: None, path: None, denied: false, after: None, limit: 0 }
}

#[test]
fn follows_the_audit() {
    let Some(client) = connection() else { return };
    let (tell, told) = channel();
    let refusals = AuditQuery { denied: true, ..everything() };
    let observation = client.observe_audit(&refusals, move |records: Vec<AuditRecord>| {
        let _heard = tell.send(records);
    });
    let _observation = observation.expect("an administrator may");
    let mut all = Vec::new();
    while all.iter().all(|record: &AuditRecord| record.uid.raw() != STRANGER) {
        all.extend(told.recv_timeout(PATIENCE).expect("refusals are told"));
    }
    let last = all.last().expect("it is the one");
    assert_eq!((last.operation.as_str(), last.verdict.as_str()), ("read", "denied"));
    assert!(last.path.ends_with(PHOTO) && last.errno.as_deref() == Some("EACCES"), "{last:?}");
    assert!(all.iter().all(|record| record.verdict == "denied"), "{all:?}");
    // What was recorded before is told, too, to one who names where to begin.
    let (tell, told) = channel();
    let again = AuditQuery { after: Some(last.id - 1), ..refusals };
    let observation = client.observe_audit(&again, move |records: Vec<AuditRecord>| {
        let _heard = tell.send(records);
    });
    let _observation = observation.expect("an administrator may");
    let first = told.iter().flatten().next().expect("it is told");
    assert_eq!(first, *last);
}

#[test]
fn the_audit_is_told_as_it_is_recorded() {
    let Some(world) = start(|setup| setup) else { return };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            await_that("it observes", || observers(&world) == 1);
            let refused = as_uid(STRANGER, || File::open(world.volume.path(PHOTO)));
            assert!(refused.is_err());
        });
        world.client(1000, "observing::follows_the_audit");
    });
    await_that("it ended", || observers(&world) == 0);
}

#[test]
fn a_daemon_that_stops_ends_what_is_observed() {
    let Some(mut world) = start(|setup| setup) else { return };
    let client = world.connect();
    let observed = Observed::everything(&client);
    fs::write(world.volume.path("Pictures/a.jpg"), photo(None)).expect("root may");
    observed.until("created Pictures/a.jpg image");
    assert!(world.volume.stop().success());
}
