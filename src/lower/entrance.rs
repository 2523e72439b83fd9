//! A mount of this daemon, entered as somebody else.
//!
//! What is done here the kernel asks of the volume as that user's own request: the same lookups, the same decisions, the
//! same views, the same record in the audit. So a descriptor that comes from here is exactly as privileged as one that
//! the user had opened itself.
//!
//! INVARIANT: a descriptor that leaves is one of a FUSE mount, never of what lies beneath.
//! INVARIANT: work is done by a thread of its own that has no capabilities any more and ends with it.

#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, RenameFlags, ResolveFlags, StatxFlags};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_thread_groups};

use super::data::OpenHow;
use super::{FileName, sys};
use crate::error::Errno;
use crate::id::Uid;

/// Beneath the mount point and through no link; the private trees are mounts of their own inside.
const CONFINED: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
/// How often a resolution is tried again that a concurrent rename disturbed (openat2 answers EAGAIN).
const RETRIES: usize = 128;
/// FUSE_SUPER_MAGIC.
const FUSE: u64 = 0x6573_5546;
/// Mode of what is made; volumes show modes of their own.
const MODE: Mode = Mode::from_raw_mode(0o660);
/// What a kind is called.
const KIND: &str = "user.mediagate.kind";
/// Longer than any kind.
const KIND_MAX: usize = 64;
/// What is listed at a time.
const BUFFER: usize = 32 << 10;

/// A mount point through which others are served.
#[derive(Debug)]
pub struct Entrance {
    mount: PathBuf,
}

/// A path below a mount point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InnerPath {
    names: Vec<FileName>,
}

/// An entry of a directory as a user is shown it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Bytes of a file.
    pub size: u64,
    /// When a file was written last, milliseconds since 1970.
    pub modified: u64,
    /// What a file is; `None` for a directory and for what the user may not read.
    pub kind: Option<String>,
}

impl InnerPath {
    /// Takes a path apart; slashes at its start and end count for nothing.
    ///
    /// # Errors
    /// The errno of what is wrong with it.
    pub fn parse(path: &str) -> Result<InnerPath, Errno> {
        let names = path.trim_matches('/').split('/').filter(|name| !name.is_empty());
        let names: Result<Vec<_>, _> = names.map(|name| FileName::parse(name.as_ref())).collect();
        let names = names.map_err(|error| error.errno())?;
        if path.contains("//") { Err(Errno::EINVAL) } else { Ok(InnerPath { names }) }
    }

    fn text(&self) -> String {
        let names: Vec<_> = self.names.iter().map(FileName::as_str).collect();
        if names.is_empty() { ".".to_owned() } else { names.join("/") }
    }

    /// The directory and the name in it.
    fn split(&self) -> io::Result<(InnerPath, &FileName)> {
        let (name, above) = self.names.split_last().ok_or(rustix::io::Errno::ISDIR)?;
        Ok((InnerPath { names: above.to_vec() }, name))
    }
}

impl Entrance {
    /// The mount at this path.
    pub fn at(mount: &Path) -> Entrance {
        Entrance { mount: mount.to_owned() }
    }

    /// Opens a file that is there as `user`.
    ///
    /// # Errors
    /// What the user's own open would answer; EXDEV for what is not of the mount.
    pub fn open(&self, user: Uid, path: &InnerPath, how: OpenHow) -> io::Result<OwnedFd> {
        let file = self.enter(user, |root| resolve(root, path, how.flags(), Mode::empty()))?;
        // Asked as the daemon: not everybody who may open a file may ask for more.
        served(&file)?;
        match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(file),
            _ => Err(io::Error::from(rustix::io::Errno::ISDIR)),
        }
    }

    /// Makes a file as `user`, and opens it for reading and writing.
    ///
    /// # Errors
    /// What the user's own open would answer.
    pub fn create(&self, user: Uid, path: &InnerPath) -> io::Result<OwnedFd> {
        let how = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = self.enter(user, |root| resolve(root, path, how, MODE))?;
        served(&file)?;
        Ok(file)
    }

    /// Gives a file another name in its directory as `user`; what is there by that name stays.
    ///
    /// # Errors
    /// What the user's own rename would answer.
    pub fn rename(&self, user: Uid, path: &InnerPath, name: &str) -> io::Result<()> {
        let (above, old) = path.split()?;
        let new = FileName::parse(name.as_ref())
            .map_err(|error| io::Error::from_raw_os_error(error.errno().raw()))?;
        self.enter(user, |root| {
            let directory = resolve(root, &above, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
            let (old, new) = (old.as_str(), new.as_str());
            Ok(rustix::fs::renameat_with(&directory, old, &directory, new, RenameFlags::NOREPLACE)?)
        })
    }

    /// Removes a file as `user`.
    ///
    /// # Errors
    /// What the user's own unlink would answer.
    pub fn remove(&self, user: Uid, path: &InnerPath) -> io::Result<()> {
        let (above, name) = path.split()?;
        self.enter(user, |root| {
            let directory = resolve(root, &above, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
            Ok(rustix::fs::unlinkat(&directory, name.as_str(), AtFlags::empty())?)
        })
    }

    /// The first `most` entries of a directory that `user` is shown, in the order of their names, from `from` on.
    ///
    /// # Errors
    /// What the user's own listing would answer.
    pub fn list(
        &self,
        user: Uid,
        path: &InnerPath,
        from: Option<&str>,
        most: usize,
    ) -> io::Result<Vec<ShownEntry>> {
        self.enter(user, |root| {
            let directory = resolve(root, path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
            let mut names = names(&directory)?;
            names.sort_unstable();
            let begun = names.into_iter().filter(|name| from.is_none_or(|from| name.as_str() >= from));
            // What went away meanwhile, or is no file, is not there.
            Ok(begun.take(most).filter_map(|name| shown(&directory, name)).collect())
        })
    }

    /// Does work as `user` with the mount's root, on a thread of its own.
    fn enter<T: Send>(
        &self,
        user: Uid,
        work: impl FnOnce(BorrowedFd<'_>) -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&self.mount, flags, Mode::empty())?;
        served(&root)?;
        thread::scope(|scope| {
            let entered = thread::Builder::new().name("entrance".to_owned()).spawn_scoped(scope, || {
                become_user(user)?;
                work(root.as_fd())
            })?;
            entered.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))
        })
    }
}

/// Gives up what this thread may do beyond `user`, for files. A daemon without capabilities is its own user already and
/// can become nobody else.
fn become_user(user: Uid) -> io::Result<()> {
    if rustix::process::geteuid().as_raw() != user.raw() || user == Uid::ROOT {
        set_thread_groups(&[])?;
        // Android's applications have a group of their uid's number.
        if !sys::ask_for_files_as(user.raw(), user.raw()) {
            return Err(io::Error::from(rustix::io::Errno::PERM));
        }
    }
    let none = CapabilitySet::empty();
    Ok(set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?)
}

fn resolve(root: BorrowedFd<'_>, path: &InnerPath, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    for _ in 0..RETRIES {
        match rustix::fs::openat2(root, path.text(), flags, mode, CONFINED) {
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
    Err(io::Error::from(rustix::io::Errno::AGAIN))
}

/// Refuses what is not of a FUSE mount.
fn served(file: &OwnedFd) -> io::Result<()> {
    let magic = u64::try_from(rustix::fs::fstatfs(file)?.f_type).unwrap_or_default();
    if magic == FUSE { Ok(()) } else { Err(io::Error::from(rustix::io::Errno::XDEV)) }
}

fn names(directory: &OwnedFd) -> io::Result<Vec<String>> {
    let mut buffer = vec![std::mem::MaybeUninit::<u8>::uninit(); BUFFER];
    let mut entries = RawDir::new(directory, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        // Volumes list names of UTF-8 only.
        if let Ok(name) = entry.file_name().to_str()
            && !matches!(name, "." | "..")
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// An entry as it is shown; `None` for what is neither a directory nor a file.
fn shown(directory: &OwnedFd, name: String) -> Option<ShownEntry> {
    let wanted = StatxFlags::BASIC_STATS;
    let found = rustix::fs::statx(directory, &name, AtFlags::SYMLINK_NOFOLLOW, wanted).ok()?;
    let kind = FileType::from_raw_mode(found.stx_mode.into());
    let is_directory = kind == FileType::Directory;
    if !is_directory && kind != FileType::RegularFile {
        return None;
    }
    let seconds = u64::try_from(found.stx_mtime.tv_sec).unwrap_or_default();
    let since = Duration::new(seconds, found.stx_mtime.tv_nsec);
    let modified = (UNIX_EPOCH + since).duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Some(ShownEntry {
        directory: is_directory,
        size: if is_directory { 0 } else { found.stx_size },
        modified: u64::try_from(modified).unwrap_or_default(),
        kind: if is_directory { None } else { kind_of(directory, &name) },
        name,
    })
}

/// What the volume says that the file is; `None` where the user may not read it.
fn kind_of(directory: &OwnedFd, name: &str) -> Option<String> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(directory, name, flags, Mode::empty()).ok()?;
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    let mut value = [0u8; KIND_MAX];
    let size = rustix::fs::getxattr(path, KIND, &mut value).ok()?;
    String::from_utf8(value.get(..size)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_or_refused() {
        let text = |path: &str| InnerPath::parse(path).map(|path| path.text());
        assert_eq!(text("/DCIM/a.jpg"), Ok("DCIM/a.jpg".to_owned()));
        assert_eq!(text(""), Ok(".".to_owned()));
        for wrong in ["..", "a/../b", "./a", "a//b", "a/\0b"] {
            assert_eq!(text(wrong), Err(Errno::EINVAL), "{wrong:?}");
        }
        assert_eq!(text(&"x".repeat(256)), Err(Errno::ENOENT));
    }

    #[test]
    fn a_thread_that_acts_for_a_user_cannot_be_signalled_by_it_and_has_no_capabilities() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let entered = thread::spawn(|| {
            become_user(Uid::new(10_001)).unwrap();
            std::fs::read_to_string("/proc/thread-self/status").unwrap()
        });
        let status = entered.join().unwrap();
        let told = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        // Real, effective, saved, file system.
        assert_eq!(told("Uid:"), ["0", "0", "0", "10001"]);
        assert_eq!(told("Gid:")[3], "10001");
        assert!(told("Groups:").is_empty(), "{status}");
        for set in ["CapEff:", "CapPrm:"] {
            assert_eq!(told(set), ["0000000000000000"]);
        }
    }

    #[test]
    fn what_is_no_mount_of_ours_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a"), "x").unwrap();
        let entrance = Entrance::at(directory.path());
        let path = InnerPath::parse("a").unwrap();
        let how = OpenHow { read: true, ..OpenHow::default() };
        let refused = entrance.open(Uid::new(10_001), &path, how).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EXDEV));
    }
}
