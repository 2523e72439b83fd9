//! What goes on beside the requests: notifications to the kernel, and reports for people.

#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;

use super::kernel::Notice;
use super::lookup::view_name;
use super::{Volume, VolumeHandle};
use crate::id::HandleId;
use crate::node::Content;

/// One open file, for people.
#[derive(Clone, Debug)]
pub struct HandleReport {
    /// Its number.
    pub id: HandleId,
    /// Who opened it.
    pub uid: u32,
    /// Path within the volume.
    pub path: String,
    /// `full` or `redacted`.
    pub view: &'static str,
    /// `passthrough`, `served`, `filtered` or `directory`.
    pub io: &'static str,
    /// Whether it may write.
    pub writes: bool,
    /// The rule that allowed it.
    pub rule: &'static str,
    /// The process that opened it.
    pub pid: u32,
    /// Seconds since 1970.
    pub since: i64,
    /// The node that was opened.
    pub node: u64,
}

/// One node that the kernel knows, for people.
#[derive(Clone, Debug)]
pub struct NodeReport {
    /// Its number.
    pub id: u64,
    /// Path within the volume.
    pub path: String,
    /// `full` or `redacted`.
    pub view: &'static str,
    /// How often the kernel was told of it.
    pub lookups: u64,
    /// Opens of it that are alive.
    pub opens: u32,
    /// The kernel's number of its backing file.
    pub backing: Option<u32>,
}

impl Volume {
    /// Sends notifications to the kernel until the volume is dropped. Runs on a thread of its own: the kernel may
    /// have to wait for a request to be answered before it can carry one out.
    pub fn send_notices(&self) {
        let Some(waiting) = self.waiting.lock().take() else { return };
        for notice in waiting {
            match (notice, self.kernel.get()) {
                (Notice::Invalidate(node), Some(kernel)) => kernel.invalidate(node),
                (Notice::Attributes(node), Some(kernel)) => kernel.expire_attributes(node),
                (Notice::Stop, _) => return,
                (Notice::Invalidate(_) | Notice::Attributes(_), None) => {}
            }
        }
    }

    /// Ends [`Volume::send_notices`], [`Volume::send_expiries`], [`Volume::watch_outside`] and [`Volume::plan_ahead`].
    pub fn stop_notices(&self) {
        self.stop_watching();
        self.stop_planning();
        // Without a receiver there is nothing to end.
        let _sent = self.notices.send(Notice::Stop);
    }

    /// Whether the kernel grants passthrough: the reason if not.
    pub fn passthrough(&self) -> Result<(), String> {
        if !self.settings.passthrough {
            return Err("it is switched off".to_owned());
        }
        self.no_passthrough.lock().clone().map_or(Ok(()), Err)
    }

    /// Passthrough is not to be tried, for this reason.
    pub fn refuse_passthrough(&self, reason: String) {
        self.no_passthrough.lock().get_or_insert(reason);
    }

    /// Everything that is open.
    pub fn handle_reports(&self) -> Vec<HandleReport> {
        let mut reports: Vec<_> =
            self.handles.all().iter().map(|(id, handle)| self.report(*id, handle)).collect();
        reports.sort_by_key(|report| report.id);
        reports
    }

    fn report(&self, id: HandleId, handle: &VolumeHandle) -> HandleReport {
        HandleReport {
            id,
            uid: handle.uid.raw(),
            path: self.path_of(handle.inode()),
            view: view_name(handle.node.view()),
            io: match &handle.content {
                Content::Passthrough { .. } => "passthrough",
                Content::Served(_) => "served",
                Content::Filtered(_) => "filtered",
                Content::Directory(_) => "directory",
            },
            writes: handle.terms.request.write,
            rule: handle.terms.access.rule.0,
            pid: handle.terms.pid,
            since: handle.terms.since,
            node: handle.node.id().raw(),
        }
    }

    /// Every node that the kernel knows.
    pub fn node_reports(&self) -> Vec<NodeReport> {
        let mut reports: Vec<_> = self
            .nodes
            .all()
            .iter()
            .map(|(node, lookups)| {
                let io = node.io();
                NodeReport {
                    id: node.id().raw(),
                    path: self.path_of(node.inode()),
                    view: view_name(node.view()),
                    lookups: *lookups,
                    opens: io.opens,
                    backing: io.backing.as_ref().map(|backing| backing.id()),
                }
            })
            .collect();
        reports.sort_by_key(|report| report.id);
        reports
    }

    /// How many nodes the kernel knows and how many files are open.
    pub fn sizes(&self) -> (usize, usize) {
        (self.nodes.len(), self.handles.len())
    }

    /// How often what is known of entries was declared out of date.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }
}
