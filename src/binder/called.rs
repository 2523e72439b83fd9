//! The service for applications, and what `dumpsys` and `cmd` ask of it.
//!
//! Both are for administrators only: nothing is read of anybody else's transaction. A command runs on a thread of its
//! own, so that one that lasts does not take a thread from the service; its caller waits for the result receiver, as
//! AOSP's `cmd` does.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rsbinder::{
    Binder, DUMP_TRANSACTION, DeathRecipient, FIRST_CALL_TRANSACTION, FLAG_ONEWAY, Interface as _, Parcel,
    Remotable, Result, SHELL_COMMAND_TRANSACTION, SIBinder, StatusCode, TransactionCode, WIBinder,
};

use crate::admin::Admin;
use crate::id::Uid;
use crate::shell::{self, Console};

use super::descriptors;
use super::door::Door;
use super::service::caller;
use super::wire::org::mediagate::IMediaGate::{BnMediaGate, transactions};

/// Words of a command.
const WORDS: i32 = 256;

/// Commands that run at once.
const COMMANDS: usize = 4;

/// What the receiver of a result is called.
const RECEIVER: &str = "com.android.internal.os.IResultReceiver";

/// The exit status of a command that did not come to an end.
const FAILED: u8 = 1;

/// The service for applications with `dump` and `cmd`.
#[derive(Debug)]
pub(super) struct Called {
    door: Door,
    admin: Arc<Admin>,
    commands: Arc<AtomicUsize>,
}

impl Called {
    /// Over `service`, which is local.
    pub(super) fn binder(service: SIBinder, admin: &Arc<Admin>) -> SIBinder {
        let door = Door::before(service, admin, transactions::r#observe, false);
        let called = Called { door, admin: Arc::clone(admin), commands: Arc::default() };
        Binder::new_with_features(called, super::features()).as_binder()
    }

    /// Who calls, if it may.
    fn administrator(&self) -> Result<Uid> {
        let uid = caller().ok_or(StatusCode::PermissionDenied)?;
        if !self.admin.administers(uid) {
            log::debug!("uid {uid} may neither dump nor command");
            return Err(StatusCode::PermissionDenied);
        }
        Ok(uid)
    }

    /// `cmd`: three descriptors, the words, a shell callback that is not used, and who wants to know the exit status.
    fn command(&self, reader: &mut Parcel) -> Result<()> {
        let uid = self.administrator()?;
        let [input, out, err] = descriptors::leading::<3>(reader)?.map(File::from);
        let words = words(reader)?;
        let _callback: Option<SIBinder> = reader.read()?;
        let answer = Answer::to(reader.read()?);
        let mut streams = Streams { input, out: BufWriter::new(out), err };
        let Some(turn) = Turn::take(&self.commands) else {
            // The caller learns it from the exit status, too.
            let _unread =
                writeln!(streams.err, "mediagate: {COMMANDS} commands run already: wait for one to end");
            return Ok(());
        };
        let admin = Arc::clone(&self.admin);
        let run = move || {
            let _turn = turn;
            let mut answer = answer;
            answer.status = streams.run(&words, &admin, uid, &answer.gone);
        };
        // A thread that cannot be started drops the answer, which then tells of the failure.
        thread::Builder::new().name("command".to_owned()).spawn(run).map(drop).map_err(|error| {
            log::error!("cannot start a thread for a command: {error}");
            StatusCode::NoMemory
        })
    }
}

fn words(reader: &mut Parcel) -> Result<Vec<String>> {
    let count = reader.read_i32()?;
    if !(0..=WORDS).contains(&count) {
        return Err(StatusCode::BadValue);
    }
    (0..count).map(|_| reader.read::<String>()).collect()
}

impl Remotable for Called {
    fn descriptor() -> &'static str {
        <BnMediaGate as Remotable>::descriptor()
    }

    fn on_transact(&self, code: TransactionCode, reader: &mut Parcel, reply: &mut Parcel) -> Result<()> {
        match code {
            SHELL_COMMAND_TRANSACTION => self.command(reader),
            // The library takes it apart and calls `on_dump`.
            DUMP_TRANSACTION => Err(StatusCode::UnknownTransaction),
            _ => self.door.pass(code, reader, reply),
        }
    }

    fn on_dump(&self, writer: &mut dyn Write, words: &[String]) -> Result<()> {
        let uid = self.administrator()?;
        let mut out = BufWriter::new(writer);
        shell::dumpsys(words, &self.admin.session(uid), &mut out)?;
        Ok(out.flush()?)
    }
}

/// The three streams of a command.
struct Streams {
    input: File,
    out: BufWriter<File>,
    err: File,
}

impl Streams {
    /// Runs the command; its exit status.
    fn run(&mut self, words: &[String], admin: &Admin, uid: Uid, gone: &Gone) -> u8 {
        let terminal = self.err.is_terminal();
        let wanted = || !gone.0.load(Ordering::Relaxed);
        let mut console = Console {
            input: &mut self.input,
            out: &mut self.out,
            err: &mut self.err,
            terminal,
            files: false,
            wanted: &wanted,
        };
        let status = shell::command(words, &admin.session(uid), &mut console);
        match self.out.flush() {
            Ok(()) => status,
            Err(_) => FAILED,
        }
    }
}

/// One of the commands that may run at once.
struct Turn(Arc<AtomicUsize>);

impl Turn {
    fn take(commands: &Arc<AtomicUsize>) -> Option<Turn> {
        let more = |running: usize| (running < COMMANDS).then_some(running + 1);
        commands.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Turn(Arc::clone(commands)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The exit status on its way to who waits for it: sent when it is dropped, however the command ended.
struct Answer {
    receiver: Option<SIBinder>,
    status: u8,
    gone: Arc<Gone>,
}

impl Answer {
    fn to(receiver: Option<SIBinder>) -> Answer {
        let gone = Arc::new(Gone::default());
        if let Some(receiver) = &receiver {
            let recipient: Arc<dyn DeathRecipient> = gone.clone();
            if receiver.link_to_death(Arc::downgrade(&recipient)).is_err() {
                gone.0.store(true, Ordering::Relaxed);
            }
        }
        Answer { receiver, status: FAILED, gone }
    }

    fn send(&self) -> Result<()> {
        let Some(receiver) = &self.receiver else { return Ok(()) };
        if receiver.descriptor() != RECEIVER {
            return Err(StatusCode::BadType);
        }
        let remote = receiver.as_remote().ok_or(StatusCode::BadType)?;
        let mut data = remote.prepare_transact(true)?;
        data.write_i32(i32::from(self.status))?;
        remote.submit_transact(FIRST_CALL_TRANSACTION, &data, FLAG_ONEWAY).map(drop)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Err(status) = self.send() {
            log::debug!("nobody takes the exit status of a command: {status:?}");
        }
    }
}

/// Whether nobody waits for the command any more.
#[derive(Debug, Default)]
struct Gone(AtomicBool);

impl DeathRecipient for Gone {
    fn binder_died(&self, _who: &WIBinder) {
        self.0.store(true, Ordering::Relaxed);
    }
}
