//! The applications that most tests know, each of one sort.

use super::{App, Setup};

/// Has no permission: what it makes is its own.
pub(crate) const OWNER: u32 = 10_101;
/// Manages all files.
pub(crate) const MANAGER: u32 = 10_102;
/// Reads pictures and videos and may know where they were made.
pub(crate) const KNOWING: u32 = 10_103;
/// Reads pictures and videos without their locations.
pub(crate) const READER: u32 = 10_104;
/// Another one like that.
pub(crate) const OTHER_READER: u32 = 10_105;
/// Has no permission and makes nothing.
pub(crate) const STRANGER: u32 = 10_106;

/// Reading pictures and videos.
const READS: [&str; 2] = ["READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO"];

/// A setup with all of them.
pub(crate) fn cast() -> Setup {
    let reader = |name: &str, uid| {
        READS.iter().fold(App::new(name, uid), |app, permission| app.permission(permission))
    };
    Setup::new()
        .app(App::new("org.example.owner", OWNER))
        .app(App::new("org.example.manager", MANAGER).permission("MANAGE_EXTERNAL_STORAGE"))
        .app(reader("org.example.knowing", KNOWING).permission("ACCESS_MEDIA_LOCATION"))
        .app(reader("org.example.reader", READER))
        .app(reader("org.example.other", OTHER_READER))
        .app(App::new("org.example.stranger", STRANGER))
}
