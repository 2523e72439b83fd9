//! What a file is by its bytes: where the files of the lower file system, the scanners of formats and the policy's
//! kinds meet.

#![forbid(unsafe_code)]

use std::io;

use crate::lower::Inspection;
use crate::policy::Content;
use crate::redact::{self, Format, Media, ReadAt};

/// Bytes at the start of a file that tell what it is.
const HEAD: usize = 4096;

/// What the first bytes of a file tell.
#[derive(Clone, Copy, Debug)]
pub struct Recognised {
    /// What they were recognised as.
    pub content: Content,
    format: Option<Format>,
}

impl Recognised {
    /// What `source` is.
    ///
    /// # Errors
    /// The source's own.
    pub fn of(source: &dyn ReadAt) -> io::Result<Recognised> {
        let mut head = vec![0; HEAD];
        let count = source.read_at(0, &mut head)?;
        head.truncate(count);
        let format = redact::sniff(&head);
        let content = match format.map(Format::media) {
            _ if head.is_empty() => Content::Empty,
            None if redact::is_no_media(&head) => Content::NotMedia,
            None => Content::Unrecognised,
            Some(Media::Image) => Content::Image,
            Some(Media::Video) => Content::Video,
            Some(Media::Audio) => Content::Audio,
            Some(Media::NotMedia) => Content::NotMedia,
        };
        Ok(Recognised { content, format })
    }

    /// What the database calls its format.
    pub fn format(self) -> String {
        self.format.map_or("unrecognised".to_owned(), |format| format!("{format:?}").to_lowercase())
    }
}

/// The extension of a file's name, lower-case.
pub fn extension(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())
}

impl ReadAt for Inspection {
    /// When it was opened; who needs it of the bytes that are read holds the version against this one afterwards.
    fn size(&self) -> u64 {
        self.stat().version.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Inspection::read_at(self, offset, buffer)
    }
}
