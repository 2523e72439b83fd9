//! Applications as a test declares them to the daemon.

use std::fmt::Write;

/// One `[[app]]` of the daemon's applications file.
#[derive(Clone, Debug)]
pub(crate) struct App {
    name: String,
    uid: u32,
    target_sdk: u32,
    permissions: Vec<String>,
}

impl App {
    /// An application without permissions that targets SDK 34.
    pub(crate) fn new(name: &str, uid: u32) -> App {
        App { name: name.to_owned(), uid, target_sdk: 34, permissions: Vec::new() }
    }

    /// Sets the target SDK.
    pub(crate) fn target_sdk(mut self, target_sdk: u32) -> App {
        self.target_sdk = target_sdk;
        self
    }

    /// Adds a permission, named without `android.permission.`.
    pub(crate) fn permission(mut self, permission: &str) -> App {
        self.permissions.push(permission.to_owned());
        self
    }
}

/// The applications file that declares `apps`.
pub(crate) fn applications_file(apps: &[App]) -> String {
    let mut text = String::new();
    for app in apps {
        let App { name, uid, target_sdk, permissions } = app;
        writeln!(text, "[[app]]\nname = {name:?}\nuid = {uid}\ntarget_sdk = {target_sdk}")
            .expect("a string grows");
        writeln!(text, "permissions = {permissions:?}\n").expect("a string grows");
    }
    text
}
