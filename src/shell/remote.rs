//! The commands that a daemon does: one call of the administration each, and its answer printed.

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::admin::{
    Administration, AppRequest, AuditQuery, GrantRequest, ImportFileError, ImportFormat, parse_applications,
    permission_names, read_applications, role,
};
use crate::id::{GrantId, Uid, UserId};

use super::{
    AppCommand, AppOpCommand, Console, GrantCommand, Outcome, PermissionCommand, RemoteCommand,
    RequestCommand, ShellError, UserCommand,
    print::{self, show},
    scan::{self, Asked},
};

/// How many audit records are printed at first, and asked for at a time.
const AUDIT_PAGE: u32 = 1_000;

/// The name of a file that is the standard input.
const STANDARD_INPUT: &str = "-";

/// Bytes of a list of applications on the standard input.
const LIST_MAX: u64 = 16 << 20;

/// How long `audit --follow` waits before it asks again.
const FOLLOW: Duration = Duration::from_millis(500);

/// Runs one command against a daemon.
///
/// # Errors
/// [`ShellError`]; `audit --follow` ends in no other way.
pub fn run(
    command: &RemoteCommand,
    daemon: &(dyn Administration + Sync),
    console: &mut Console<'_>,
) -> Result<Outcome, ShellError> {
    let out = &mut *console.out;
    match command {
        RemoteCommand::App(command) => app(command, daemon, console)?,
        RemoteCommand::Permission(command) => permission(command, daemon)?,
        RemoteCommand::AppOp(command) => app_op(command, daemon, out)?,
        RemoteCommand::User(command) => user(command, daemon, out)?,
        RemoteCommand::Grant(command) => grant(command, daemon, out)?,
        RemoteCommand::Request(command) => request(command, daemon, out)?,
        RemoteCommand::Check { uid, op, path, to, json } => {
            let explanation = daemon.check(Uid::new(*uid), op, path, to.as_deref())?;
            show(out, *json, &explanation, print::explanation)?;
            return Ok(if explanation.allowed { Outcome::Done } else { Outcome::Refused });
        }
        RemoteCommand::Scan { cancel: true, .. } => return scan::cancel(daemon, out),
        RemoteCommand::Scan { path, full, json, cancel: false } => {
            return scan::scan(Asked { path: path.as_deref(), full: *full, json: *json }, daemon, console);
        }
        RemoteCommand::Maintain { now, json } => {
            show(out, *json, &daemon.maintain(*now)?, print::maintenance)?
        }
        RemoteCommand::Dump { section, json } => show(out, *json, &daemon.dump(section)?, print::dump)?,
        RemoteCommand::Audit { uid, path, denied, follow, json } => {
            let query = AuditQuery {
                uid: uid.map(Uid::new),
                path: path.clone(),
                denied: *denied,
                after: None,
                limit: AUDIT_PAGE,
            };
            audit(query, Form { follow: *follow, json: *json }, daemon, console)?;
        }
        RemoteCommand::Status { json } => show(out, *json, &daemon.status()?, print::status)?,
        RemoteCommand::Stop => daemon.stop()?,
    }
    Ok(Outcome::Done)
}

fn app(
    command: &AppCommand,
    daemon: &dyn Administration,
    console: &mut Console<'_>,
) -> Result<(), ShellError> {
    match command {
        AppCommand::List { json } => {
            show(console.out, *json, daemon.list_applications()?.as_slice(), print::applications)
        }
        AppCommand::Set { name, uid, target_sdk, permissions, role } => {
            let request = AppRequest {
                name: name.clone(),
                uid: Uid::new(*uid),
                target_sdk: *target_sdk,
                permissions: with_role(permissions.as_deref(), role.as_deref())?,
                app_ops: None,
            };
            daemon.set_applications(&[request])?;
            Ok(())
        }
        AppCommand::Remove { name } => Ok(daemon.remove_application(name)?),
        AppCommand::Import { file } => import(file, daemon, console),
    }
}

/// What is granted: the list and the role's; `None` where neither is given. An empty name is none, so that
/// `--permission ''` takes everything away.
fn with_role(permissions: Option<&[String]>, of: Option<&str>) -> Result<Option<Vec<String>>, ShellError> {
    if permissions.is_none() && of.is_none() {
        return Ok(None);
    }
    let given = permissions.unwrap_or_default().iter().filter(|name| !name.is_empty()).cloned();
    let of_role = match of {
        Some(name) => permission_names(role(name).map_err(crate::admin::Failure::from)?),
        None => Vec::new(),
    };
    Ok(Some(given.chain(of_role).collect()))
}

fn import(file: &Path, daemon: &dyn Administration, console: &mut Console<'_>) -> Result<(), ShellError> {
    let applications = match (file.as_os_str() == STANDARD_INPUT, console.files) {
        (true, _) => listed(console.input)?,
        (false, true) => read_applications(file)?,
        (false, false) => return Err(ShellError::Elsewhere(file.to_owned())),
    };
    let count = daemon.set_applications(&applications)?;
    writeln!(console.out, "{count} applications registered")?;
    Ok(())
}

/// The applications of a list in TOML that is read to its end.
fn listed(input: &mut dyn Read) -> Result<Vec<AppRequest>, ShellError> {
    let path = || PathBuf::from(STANDARD_INPUT);
    let mut text = String::new();
    let read = input.take(LIST_MAX).read_to_string(&mut text);
    read.map_err(|cause| ShellError::File { operation: "read", path: path(), cause })?;
    let listed = parse_applications(&text, ImportFormat::Toml);
    Ok(listed.map_err(|cause| ImportFileError::Content { path: path(), cause })?)
}

fn permission(command: &PermissionCommand, daemon: &dyn Administration) -> Result<(), ShellError> {
    match command {
        PermissionCommand::Grant { name, permission } => daemon.grant_permission(name, permission)?,
        PermissionCommand::Revoke { name, permission } => daemon.revoke_permission(name, permission)?,
    }
    Ok(())
}

fn app_op(
    command: &AppOpCommand,
    daemon: &dyn Administration,
    out: &mut dyn Write,
) -> Result<(), ShellError> {
    match command {
        AppOpCommand::Set { name, op, mode } => Ok(daemon.set_app_op(name, op, mode)?),
        AppOpCommand::List { name, json } => {
            show(out, *json, daemon.list_app_ops(name)?.as_slice(), print::app_ops)
        }
    }
}

fn user(command: &UserCommand, daemon: &dyn Administration, out: &mut dyn Write) -> Result<(), ShellError> {
    match command {
        UserCommand::Share { one, other } => Ok(daemon.share_users(UserId::new(*one), UserId::new(*other))?),
        UserCommand::Unshare { one, other } => {
            Ok(daemon.unshare_users(UserId::new(*one), UserId::new(*other))?)
        }
        UserCommand::List { json } => {
            show(out, *json, daemon.list_sharing_users()?.as_slice(), print::sharing_users)
        }
    }
}

fn request(
    command: &RequestCommand,
    daemon: &dyn Administration,
    out: &mut dyn Write,
) -> Result<(), ShellError> {
    match command {
        RequestCommand::List { json } => {
            show(out, *json, daemon.list_requests()?.as_slice(), print::requests)
        }
        RequestCommand::Allow { id, seconds } => Ok(daemon.answer_request(*id, true, *seconds)?),
        RequestCommand::Refuse { id } => Ok(daemon.answer_request(*id, false, None)?),
    }
}

fn grant(command: &GrantCommand, daemon: &dyn Administration, out: &mut dyn Write) -> Result<(), ShellError> {
    match command {
        GrantCommand::Add { name, path, write, selected, seconds } => {
            let access = match (write, selected) {
                (true, _) => "write",
                (false, true) => "selected",
                (false, false) => "read",
            };
            let request = GrantRequest {
                application: name.clone(),
                path: path.clone(),
                access: access.to_owned(),
                seconds: *seconds,
            };
            writeln!(out, "{}", daemon.add_grant(&request)?.id)?;
        }
        GrantCommand::List { json } => show(out, *json, daemon.list_grants()?.as_slice(), print::grants)?,
        GrantCommand::Revoke { id } => daemon.revoke_grant(GrantId::new(*id))?,
    }
    Ok(())
}

/// How the audit is printed.
#[derive(Clone, Copy, Debug)]
struct Form {
    follow: bool,
    json: bool,
}

fn audit(
    mut query: AuditQuery,
    Form { follow, json }: Form,
    daemon: &dyn Administration,
    console: &mut Console<'_>,
) -> Result<(), ShellError> {
    let out = &mut *console.out;
    let records = daemon.query_audit(&query)?;
    if json && !follow {
        return Ok(print::json(out, records.as_slice())?);
    }
    if !json {
        print::audit_heading(out)?;
    }
    let mut records = records;
    loop {
        for record in &records {
            if json {
                print::json_line(out, record)?;
            } else {
                print::audit(out, record)?;
            }
        }
        out.flush()?;
        if !follow || !(console.wanted)() {
            return Ok(());
        }
        query.after = records.last().map(|record| record.id).or(query.after);
        thread::sleep(FOLLOW);
        records = daemon.query_audit(&query)?;
    }
}
