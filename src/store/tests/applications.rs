//! Applications, their permissions, and what goes with them.

#![forbid(unsafe_code)]

use super::*;

fn record(name: &str, app: u32) -> ApplicationRecord {
    ApplicationRecord {
        name: PackageName::new(name),
        app: AppId::new(app),
        target_sdk: 33,
        permissions: Permissions::READ_MEDIA_IMAGES | Permissions::INSTALLER,
    }
}

#[test]
fn records_come_back_and_are_replaced() {
    let fixture = Fixture::new();
    let (a, b) = (
        record("org.a", 10_001),
        ApplicationRecord { permissions: Permissions::empty(), ..record("org.b", 5) },
    );
    fixture.store.set_applications(&[b.clone(), a.clone()]).unwrap();
    assert_eq!(fixture.store.applications().unwrap(), [a.clone(), b.clone()]);
    let changed = ApplicationRecord { permissions: Permissions::all(), target_sdk: 29, ..record("org.a", 7) };
    fixture.store.set_application(&changed).unwrap();
    assert_eq!(fixture.store.applications().unwrap(), [changed, b]);
}

#[test]
fn permissions_are_granted_and_revoked() {
    let fixture = Fixture::new();
    let name = fixture.app("org.a", 10_001, Permissions::READ_MEDIA_AUDIO);
    let held = || fixture.store.applications().unwrap()[0].permissions;
    fixture
        .store
        .grant_permission(&name, Permissions::READ_MEDIA_VIDEO | Permissions::READ_MEDIA_AUDIO)
        .unwrap();
    assert_eq!(held(), Permissions::READ_MEDIA_VIDEO | Permissions::READ_MEDIA_AUDIO);
    fixture.store.revoke_permission(&name, Permissions::READ_MEDIA_AUDIO | Permissions::INSTALLER).unwrap();
    assert_eq!(held(), Permissions::READ_MEDIA_VIDEO);
}

#[test]
fn an_unknown_application_is_said_to_be_so() {
    let fixture = Fixture::new();
    let nobody = PackageName::new("org.nobody");
    let entry = fixture.made(fixture.root(), "a", None);
    let grant = NewGrant { entry, package: nobody.clone(), mode: FileGrant::Read, expires: None, granted: 0 };
    let before = fixture.store.snapshot().generation();
    for answer in [
        fixture.store.remove_application(&nobody),
        fixture.store.grant_permission(&nobody, Permissions::INSTALLER),
        fixture.store.grant_permission(&nobody, Permissions::empty()),
        fixture.store.revoke_permission(&nobody, Permissions::INSTALLER),
        fixture.store.add_grant(&grant).map(|_| ()),
    ] {
        assert!(
            matches!(&answer, Err(StoreError::UnknownApplication(name)) if *name == nobody),
            "{answer:?}"
        );
        assert_eq!(answer.unwrap_err().to_string(), "no application org.nobody");
    }
    assert_eq!(fixture.store.snapshot().generation(), before);
}

#[test]
fn a_removed_application_loses_entries_grants_and_former_numbers_for_good() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let (a, b) =
        (fixture.app("org.a", 10_001, Permissions::all()), fixture.app("org.b", 10_002, Permissions::all()));
    let (mine, theirs) =
        (fixture.made(root, "mine", Some("org.a")), fixture.made(root, "theirs", Some("org.b")));
    let former = fixture.made(root, "former", Some("org.a"));
    fixture.store.remove_entry(former).unwrap();
    fixture.grant(theirs, &a, FileGrant::Write);
    fixture.grant(mine, &b, FileGrant::Read);
    fixture.store.remove_application(&a).unwrap();
    fixture.app("org.a", 10_001, Permissions::all());
    let owner = |id| fixture.store.entry_by_id(id).unwrap().unwrap().owner;
    assert_eq!((owner(mine), owner(theirs)), (None, Some(b.clone())));
    assert_eq!(fixture.store.grants().unwrap().iter().map(|grant| grant.entry).collect::<Vec<_>>(), [mine]);
    assert!(fixture.store.snapshot().grants(theirs).is_empty());
    assert_ne!(fixture.made(root, "former", Some("org.a")), former);
}

#[test]
fn grants_keep_their_number_when_given_again_and_never_share_one() {
    let fixture = Fixture::new();
    let entry = fixture.made(fixture.root(), "a", None);
    let package = fixture.app("org.a", 10_001, Permissions::empty());
    let first = fixture.grant(entry, &package, FileGrant::Read);
    let write = fixture.grant(entry, &package, FileGrant::Write);
    let again =
        NewGrant { entry, package: package.clone(), mode: FileGrant::Read, expires: Some(9), granted: 6 };
    assert_eq!(fixture.store.add_grants(std::slice::from_ref(&again)).unwrap(), [first]);
    assert_eq!(fixture.store.grants().unwrap()[0].expires, Some(9));
    assert!(fixture.store.remove_grant(write).unwrap());
    assert!(!fixture.store.remove_grant(write).unwrap());
    assert!(fixture.grant(entry, &package, FileGrant::Write) > write);
    assert_eq!(fixture.store.remove_expired_grants(8).unwrap(), 0);
    assert_eq!(fixture.store.remove_expired_grants(9).unwrap(), 1);
    let nothing = NewGrant { entry: MediaId::new(9_999), ..again };
    assert!(matches!(fixture.store.add_grant(&nothing), Err(StoreError::UnknownEntry(_))));
}
