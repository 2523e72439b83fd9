//! What a caller's permissions amount to: which of POLICY.md's classes it is in.
//!
//! A caller may be in several classes; each question here is answered by itself.

#![forbid(unsafe_code)]

use super::{Application, Caller, FileFacts, FileGrants, Identity, Kind, Permissions, State, View};

/// The first target SDK with scoped storage.
const SCOPED_SDK: u32 = 30;
/// The first target SDK for which `READ_EXTERNAL_STORAGE` counts as nothing.
const MEDIA_PERMISSIONS_SDK: u32 = 33;

/// What legacy storage allows an application that has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Legacy {
    /// No storage permission: nothing.
    None,
    /// `READ_EXTERNAL_STORAGE` alone.
    Read,
    /// `WRITE_EXTERNAL_STORAGE`.
    Write,
}

impl Application {
    fn holds(&self, permission: Permissions) -> bool {
        self.permissions.contains(permission)
    }

    /// How far legacy storage reaches; `None` for an application under scoped storage.
    fn legacy(&self) -> Option<Legacy> {
        if self.target_sdk >= SCOPED_SDK && !self.holds(Permissions::LEGACY_STORAGE) {
            None
        } else if self.holds(Permissions::WRITE_EXTERNAL_STORAGE) {
            Some(Legacy::Write)
        } else if self.holds(Permissions::READ_EXTERNAL_STORAGE) {
            Some(Legacy::Read)
        } else {
            Some(Legacy::None)
        }
    }

    /// Whether its read permissions speak of `kind`.
    fn reads(&self, kind: Kind) -> bool {
        let every = self.target_sdk < MEDIA_PERMISSIONS_SDK && self.holds(Permissions::READ_EXTERNAL_STORAGE);
        let has = |permission| every || self.holds(permission);
        match kind {
            Kind::Image => has(Permissions::READ_MEDIA_IMAGES),
            Kind::Video => has(Permissions::READ_MEDIA_VIDEO),
            Kind::Audio | Kind::Playlist => has(Permissions::READ_MEDIA_AUDIO),
            Kind::Subtitle => has(Permissions::READ_MEDIA_AUDIO) || has(Permissions::READ_MEDIA_VIDEO),
            Kind::Document | Kind::Other => false,
        }
    }

    /// Whether this app-op makes it a gallery: a legacy application's counts only if it may write.
    fn is_gallery_by(&self, app_op: Permissions) -> bool {
        self.holds(app_op) && matches!(self.legacy(), None | Some(Legacy::Write))
    }

    /// Whether its app-ops make it the gallery of `kind`.
    fn curates(&self, kind: Kind) -> bool {
        match kind {
            Kind::Image => self.is_gallery_by(Permissions::WRITE_MEDIA_IMAGES),
            Kind::Video => self.is_gallery_by(Permissions::WRITE_MEDIA_VIDEO),
            Kind::Audio | Kind::Playlist | Kind::Subtitle | Kind::Document | Kind::Other => false,
        }
    }
}

impl Caller {
    /// The application, if the caller is one.
    pub(super) fn application(&self) -> Option<&Application> {
        match &self.identity {
            Identity::Application(application) => Some(application),
            Identity::Root | Identity::Shell | Identity::Unknown => None,
        }
    }

    /// uid 0 or the daemon.
    pub(super) fn is_root(&self) -> bool {
        self.identity == Identity::Root
    }

    /// `adb shell`.
    pub(super) fn is_shell(&self) -> bool {
        self.identity == Identity::Shell
    }

    /// Whether the application holds all of `permission`.
    pub(super) fn holds(&self, permission: Permissions) -> bool {
        self.application().is_some_and(|application| application.holds(permission))
    }

    /// See [`Legacy`].
    pub(super) fn legacy(&self) -> Option<Legacy> {
        self.application()?.legacy()
    }

    /// Whether one of the caller's packages made the entry.
    pub(super) fn owns(&self, facts: &FileFacts) -> bool {
        match (self.application(), &facts.owner) {
            (Some(application), Some(owner)) => application.is(owner),
            (None, _) | (_, None) => false,
        }
    }

    /// Whether the caller is the gallery of this file.
    pub(super) fn curates(&self, facts: &FileFacts) -> bool {
        let gallery = |kind| self.application().is_some_and(|application| application.curates(kind));
        !facts.directory && !facts.hidden && facts.kind.is_some_and(gallery)
    }

    /// Whether the caller is the gallery of anything.
    pub(super) fn is_gallery(&self) -> bool {
        self.application().is_some_and(|application| {
            application.is_gallery_by(Permissions::WRITE_MEDIA_IMAGES)
                || application.is_gallery_by(Permissions::WRITE_MEDIA_VIDEO)
        })
    }

    /// Whether a read permission speaks of this file.
    pub(super) fn reads(&self, facts: &FileFacts) -> bool {
        let reader = |kind| self.application().is_some_and(|application| application.reads(kind));
        shown(facts) && facts.kind.is_some_and(reader)
    }

    /// Whether the user picked this file for the caller.
    pub(super) fn selected(&self, facts: &FileFacts) -> bool {
        shown(facts)
            && facts.grants.contains(FileGrants::SELECTED)
            && self.holds(Permissions::READ_MEDIA_VISUAL_USER_SELECTED)
    }

    /// Whether the caller has the grant `wanted` for this file.
    pub(super) fn granted(&self, facts: &FileFacts, wanted: FileGrants) -> bool {
        self.application().is_some() && shown(facts) && facts.grants.contains(wanted)
    }

    /// The view of one who reads by a permission or a grant: location needs a permission of its own or the right to
    /// write, and an unknown kind is never shown whole to one who only reads.
    pub(super) fn reading_view(&self, facts: &FileFacts) -> View {
        let located = facts.kind.is_some() && self.holds(Permissions::ACCESS_MEDIA_LOCATION);
        if located || self.granted(facts, FileGrants::WRITE) { View::Full } else { View::Redacted }
    }
}

/// Whether the entry is a file that others than its owner and those with broad rights may know.
fn shown(facts: &FileFacts) -> bool {
    !facts.directory && !facts.hidden && facts.state == State::Normal
}
