//! The audit.

#![forbid(unsafe_code)]

use super::*;
use crate::error::Errno;
use crate::id::Uid;

fn record(uid: u32, path: &str, verdict: AuditVerdict) -> AuditRecord {
    AuditRecord {
        time: 4,
        uid: Uid::new(uid),
        package: (uid > 10_000).then(|| PackageName::new("org.a")),
        operation: "open".to_owned(),
        path: path.as_bytes().to_vec(),
        verdict,
        errno: (verdict == AuditVerdict::Denied).then_some(Errno::EACCES),
        rule: "stranger".to_owned(),
        count: 3,
        context: (uid == 10_001).then(|| "u:r:untrusted_app:s0:c1,c256".to_owned()),
    }
}

fn paths(store: &Store, filter: &AuditFilter) -> Vec<String> {
    let rows = store.audit(filter).unwrap();
    assert!(rows.is_sorted_by_key(|row| row.id));
    rows.into_iter().map(|row| String::from_utf8(row.record.path).unwrap()).collect()
}

#[test]
fn records_come_back_by_every_filter() {
    let fixture = Fixture::new();
    let records = [
        record(10_001, "/m/DCIM/a", AuditVerdict::Full),
        record(10_001, "/m/DCIM", AuditVerdict::Denied),
        record(0, "/m/DCIM2/a", AuditVerdict::Redacted),
        record(0, "/m/Music/a", AuditVerdict::Denied),
    ];
    fixture.store.append_audit(&records, 100).unwrap();
    let all = AuditFilter { limit: 10, ..AuditFilter::default() };
    let rows = fixture.store.audit(&all).unwrap();
    assert_eq!(rows.iter().map(|row| row.record.clone()).collect::<Vec<_>>(), records);
    let of_root = AuditFilter { uid: Some(Uid::ROOT), ..all.clone() };
    assert_eq!(paths(&fixture.store, &of_root), ["/m/DCIM2/a", "/m/Music/a"]);
    let below = AuditFilter { path: Some(b"/m/DCIM".to_vec()), ..all.clone() };
    assert_eq!(paths(&fixture.store, &below), ["/m/DCIM/a", "/m/DCIM"]);
    let slash = AuditFilter { path: Some(b"/".to_vec()), ..all.clone() };
    assert_eq!(paths(&fixture.store, &slash).len(), 4);
    let denied = AuditFilter { denied: true, ..all.clone() };
    assert_eq!(paths(&fixture.store, &denied), ["/m/DCIM", "/m/Music/a"]);
    let newest = AuditFilter { limit: 1, ..all.clone() };
    assert_eq!(paths(&fixture.store, &newest), ["/m/Music/a"]);
    let next = AuditFilter { since: Some(rows[0].id), limit: 1, ..all };
    assert_eq!(paths(&fixture.store, &next), ["/m/DCIM"]);
    assert!(paths(&fixture.store, &AuditFilter::default()).is_empty());
}

#[test]
fn the_oldest_go_and_numbers_go_on() {
    let fixture = Fixture::new();
    let all = AuditFilter { limit: 1_000, ..AuditFilter::default() };
    fixture.store.append_audit(&[], 5).unwrap();
    for number in 0..30 {
        let record = record(1, &number.to_string(), AuditVerdict::Full);
        fixture.store.append_audit(&[record.clone(), record], 5).unwrap();
        assert!(fixture.store.audit(&all).unwrap().len() <= 5);
    }
    assert_eq!(paths(&fixture.store, &all), ["27", "28", "28", "29", "29"]);
    assert_eq!(fixture.store.audit(&all).unwrap()[4].id, 60);
    fixture.store.append_audit(&[record(1, "x", AuditVerdict::Full)], 0).unwrap();
    assert!(paths(&fixture.store, &all).is_empty());
    fixture.store.append_audit(&[record(1, "y", AuditVerdict::Full)], 5).unwrap();
    assert_eq!(fixture.store.audit(&all).unwrap()[0].id, 62);
}
