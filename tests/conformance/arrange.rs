//! Lines that arrange something: files from outside and by a caller, open files, and the administration.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use mediagate::admin::{Administration, GrantRequest};
use mediagate::id::UserId;
use rustix::fs::{Mode, OFlags, open};

use crate::cast::{Actor, Cast, package};
use crate::fixture;
use crate::stage::{Stage, acting};
use crate::word;

/// Does what the words say.
///
/// # Errors
/// Why not.
pub(crate) fn arrange(stage: &mut Stage, cast: &mut Cast, words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["lower", path, fixture] => place(&stage.lower().join(word::decode(path)?), fixture),
        ["lower-remove", path] => remove(&stage.lower().join(word::decode(path)?)),
        ["lower-rename", from, to] => {
            let (from, to) = (stage.lower().join(word::decode(from)?), stage.lower().join(word::decode(to)?));
            fs::rename(from, to).map_err(|error| error.to_string())
        }
        ["make", caller, path, fixture] => {
            let (path, uid) = (stage.mount().join(word::decode(path)?), actor(cast, caller)?.uid);
            acting(uid, || place(&path, fixture))
        }
        ["hold", caller, how, path] => {
            let (path, uid) = (stage.mount().join(word::decode(path)?), actor(cast, caller)?.uid);
            let held = acting(uid, || hold(how, &path))?;
            stage.held.push(held);
            Ok(())
        }
        ["release"] => {
            stage.held.clear();
            Ok(())
        }
        ["wait", milliseconds] => {
            std::thread::sleep(Duration::from_millis(number(milliseconds)?));
            Ok(())
        }
        ["app", ..] => {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let app = cast.add(&words)?.app.clone().ok_or("no application")?;
            stage.register(&app)
        }
        other => administer(stage, other),
    }
}

fn administer(stage: &Stage, words: &[&str]) -> Result<(), String> {
    let done = match words {
        ["grant", app, access, path, seconds @ ..] => {
            let seconds = seconds.first().map(|seconds| number(seconds)).transpose()?;
            let (application, access) = (package(app), (*access).to_owned());
            let path = text(word::decode(path)?)?;
            stage.client.add_grant(&GrantRequest { application, path, access, seconds }).map(drop)
        }
        ["revoke", app, path] => return stage.revoke(app, &text(word::decode(path)?)?),
        ["permission", app, changes @ ..] => changes.iter().try_for_each(|change| match change.split_at(1) {
            ("+", permission) => stage.client.grant_permission(&package(app), permission),
            (_, permission) => stage.client.revoke_permission(&package(app), permission),
        }),
        ["remove", app] => stage.client.remove_application(&package(app)),
        ["op", app, permission, mode] => stage.client.set_app_op(&package(app), permission, mode),
        ["share", one, other] => stage.client.share_users(user(one)?, user(other)?),
        ["unshare", one, other] => stage.client.unshare_users(user(one)?, user(other)?),
        ["maintain", now] => stage.client.maintain(Some(number(now)?)).map(drop),
        ["scan"] => stage.client.scan(None, false).map(drop),
        ["scan", path] => stage.client.scan(Some(path), false).map(drop),
        _ => return Err("nothing that can be arranged".to_owned()),
    };
    done.map_err(|failure| failure.text)
}

/// A file or a directory with this content, and the directories above it.
fn place(path: &Path, name: &str) -> Result<(), String> {
    let placed = match (name, path.parent()) {
        ("dir", _) => fs::create_dir_all(path),
        (_, None) => return Err("no file".to_owned()),
        (name, Some(parent)) => {
            let bytes = fixture::bytes(name).ok_or_else(|| format!("no fixture {name}"))?;
            fs::create_dir_all(parent).and_then(|()| fs::write(path, bytes))
        }
    };
    placed.map_err(|error| error.to_string())
}

fn remove(path: &Path) -> Result<(), String> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|error| error.to_string())
}

fn hold(how: &str, path: &Path) -> Result<OwnedFd, String> {
    let flags = match how {
        "read" => OFlags::RDONLY,
        "write" => OFlags::WRONLY,
        "readwrite" => OFlags::RDWR,
        "create" => OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
        "directory" => OFlags::RDONLY | OFlags::DIRECTORY,
        _ => return Err(format!("no way to hold a file: {how}")),
    };
    open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o644)).map_err(|error| error.to_string())
}

fn actor<'c>(cast: &'c Cast, name: &str) -> Result<&'c Actor, String> {
    cast.find(name).ok_or_else(|| format!("nobody is called {name}"))
}

fn user(word: &str) -> Result<UserId, String> {
    word.parse().map(UserId::new).map_err(|_| format!("no user: {word}"))
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("no number: {word}"))
}

fn text(word: OsString) -> Result<String, String> {
    word.into_string().map_err(|_| "the administration takes text".to_owned())
}
