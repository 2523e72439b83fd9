//! What the administration takes and answers: plain records, printed by `shell`, carried by `binder`.

#![forbid(unsafe_code)]

use serde::Serialize;

use crate::id::{GrantId, MediaId, NodeId, Uid, UserId};

/// A registered application.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AppRecord {
    /// Its package name.
    pub name: String,
    /// The uid that it runs as.
    pub uid: Uid,
    /// Its target SDK.
    pub target_sdk: u32,
    /// What is granted, by name.
    pub permissions: Vec<String>,
    /// The app-ops that do not stand at their default.
    pub app_ops: Vec<AppOpRecord>,
}

/// What an app-op of an application says of a permission.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AppOpRecord {
    /// The permission.
    pub op: String,
    /// `allow`, `deny` or `default`.
    pub mode: String,
}

/// Two Android users who share media.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct SharingUsers {
    /// The smaller number.
    pub one: UserId,
    /// The larger number.
    pub other: UserId,
}

/// An application to register or to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppRequest {
    /// Its package name.
    pub name: String,
    /// The uid that it runs as.
    pub uid: Uid,
    /// Its target SDK; `None` keeps what is registered, and is [`AppRequest::NEW_TARGET_SDK`] for a new one.
    pub target_sdk: Option<u32>,
    /// What is granted, by name; `None` keeps what is registered, and is nothing for a new one.
    pub permissions: Option<Vec<String>>,
    /// All app-ops that do not stand at their default; `None` keeps what is registered.
    pub app_ops: Option<Vec<AppOpRecord>>,
}

impl AppRequest {
    /// The target SDK of a new application that does not say: Android 15.
    pub const NEW_TARGET_SDK: u32 = 35;
}

/// A grant to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantRequest {
    /// The application.
    pub application: String,
    /// The file; see [`super::Gate`].
    pub path: String,
    /// `read`, `write` or `selected`.
    pub access: String,
    /// How long it holds; `None` is until it is revoked.
    pub seconds: Option<u64>,
}

/// A permission for one file and one application.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GrantRecord {
    /// Its number.
    pub id: GrantId,
    /// The application.
    pub application: String,
    /// The row of the file.
    pub media: MediaId,
    /// Where the file is now, relative to its volume.
    pub path: String,
    /// `read`, `write` or `selected`.
    pub access: String,
    /// When it ends, in seconds since 1970; `None` is never.
    pub expires: Option<u64>,
}

/// One thing that a decision was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fact {
    /// What it is, such as `owner`.
    pub name: String,
    /// Its value for a person.
    pub value: String,
    /// Where it is known from, for a person.
    pub source: String,
}

/// A decision and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explanation {
    /// Who would do it.
    pub uid: Uid,
    /// What would be done.
    pub operation: String,
    /// To what.
    pub path: String,
    /// Whether it would be allowed.
    pub allowed: bool,
    /// How the file would be seen, `full` or `redacted`; `None` where it is refused.
    pub view: Option<String>,
    /// The rule that determined the verdict.
    pub rule: String,
    /// What the rule says, in one sentence.
    pub sentence: String,
    /// The symbolic errno of a refusal.
    pub errno: Option<String>,
    /// What the decision was made from; empty for a caller that does not administer.
    pub facts: Vec<Fact>,
}

/// A request of an application for access to files, which waits for an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccessRequest {
    /// Its number.
    pub id: u64,
    /// Who asks.
    pub uid: Uid,
    /// The application.
    pub application: String,
    /// `read` or `write`.
    pub access: String,
    /// Where the files are now, relative to their volumes; empty for one that is gone.
    pub paths: Vec<String>,
    /// When it was made, seconds since 1970.
    pub asked: u64,
}

/// What a scan did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ScanReport {
    /// Files that it looked at.
    pub files: u64,
    /// Directories that it walked.
    pub directories: u64,
    /// Files whose content it read; the others were known.
    pub read: u64,
    /// Rows that it made or changed.
    pub changed: u64,
    /// Rows whose file was gone.
    pub removed: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Milliseconds that it took.
    pub milliseconds: u64,
    /// Whether it was ended before it was through.
    pub cancelled: bool,
}

/// How far a scan is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScanProgress {
    /// Files that it looked at.
    pub files: u64,
    /// Directories that it walked.
    pub directories: u64,
    /// Files whose content it read; the others were known.
    pub read: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Milliseconds since it began.
    pub milliseconds: u64,
}

/// A pending or trashed file whose time had come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MaintainedEntry {
    /// `removed`, `extended`, `busy` or `failed`.
    pub outcome: String,
    /// Where it was, relative to its volume.
    pub path: String,
    /// The name of one that was extended.
    pub new_name: Option<String>,
}

/// What a maintenance did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MaintenanceReport {
    /// Files that it removed.
    pub removed: u64,
    /// Files that it gave more time.
    pub extended: u64,
    /// Files that somebody has open for writing: they stay.
    pub busy: u64,
    /// Files that could not be removed or renamed.
    pub failed: u64,
    /// The first of them.
    pub entries: Vec<MaintainedEntry>,
}

impl MaintenanceReport {
    /// The most entries that are named.
    pub const NAMED: usize = 1_000;
}

/// A part of the daemon's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    /// The node table.
    Nodes,
    /// Open handles.
    Handles,
    /// Lower files that are registered for passthrough.
    Backings,
    /// The registered applications.
    Applications,
    /// The grants that have not expired.
    Grants,
    /// What was counted.
    Counters,
    /// Everything.
    All,
}

impl Section {
    /// Whether a dump of this section has the part `part`.
    pub fn has(self, part: Section) -> bool {
        self == Section::All || self == part
    }
}

/// The daemon's state. A section that was not asked for is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Dump {
    /// The node table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodeRecord>>,
    /// What is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles: Option<Vec<HandleRecord>>,
    /// What the kernel serves by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backings: Option<Vec<BackingRecord>>,
    /// The registered applications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applications: Option<Vec<AppRecord>>,
    /// The grants that have not expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<GrantRecord>>,
    /// What was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counters: Option<Vec<CounterRecord>>,
}

impl Dump {
    /// What stands in place of a path that is left out.
    pub const NO_PATH: &'static str = "-";

    /// The same without the paths of users' files, for reports that leave the device.
    #[must_use]
    pub fn without_paths(mut self) -> Dump {
        let nodes = self.nodes.iter_mut().flatten().map(|node| &mut node.path);
        let handles = self.handles.iter_mut().flatten().map(|handle| &mut handle.path);
        let backings = self.backings.iter_mut().flatten().map(|backing| &mut backing.path);
        let grants = self.grants.iter_mut().flatten().map(|grant| &mut grant.path);
        for path in nodes.chain(handles).chain(backings).chain(grants) {
            Dump::NO_PATH.clone_into(path);
        }
        self
    }
}

/// A node: what a kernel inode number of a mount stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NodeRecord {
    /// Its number.
    pub node: NodeId,
    /// The volume's mount point.
    pub mount: String,
    /// Its last known path, relative to the volume.
    pub path: String,
    /// `full` or `redacted`.
    pub view: String,
    /// References that the kernel holds.
    pub lookup_count: u64,
    /// Open handles.
    pub handles: u64,
}

/// One open file or directory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HandleRecord {
    /// Its number.
    pub handle: u64,
    /// The node that is open.
    pub node: NodeId,
    /// Who opened it.
    pub uid: Uid,
    /// The process that opened it.
    pub pid: u32,
    /// `passthrough`, `filtered`, `served` or `directory`.
    pub mode: String,
    /// Whether it is open for writing.
    pub writes: bool,
    /// Its last known path, relative to the volume.
    pub path: String,
}

/// A lower file that is registered with the kernel for passthrough.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BackingRecord {
    /// The kernel's number for it.
    pub backing: u32,
    /// The node that it belongs to.
    pub node: NodeId,
    /// Handles that use it now.
    pub handles: u64,
    /// Its last known path, relative to the volume.
    pub path: String,
}

/// One counter since the daemon started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CounterRecord {
    /// What is counted.
    pub name: String,
    /// How often.
    pub value: u64,
}

/// Which audit records to answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditQuery {
    /// Of this uid only.
    pub uid: Option<Uid>,
    /// About this path or what lies below it only.
    pub path: Option<String>,
    /// Only refusals.
    pub denied: bool,
    /// The first records after this number, which is where the last answer ended; `None` is the newest ones.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// One thing that was decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AuditRecord {
    /// Its number, ascending.
    pub id: u64,
    /// Seconds since 1970.
    pub time: u64,
    /// Who.
    pub uid: Uid,
    /// The first package of the uid, where it has one.
    pub package: Option<String>,
    /// What.
    pub operation: String,
    /// To what.
    pub path: String,
    /// `full`, `redacted` or `denied`.
    pub verdict: String,
    /// The symbolic errno of a failure.
    pub errno: Option<String>,
    /// The rule that determined it.
    pub rule: String,
    /// How often it was decided so: repetitions of a refusal are counted together.
    pub count: u64,
    /// What the caller is for SELinux: of calls of the service through the kernel's driver, where there is SELinux.
    pub context: Option<String>,
}

/// One lower directory that is served at one mount point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VolumeRecord {
    /// The lower directory.
    pub lower: String,
    /// The mount point.
    pub mount: String,
    /// Whether the kernel takes reads and writes straight to the lower file.
    pub passthrough: bool,
    /// Why it does not.
    pub why_not: Option<String>,
}

/// A way on which the daemon can be called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TransportRecord {
    /// `rpc` or `kernel`.
    pub name: String,
    /// Where: the socket, or the names that the service manager has.
    pub address: String,
    /// Whether calls arrive there now.
    pub serving: bool,
    /// Why none do.
    pub why_not: Option<String>,
}

/// What the daemon's process may do, and no more.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Confinement {
    /// The capabilities that it has, as capabilities(7) calls them.
    pub capabilities: Vec<String>,
    /// Whether neither it nor what it starts can get further privileges.
    pub no_new_privileges: bool,
    /// The version of Landlock that confines it to its files; 0 for none.
    pub landlock: u32,
    /// Whether it is confined to the system calls that it needs.
    pub seccomp: bool,
    /// What the kernel could not do, in words.
    pub missing: Vec<String>,
}

/// The daemon and its volumes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Status {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// Threads that serve.
    pub threads: u32,
    /// Nodes that the kernel knows.
    pub nodes: u64,
    /// Open handles.
    pub handles: u64,
    /// Lower files that are registered for passthrough.
    pub backings: u64,
    /// What it serves.
    pub volumes: Vec<VolumeRecord>,
    /// How it can be called; the serving part does not know and leaves it empty.
    pub transports: Vec<TransportRecord>,
    /// What it may do, and no more.
    pub confinement: Confinement,
}
