//! Where the private bytes of a media file lie, and what to put in their place.
//!
//! Pure over a [`ReadAt`]: no path, no file descriptor, no clock, no policy. [`plan`] looks at the content (the
//! name's extension only adds candidates) and answers with a [`Plan`]; [`Patches::apply`] changes a buffer that was
//! read at some offset, so that any read of the file, of any size, shows the redacted bytes.
//!
//! INVARIANT: a plan never changes the size of a file, its structure, its pixels or its samples.
//! INVARIANT: what cannot be proved safe is [`Plan::Opaque`]; an error never yields [`Plan::Clean`].

#![forbid(unsafe_code)]

mod brotli;
mod bytes;
mod class;
mod dispatch;
mod document;
mod flac;
mod gif;
mod hex;
mod id3;
mod iptc;
mod iso;
mod joined;
mod jpeg;
mod matroska;
mod mp3;
mod ogg;
mod paged;
mod patches;
mod patterns;
mod plan;
mod png;
mod psd;
mod raw;
mod riff;
mod scan;
mod shown;
mod sniff;
mod source;
mod store;
mod subtitles;
mod tag;
#[cfg(test)]
mod tests;
mod tiff;
mod trailer;
mod vorbis;
mod webp;
mod xmp;

pub use class::{Classes, NoClasses};
pub use dispatch::{plan, plan_hiding};
pub use patches::Patches;
pub use plan::{Fill, OpaqueReason, Patch, Plan};
pub use sniff::{Format, Media, is_no_media, sniff};
pub use source::{Budget, ReadAt, ScanError};
pub use store::NotAPlan;

/// Grows whenever a scanner finds more or a recipe changes: plans of other versions are made again.
pub const SCANNER_VERSION: u32 = 6;

/// The version of plans that hide these classes: a plan that hides fewer is never taken for one of them.
pub fn plan_version(hide: Classes) -> u32 {
    SCANNER_VERSION | u32::from(hide.missing()) << 16
}
