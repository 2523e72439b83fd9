//! Each file is put on a volume by an application, and copied out by another one that may read it without its location.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::common::{App, OWNER, READER, Setup, Volume, as_uid};
use super::files::File;

/// Name of the reading application.
const READING: &str = "org.example.reader";
/// How long the daemon may serve a file by itself that was written just now.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// How the reader got a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The kernel read the real file; the daemon was asked for no byte of it.
    PassedThrough,
    /// The daemon served it, changed.
    Redacted,
    /// The daemon served it as it is.
    Unchanged,
    /// It cannot be made safe: the reason.
    Refused(String),
}

/// The files as they are, and as the reader saw them.
#[derive(Debug)]
pub(crate) struct Copies(TempDir);

impl Copies {
    /// The directory with those that the reader saw, by their names.
    pub(crate) fn seen(&self) -> PathBuf {
        self.0.path().join("seen")
    }

    /// The directory with the files as they are, by the same names.
    pub(crate) fn originals(&self) -> PathBuf {
        self.0.path().join("originals")
    }

    fn put(&self, kind: &str, name: &str, content: &[u8]) {
        let path = self.0.path().join(kind).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Serves the files and tells how each was; `None` where volumes cannot be mounted.
pub(crate) fn copy(files: Vec<File>) -> Option<(Copies, Vec<(File, Way)>)> {
    let reads = ["READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO", "READ_MEDIA_AUDIO"];
    let reader = reads.iter().fold(App::new(READING, READER), |app, permission| app.permission(permission));
    let volume = Setup::new().app(App::new("org.example.owner", OWNER)).app(reader).start()?;
    let copies = Copies(tempfile::tempdir().unwrap());
    for file in &files {
        let path = volume.path("Download").join(&file.name);
        as_uid(OWNER, || {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(&file.path, &path).unwrap();
        });
    }
    let served = files.into_iter().map(|file| {
        let content = fs::read(&file.path).unwrap();
        let path = volume.path("Download").join(&file.name);
        let way = settled(|| read(&volume, &path, &content, |seen| copies.put("seen", &file.name, seen)));
        if !matches!(way, Way::Refused(_)) {
            copies.put("originals", &file.name, &content);
        }
        (file, way)
    });
    let served = served.collect();
    Some((copies, served))
}

/// How a file is served once it is known that nobody writes to it any more.
fn settled(read: impl Fn() -> Way) -> Way {
    let end = Instant::now() + PATIENCE;
    loop {
        let way = read();
        if way != Way::Unchanged || Instant::now() > end {
            return way;
        }
        thread::sleep(POLL);
    }
}

/// Reads a file as the reader, who is granted it where it is of no kind that its permissions are for.
fn read(volume: &Volume, path: &Path, content: &[u8], keep: impl FnOnce(&[u8])) -> Way {
    let attempt = || as_uid(READER, || fs::read(path));
    let counters = || (volume.counter("opened_passthrough"), volume.counter("read"));
    let mut before = counters();
    let mut result = attempt();
    if result.is_err() && rule(volume, path) != "opaque" {
        let name = path.to_str().unwrap();
        let output = volume.command(&["grant", "add", READING, name]);
        assert!(output.status.success(), "grant {name}: {output:?}");
        before = counters();
        result = attempt();
    }
    match result {
        Ok(seen) => {
            keep(&seen);
            assert_eq!(seen.len(), content.len(), "{}", path.display());
            let (opened, reads) = counters();
            match (opened - before.0, reads - before.1, seen == content) {
                (1, 0, true) => Way::PassedThrough,
                (1, ..) => panic!("{}: passed through and served", path.display()),
                (_, _, true) => Way::Unchanged,
                (_, _, false) => Way::Redacted,
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{}: {error}", path.display());
            assert_eq!(rule(volume, path), "opaque", "{}", path.display());
            Way::Refused(reason(path))
        }
    }
}

/// The rule by which the reader may or may not read a file.
fn rule(volume: &Volume, path: &Path) -> String {
    let reader = READER.to_string();
    let told = volume.command(&["check", "--uid", &reader, "--op", "read", "--json", path.to_str().unwrap()]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    told["rule"].as_str().unwrap_or_else(|| panic!("no rule in {told}")).to_owned()
}

/// Why a file cannot be made safe.
fn reason(path: &Path) -> String {
    let content = fs::read(path).unwrap();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let plan = mediagate::redact::plan(&content.as_slice(), extension, &mediagate::redact::Budget::STANDARD);
    match plan.unwrap() {
        mediagate::redact::Plan::Opaque(reason) => reason.to_string(),
        other => panic!("{}: refused, but {other:?}", path.display()),
    }
}
