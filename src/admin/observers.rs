//! Applications that observe: which changes they are told of, and what is taken from them.
//!
//! Each event is judged by itself, for each observer's uid, by the decision that answers its `stat`. What an application
//! holds, its permissions and the grants of its packages, is compared with what it held when it was told last, so that
//! it learns of everything that ended, whatever ended it.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::explanation::kind_name;
use super::line::{Event, Hearer, Lines};
use super::query::KINDS;
use super::session::{Session, store_failed};
use super::{Admin, AdminError, MediaEvent, ObserverFilter, names, now};
use crate::fs::{Feed, Told, ToldWhat};
use crate::id::{GrantId, Uid};
use crate::policy::{Application, Identity};
use crate::store::{Grant, Snapshot, Store, StoreError};

/// Observers of one uid, and of all.
const MOST: (usize, usize) = (4, 64);

impl Event for MediaEvent {
    fn weight(&self) -> usize {
        64 + 2 * (self.path.len() + self.new_path.as_ref().map_or(0, String::len))
    }
}

/// What one observer is told of, and what it held when it was told last.
#[derive(Debug)]
pub(super) struct Wants {
    filter: ObserverFilter,
    held: Mutex<Held>,
}

/// What an application holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Held {
    rights: Option<Arc<Application>>,
    grants: BTreeMap<GrantId, HeldGrant>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct HeldGrant {
    access: &'static str,
    /// Where the file was when the observer could see it last.
    path: String,
}

/// All observers.
pub(super) struct Observers {
    feed: Arc<Feed>,
    lines: Arc<Lines<MediaEvent, Wants>>,
    /// Of which snapshot everybody was told, and when the next grant ends.
    followed: Mutex<(Option<u64>, Option<i64>)>,
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers").finish_non_exhaustive()
    }
}

impl Observers {
    /// That are told of what is read from `feed`, which is filled as long as there are some.
    pub(super) fn new(feed: Arc<Feed>) -> Observers {
        let filled = feed.clone();
        let lines = Lines::new(MOST, Box::new(move |any| filled.hear(any)));
        Observers { feed, lines, followed: Mutex::default() }
    }

    /// Tells those of `uid`, whatever they filter.
    pub(super) fn tell_uid(&self, uid: Uid, event: &MediaEvent) {
        for line in self.lines.all().iter().filter(|line| line.uid == uid) {
            line.push(event.clone(), lost);
        }
    }

    /// What applications hold may have changed: who tells of it is not to wait.
    pub(super) fn wake(&self) {
        self.feed.wake();
    }

    pub(super) fn end(&self, uid: Uid, id: u64) -> Result<(), AdminError> {
        self.lines.end(uid, id)
    }

    fn tell(&self, told: impl Fn(Uid) -> Option<Told>, below: &str) {
        for line in self.lines.all() {
            let Some(told) = told(line.uid) else { continue };
            let event = event(told, below);
            line.wants.held.lock().follow(&event);
            if line.wants.filter.admits(&event) {
                line.push(event, lost);
            }
        }
    }

    /// Tells each application what of its rights and grants is another than before.
    fn follow(&self, admin: &Admin) -> Result<(), StoreError> {
        let (snapshot, now) = (admin.store.snapshot(), now());
        let mut followed = self.followed.lock();
        let ended = followed.1.is_some_and(|ends| ends <= now);
        if followed.0 == Some(snapshot.generation()) && !ended {
            return Ok(());
        }
        let grants = admin.store.grants()?;
        for line in self.lines.all() {
            let mut held = line.wants.held.lock();
            let holds = admin.held(line.uid, &snapshot, &grants, &held)?;
            let before = std::mem::replace(&mut *held, holds);
            held.differences(&before).into_iter().for_each(|event| line.push(event, lost));
        }
        let ends = grants.iter().filter_map(|grant| grant.expires).filter(|expires| now < *expires).min();
        *followed = (Some(snapshot.generation()), ends);
        Ok(())
    }
}

impl Held {
    /// A file for which there is a grant is somewhere else, as the observer could see.
    fn follow(&mut self, event: &MediaEvent) {
        let Some(new) = &event.new_path else { return };
        for grant in self.grants.values_mut() {
            let below = grant.path.strip_prefix(&event.path);
            if let Some(rest) = below.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                grant.path = format!("{new}{rest}");
            }
        }
    }

    fn differences(&self, before: &Held) -> Vec<MediaEvent> {
        let event = |what: &str, id: &GrantId, grant: &HeldGrant| MediaEvent {
            what: what.to_owned(),
            path: grant.path.clone(),
            id: id.raw().cast_unsigned(),
            detail: grant.access.to_owned(),
            ..MediaEvent::default()
        };
        let gone = before.grants.iter().filter(|(id, _)| !self.grants.contains_key(id));
        let new = self.grants.iter().filter(|(id, _)| !before.grants.contains_key(id));
        let mut events: Vec<_> = gone.map(|(id, grant)| event("revoked", id, grant)).collect();
        events.extend(new.map(|(id, grant)| event("granted", id, grant)));
        if self.rights != before.rights {
            events.push(MediaEvent { what: "rights".to_owned(), ..MediaEvent::default() });
        }
        events
    }
}

impl ObserverFilter {
    /// Whether it asks for what can be; the directory is relative to the volume.
    fn checked(self, directory: String) -> Result<ObserverFilter, AdminError> {
        if let Some(kind) = self.kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            let remedy = "it is image, video, audio, playlist, subtitle, document or other";
            return Err(AdminError::Invalid { what: "kind", value: kind.clone(), remedy });
        }
        Ok(ObserverFilter { directory, ..self })
    }

    fn admits(&self, event: &MediaEvent) -> bool {
        let below = |path: &String| {
            let rest = path.strip_prefix(self.directory.as_str());
            rest.is_some_and(|rest| self.directory.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        (below(&event.path) || event.new_path.as_ref().is_some_and(below))
            && (self.kinds.is_empty() || (!event.directory && self.kinds.contains(&event.kind)))
    }
}

/// Changes were lost.
fn lost() -> MediaEvent {
    MediaEvent { what: "lost".to_owned(), ..MediaEvent::default() }
}

/// In the words of the interface; `below` is where the volume lies in the shared one.
fn event(told: Told, below: &str) -> MediaEvent {
    let whole = |path: String| match below {
        "" => path.trim_start_matches('/').to_owned(),
        below => format!("{below}{path}"),
    };
    let (what, path, new_path) = match told.what {
        ToldWhat::Created(path) => ("created", path, None),
        ToldWhat::Changed(path) => ("changed", path, None),
        ToldWhat::Removed(path) => ("removed", path, None),
        ToldWhat::Renamed(from, to) => ("renamed", from, Some(to)),
    };
    MediaEvent {
        what: what.to_owned(),
        path: whole(path),
        new_path: new_path.map(whole),
        directory: told.directory,
        kind: if told.directory { String::new() } else { kind_name(told.kind).to_owned() },
        ..MediaEvent::default()
    }
}

impl Admin {
    /// Tells observers of a change; `told` is what a uid may know of it, and `below` where the volume that it happened in
    /// lies in the shared one.
    pub fn tell_observers(&self, told: impl Fn(Uid) -> Option<Told>, below: &str) {
        self.observers.tell(told, below);
    }

    /// Tells observers that changes were lost.
    pub fn tell_observers_of_loss(&self) {
        self.observers.lines.all().iter().for_each(|line| line.lose(lost()));
    }

    /// Tells observers what they were given and what was taken from them since the last time.
    pub fn tell_observers_of_rights(&self) {
        if let Err(error) = self.observers.follow(self) {
            log::error!("cannot tell observers of what they are granted: {error}");
        }
    }

    /// Ends all lines to observers.
    pub fn end_observers(&self) {
        self.observers.lines.end_all();
        self.auditors.end_all();
    }

    fn held(
        &self,
        uid: Uid,
        snapshot: &Snapshot,
        grants: &[Grant],
        before: &Held,
    ) -> Result<Held, StoreError> {
        let Identity::Application(rights) = snapshot.identity(uid, self.own) else {
            return Ok(Held::default());
        };
        let now = now();
        let own =
            |grant: &&Grant| rights.is(&grant.package) && grant.expires.is_none_or(|expires| now < expires);
        let mut held = BTreeMap::new();
        for grant in grants.iter().filter(own) {
            let path = match before.grants.get(&grant.id) {
                Some(known) => known.path.clone(),
                None => path_of(&self.store, grant)?,
            };
            held.insert(grant.id, HeldGrant { access: names::access_name(grant.mode), path });
        }
        Ok(Held { rights: Some(rights), grants: held })
    }
}

fn path_of(store: &Store, grant: &Grant) -> Result<String, StoreError> {
    let names = store.path_of(grant.entry)?.map(|path| path.names).unwrap_or_default();
    Ok(String::from_utf8_lossy(&names.join(&b'/')).into_owned())
}

impl Session<'_> {
    pub(super) fn observed(
        &self,
        filter: &ObserverFilter,
        hearer: Box<dyn Hearer<MediaEvent>>,
    ) -> Result<u64, AdminError> {
        let filter = filter.clone().checked(self.files().inside(&filter.directory)?)?;
        let (admin, uid) = (self.admin(), self.uid());
        // What is taken from it from here on it is told of.
        let grants = admin.store.grants().map_err(store_failed)?;
        let held = admin.held(uid, &admin.store.snapshot(), &grants, &Held::default());
        let wants = Wants { filter, held: Mutex::new(held.map_err(store_failed)?) };
        let id = admin.observers.lines.add(uid, wants, hearer)?;
        // Its grants may end before those that were known of.
        admin.observers.followed.lock().0 = None;
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(path: &str, new_path: Option<&str>, kind: &str) -> MediaEvent {
        MediaEvent {
            path: path.to_owned(),
            new_path: new_path.map(str::to_owned),
            directory: kind.is_empty(),
            kind: kind.to_owned(),
            ..MediaEvent::default()
        }
    }

    #[test]
    fn a_filter_admits_a_directory_with_all_below_it_and_kinds_of_files() {
        let filter = |directory: &str, kinds: &[&str]| ObserverFilter {
            directory: directory.to_owned(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        for (directory, kinds, event, admitted) in [
            ("", &[] as &[&str], happened("a/b", None, ""), true),
            ("a", &[], happened("a", None, ""), true),
            ("a", &[], happened("a/b", None, "image"), true),
            ("a", &[], happened("ab", None, "image"), false),
            ("a", &[], happened("b", Some("a/b"), "image"), true),
            ("a/b", &[], happened("a", None, ""), false),
            ("", &["image", "video"], happened("a", None, "video"), true),
            ("", &["image"], happened("a", None, "video"), false),
            ("", &["image"], happened("a", None, ""), false),
        ] {
            assert_eq!(filter(directory, kinds).admits(&event), admitted, "{directory} {kinds:?} {event:?}");
        }
        let wrong = filter("", &["film"]).checked(String::new());
        assert!(matches!(wrong, Err(AdminError::Invalid { what: "kind", .. })));
    }

    #[test]
    fn what_was_held_and_what_is_held_differ_in_what_is_told() {
        let grant = |path: &str| HeldGrant { access: "read", path: path.to_owned() };
        let held = |grants: &[(i64, &str)]| Held {
            rights: None,
            grants: grants.iter().map(|(id, path)| (GrantId::new(*id), grant(path))).collect(),
        };
        let mut before = held(&[(1, "a/b.jpg"), (2, "ab")]);
        before.follow(&happened("a", Some("c"), ""));
        assert_eq!(before, held(&[(1, "c/b.jpg"), (2, "ab")]));
        let told = held(&[(2, "ab"), (3, "d")]).differences(&before);
        let told: Vec<_> =
            told.iter().map(|event| (event.what.as_str(), event.id, event.path.as_str())).collect();
        assert_eq!(told, [("revoked", 1, "c/b.jpg"), ("granted", 3, "d")]);
    }
}
