//! The commands that a daemon does: one call of the administration each, and its answer printed.

#![forbid(unsafe_code)]

use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::admin::{
    Administration, AppRequest, AuditQuery, GrantRequest, permission_names, read_applications, role,
};
use crate::id::{GrantId, Uid, UserId};

use super::{
    AppCommand, AppOpCommand, GrantCommand, Outcome, PermissionCommand, RemoteCommand, ShellError,
    UserCommand,
    print::{self, show},
    scan::{self, Asked},
};

/// How many audit records are printed at first, and asked for at a time.
const AUDIT_PAGE: u32 = 1_000;

/// How long `audit --follow` waits before it asks again.
const FOLLOW: Duration = Duration::from_millis(500);

/// Runs one command against a daemon.
///
/// # Errors
/// [`ShellError`]; `audit --follow` ends in no other way.
pub fn run(
    command: &RemoteCommand,
    daemon: &(dyn Administration + Sync),
    out: &mut dyn Write,
) -> Result<Outcome, ShellError> {
    match command {
        RemoteCommand::App(command) => app(command, daemon, out)?,
        RemoteCommand::Permission(command) => permission(command, daemon)?,
        RemoteCommand::AppOp(command) => app_op(command, daemon, out)?,
        RemoteCommand::User(command) => user(command, daemon, out)?,
        RemoteCommand::Grant(command) => grant(command, daemon, out)?,
        RemoteCommand::Check { uid, op, path, to, json } => {
            let explanation = daemon.check(Uid::new(*uid), op, path, to.as_deref())?;
            show(out, *json, &explanation, print::explanation)?;
            return Ok(if explanation.allowed { Outcome::Done } else { Outcome::Refused });
        }
        RemoteCommand::Scan { cancel: true, .. } => return scan::cancel(daemon, out),
        RemoteCommand::Scan { path, full, json, cancel: false } => {
            return scan::scan(Asked { path: path.as_deref(), full: *full, json: *json }, daemon, out);
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
            audit(query, *follow, *json, daemon, out)?;
        }
        RemoteCommand::Status { json } => show(out, *json, &daemon.status()?, print::status)?,
        RemoteCommand::Stop => daemon.stop()?,
    }
    Ok(Outcome::Done)
}

fn app(command: &AppCommand, daemon: &dyn Administration, out: &mut dyn Write) -> Result<(), ShellError> {
    match command {
        AppCommand::List { json } => {
            show(out, *json, daemon.list_applications()?.as_slice(), print::applications)
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
        AppCommand::Import { file } => import(file, daemon, out),
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

fn import(file: &Path, daemon: &dyn Administration, out: &mut dyn Write) -> Result<(), ShellError> {
    let count = daemon.set_applications(&read_applications(file)?)?;
    writeln!(out, "{count} applications registered")?;
    Ok(())
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

fn audit(
    mut query: AuditQuery,
    follow: bool,
    json: bool,
    daemon: &dyn Administration,
    out: &mut dyn Write,
) -> Result<(), ShellError> {
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
        if !follow {
            return Ok(());
        }
        query.after = records.last().map(|record| record.id).or(query.after);
        thread::sleep(FOLLOW);
        records = daemon.query_audit(&query)?;
    }
}
