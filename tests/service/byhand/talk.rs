//! Transactions with the driver: sending one, and serving what arrives meanwhile.

use std::io;

use super::driver::Driver;
use super::parcel::{Delivered, Written};

/// Commands (`BC_`) and returns (`BR_`) of linux/android/binder.h.
const BC_TRANSACTION: u32 = 0x4040_6300;
const BC_REPLY: u32 = 0x4040_6301;
const BC_FREE_BUFFER: u32 = 0x4008_6303;
const BC_ACQUIRE: u32 = 0x4004_6305;
const BC_INCREFS_DONE: u32 = 0x4010_6308;
const BC_ACQUIRE_DONE: u32 = 0x4010_6309;
const BC_ENTER_LOOPER: u32 = 0x630c;
const BR_TRANSACTION: u32 = 0x8040_7202;
const BR_REPLY: u32 = 0x8040_7203;
const BR_DEAD_REPLY: u32 = 0x7205;
const BR_TRANSACTION_COMPLETE: u32 = 0x7206;
const BR_INCREFS: u32 = 0x8010_7207;
const BR_ACQUIRE: u32 = 0x8010_7208;
const BR_RELEASE: u32 = 0x8010_7209;
const BR_DECREFS: u32 = 0x8010_720a;
const BR_NOOP: u32 = 0x720c;
const BR_SPAWN_LOOPER: u32 = 0x720d;
const BR_FAILED_REPLY: u32 = 0x7211;

/// `TF_ONE_WAY`, `TF_STATUS_CODE`, `TF_ACCEPT_FDS`.
const ONE_WAY: u32 = 0x01;
const STATUS_CODE: u32 = 0x08;
const ACCEPT_DESCRIPTORS: u32 = 0x10;

/// The service manager, and its method `checkService` as of Android 16.
const MANAGER: u32 = 0;
const CHECK_SERVICE: u32 = 3;
/// `PING_TRANSACTION`.
const PING: u32 = 0x5f50_4e47;
/// `INTERFACE_TRANSACTION`: what an object is called.
const INTERFACE: u32 = 0x5f4e_5446;

/// Why a transaction has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The driver refused or failed it, or the other process died.
    Failed,
    /// The other process answered with a status.
    Status(i32),
}

/// `struct binder_transaction_data`.
#[derive(Clone, Copy, Debug)]
struct Transaction {
    code: u32,
    flags: u32,
    size: u64,
    buffer: u64,
}

/// One process's conversation.
#[derive(Debug)]
pub(crate) struct Talk {
    driver: Driver,
    commands: Vec<u8>,
    /// Buffers to give back after the commands: what a handle in them stands for is acquired before.
    taken: Vec<u64>,
    /// What our own object is called, and what it was sent.
    name: &'static str,
    pub(crate) told: Option<i32>,
}

impl Talk {
    /// Begins one; our own object will say that it is called `name`.
    pub(crate) fn begin(name: &'static str) -> Talk {
        let mut talk =
            Talk { driver: Driver::open(), commands: Vec::new(), taken: Vec::new(), name, told: None };
        talk.command(BC_ENTER_LOOPER, &[]);
        talk
    }

    fn command(&mut self, command: u32, words: &[u8]) {
        self.commands.extend(command.to_ne_bytes());
        self.commands.extend(words);
    }

    fn give_back(&mut self) {
        for buffer in std::mem::take(&mut self.taken) {
            self.command(BC_FREE_BUFFER, &buffer.to_ne_bytes());
        }
    }

    /// Whether there is a service manager.
    pub(crate) fn finds_a_manager(&mut self) -> bool {
        self.transact(MANAGER, PING, &Written::new()).is_ok()
    }

    /// The handle of a registered service.
    pub(crate) fn service(&mut self, name: &str) -> Option<u32> {
        let asked = Written::new().token("android.os.IServiceManager").string(name);
        let mut answer = self.transact(MANAGER, CHECK_SERVICE, &asked).expect("the service manager answers");
        assert_eq!(answer.int(), 0, "no exception");
        let handle = answer.handle()?;
        self.command(BC_ACQUIRE, &handle.to_ne_bytes());
        Some(handle)
    }

    /// Sends a transaction and waits for its answer; serves what arrives meanwhile.
    pub(crate) fn transact(
        &mut self,
        handle: u32,
        code: u32,
        data: &Written,
    ) -> Result<Delivered, Unanswered> {
        self.send(BC_TRANSACTION, u64::from(handle), (code, ACCEPT_DESCRIPTORS), data);
        loop {
            for event in self.exchange().expect("the driver works") {
                match event {
                    Event::Reply(reply) => return self.taken(reply),
                    Event::Failed => return Err(Unanswered::Failed),
                    Event::Called(called) => self.serve(called),
                }
            }
        }
    }

    /// Sends a transaction, and neither waits for its answer nor answers anything that is asked meanwhile.
    pub(crate) fn leave_waiting(&mut self, handle: u32, code: u32, data: &Written) {
        self.send(BC_TRANSACTION, u64::from(handle), (code, ACCEPT_DESCRIPTORS), data);
    }

    /// Serves what arrives until our own object was sent something.
    pub(crate) fn wait_to_be_told(&mut self) -> i32 {
        loop {
            if let Some(told) = self.told {
                return told;
            }
            for event in self.exchange().expect("the driver works") {
                match event {
                    Event::Called(called) => self.serve(called),
                    Event::Reply(_) | Event::Failed => panic!("nothing was sent"),
                }
            }
        }
    }

    fn send(&mut self, command: u32, target: u64, (code, flags): (u32, u32), data: &Written) {
        let mut words = Vec::with_capacity(64);
        words.extend(target.to_ne_bytes());
        words.extend(0u64.to_ne_bytes());
        words.extend(code.to_ne_bytes());
        words.extend(flags.to_ne_bytes());
        words.extend([0; 8]);
        words.extend((data.data.len() as u64).to_ne_bytes());
        words.extend(((data.objects.len() * 8) as u64).to_ne_bytes());
        words.extend((data.data.as_ptr() as u64).to_ne_bytes());
        words.extend((data.objects.as_ptr() as u64).to_ne_bytes());
        self.command(command, &words);
        // The driver copies the parcel now, while it lives.
        self.give_back();
        self.driver.exchange(&mut self.commands, false).expect("the driver takes the transaction");
    }

    fn exchange(&mut self) -> io::Result<Vec<Event>> {
        self.give_back();
        let mut returned = Delivered::new(self.driver.exchange(&mut self.commands, true)?);
        let mut events = Vec::new();
        while returned.has_more() {
            match returned.int().cast_unsigned() {
                BR_NOOP | BR_SPAWN_LOOPER | BR_TRANSACTION_COMPLETE => {}
                BR_INCREFS => self.done(BC_INCREFS_DONE, &mut returned),
                BR_ACQUIRE => self.done(BC_ACQUIRE_DONE, &mut returned),
                BR_RELEASE | BR_DECREFS => drop([returned.long(), returned.long()]),
                BR_TRANSACTION => events.push(Event::Called(transaction(&mut returned))),
                BR_REPLY => events.push(Event::Reply(transaction(&mut returned))),
                BR_DEAD_REPLY | BR_FAILED_REPLY => events.push(Event::Failed),
                other => panic!("the driver returned {other:#x}"),
            }
        }
        Ok(events)
    }

    fn done(&mut self, command: u32, returned: &mut Delivered) {
        let both = [returned.long(), returned.long()];
        self.command(command, &both.map(u64::to_ne_bytes).concat());
    }

    /// What a delivered transaction holds; its buffer is given back.
    fn parcel(&mut self, delivered: Transaction) -> Delivered {
        let bytes = self.driver.delivered(delivered.buffer, delivered.size);
        self.taken.push(delivered.buffer);
        Delivered::new(bytes)
    }

    fn taken(&mut self, reply: Transaction) -> Result<Delivered, Unanswered> {
        let mut parcel = self.parcel(reply);
        match reply.flags & STATUS_CODE {
            0 => Ok(parcel),
            _ => Err(Unanswered::Status(parcel.int())),
        }
    }

    /// Serves a call of our own object.
    fn serve(&mut self, called: Transaction) {
        let mut parcel = self.parcel(called);
        match called.code {
            1 => {
                assert_eq!(parcel.token(), self.name);
                self.told = Some(parcel.int());
            }
            INTERFACE => {}
            other => panic!("nobody should call {other:#x}"),
        }
        if called.flags & ONE_WAY == 0 {
            self.send(BC_REPLY, 0, (0, 0), &Written::new().string(self.name));
        }
    }
}

/// What the driver says.
#[derive(Debug)]
enum Event {
    Reply(Transaction),
    Called(Transaction),
    Failed,
}

fn transaction(returned: &mut Delivered) -> Transaction {
    let _target_and_cookie = [returned.long(), returned.long()];
    let (code, flags) = (returned.int().cast_unsigned(), returned.int().cast_unsigned());
    let _sender = returned.long();
    let (size, _objects) = (returned.long(), returned.long());
    let (buffer, _places) = (returned.long(), returned.long());
    Transaction { code, flags, size, buffer }
}
