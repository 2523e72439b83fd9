//! App-ops: what of the granted permissions counts.

#![forbid(unsafe_code)]

use super::Permissions;

/// What an app-op says of its permission.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum AppOpMode {
    /// The permission counts as it is granted.
    #[default]
    Default,
    /// As the default; where the app-op stands for a role it is enough by itself.
    Allow,
    /// The permission does not count.
    Deny,
}

/// The app-ops that stand for roles: allowed, they need no permission.
pub const ROLE_APP_OPS: Permissions = Permissions::WRITE_MEDIA_IMAGES
    .union(Permissions::WRITE_MEDIA_VIDEO)
    .union(Permissions::MANAGE_EXTERNAL_STORAGE)
    .union(Permissions::LEGACY_STORAGE);

/// The app-ops of one uid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct AppOps {
    /// Those that are allowed for a package of the uid.
    pub allowed: Permissions,
    /// Those that are denied to a package of the uid: they are denied to all of them.
    pub denied: Permissions,
}

impl AppOps {
    /// Adds what one app-op says.
    pub fn set(&mut self, op: Permissions, mode: AppOpMode) {
        match mode {
            AppOpMode::Default => {}
            AppOpMode::Allow => self.allowed |= op,
            AppOpMode::Deny => self.denied |= op,
        }
    }

    /// What counts of the permissions `granted`, and what would count if it were not denied.
    pub fn judge(self, granted: Permissions) -> (Permissions, Permissions) {
        let claimed = granted | (self.allowed & ROLE_APP_OPS);
        (claimed.difference(self.denied), claimed & self.denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGES: Permissions = Permissions::READ_MEDIA_IMAGES;
    const MANAGE: Permissions = Permissions::MANAGE_EXTERNAL_STORAGE;

    fn ops(set: &[(Permissions, AppOpMode)]) -> AppOps {
        let mut ops = AppOps::default();
        set.iter().for_each(|(op, mode)| ops.set(*op, *mode));
        ops
    }

    #[test]
    fn what_is_denied_does_not_count() {
        let denied = ops(&[(IMAGES, AppOpMode::Deny)]);
        assert_eq!(denied.judge(IMAGES | MANAGE), (MANAGE, IMAGES));
        assert_eq!(denied.judge(MANAGE), (MANAGE, Permissions::empty()), "nothing was cut");
        assert_eq!(ops(&[(IMAGES, AppOpMode::Default)]).judge(IMAGES), (IMAGES, Permissions::empty()));
    }

    #[test]
    fn only_roles_are_given_by_app_op() {
        assert_eq!(ops(&[(MANAGE, AppOpMode::Allow)]).judge(Permissions::empty()).0, MANAGE);
        assert_eq!(ops(&[(IMAGES, AppOpMode::Allow)]).judge(Permissions::empty()).0, Permissions::empty());
        let all = ops(&[(Permissions::all(), AppOpMode::Allow)]);
        assert_eq!(all.judge(Permissions::empty()).0, ROLE_APP_OPS);
    }

    #[test]
    fn of_packages_that_disagree_the_denial_counts() {
        let both = ops(&[(MANAGE, AppOpMode::Allow), (MANAGE, AppOpMode::Deny)]);
        assert_eq!(both.judge(MANAGE), (Permissions::empty(), MANAGE));
    }
}
