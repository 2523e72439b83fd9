//! What is mounted below a directory.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// The mount points at or below `directory`, outermost first. `directory` is absolute and without symbolic links.
pub(crate) fn mounted_below(directory: &Path) -> Vec<PathBuf> {
    let table = fs::read("/proc/self/mountinfo").expect("the kernel lists the mounts");
    let points =
        table.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    points.map(unescape).filter(|point| point.starts_with(directory)).collect()
}

/// Opens `/dev/fuse` and mounts with it, as a daemon's starter does that hands the descriptor over.
pub(crate) fn mount_for_another(point: &Path) -> File {
    let device = File::options().read(true).write(true).open("/dev/fuse").expect("root may open /dev/fuse");
    let data = format!("fd={},rootmode=40000,user_id=0,group_id=0,allow_other", device.as_raw_fd());
    let data = std::ffi::CString::new(data).expect("no NUL in a number");
    let flags = MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOATIME;
    mount("somebody", point, "fuse", flags, Some(data.as_c_str())).expect("root may mount");
    device
}

/// Detaches everything at or below `directory`; open files go on being served until they are closed.
pub(crate) fn detach_below(directory: &Path) {
    for point in mounted_below(directory).iter().rev() {
        // The daemon may have unmounted it meanwhile: then it is no mount point any more (EINVAL).
        if let Err(error) = unmount(point, UnmountFlags::DETACH)
            && error != Errno::INVAL
        {
            eprintln!("unmount {}: {error}", point.display());
        }
    }
}

/// Undoes the octal escapes (`\040` for a space) of a mount table.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let digits =
            after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}
