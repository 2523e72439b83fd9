//! The names by which people and Binder callers speak of permissions, operations, roles, grants and sections.

#![forbid(unsafe_code)]

use crate::policy::{self, FileGrant, FileGrants, OPERATIONS, Operation, PackageName, Permissions};

use super::{AdminError, Asked, Section};

/// The longest package name that Android accepts.
const PACKAGE_NAME_MAX: usize = 223;

/// Roles: names for permissions that go together.
const ROLES: [(&str, Permissions); 4] = [
    ("gallery", Permissions::WRITE_MEDIA_IMAGES.union(Permissions::WRITE_MEDIA_VIDEO)),
    ("manager", Permissions::MANAGE_EXTERNAL_STORAGE),
    ("installer", Permissions::INSTALLER),
    ("legacy", Permissions::LEGACY_STORAGE),
];

/// How a grant's access is written.
const GRANTS: [(&str, FileGrant); 3] =
    [("read", FileGrant::Read), ("write", FileGrant::Write), ("selected", FileGrant::Selected)];

const SECTIONS: [(&str, Section); 7] = [
    ("nodes", Section::Nodes),
    ("handles", Section::Handles),
    ("backings", Section::Backings),
    ("apps", Section::Applications),
    ("grants", Section::Grants),
    ("counters", Section::Counters),
    ("all", Section::All),
];

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn list<T>(table: &[(&'static str, T)]) -> String {
    table.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// The names of all permissions, for an error's text.
pub(super) fn permission_list() -> String {
    policy::permission_names(Permissions::all()).collect::<Vec<_>>().join(", ")
}

/// The names of all operations, for an error's text and for the command line's help.
pub fn operation_list() -> String {
    let opens = ["read", "write", "readwrite"].map(|open| format!("{}{open}", Asked::ACCESS)).join(", ");
    format!("{}, {opens}, {}, {}", list(&OPERATIONS), Asked::RENAME, Asked::EXCHANGE)
}

/// The names of all roles, for an error's text and for the command line's help.
pub fn role_list() -> String {
    list(&ROLES)
}

/// The names of all sections of the dump.
pub fn section_names() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(name, _)| *name)
}

/// The permission of a name, with or without `android.permission.` before it.
///
/// # Errors
/// [`AdminError::UnknownPermission`]
pub(super) fn permission(name: &str) -> Result<Permissions, AdminError> {
    policy::parse_permission(name).ok_or_else(|| AdminError::UnknownPermission { name: name.to_owned() })
}

/// All permissions of a list of names.
///
/// # Errors
/// [`AdminError::UnknownPermission`]
pub(super) fn permissions<S: AsRef<str>>(names: &[S]) -> Result<Permissions, AdminError> {
    names.iter().try_fold(Permissions::empty(), |all, name| Ok(all | permission(name.as_ref())?))
}

/// The names of permissions, in the order of their declaration.
pub fn permission_names(permissions: Permissions) -> Vec<String> {
    policy::permission_names(permissions).map(str::to_owned).collect()
}

/// The permissions that make up a role.
///
/// # Errors
/// [`AdminError::Invalid`]
pub fn role(name: &str) -> Result<Permissions, AdminError> {
    find(&ROLES, name).ok_or_else(|| AdminError::Invalid {
        what: "role",
        value: name.to_owned(),
        remedy: "it is gallery, manager, installer or legacy",
    })
}

/// The operation of a name.
///
/// # Errors
/// [`AdminError::UnknownOperation`]
pub(super) fn operation(name: &str) -> Result<Operation, AdminError> {
    find(&OPERATIONS, name).ok_or_else(|| AdminError::UnknownOperation { name: name.to_owned() })
}

/// The access of a grant.
///
/// # Errors
/// [`AdminError::Invalid`]
pub(super) fn access(name: &str) -> Result<FileGrant, AdminError> {
    find(&GRANTS, name).ok_or_else(|| AdminError::Invalid {
        what: "access",
        value: name.to_owned(),
        remedy: "it is read, write or selected",
    })
}

/// The name of a grant's access.
pub(super) fn access_name(access: FileGrant) -> &'static str {
    match access {
        FileGrant::Read => "read",
        FileGrant::Write => "write",
        FileGrant::Selected => "selected",
    }
}

/// The names of all grants of a set.
pub(super) fn grant_names(grants: FileGrants) -> Vec<&'static str> {
    GRANTS.iter().filter(|(_, grant)| grants.contains((*grant).into())).map(|(name, _)| *name).collect()
}

/// The section of the dump of a name.
///
/// # Errors
/// [`AdminError::Invalid`]
pub(super) fn section(name: &str) -> Result<Section, AdminError> {
    find(&SECTIONS, name).ok_or_else(|| AdminError::Invalid {
        what: "section",
        value: name.to_owned(),
        remedy: "it is nodes, handles, backings, apps, grants, counters or all",
    })
}

/// A package name: one or more parts of letters, digits and underscores, separated by dots.
///
/// # Errors
/// [`AdminError::Invalid`]
pub(super) fn package(name: &str) -> Result<PackageName, AdminError> {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if name.len() <= PACKAGE_NAME_MAX && name.split('.').all(part) {
        return Ok(PackageName::new(name));
    }
    Err(AdminError::Invalid {
        what: "application name",
        value: name.to_owned(),
        remedy: "it is letters, digits, underscores and dots, such as org.example.gallery",
    })
}
