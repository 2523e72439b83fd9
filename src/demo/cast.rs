//! Who and what takes part: four applications, the sample files, and what each of them should see of each.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

use serde::Serialize;

use super::judge::Seen;
use crate::sample;

/// An application of the demonstration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Application {
    /// The short name of its column.
    pub(super) name: &'static str,
    /// The name by which it is registered.
    package: &'static str,
    /// The user that it runs as.
    pub(super) uid: u32,
    /// What it was granted.
    pub(super) permissions: &'static [&'static str],
    /// What that means.
    #[serde(skip)]
    pub(super) about: &'static str,
    #[serde(skip)]
    rights: Rights,
}

/// What an application may do with the files of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rights {
    /// It made them.
    Owner,
    /// It may read them, but not learn where they were taken.
    Reader,
    /// It may read them, and learn where they were taken.
    Located,
    /// None.
    Stranger,
}

/// The application that makes the files.
pub(super) const CAMERA: Application = Application {
    name: "camera",
    package: "org.example.camera",
    uid: 10_101,
    permissions: &[],
    about: "made the files",
    rights: Rights::Owner,
};

/// An application that has nothing to do with them.
pub(super) const GAME: Application = Application {
    name: "game",
    package: "org.example.game",
    uid: 10_104,
    permissions: &[],
    about: "was permitted nothing",
    rights: Rights::Stranger,
};

/// All four, in the order of their columns.
pub(super) const APPLICATIONS: [Application; 4] = [
    CAMERA,
    Application {
        name: "gallery",
        package: "org.example.gallery",
        uid: 10_102,
        permissions: &["READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO"],
        about: "may read photos and videos",
        rights: Rights::Reader,
    },
    Application {
        name: "maps",
        package: "org.example.maps",
        uid: 10_103,
        permissions: &["READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO", "ACCESS_MEDIA_LOCATION"],
        about: "may read them, and learn where they were taken",
        rights: Rights::Located,
    },
    GAME,
];

impl Application {
    /// What it should see of a file. `passthrough`: whether the kernel serves whole files itself.
    pub(super) fn expected(&self, file: &Sample, passthrough: bool) -> Seen {
        match self.rights {
            Rights::Stranger => Seen::Denied { errno: libc::EACCES },
            Rights::Reader if file.located => Seen::Redacted,
            Rights::Owner | Rights::Reader | Rights::Located => Seen::Full { kernel: passthrough },
        }
    }
}

/// The list that `mediagate serve --apps` reads.
pub(super) fn applications_file() -> String {
    APPLICATIONS.iter().fold(String::new(), |mut text, application| {
        let Application { package, uid, permissions, .. } = application;
        // A string grows without failing.
        let _ = writeln!(
            text,
            "[[app]]\nname = {package:?}\nuid = {uid}\ntarget_sdk = 34\npermissions = {permissions:?}\n"
        );
        text
    })
}

/// A file of the demonstration.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Where it lies in the volume.
    pub(super) path: &'static str,
    /// Whether it tells where it was taken.
    pub(super) located: bool,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// Photos and videos: of each kind with a location, and some without.
pub(super) fn samples() -> Vec<Sample> {
    let file = |path, located, bytes| Sample { path, located, bytes };
    vec![
        file("DCIM/Camera/tower.jpg", true, sample::jpeg_with_location()),
        file("DCIM/Camera/tower.heic", true, sample::iso::heic_with_location()),
        file("DCIM/Camera/tower.mp4", true, sample::iso::mp4_with_location()),
        file("Pictures/tower.png", true, sample::png_with_location()),
        file("Pictures/tower.tif", true, sample::tiff_with_location()),
        file("Pictures/tower.webp", true, sample::webp_with_location()),
        file("DCIM/Camera/indoors.jpg", false, sample::jpeg_clean()),
        file("Movies/indoors.mp4", false, sample::iso::mp4_clean()),
    ]
}
