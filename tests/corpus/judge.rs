//! What other programs find in the files that the reader saw.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that are asked.
const PROGRAMS: [&str; 7] = ["exiftool", "exiv2", "ffmpeg", "ffprobe", "mediainfo", "dcraw_emu", "djxl"];
/// What the program that asks them imports.
const MODULES: &str = "import PIL, pillow_heif, pillow_avif, pillow_jxl, numpy, brotli";

/// Files on which the programs and we differ, what they say, and why it stays so.
const DIFFERENCES: [(&str, &str, &str); 9] = [
    (
        "mkv/74b5304c_test_cover.mkv",
        "BROKEN",
        "the attached photograph, which they take for a stream, tells a place",
    ),
    (
        "jp2/54a027d7_issue_ghsa_8949_hhfh_j7rj_poc.jp2",
        "OVERREDACT",
        "the packet is not well-formed and goes whole",
    ),
    ("jpeg/bd1f20e1_Issue_173__dotnet_.jpg", "OVERREDACT", "coordinates in a comment of the user"),
    (
        "jpeg/d7d835a2_iptc-agency-photographer-example.jpg",
        "OVERREDACT",
        "a list of places nearby with coordinates",
    ),
    (
        "jpeg/da723e6f_309465781-9420afb8-2a57-4bae-a188-a719f6d62b1f.JPG",
        "OVERREDACT",
        "DJI's Lat, Lon and AbsAlt",
    ),
    ("audio/tags.mp3", "OVERREDACT", "a text of the user that is called location"),
    ("mp4/camm6_64bit.mp4", "OVERREDACT", "the velocity of a fix is motion"),
    ("mp4/text_dji.mp4", "OVERREDACT", "the text of the subtitles is coordinates"),
    ("mp4/text_nmea.mp4", "OVERREDACT", "the text of the subtitles is coordinates"),
];

/// What was found in one file.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) file: String,
    /// `PASS`, or what is wrong: `LEAK`, `BROKEN`, `OVERREDACT`, joined by `+`.
    pub(crate) name: String,
    /// What was found and what is missing.
    #[allow(dead_code, reason = "it is read by a person when the test fails")]
    told: String,
}

impl Verdict {
    /// Whether it is as good as it can be.
    pub(crate) fn is_as_expected(&self) -> bool {
        let known = DIFFERENCES.iter().any(|(file, name, _)| self.file.ends_with(file) && self.name == *name);
        self.name == "PASS" || known
    }
}

/// What of the programs is missing, if anything.
pub(crate) fn missing(shared: &Path) -> Option<String> {
    if !oracle(shared).is_file() {
        return Some("oracle/oracle.py".to_owned());
    }
    let runs = |program: &str, argument: &str| {
        Command::new(program)
            .arg(argument)
            .output()
            .is_ok_and(|output| program != python() || output.status.success())
    };
    if let Some(program) = PROGRAMS.into_iter().find(|program| !runs(program, "--version")) {
        return Some(program.to_owned());
    }
    let imports = Command::new(python()).args(["-c", MODULES]).output();
    let imports = imports.is_ok_and(|output| output.status.success());
    (!imports).then(|| format!("{} with what `{MODULES}` needs", python()))
}

/// The verdict on each file by its name.
pub(crate) fn verdicts(shared: &Path, originals: PathBuf, seen: PathBuf) -> BTreeMap<String, Verdict> {
    let told = seen.with_file_name("verdicts");
    let mut command = Command::new(python());
    command.arg(oracle(shared)).arg("--batch").args([&originals, &seen]).arg("--jsonl").arg(&told);
    command.arg("--tsv").arg(told.with_extension("tsv")).env("ORACLE_PYTHON", python());
    let output = command.output().unwrap();
    let told = fs::read_to_string(&told).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    told.lines().map(verdict).map(|verdict| (verdict.file.clone(), verdict)).collect()
}

fn verdict(line: &str) -> Verdict {
    let told: serde_json::Value = serde_json::from_str(line).unwrap();
    let findings =
        ["leaks", "lost", "changed", "pixels", "size"].map(|field| format!("{field} {}", told[field]));
    let text = |field: &str| told[field].as_str().unwrap().to_owned();
    Verdict { file: text("rel"), name: text("verdict"), told: findings.join("; ") }
}

fn oracle(shared: &Path) -> PathBuf {
    shared.join("oracle/oracle.py")
}

/// `ORACLE_PYTHON`, or the system's.
fn python() -> String {
    env::var("ORACLE_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}
