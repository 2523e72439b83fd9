//! The interface for applications: what goes over the wire, and the service.

#![forbid(unsafe_code)]

use rsbinder::{BinderResult, ParcelFileDescriptor, Strong};

use crate::admin::{
    Application, Code, Failure, FilePage, FileQuery, FoundFile, ObserverFilter, OpenMode, PendingFile,
};

use super::convert::Carried;
use super::hearers;
use super::service::{Service, answer, refusal};
use super::wire::org::mediagate as aidl;
use super::wire::org::mediagate::IMediaGate::{
    IMediaGate, MODE_APPEND, MODE_READ, MODE_TRUNCATE, MODE_WRITE,
};
use super::wire::org::mediagate::IMediaObserver::IMediaObserver;

/// A mode as its bits.
pub(super) fn mode_bits(mode: OpenMode) -> i32 {
    let OpenMode { read, write, truncate, append } = mode;
    let bits = [(read, MODE_READ), (write, MODE_WRITE), (truncate, MODE_TRUNCATE), (append, MODE_APPEND)];
    bits.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum()
}

/// Bits as a mode: one that reads or writes, and changes nothing of what it only reads.
fn mode(bits: i32) -> Result<OpenMode, Failure> {
    let has = |bit: i32| bits & bit != 0;
    let (read, write) = (has(MODE_READ), has(MODE_WRITE));
    let (truncate, append) = (has(MODE_TRUNCATE), has(MODE_APPEND));
    let known = bits & !(MODE_READ | MODE_WRITE | MODE_TRUNCATE | MODE_APPEND) == 0;
    if known && (write || (read && !truncate && !append)) {
        return Ok(OpenMode { read, write, truncate, append });
    }
    let text =
        format!("invalid mode {bits}: it is MODE_READ or MODE_WRITE or both, and more with MODE_WRITE only");
    Err(Failure { code: Code::Invalid, text })
}

fn pending(made: PendingFile) -> aidl::PendingFile::PendingFile {
    aidl::PendingFile::PendingFile {
        path: made.path,
        expires: made.expires.pack(),
        file: Some(ParcelFileDescriptor::new(made.file)),
    }
}

/// What a pending file arrived as; `None` where it came without the file.
pub(super) fn pending_arrived(wire: aidl::PendingFile::PendingFile) -> Option<PendingFile> {
    let aidl::PendingFile::PendingFile { path, expires, file } = wire;
    Some(PendingFile { path, expires: u64::unpack(expires), file: file?.into() })
}

impl Carried<aidl::FoundFile::FoundFile> for FoundFile {
    fn pack(self) -> aidl::FoundFile::FoundFile {
        let FoundFile { path, kind, state, size, modified } = self;
        aidl::FoundFile::FoundFile { path, kind, state, size: size.pack(), modified: modified.pack() }
    }

    fn unpack(wire: aidl::FoundFile::FoundFile) -> FoundFile {
        let aidl::FoundFile::FoundFile { path, kind, state, size, modified } = wire;
        FoundFile { path, kind, state, size: Carried::unpack(size), modified: Carried::unpack(modified) }
    }
}

impl Carried<aidl::FilePage::FilePage> for FilePage {
    fn pack(self) -> aidl::FilePage::FilePage {
        aidl::FilePage::FilePage { files: self.files.pack(), next: self.next }
    }

    fn unpack(wire: aidl::FilePage::FilePage) -> FilePage {
        FilePage { files: Carried::unpack(wire.files), next: wire.next }
    }
}

impl Carried<aidl::FileQuery::FileQuery> for FileQuery {
    fn pack(self) -> aidl::FileQuery::FileQuery {
        let FileQuery { directory, kinds, states, since, before, after, limit } = self;
        let (since, before, limit) = (since.pack(), before.pack(), limit.pack());
        aidl::FileQuery::FileQuery { directory, kinds, states, since, before, after, limit }
    }

    fn unpack(wire: aidl::FileQuery::FileQuery) -> FileQuery {
        let aidl::FileQuery::FileQuery { directory, kinds, states, since, before, after, limit } = wire;
        let (since, before, limit) =
            (Carried::unpack(since), Carried::unpack(before), Carried::unpack(limit));
        FileQuery { directory, kinds, states, since, before, after, limit }
    }
}

/// A copy of a query, which the generated type does not offer.
fn asked(query: &aidl::FileQuery::FileQuery) -> FileQuery {
    FileQuery {
        directory: query.directory.clone(),
        kinds: query.kinds.clone(),
        states: query.states.clone(),
        since: Carried::unpack(query.since),
        before: Carried::unpack(query.before),
        after: query.after.clone(),
        limit: Carried::unpack(query.limit),
    }
}

impl IMediaGate for Service {
    fn check(
        &self,
        operation: &str,
        path: &str,
        to: Option<&str>,
    ) -> BinderResult<aidl::Explanation::Explanation> {
        answer(self.caller()?.check_self(operation, path, to))
    }

    fn open(&self, path: &str, bits: i32) -> BinderResult<ParcelFileDescriptor> {
        let caller = self.caller()?;
        let opened = mode(bits).and_then(|mode| caller.open(path, mode));
        opened.map(ParcelFileDescriptor::new).map_err(refusal)
    }

    fn createPending(&self, path: &str) -> BinderResult<aidl::PendingFile::PendingFile> {
        self.caller()?.create_pending(path).map(pending).map_err(refusal)
    }

    fn publish(&self, path: &str) -> BinderResult<String> {
        answer(self.caller()?.publish(path))
    }

    fn trash(&self, path: &str) -> BinderResult<String> {
        answer(self.caller()?.trash(path))
    }

    fn restore(&self, path: &str) -> BinderResult<String> {
        answer(self.caller()?.restore(path))
    }

    fn remove(&self, path: &str) -> BinderResult<()> {
        self.caller()?.remove_file(path).map_err(refusal)
    }

    fn query(&self, query: &aidl::FileQuery::FileQuery) -> BinderResult<aidl::FilePage::FilePage> {
        answer(self.caller()?.query(&asked(query)))
    }

    fn requestAccess(&self, paths: &[String], write: bool) -> BinderResult<i64> {
        answer(self.caller()?.request_access(paths, write))
    }

    fn requestState(&self, id: i64) -> BinderResult<String> {
        answer(self.caller()?.request_state(Carried::unpack(id)))
    }

    fn cancelRequest(&self, id: i64) -> BinderResult<()> {
        self.caller()?.cancel_request(Carried::unpack(id)).map_err(refusal)
    }

    fn redactedPath(&self, path: &str) -> BinderResult<String> {
        answer(self.caller()?.redacted_path(path))
    }

    fn observe(
        &self,
        observer: &Strong<dyn IMediaObserver>,
        filter: &aidl::ObserverFilter::ObserverFilter,
    ) -> BinderResult<i64> {
        let filter = ObserverFilter { directory: filter.directory.clone(), kinds: filter.kinds.clone() };
        answer(self.caller()?.observe(&filter, hearers::of_changes(observer)))
    }

    fn endObserver(&self, id: i64) -> BinderResult<()> {
        self.caller()?.end_observer(Carried::unpack(id)).map_err(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_their_bits_and_nonsense_is_refused() {
        for bits in 0..16 {
            match mode(bits) {
                Ok(mode) => assert_eq!(mode_bits(mode), bits),
                Err(failure) => assert_eq!(failure.code, Code::Invalid),
            }
        }
        let valid: Vec<i32> = (0..16).filter(|bits| mode(*bits).is_ok()).collect();
        assert_eq!(valid, [1, 2, 3, 6, 7, 10, 11, 14, 15]);
        assert!([-1, 16, 17, i32::MIN].iter().all(|bits| mode(*bits).is_err()));
    }
}
