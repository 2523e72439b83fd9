//! What the open path sees.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::id::{Uid, UserId};
use crate::policy::{AppOpMode, Application, FileGrants, Identity};

const OWN: Uid = Uid::new(990);

fn application(store: &Store, uid: u32) -> Application {
    match store.snapshot().identity(Uid::new(uid), OWN) {
        Identity::Application(application) => (*application).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn uids_stand_for_their_identities() {
    let fixture = Fixture::new();
    fixture.app("org.root", 0, Permissions::all());
    fixture.app("org.a", 10_001, Permissions::READ_MEDIA_IMAGES);
    let snapshot = fixture.store.snapshot();
    assert_eq!(snapshot.identity(Uid::ROOT, OWN), Identity::Root);
    assert_eq!(snapshot.identity(OWN, OWN), Identity::Root);
    assert_eq!(snapshot.identity(Uid::SHELL, OWN), Identity::Shell);
    assert_eq!(snapshot.identity(Uid::new(10_002), OWN), Identity::Unknown);
    assert_eq!(application(&fixture.store, 10_001), application(&fixture.store, 1_010_001));
}

#[test]
fn packages_of_a_shared_uid_are_joined() {
    let fixture = Fixture::new();
    let (a, b) = (PackageName::new("org.a"), PackageName::new("org.b"));
    for (name, target_sdk, permissions) in
        [(&b, 29, Permissions::READ_MEDIA_AUDIO), (&a, 34, Permissions::READ_MEDIA_VIDEO)]
    {
        let record =
            ApplicationRecord { name: name.clone(), app: AppId::new(10_001), target_sdk, permissions };
        fixture.store.set_application(&record).unwrap();
    }
    let joined = Application {
        packages: vec![a.clone(), b.clone()],
        target_sdk: 29,
        permissions: Permissions::READ_MEDIA_AUDIO | Permissions::READ_MEDIA_VIDEO,
        denied: Permissions::empty(),
    };
    assert_eq!(application(&fixture.store, 10_001), joined);
    fixture.store.remove_application(&b).unwrap();
    assert_eq!(application(&fixture.store, 10_001).packages, [a]);
    assert_eq!(application(&fixture.store, 10_001).target_sdk, 34);
}

#[test]
fn every_grant_that_has_not_expired_counts() {
    let fixture = Fixture::new();
    let package = fixture.app("org.a", 10_001, Permissions::empty());
    let entry = fixture.made(fixture.root(), "a", None);
    for (mode, expires) in
        [(FileGrant::Selected, None), (FileGrant::Write, Some(10)), (FileGrant::Read, Some(20))]
    {
        let grant = NewGrant { entry, package: package.clone(), mode, expires, granted: 0 };
        fixture.store.add_grant(&grant).unwrap();
    }
    let caller = application(&fixture.store, 10_001);
    let snapshot = fixture.store.snapshot();
    assert_eq!(snapshot.granted(entry, &caller, 9), FileGrants::all());
    assert_eq!(snapshot.granted(entry, &caller, 10), FileGrants::SELECTED | FileGrants::READ);
    assert_eq!(snapshot.granted(entry, &caller, 20), FileGrants::SELECTED);
    fixture.app("org.b", 10_002, Permissions::empty());
    assert_eq!(snapshot.granted(entry, &application(&fixture.store, 10_002), 9), FileGrants::empty());
    assert_eq!(snapshot.granted(fixture.root(), &caller, 9), FileGrants::empty());
}

#[test]
fn grants_are_shown_under_the_number_that_their_file_has_now() {
    let fixture = Fixture::new();
    let package = fixture.app("org.a", 10_001, Permissions::empty());
    let root = fixture.root();
    let former = fixture.made(root, "a", Some("org.owner"));
    fixture.store.remove_entry(former).unwrap();
    let moved = fixture.made(root, "b", Some("org.owner"));
    fixture.grant(moved, &package, FileGrant::Read);
    assert_eq!(fixture.store.rename_entry(moved, &place(root, "a"), None).unwrap(), former);
    let snapshot = fixture.store.snapshot();
    assert_eq!((snapshot.grants(moved).len(), snapshot.grants(former).len()), (0, 1));
}

#[test]
fn the_generation_grows_with_what_the_snapshot_shows_and_not_else() {
    let fixture = Fixture::new();
    let generation = || fixture.store.snapshot().generation();
    let start = generation();
    let entry = fixture.made(fixture.root(), "a", None);
    fixture.store.set_kind(entry, None).unwrap();
    assert_eq!(generation(), start);
    let package = fixture.app("org.a", 10_001, Permissions::empty());
    assert_eq!(generation(), start + 1);
    fixture.store.grant_permission(&package, Permissions::READ_MEDIA_AUDIO).unwrap();
    assert_eq!(generation(), start + 2);
    fixture.grant(entry, &package, FileGrant::Read);
    assert_eq!(generation(), start + 3);
    let old = fixture.store.snapshot();
    fixture.store.remove_entry(entry).unwrap();
    assert_eq!(generation(), start + 4);
    assert_eq!((old.grants(entry).len(), fixture.store.snapshot().grants(entry).len()), (1, 0));
}

#[test]
fn readers_see_whole_snapshots_in_order_while_a_writer_changes_them() {
    const ROUNDS: u32 = 150;
    let fixture = Fixture::new();
    let root = fixture.root();
    let entry = fixture.made(root, "a", None);
    let records = |sdk: u32| {
        ["org.a", "org.b"].map(|name| ApplicationRecord {
            name: PackageName::new(name),
            app: AppId::new(if name == "org.a" { 10_001 } else { 10_002 }),
            target_sdk: sdk,
            permissions: Permissions::from_bits_truncate(sdk),
        })
    };
    fixture.store.set_applications(&records(0)).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = || {
            let (mut generation, mut sdk) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let snapshot = fixture.store.snapshot();
                assert!(snapshot.generation() >= generation);
                generation = snapshot.generation();
                let pair = [10_001, 10_002].map(|uid| match snapshot.identity(Uid::new(uid), OWN) {
                    Identity::Application(application) => application,
                    other => panic!("{other:?}"),
                });
                assert_eq!(pair[0].target_sdk, pair[1].target_sdk, "half a change");
                assert_eq!(pair[0].permissions, Permissions::from_bits_truncate(pair[0].target_sdk));
                assert!(pair[0].target_sdk >= sdk);
                sdk = pair[0].target_sdk;
                assert_eq!(fixture.store.entry(root, b"a").unwrap().unwrap().id, entry);
            }
        };
        let watchers: Vec<_> = (0..3).map(|_| scope.spawn(watch)).collect();
        let writer = scope.spawn(|| {
            for sdk in 1..=ROUNDS {
                fixture.store.set_applications(&records(sdk)).unwrap();
                let name = format!("file {sdk}");
                fixture.store.record_created(&plain(root, &name)).unwrap();
            }
        });
        let written = writer.join();
        done.store(true, Ordering::Relaxed);
        assert!(watchers.into_iter().all(|watcher| watcher.join().is_ok()) && written.is_ok());
    });
    assert_eq!(application(&fixture.store, 10_002).target_sdk, ROUNDS);
}

#[test]
fn app_ops_cut_permissions_and_give_roles() {
    let fixture = Fixture::new();
    let package = fixture.app("org.a", 10_001, Permissions::READ_MEDIA_IMAGES);
    let set = |op, mode| fixture.store.set_app_ops(&[AppOp { package: package.clone(), op, mode }]).unwrap();
    let now = || application(&fixture.store, 10_001);
    set(Permissions::READ_MEDIA_IMAGES, AppOpMode::Deny);
    assert_eq!((now().permissions, now().denied), (Permissions::empty(), Permissions::READ_MEDIA_IMAGES));
    set(Permissions::MANAGE_EXTERNAL_STORAGE, AppOpMode::Allow);
    assert_eq!(now().permissions, Permissions::MANAGE_EXTERNAL_STORAGE);
    set(Permissions::all(), AppOpMode::Default);
    assert_eq!((now().permissions, now().denied), (Permissions::READ_MEDIA_IMAGES, Permissions::empty()));
    assert_eq!(fixture.store.app_ops().unwrap(), []);
    let stranger =
        AppOp { package: PackageName::new("org.b"), op: Permissions::all(), mode: AppOpMode::Deny };
    let refused = fixture.store.set_app_ops(&[stranger]);
    assert!(matches!(refused, Err(StoreError::UnknownApplication(_))), "{refused:?}");
    // A package that is registered again keeps its app-ops; one that is removed has none when it returns.
    set(Permissions::READ_MEDIA_IMAGES, AppOpMode::Deny);
    fixture.app("org.a", 10_001, Permissions::READ_MEDIA_IMAGES);
    assert_eq!(now().permissions, Permissions::empty());
    fixture.store.remove_application(&package).unwrap();
    fixture.app("org.a", 10_001, Permissions::READ_MEDIA_IMAGES);
    assert_eq!(now().permissions, Permissions::READ_MEDIA_IMAGES);
}

#[test]
fn users_share_media_in_both_directions_until_it_is_withdrawn() {
    let fixture = Fixture::new();
    let (zero, ten, eleven) = (UserId::new(0), UserId::new(10), UserId::new(11));
    let shared = |one, other| fixture.store.snapshot().share_media(one, other);
    assert!(shared(ten, ten) && !shared(zero, ten));
    fixture.store.share_users(UserPair::of(ten, zero)).unwrap();
    fixture.store.share_users(UserPair::of(zero, ten)).unwrap();
    assert!(shared(zero, ten) && shared(ten, zero) && !shared(ten, eleven) && !shared(zero, eleven));
    assert_eq!(fixture.store.shared_users().unwrap(), [UserPair { one: zero, other: ten }]);
    assert!(fixture.store.unshare_users(UserPair::of(ten, zero)).unwrap());
    assert!(!fixture.store.unshare_users(UserPair::of(ten, zero)).unwrap());
    assert!(!shared(zero, ten));
    assert!(fixture.store.share_users(UserPair::of(ten, ten)).is_err());
}
