//! The names of permissions, as Android writes them, and the flags that they stand for.

#![forbid(unsafe_code)]

use super::Permissions;

/// What Android puts before the name of a permission of its own.
const PREFIX: &str = "android.permission.";

/// The flag of one name such as `READ_MEDIA_IMAGES` or `android.permission.READ_MEDIA_IMAGES`; `None` for a name
/// that the policy does not know.
pub fn parse_permission(name: &str) -> Option<Permissions> {
    Permissions::from_name(name.strip_prefix(PREFIX).unwrap_or(name))
}

/// The names of all flags that are set, without Android's prefix, in the order of their declaration.
pub fn permission_names(permissions: Permissions) -> impl Iterator<Item = &'static str> {
    permissions.iter_names().map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_a_name_that_leads_back_to_it() {
        assert_eq!(permission_names(Permissions::all()).count(), 12);
        for (name, flag) in Permissions::all().iter_names() {
            assert_eq!(parse_permission(name), Some(flag));
            assert_eq!(parse_permission(&format!("{PREFIX}{name}")), Some(flag));
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in
            ["", PREFIX, "read_media_images", "READ_MEDIA", "android.permission.android.permission.INSTALLER"]
        {
            assert_eq!(parse_permission(name), None, "{name}");
        }
    }
}
