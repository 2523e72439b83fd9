//! What AOSP's `cmd` and `dumpsys` do.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;

use rustix::fs::{MemfdFlags, memfd_create};

use super::parcel::Written;
use super::talk::{Talk, Unanswered};

/// `SHELL_COMMAND_TRANSACTION`, `DUMP_TRANSACTION`.
pub(crate) const SHELL_COMMAND: u32 = 0x5f43_4d44;
const DUMP: u32 = 0x5f44_4d50;

/// What the receiver of a result is called.
pub(crate) const RECEIVER: &str = "com.android.internal.os.IResultReceiver";

/// The number of our receiver.
const OWN: u64 = 7;

/// The exit status, the standard output and the standard error of a command.
pub(crate) type Printed = (i32, String, String);

/// A file in memory with this content.
pub(crate) fn memory(content: &str) -> File {
    let mut file = File::from(memfd_create("stream", MemfdFlags::CLOEXEC).expect("a file in memory"));
    file.write_all(content.as_bytes()).expect("memory can be written");
    file.rewind().expect("and read from its start");
    file
}

/// What is in it now.
pub(crate) fn printed(mut file: &File) -> String {
    let mut text = String::new();
    file.rewind().expect("it is in memory");
    file.read_to_string(&mut text).expect("it is text");
    text
}

/// `cmd SERVICE WORDS`, with this on the standard input.
pub(crate) fn cmd(service: &str, words: &[&str], input: &str) -> Result<Printed, Unanswered> {
    let mut talk = Talk::begin(RECEIVER);
    let handle = talk.service(service).expect("the service is registered");
    let [input, out, err] = [input, "", ""].map(memory);
    let streams = Written::new().descriptor(input.as_fd()).descriptor(out.as_fd()).descriptor(err.as_fd());
    let count = i32::try_from(words.len()).expect("a few words");
    let words = words.iter().fold(streams.int(count), |parcel, word| parcel.string(word));
    talk.transact(handle, SHELL_COMMAND, &words.no_binder().binder(OWN))?;
    let status = talk.wait_to_be_told();
    Ok((status, printed(&out), printed(&err)))
}

/// `dumpsys SERVICE WORDS`.
pub(crate) fn dumpsys(service: &str, words: &[&str]) -> Result<String, Unanswered> {
    let mut talk = Talk::begin(RECEIVER);
    let handle = talk.service(service).expect("the service is registered");
    let out = memory("");
    let count = i32::try_from(words.len()).expect("a few words");
    let parcel = Written::new().descriptor(out.as_fd()).int(count);
    let parcel = words.iter().fold(parcel, |parcel, word| parcel.string(word));
    talk.transact(handle, DUMP, &parcel)?;
    Ok(printed(&out))
}
