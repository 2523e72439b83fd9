//! Which kind of media a file is, from its name and from what its content was recognised as.
//!
//! The extensions are those of Android's `MimeMap` and MediaProvider's lists of playlist, subtitle and document
//! types. Content itself is read elsewhere; only the outcome comes here.
//!
//! INVARIANT: a kind counts for a permission only if name and content agree; disagreement makes a document.

#![forbid(unsafe_code)]

use super::Kind;

/// No extension of the tables is longer, in bytes.
const LONGEST_EXTENSION: usize = 8;

const IMAGE: &[&str] = &[
    "arw", "avif", "bmp", "cr2", "crw", "cur", "dng", "gif", "heic", "heics", "heif", "heifs", "hif", "ico",
    "jfif", "jng", "jp2", "jpe", "jpeg", "jpg", "jpm", "jpx", "jxl", "nef", "nrw", "orf", "pbm", "pcx",
    "pef", "pgm", "png", "pnm", "ppm", "psd", "raf", "raw", "rw2", "srw", "svg", "svgz", "tif", "tiff",
    "wbmp", "webp", "xbm", "xpm",
];

const VIDEO: &[&str] = &[
    "3g2", "3gp", "3gp2", "3gpp", "3gpp2", "asf", "avi", "divx", "dv", "f4v", "fli", "flv", "m1v", "m2t",
    "m2ts", "m2v", "m4v", "mj2", "mjp2", "mkv", "mov", "movie", "mp2p", "mp2t", "mp2ts", "mp4", "mp4v",
    "mpe", "mpeg", "mpeg2", "mpeg4", "mpg", "mpv", "mts", "mxu", "ogv", "qt", "rm", "rmvb", "ts", "vob",
    "webm", "wm", "wmv", "wmx", "wvx",
];

const AUDIO: &[&str] = &[
    "3ga", "aac", "ac3", "adts", "aif", "aifc", "aiff", "amr", "ape", "au", "awb", "caf", "dts", "ec3",
    "flac", "gsm", "imy", "kar", "loas", "m4a", "m4b", "m4p", "m4r", "mhm1", "mid", "midi", "mka", "mp1",
    "mp2", "mp3", "mpega", "mpga", "mxmf", "oga", "ogg", "opus", "ota", "ra", "ram", "rtttl", "rtx", "sd2",
    "smf", "snd", "spx", "wav", "wax", "wma", "wv", "xhe", "xmf",
];

const PLAYLIST: &[&str] = &["m3u", "m3u8", "pls", "smpl", "wpl", "xspf"];

const SUBTITLE: &[&str] = &["cap", "lrc", "smi", "smil", "srt", "sub", "ttml", "vtt"];

const DOCUMENT: &[&str] = &[
    "asc", "csv", "css", "diff", "doc", "docm", "docx", "dot", "dotm", "dotx", "eml", "epub", "htm", "html",
    "ics", "json", "log", "markdown", "md", "mht", "mhtml", "odb", "odc", "odf", "odg", "odi", "odm", "odp",
    "ods", "odt", "oth", "otg", "otp", "ots", "ott", "pdf", "po", "pot", "potm", "potx", "ppam", "pps",
    "ppsm", "ppsx", "ppt", "pptm", "pptx", "rst", "rtf", "sdw", "shtml", "stw", "sxc", "sxd", "sxi", "sxw",
    "text", "tex", "tsv", "txt", "vcard", "vcf", "vcs", "xhtml", "xla", "xlam", "xls", "xlsb", "xlsm",
    "xlsx", "xlt", "xltm", "xltx", "xml", "yaml", "yml",
];

const TABLES: &[(Kind, &[&str])] = &[
    (Kind::Image, IMAGE),
    (Kind::Video, VIDEO),
    (Kind::Audio, AUDIO),
    (Kind::Playlist, PLAYLIST),
    (Kind::Subtitle, SUBTITLE),
    (Kind::Document, DOCUMENT),
];

/// What the bytes of a file were recognised as.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// There are none.
    Empty,
    /// Nothing that a scanner knows; plain text is among it.
    Unrecognised,
    /// A picture.
    Image,
    /// A moving picture, or a container that may hold one.
    Video,
    /// Sound.
    Audio,
    /// Recognised as no medium: a PDF, an archive, a program.
    NotMedia,
}

impl Kind {
    /// The kind that a file's name claims by its extension, in any case; [`Kind::Other`] without a known one.
    pub fn of_extension(name: impl AsRef<[u8]>) -> Kind {
        let mut parts = name.as_ref().rsplitn(2, |byte| *byte == b'.');
        match (parts.next(), parts.next()) {
            (Some(extension), Some(_)) if extension.len() <= LONGEST_EXTENSION => of_known(extension),
            _ => Kind::Other,
        }
    }

    /// The kind on which name and content agree.
    ///
    /// Sound and moving pictures share containers (ISO base media, Matroska, Ogg, ASF), so that between those two
    /// the name decides.
    pub const fn agree(by_name: Kind, content: Content) -> Kind {
        match (by_name, content) {
            (kind, Content::Empty | Content::Unrecognised) => kind,
            (Kind::Image, Content::Image) => Kind::Image,
            (Kind::Video, Content::Video | Content::Audio) => Kind::Video,
            (Kind::Audio, Content::Video | Content::Audio) => Kind::Audio,
            (Kind::Other, Content::NotMedia) => Kind::Other,
            (Kind::Image, Content::Video | Content::Audio | Content::NotMedia)
            | (Kind::Video | Kind::Audio, Content::Image | Content::NotMedia)
            | (Kind::Other, Content::Image | Content::Video | Content::Audio)
            | (
                Kind::Playlist | Kind::Subtitle | Kind::Document,
                Content::Image | Content::Video | Content::Audio | Content::NotMedia,
            ) => Kind::Document,
        }
    }
}

fn of_known(extension: &[u8]) -> Kind {
    TABLES
        .iter()
        .find(|(_, known)| known.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(extension)))
        .map_or(Kind::Other, |(kind, _)| *kind)
}
