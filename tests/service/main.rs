//! The service as its callers meet it: a real daemon with a mount, and clients that are processes of their own with
//! uids of their own.
//!
//! The same tests run over both transports: on the socket, or, where `MEDIAGATE_TEST_HUB` names a service manager
//! (rsbinder's `rsb_hub`), through the kernel's Binder driver; `tests/vm/binder` does that in a virtual machine.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod asking;
mod byhand;
mod calls;
mod filing;
mod fuzzing;
mod kernel;
mod observing;
mod parts;
mod tools;
mod world;
