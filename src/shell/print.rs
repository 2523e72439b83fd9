//! Records as tables, or as JSON.

#![forbid(unsafe_code)]

use std::io::{self, Write};

use serde::Serialize;

use crate::admin::{
    AccessRequest, AppOpRecord, AppRecord, AuditRecord, BackingRecord, Confinement, CounterRecord, Dump,
    Explanation, GrantRecord, HandleRecord, MaintenanceReport, NodeRecord, ScanReport, SharingUsers, Status,
};
use crate::diag::utc;

use super::ShellError;
use super::table::{safe, table};

/// Prints an answer in the form that was asked for.
pub(super) fn show<T: Serialize + ?Sized>(
    out: &mut dyn Write,
    as_json: bool,
    answer: &T,
    print: impl FnOnce(&mut dyn Write, &T) -> io::Result<()>,
) -> Result<(), ShellError> {
    if as_json {
        json(out, answer)?;
    } else {
        print(out, answer)?;
    }
    Ok(())
}

/// Pretty JSON and the end of the line.
pub(super) fn json<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// JSON in one line.
pub(super) fn json_line<T: Serialize>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

pub(super) fn applications(out: &mut dyn Write, applications: &[AppRecord]) -> io::Result<()> {
    let rows = applications.iter().map(|app| {
        let (uid, sdk) = (app.uid.to_string(), app.target_sdk.to_string());
        [app.name.clone(), uid, sdk, app.permissions.join(",")]
    });
    table(out, ["NAME", "UID", "SDK", "PERMISSIONS"], rows)
}

pub(super) fn app_ops(out: &mut dyn Write, ops: &[AppOpRecord]) -> io::Result<()> {
    table(out, ["APP-OP", "MODE"], ops.iter().map(|op| [op.op.clone(), op.mode.clone()]))
}

/// A line for each file.
pub(super) fn requests(out: &mut dyn Write, requests: &[AccessRequest]) -> io::Result<()> {
    let rows = requests.iter().flat_map(|request| {
        let AccessRequest { id, uid, application, access, paths, asked } = request;
        paths.iter().map(move |path| {
            [id.to_string(), utc(*asked), uid.to_string(), application.clone(), access.clone(), path.clone()]
        })
    });
    table(out, ["REQUEST", "ASKED (UTC)", "UID", "APPLICATION", "FOR", "PATH"], rows)
}

pub(super) fn sharing_users(out: &mut dyn Write, pairs: &[SharingUsers]) -> io::Result<()> {
    table(
        out,
        ["USER", "SHARES WITH"],
        pairs.iter().map(|pair| [pair.one.to_string(), pair.other.to_string()]),
    )
}

pub(super) fn maintenance(out: &mut dyn Write, report: &MaintenanceReport) -> io::Result<()> {
    let MaintenanceReport { removed, extended, busy, failed, entries } = report;
    writeln!(out, "{removed} removed, {extended} extended, {busy} busy, {failed} failed")?;
    if entries.is_empty() {
        return Ok(());
    }
    let rows = entries
        .iter()
        .map(|entry| [entry.outcome.clone(), entry.path.clone(), entry.new_name.clone().unwrap_or_default()]);
    table(out, ["OUTCOME", "PATH", "NEW NAME"], rows)
}

pub(super) fn grants(out: &mut dyn Write, grants: &[GrantRecord]) -> io::Result<()> {
    let rows = grants.iter().map(|grant| {
        [
            grant.id.to_string(),
            grant.application.clone(),
            grant.access.clone(),
            grant.expires.map_or_else(|| "never".to_owned(), utc),
            grant.path.clone(),
        ]
    });
    table(out, ["ID", "APPLICATION", "ACCESS", "EXPIRES (UTC)", "PATH"], rows)
}

/// A fact's value that is longer does not move those of other facts aside.
const BROADEST: usize = 40;

pub(super) fn explanation(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let verdict = match (&explanation.view, &explanation.errno) {
        (Some(view), _) if explanation.allowed => format!("allowed, {view} view"),
        (None, _) if explanation.allowed => "allowed".to_owned(),
        (_, Some(errno)) => format!("refused, {errno}"),
        (_, None) => "refused".to_owned(),
    };
    let Explanation { uid, operation, path, rule, sentence, .. } = explanation;
    writeln!(out, "{verdict}")?;
    writeln!(out, "  who   uid {uid}")?;
    writeln!(out, "  what  {operation} {}", safe(path))?;
    writeln!(out, "  rule  {rule}: {sentence}")?;
    let width = explanation.facts.iter().map(|fact| fact.name.chars().count()).max().unwrap_or(0);
    if width > 0 {
        writeln!(out, "facts")?;
    }
    let values = explanation.facts.iter().map(|fact| fact.value.chars().count());
    let broad = values.filter(|width| *width <= BROADEST).max().unwrap_or(0);
    for fact in &explanation.facts {
        let source = safe(&fact.source);
        writeln!(out, "  {:<width$}  {:<broad$}  ({source})", fact.name, safe(&fact.value))?;
    }
    Ok(())
}

pub(super) fn scan(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let ScanReport { files, directories, read, changed, removed, failed, milliseconds, cancelled } = report;
    let ended = if *cancelled { "ended before it was through: " } else { "" };
    writeln!(
        out,
        "{ended}{files} files in {directories} directories: {read} read, {changed} changed, {removed} removed, \
         {failed} unreadable, {}.{:03} s",
        milliseconds / 1000,
        milliseconds % 1000
    )
}

pub(super) fn status(out: &mut dyn Write, status: &Status) -> io::Result<()> {
    let Status { pid, version, uptime_seconds, threads, nodes, handles, backings, volumes, .. } = status;
    let Status { transports, confinement, .. } = status;
    writeln!(out, "mediagate {version}, process {pid}, up {uptime_seconds} s, {threads} threads")?;
    writeln!(out, "{nodes} nodes, {handles} handles, {backings} backings")?;
    let rows = volumes.iter().map(|volume| {
        let why_not = volume.why_not.as_deref().unwrap_or("no reason is known");
        let passthrough = if volume.passthrough { "yes".to_owned() } else { format!("no: {why_not}") };
        [volume.mount.clone(), volume.lower.clone(), passthrough]
    });
    table(out, ["MOUNT", "LOWER", "PASSTHROUGH"], rows)?;
    let rows = transports.iter().map(|transport| {
        let why_not = transport.why_not.as_deref().unwrap_or("no reason is known");
        let serving = if transport.serving { "yes".to_owned() } else { format!("no: {why_not}") };
        [transport.name.clone(), transport.address.clone(), serving]
    });
    table(out, ["TRANSPORT", "ADDRESS", "SERVING"], rows)?;
    confined(out, confinement)
}

fn confined(out: &mut dyn Write, confinement: &Confinement) -> io::Result<()> {
    let Confinement { capabilities, no_new_privileges, landlock, seccomp, missing } = confinement;
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let landlock = if *landlock == 0 { "no".to_owned() } else { format!("version {landlock}") };
    let capabilities = if capabilities.is_empty() { "none".to_owned() } else { capabilities.join(" ") };
    writeln!(out, "capabilities: {capabilities}")?;
    writeln!(
        out,
        "no new privileges: {}, landlock: {landlock}, seccomp: {}",
        yes(*no_new_privileges),
        yes(*seccomp)
    )?;
    missing.iter().try_for_each(|what| writeln!(out, "not fully confined: {}", safe(what)))
}

pub(super) fn audit_heading(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<19}  {:>6}  {:<8}  {:<10}  {:<10}  PATH (RULE)",
        "TIME (UTC)", "UID", "VERDICT", "ERRNO", "OPERATION"
    )
}

/// A line of its own width, because more may follow at any time.
pub(super) fn audit(out: &mut dyn Write, record: &AuditRecord) -> io::Result<()> {
    let AuditRecord { time, uid, operation, path, verdict, errno, rule, count, context, .. } = record;
    let context = context.as_deref().map(|context| format!(", {}", safe(context))).unwrap_or_default();
    let often = if *count > 1 { format!(", {count} times") } else { String::new() };
    let errno = errno.as_deref().unwrap_or("-");
    writeln!(
        out,
        "{}  {:>6}  {verdict:<8}  {errno:<10}  {:<10}  {} ({rule}{often}{context})",
        utc(*time),
        uid.raw(),
        safe(operation),
        safe(path)
    )
}

/// Every section that is there, each under its name.
pub(super) fn dump(out: &mut dyn Write, dump: &Dump) -> io::Result<()> {
    section(out, "nodes", dump.nodes.as_deref(), nodes)?;
    section(out, "handles", dump.handles.as_deref(), handles)?;
    section(out, "backings", dump.backings.as_deref(), backings)?;
    section(out, "apps", dump.applications.as_deref(), applications)?;
    section(out, "grants", dump.grants.as_deref(), grants)?;
    section(out, "counters", dump.counters.as_deref(), counters)
}

fn section<T>(
    out: &mut dyn Write,
    name: &str,
    items: Option<&[T]>,
    print: impl FnOnce(&mut dyn Write, &[T]) -> io::Result<()>,
) -> io::Result<()> {
    match items {
        Some(items) => {
            writeln!(out, "== {name}: {}", items.len())?;
            print(out, items)
        }
        None => Ok(()),
    }
}

fn nodes(out: &mut dyn Write, nodes: &[NodeRecord]) -> io::Result<()> {
    let rows = nodes.iter().map(|node| {
        [
            node.node.to_string(),
            node.view.clone(),
            node.lookup_count.to_string(),
            node.handles.to_string(),
            node.mount.clone(),
            node.path.clone(),
        ]
    });
    table(out, ["NODE", "VIEW", "LOOKUPS", "HANDLES", "MOUNT", "PATH"], rows)
}

fn handles(out: &mut dyn Write, handles: &[HandleRecord]) -> io::Result<()> {
    let rows = handles.iter().map(|handle| {
        [
            handle.handle.to_string(),
            handle.node.to_string(),
            handle.uid.to_string(),
            handle.pid.to_string(),
            handle.mode.clone(),
            if handle.writes { "write" } else { "read" }.to_owned(),
            handle.path.clone(),
        ]
    });
    table(out, ["HANDLE", "NODE", "UID", "PID", "MODE", "FOR", "PATH"], rows)
}

fn backings(out: &mut dyn Write, backings: &[BackingRecord]) -> io::Result<()> {
    let rows = backings.iter().map(|backing| {
        [
            backing.backing.to_string(),
            backing.node.to_string(),
            backing.handles.to_string(),
            backing.path.clone(),
        ]
    });
    table(out, ["BACKING", "NODE", "HANDLES", "PATH"], rows)
}

fn counters(out: &mut dyn Write, counters: &[CounterRecord]) -> io::Result<()> {
    table(
        out,
        ["COUNTER", "VALUE"],
        counters.iter().map(|counter| [counter.name.clone(), counter.value.to_string()]),
    )
}
