//! Between the records of `admin` and the parcelables of `aidl/`.
//!
//! AIDL has no unsigned integers: they cross as signed ones of the same width and the same bits.

#![forbid(unsafe_code)]

use crate::admin::{
    AppOpRecord, AppRecord, AuditRecord, BackingRecord, Confinement, CounterRecord, Dump, Explanation, Fact,
    GrantRecord, HandleRecord, MaintainedEntry, MaintenanceReport, MediaEvent, NodeRecord, ScanProgress,
    ScanReport, SharingUsers, Status, TransportRecord, VolumeRecord,
};
use crate::id::{GrantId, MediaId, NodeId, Uid, UserId};

use super::wire::org::mediagate as aidl;

/// A value that crosses as a `W`.
pub(super) trait Carried<W>: Sized {
    /// What crosses.
    fn pack(self) -> W;
    /// What arrived.
    fn unpack(wire: W) -> Self;
}

/// Types that cross as they are, or by a pair of functions.
macro_rules! carried {
    ($($ours:ty => $wire:ty: $pack:expr, $unpack:expr;)*) => {$(
        impl Carried<$wire> for $ours {
            fn pack(self) -> $wire {
                $pack(self)
            }
            fn unpack(wire: $wire) -> Self {
                $unpack(wire)
            }
        }
    )*};
}

fn same<T>(value: T) -> T {
    value
}

carried! {
    String => String: same, same;
    bool => bool: same, same;
    u32 => i32: u32::cast_signed, i32::cast_unsigned;
    u64 => i64: u64::cast_signed, i64::cast_unsigned;
    Option<String> => Option<String>: same, same;
    Uid => i32: |uid: Uid| uid.raw().cast_signed(), |wire: i32| Uid::new(wire.cast_unsigned());
    UserId => i32: |user: UserId| user.raw().cast_signed(), |wire: i32| UserId::new(wire.cast_unsigned());
    NodeId => i64: |node: NodeId| node.raw().cast_signed(), |wire: i64| NodeId::new(wire.cast_unsigned());
    MediaId => i64: MediaId::raw, MediaId::new;
    GrantId => i64: GrantId::raw, GrantId::new;
    Option<u64> => i64: |value: Option<u64>| value.unwrap_or(0).cast_signed(),
        |wire: i64| (wire != 0).then_some(wire.cast_unsigned());
    Vec<String> => Option<Vec<Option<String>>>: |names: Vec<String>| Some(names.into_iter().map(Some).collect()),
        |wire: Option<Vec<Option<String>>>| wire.into_iter().flatten().flatten().collect();
}

impl<T: Carried<W>, W> Carried<Vec<W>> for Vec<T>
where
    W: rsbinder::Parcelable,
{
    fn pack(self) -> Vec<W> {
        self.into_iter().map(T::pack).collect()
    }
    fn unpack(wire: Vec<W>) -> Self {
        wire.into_iter().map(T::unpack).collect()
    }
}

impl Carried<Option<Vec<Option<aidl::AppOp::AppOp>>>> for Vec<AppOpRecord> {
    fn pack(self) -> Option<Vec<Option<aidl::AppOp::AppOp>>> {
        Some(self).pack()
    }
    fn unpack(wire: Option<Vec<Option<aidl::AppOp::AppOp>>>) -> Self {
        Option::unpack(wire).unwrap_or_default()
    }
}

impl<T: Carried<W>, W> Carried<Option<Vec<Option<W>>>> for Option<Vec<T>>
where
    W: rsbinder::Parcelable,
{
    fn pack(self) -> Option<Vec<Option<W>>> {
        self.map(|items| items.into_iter().map(|item| Some(item.pack())).collect())
    }
    fn unpack(wire: Option<Vec<Option<W>>>) -> Self {
        wire.map(|items| items.into_iter().flatten().map(T::unpack).collect())
    }
}

impl Carried<Option<aidl::ScanProgress::ScanProgress>> for Option<ScanProgress> {
    fn pack(self) -> Option<aidl::ScanProgress::ScanProgress> {
        self.map(Carried::pack)
    }
    fn unpack(wire: Option<aidl::ScanProgress::ScanProgress>) -> Self {
        wire.map(Carried::unpack)
    }
}

/// Records whose fields cross one by one.
macro_rules! records {
    ($($ours:ident => $wire:path { $($field:ident: $wire_field:ident),* $(,)? })*) => {$(
        impl Carried<$wire> for $ours {
            fn pack(self) -> $wire {
                let $ours { $($field),* } = self;
                $wire { $($wire_field: $field.pack()),* }
            }
            fn unpack(wire: $wire) -> Self {
                let $wire { $($wire_field: $field),* } = wire;
                $ours { $($field: Carried::unpack($field)),* }
            }
        }
    )*};
}

records! {
    AppRecord => aidl::Application::Application {
        name: name, uid: uid, target_sdk: targetSdk, permissions: permissions,
        app_ops: appOps,
    }
    AppOpRecord => aidl::AppOp::AppOp { op: op, mode: mode }
    SharingUsers => aidl::SharingUsers::SharingUsers { one: one, other: other }
    MaintainedEntry => aidl::MaintainedEntry::MaintainedEntry {
        outcome: outcome, path: path, new_name: newName,
    }
    MaintenanceReport => aidl::MaintenanceReport::MaintenanceReport {
        removed: removed, extended: extended, busy: busy, failed: failed, entries: entries,
    }
    GrantRecord => aidl::Grant::Grant {
        id: id, application: application, media: media, path: path, access: access, expires: expires,
    }
    Fact => aidl::Fact::Fact { name: name, value: value, source: source }
    Explanation => aidl::Explanation::Explanation {
        uid: uid, operation: operation, path: path, allowed: allowed, view: view, rule: rule,
        sentence: sentence, errno: errno, facts: facts,
    }
    ScanReport => aidl::ScanReport::ScanReport {
        files: files, directories: directories, read: read, changed: changed, removed: removed, failed: failed,
        milliseconds: milliseconds, cancelled: cancelled,
    }
    ScanProgress => aidl::ScanProgress::ScanProgress {
        files: files, directories: directories, read: read, failed: failed, milliseconds: milliseconds,
    }
    NodeRecord => aidl::NodeRecord::NodeRecord {
        node: node, mount: mount, path: path, view: view, lookup_count: lookupCount, handles: handles,
    }
    HandleRecord => aidl::HandleRecord::HandleRecord {
        handle: handle, node: node, uid: uid, pid: pid, mode: mode, writes: writes, path: path,
    }
    BackingRecord => aidl::BackingRecord::BackingRecord {
        backing: backing, node: node, handles: handles, path: path,
    }
    CounterRecord => aidl::CounterRecord::CounterRecord { name: name, value: value }
    Dump => aidl::Dump::Dump {
        nodes: nodes, handles: handles, backings: backings, applications: applications, grants: grants,
        counters: counters,
    }
    AuditRecord => aidl::AuditRecord::AuditRecord {
        id: id, time: time, uid: uid, package: packageName, operation: operation, path: path, verdict: verdict,
        errno: errno, rule: rule, count: count, context: context,
    }
    VolumeRecord => aidl::Volume::Volume {
        lower: lower, mount: mount, passthrough: passthrough, why_not: whyNot,
    }
    MediaEvent => aidl::MediaEvent::MediaEvent {
        what: what, path: path, new_path: newPath, directory: directory, kind: kind, id: id, detail: detail,
    }
    TransportRecord => aidl::Transport::Transport {
        name: name, address: address, serving: serving, why_not: whyNot,
    }
    Confinement => aidl::Confinement::Confinement {
        capabilities: capabilities, no_new_privileges: noNewPrivileges, landlock: landlock, seccomp: seccomp,
        missing: missing,
    }
    Status => aidl::Status::Status {
        pid: pid, version: version, uptime_seconds: uptimeSeconds, threads: threads, nodes: nodes,
        handles: handles, backings: backings, volumes: volumes, transports: transports,
        confinement: confinement,
    }
}
