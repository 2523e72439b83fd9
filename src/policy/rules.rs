//! The ordered list of rules. The first that speaks decides.
//!
//! Each rule is one function of the caller, the facts and the operation, with the sentence of the policy that it
//! implements; the sentence is what `mediagate check` prints. `private` guards private trees and protected
//! directories, `broad` has the callers that need no file's facts, `file` the rights to one file, `structure` what
//! may be made and moved where.
//!
//! INVARIANT: private trees are judged before every right that is not theirs.

#![forbid(unsafe_code)]

mod broad;
mod file;
mod private;
mod structure;

use super::{Caller, DenyReason, FileFacts, Operation, RuleName, View};

/// What a rule answers if it speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    /// Go ahead with this view.
    Allow(View),
    /// Not so.
    Deny(DenyReason),
}

/// The answer of most allowing rules.
const FULL: Option<Ruling> = Some(Ruling::Allow(View::Full));
/// The answer of most denying rules.
const REFUSED: Option<Ruling> = Some(Ruling::Deny(DenyReason::Refused));

type Judge = fn(&Caller, &FileFacts, &Operation) -> Option<Ruling>;

/// One rule of the policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Its name in verdicts, audit and documentation.
    pub(super) name: RuleName,
    /// The sentence that it implements.
    pub(super) sentence: &'static str,
    /// The reasons with which it denies; empty for a rule that only allows.
    pub(super) denies: &'static [DenyReason],
    /// The rule itself; `None` is silence.
    pub(super) judge: Judge,
}

/// Declares the table with each rule's function, the reasons with which it denies, and its sentence.
macro_rules! rules {
    ($($name:literal = $judge:path, [$($reason:ident),*], $sentence:literal;)*) => {
        /// All rules in the order in which they are asked.
        pub(super) const RULES: &[Rule] = &[$(Rule {
            name: RuleName($name),
            sentence: $sentence,
            denies: &[$(DenyReason::$reason),*],
            judge: $judge,
        }),*];
    };
}

rules! {
    "forced-redaction" = private::forced_redaction, [Refused, Private],
        "By its forced-redaction name a file is read redacted by all who may read it, written by no one, and does not \
         exist for others.";
    "special-file" = structure::special_file, [Misplaced, PrivateChange, OtherUser],
        "No one makes devices, sockets, named pipes, symbolic links or a second name of a file.";
    "root" = broad::root, [],
        "Root and the daemon itself are not checked.";
    "other-user" = private::other_user, [OtherUser],
        "Another user's tree cannot be entered and lists empty, unless the two users share media.";
    "users" = private::users, [Refused],
        "The directory of all users' trees may be walked, and is neither read nor changed by applications.";
    "beside-users" = private::beside_users, [Private, PrivateChange],
        "Beside the users' trees nothing exists for applications and the shell.";
    "bad-name" = structure::bad_name, [Misplaced],
        "A new name is valid Unicode of at most 255 bytes, without control characters and what FAT refuses.";
    "private-own" = private::own, [],
        "An application has everything in its own package's private directories.";
    "private-installer" = private::installer, [],
        "The installer reaches all of Android/obb.";
    "private-shell" = private::shell, [],
        "The shell reads and writes files raw.";
    "private-other" = private::other, [Private, PrivateChange],
        "Another package's private directory does not exist for reading or walking, and may not be made, removed or \
         renamed.";
    "private-marker" = private::marker, [Refused, PrivateChange],
        "The .nomedia of a private tree is visible and nothing more.";
    "private-root" = private::root_of_tree, [Refused, PrivateChange],
        "Android/data and Android/obb themselves may be walked and listed and never changed.";
    "protected-directory" = private::protected, [Refused, Misplaced],
        "A volume's root, Android and Android/media may not be removed, renamed or replaced.";
    "media-own" = private::media_own, [],
        "An application has everything in Android/media of its own package.";
    "look" = structure::look, [],
        "What lies in a shared place may be looked up by everyone.";
    "shell" = broad::shell, [],
        "The shell reads and writes files raw, and makes, removes and renames as a manager.";
    "manager" = broad::manager, [],
        "A manager of all files may do everything outside private trees and Android itself.";
    "legacy-write" = broad::legacy_write, [],
        "A legacy application that may write may do everything outside private trees, pending and trashed entries.";
    "top-directory-fixed" = structure::top_directory_fixed, [Refused, Misplaced],
        "A top-level directory may not be removed, renamed or replaced.";
    "owner" = file::owner, [],
        "The package that made a file may do everything with it.";
    "gallery" = file::gallery, [],
        "A gallery has full access to the files of its kinds that are not hidden, in any top-level directory.";
    "gallery-directory" = file::gallery_directory, [],
        "A gallery may move and change directories in DCIM, Pictures and Movies.";
    "unfinished" = file::unfinished, [Refused, Forbidden],
        "Pending and trashed entries are for their owner, managers and the gallery of their kind, and not listed to \
         others.";
    "write-grant" = file::write_grant, [],
        "An application that was granted a file for writing reads it whole, writes, removes and renames it.";
    "legacy-read" = file::legacy_read, [],
        "A legacy application that may read reads and lists every file, whole.";
    "legacy-refused" = file::legacy_refused, [Refused, Forbidden],
        "A legacy application that may not write makes, moves and removes nothing; one that may not read lists \
         nothing.";
    "read-grant" = file::read_grant, [],
        "An application that was granted a file for reading reads it, redacted unless it may know media locations.";
    "selected" = file::selected, [],
        "A file that the user selected for the application is read and listed, redacted unless it may know media \
         locations.";
    "reader" = file::reader, [],
        "A file of a kind that the application may read is read and listed, redacted unless it may know media \
         locations.";
    "walk" = structure::walk, [],
        "Directories in shared places are listed and may be opened for listing.";
    "top-directory" = structure::top_directory, [Refused],
        "At the top level only the default directories may be made.";
    "directory" = structure::directory, [],
        "Below the top level directories may be made, removed and moved; what lies in a moved one is judged by \
         itself.";
    "accepted-kind" = structure::accepted_kind, [],
        "A directory takes new files of the kinds that it is for, and directories.";
    "misplaced" = structure::misplaced, [Misplaced],
        "A kind of file does not go where the directory is not for it.";
    "not-yours" = file::not_yours, [Refused, Forbidden],
        "Without a right to it, another application's file is not opened, listed, changed, removed or renamed.";
}
