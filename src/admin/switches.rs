//! App-ops and users who share media, as one caller uses them.

#![forbid(unsafe_code)]

use crate::id::UserId;
use crate::policy::{AppOpMode, PackageName, Permissions};
use crate::store::{AppOp, UserPair};

use super::session::{Session, store_failed};
use super::{AdminError, AppOpRecord, AppRequest, SharingUsers, names};

impl Session<'_> {
    pub(super) fn app_ops(&self) -> Result<Vec<AppOp>, AdminError> {
        self.store().app_ops().map_err(store_failed)
    }

    pub(super) fn app_ops_of(&self, name: &str) -> Result<Vec<AppOpRecord>, AdminError> {
        let package = self.registered(name)?;
        Ok(records(&self.app_ops()?, &package))
    }

    pub(super) fn switch(&self, name: &str, op: &str, mode: &str) -> Result<(), AdminError> {
        let op = AppOp {
            package: self.registered(name)?,
            op: names::permission(op)?,
            mode: names::app_op_mode(mode)?,
        };
        self.store().set_app_ops(&[op]).map_err(store_failed)
    }

    pub(super) fn share(&self, one: UserId, other: UserId) -> Result<(), AdminError> {
        self.store().share_users(pair(one, other)?).map_err(store_failed)
    }

    pub(super) fn unshare(&self, one: UserId, other: UserId) -> Result<(), AdminError> {
        match self.store().unshare_users(pair(one, other)?).map_err(store_failed)? {
            true => Ok(()),
            false => Err(AdminError::NotSharing { one, other }),
        }
    }

    pub(super) fn sharing(&self) -> Result<Vec<SharingUsers>, AdminError> {
        let pairs = self.store().shared_users().map_err(store_failed)?;
        Ok(pairs.into_iter().map(|UserPair { one, other }| SharingUsers { one, other }).collect())
    }
}

/// Two different users who can have uids.
fn pair(one: UserId, other: UserId) -> Result<UserPair, AdminError> {
    for user in [one, other] {
        if user > UserId::LAST {
            return Err(invalid(user, "no uid belongs to such a user"));
        }
    }
    if one == other {
        return Err(invalid(other, "a user shares with another one; name two"));
    }
    Ok(UserPair::of(one, other))
}

fn invalid(user: UserId, remedy: &'static str) -> AdminError {
    AdminError::Invalid { what: "user", value: user.to_string(), remedy }
}

/// The app-ops that a request sets: all that it names, and the default for the others; none where it names none.
pub(super) fn requested_ops(request: &AppRequest) -> Result<Vec<AppOp>, AdminError> {
    let Some(given) = &request.app_ops else { return Ok(Vec::new()) };
    let package = names::package(&request.name)?;
    let of = |op, mode| AppOp { package: package.clone(), op, mode };
    let mut ops = vec![of(Permissions::all(), AppOpMode::Default)];
    for AppOpRecord { op, mode } in given {
        ops.push(of(names::permission(op)?, names::app_op_mode(mode)?));
    }
    Ok(ops)
}

/// What is known of one package's app-ops.
pub(super) fn records(ops: &[AppOp], package: &PackageName) -> Vec<AppOpRecord> {
    let record = |op: &AppOp| AppOpRecord {
        op: names::permission_names(op.op).concat(),
        mode: names::app_op_mode_name(op.mode).to_owned(),
    };
    ops.iter().filter(|op| op.package == *package).map(record).collect()
}
