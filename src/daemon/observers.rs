//! The thread that tells observers what happened: it decides for each of them, so that nobody who changes something does.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

use super::gate::DaemonGate;
use crate::admin::Admin;
use crate::fs::{Feed, Happening};

/// How long it takes at most until observers are told of what was taken from them.
const RIGHTS: Duration = Duration::from_millis(500);

/// The thread.
#[derive(Debug)]
pub(super) struct Teller {
    admin: Arc<Admin>,
    feed: Arc<Feed>,
    thread: JoinHandle<()>,
}

impl Teller {
    /// Begins to tell of what is read from the feed.
    pub(super) fn start(admin: Arc<Admin>, gate: Arc<DaemonGate>) -> Result<Teller> {
        let feed = gate.volumes().common().feed.clone();
        let (read, told) = (feed.clone(), admin.clone());
        let thread = std::thread::Builder::new().name("observers".to_owned()).spawn(move || {
            while let Some(heard) = read.wait(RIGHTS) {
                if heard.lost {
                    told.tell_observers_of_loss();
                }
                heard.happenings.iter().for_each(|happening| tell(&told, &gate, happening));
                told.tell_observers_of_rights();
            }
        })?;
        Ok(Teller { admin, feed, thread })
    }

    /// Ends it, and all that observe.
    pub(super) fn stop(self) {
        self.admin.end_observers();
        self.feed.end();
        if self.thread.join().is_err() {
            log::error!("the thread that tells observers panicked");
        }
    }
}

fn tell(admin: &Admin, gate: &DaemonGate, happening: &Happening) {
    // The tree of a user may have gone since, with all who could see it.
    let all = gate.volumes().all();
    let Some(mounted) = all.iter().find(|mounted| mounted.volume.id() == happening.volume()) else { return };
    admin.tell_observers(|uid| mounted.volume.told_to(uid, happening), &mounted.inside);
}
