//! What daemon and keeper say to each other: one message for each order and for each answer, over a pair of sockets
//! that keeps messages apart.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::{Deserialize, Serialize};

/// The longest order.
const LONGEST: usize = 64 << 10;

/// An order of the daemon.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// The first one, and only that.
    Begin(Charge),
    /// To mount at a place below the mount point.
    Mount(String),
    /// To take a mount away.
    Detach(String),
    /// To remove the sockets.
    RemoveSockets,
}

/// What a keeper has in its charge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Charge {
    /// Where the volume is mounted: an absolute path without links.
    pub(super) mount: PathBuf,
    pub(super) sockets: Vec<Socket>,
    /// Whether it mounts, and may confine itself to that.
    pub(super) mounts: bool,
}

/// A socket of the daemon's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Socket {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Socket {
    /// The one that is there now.
    pub(super) fn at(path: &Path) -> Option<Socket> {
        let found = fs::symlink_metadata(path).ok().filter(|found| found.file_type().is_socket())?;
        Some(Socket { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Removes it, unless another one is in its place.
    pub(super) fn remove(&self) -> io::Result<()> {
        if Socket::at(&self.path).as_ref() == Some(self) { fs::remove_file(&self.path) } else { Ok(()) }
    }
}

/// The daemon's end and the keeper's.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

pub(super) fn send(link: impl AsFd, order: &Order) -> io::Result<()> {
    let message = serde_json::to_vec(order).map_err(io::Error::other)?;
    retried(|| rustix::net::send(&link, &message, SendFlags::NOSIGNAL)).map(drop)
}

/// The next order; `None` when the daemon is gone.
pub(super) fn receive(link: impl AsFd) -> io::Result<Option<Order>> {
    let mut buffer = vec![0u8; LONGEST];
    let (length, _) = retried(|| rustix::net::recv(&link, &mut buffer[..], RecvFlags::empty()))?;
    match buffer.get(..length) {
        None | Some([]) => Ok(None),
        Some(message) => serde_json::from_slice(message).map(Some).map_err(io::Error::other),
    }
}

/// Answers with what was done: 0 or an errno, and a descriptor if one was made.
pub(super) fn reply(link: impl AsFd, done: &io::Result<Option<OwnedFd>>) -> io::Result<()> {
    let errno = match done {
        Ok(_) => 0,
        Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
    };
    let code = errno.to_ne_bytes();
    let device = done.as_ref().ok().and_then(Option::as_ref).map(AsFd::as_fd);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let devices: Vec<_> = device.into_iter().collect();
    if !devices.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&devices)) {
        return Err(Errno::NOBUFS.into());
    }
    retried(|| sendmsg(&link, &[IoSlice::new(&code)], &mut control, SendFlags::NOSIGNAL)).map(drop)
}

/// What became of an order.
pub(super) fn answer(link: impl AsFd) -> io::Result<Option<OwnedFd>> {
    let mut code = [0u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = retried(|| recvmsg(&link, &mut [IoSliceMut::new(&mut code)], &mut control, flags))?;
    if got.bytes != code.len() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the keeper of the mounts is gone"));
    }
    let device = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    match i32::from_ne_bytes(code) {
        0 => Ok(device),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

fn retried<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_arrive_as_they_were_given() {
        let (ours, its) = pair().unwrap();
        let charge = Charge { mount: "/a b".into(), sockets: Vec::new(), mounts: true };
        for order in [Order::Begin(charge), Order::Mount("10/Android/data".into()), Order::RemoveSockets] {
            send(&ours, &order).unwrap();
            assert_eq!(receive(&its).unwrap(), Some(order));
        }
        drop(ours);
        assert_eq!(receive(&its).unwrap(), None);
    }

    #[test]
    fn an_answer_carries_a_descriptor_or_an_errno() {
        let (ours, its) = pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        reply(&its, &Ok(Some(file.try_clone().unwrap().into()))).unwrap();
        let got = fs::File::from(answer(&ours).unwrap().unwrap());
        assert_eq!(got.metadata().unwrap().ino(), file.metadata().unwrap().ino());
        reply(&its, &Err(Errno::BUSY.into())).unwrap();
        assert_eq!(answer(&ours).unwrap_err().raw_os_error(), Some(libc::EBUSY));
        drop(its);
        assert_eq!(answer(&ours).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn only_the_daemons_own_socket_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _first = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let first = Socket::at(&path).unwrap();
        fs::rename(&path, directory.path().join("other")).unwrap();
        let _second = std::os::unix::net::UnixListener::bind(&path).unwrap();
        first.remove().unwrap();
        assert!(path.exists());
        Socket::at(&path).unwrap().remove().unwrap();
        assert!(!path.exists());
    }
}
