//! A second implementation of Binder, as far as AOSP's `cmd` and `dumpsys` go: what they send is written here word by
//! word and handed to the kernel's driver, without the code that the daemon uses.

mod driver;
mod parcel;
mod talk;
mod tools;

pub(crate) use parcel::{Delivered, Written};
pub(crate) use talk::{Talk, Unanswered};
pub(crate) use tools::{RECEIVER, SHELL_COMMAND, cmd, dumpsys, memory, printed};
