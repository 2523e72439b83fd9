//! Parcels that no client writes: every method, too little, too much, of the wrong types, with forged objects.
//!
//! `MEDIAGATE_FUZZ` says how many each client sends [2000]; `MEDIAGATE_FUZZ_SEED` repeats a run.

use std::env;
use std::fs;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;

use mediagate::admin::Code;
use rsbinder::entry::uri::{WireProfile, WireVersion};
use rsbinder::rpc::FileDescriptorTransportMode;
use rsbinder::{
    Binder, Endpoint, ExceptionCode, FLAG_ONEWAY, Interface as _, Parcel, ParcelFileDescriptor, Remotable,
    SIBinder, Status, StatusCode, TransactionCode, Uri,
};

use crate::byhand::{Delivered, Talk, Written, memory};
use crate::common::{Transport, can_mount};
use crate::world::{
    OTHER_USERS_READER, PHOTO, READER, World, await_that, is_client, place, through_the_kernel, transport,
};

/// Codes beside those of methods: dump, shell command, interface, ping, debug pid, extension, system properties, version.
const CODES: [u32; 8] =
    [0x5f44_4d50, 0x5f43_4d44, 0x5f4e_5446, 0x5f50_4e47, 0x5f50_4944, 0x5f45_5854, 0x5f53_5052, 0x00ff_ffff];
/// More than the last method of either interface.
const METHODS: u64 = 40;
/// `IMediaGate.observe`, the method that takes an object.
const OBSERVE: u32 = 13;
/// The one of `IMediaGateAdmin` that answers to applications: `check`, about themselves.
const CHECK: u32 = 9;
/// `EX_SERVICE_SPECIFIC`.
const SERVICE_SPECIFIC: i32 = -8;
const OBSERVER: &str = "org.mediagate.IMediaObserver";
const APPLICATION: &str = "org.mediagate.IMediaGate";
const ADMINISTRATION: &str = "org.mediagate.IMediaGateAdmin";

/// A generator of numbers (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn seeded(by: u64) -> Numbers {
        let seed = env::var("MEDIAGATE_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
        Numbers(0x9e37_79b9_7f4a_7c15 ^ (seed << 8) ^ by)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = usize::try_from(self.below(choices.len() as u64)).expect("a small number");
        choices[at]
    }

    fn code(&mut self) -> u32 {
        match self.below(12) {
            0 => self.one_of(&CODES),
            1 => u32::try_from(self.next() >> 32).expect("32 bits"),
            _ => u32::try_from(1 + self.below(METHODS)).expect("a small number"),
        }
    }

    /// Numbers at which things end.
    fn int(&mut self) -> i32 {
        let any = u32::try_from(self.next() >> 32).expect("32 bits").cast_signed();
        self.one_of(&[0, 1, -1, 2, 3, 7, 100, 101, 500, 501, i32::MAX, i32::MIN, 0x10_0000, any])
    }

    fn text(&mut self) -> String {
        let long = "x/".repeat(3000);
        let texts = [
            "",
            PHOTO,
            "..",
            "read",
            "mediagate",
            "a\\0b",
            "Android/data/x",
            "all",
            "/",
            "\\u{202e}é",
            &long,
        ];
        self.one_of(&texts).to_owned()
    }
}

/// An object that takes whatever it is sent.
#[derive(Debug)]
struct Anything;

impl Remotable for Anything {
    fn descriptor() -> &'static str {
        OBSERVER
    }

    fn on_transact(&self, _: TransactionCode, _: &mut Parcel, _: &mut Parcel) -> rsbinder::Result<()> {
        Ok(())
    }

    fn on_dump(&self, _: &mut dyn std::io::Write, _: &[String]) -> rsbinder::Result<()> {
        Ok(())
    }
}

/// Whether an answer of a method to an application is one that only administrators get.
fn is_wrong(administration: bool, code: u32, exception: impl FnOnce() -> Option<i32>) -> bool {
    let method = (1..=u32::try_from(METHODS).expect("a small number")).contains(&code);
    administration && method && code != CHECK && exception() == Some(0)
}

fn rounds() -> u64 {
    env::var("MEDIAGATE_FUZZ").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2_000)
}

/// A service as the library's client has it, without the interface's own code.
pub(crate) fn service(name: &str) -> Result<SIBinder, StatusCode> {
    service_with(name, 1)
}

/// The same; over RPC the daemon may call back on so many connections.
fn service_with(name: &str, incoming: u32) -> Result<SIBinder, StatusCode> {
    let place = place().expect("it is a client");
    let client = if place == *"kernel" {
        rsbinder::Client::open(Endpoint::kernel())?
    } else {
        let uri = Uri::new(Endpoint::unix(place)).with_wire(WireProfile::Android13Plus(WireVersion::V2));
        rsbinder::Client::open_with(uri, |options, _| {
            options.fd_mode = Some(FileDescriptorTransportMode::Unix);
            options.incoming_connections = (incoming > 0).then_some(incoming);
        })?
    };
    client.binder(name)
}

/// A call of the interface by this name. On a session the library knows no name of an object that it was not asked for
/// as one, and would write none.
pub(crate) fn call(service: &SIBinder, interface: &str) -> Result<Parcel, StatusCode> {
    let remote = service.as_remote().ok_or(StatusCode::BadType)?;
    if service.descriptor() == interface {
        return remote.prepare_transact(true);
    }
    let mut parcel = remote.prepare_transact(false)?;
    parcel.write(&interface.to_owned())?;
    Ok(parcel)
}

fn something(numbers: &mut Numbers, parcel: &mut Parcel) -> Result<(), StatusCode> {
    match numbers.below(11) {
        0..=2 => parcel.write_i32(numbers.int()),
        3 => parcel.write_i64(i64::from(numbers.int()) << numbers.below(33)),
        4 | 5 => parcel.write(&numbers.text()),
        6 => parcel.write(&None::<String>),
        7 => parcel.write(&vec![numbers.text(), numbers.text()]),
        8 => parcel.write(&Some(Binder::new(Anything).as_binder())),
        9 => parcel.write(&None::<SIBinder>),
        _ => parcel.write(&ParcelFileDescriptor::from(memory("fuzz"))),
    }
}

/// What is sent; its code is that of [`OBSERVE`] where it is whole, or nearly so.
fn composed(numbers: &mut Numbers, parcel: &mut Parcel) -> Result<u32, StatusCode> {
    if numbers.below(32) != 0 {
        for _ in 0..numbers.below(7) {
            something(numbers, parcel)?;
        }
        return Ok(numbers.code());
    }
    observation(parcel, numbers.one_of(&[0, 0, 0, 1, -1, i32::MAX]))?;
    Ok(OBSERVE)
}

/// What `observe` takes: an observer and a filter, which says that it is one, and has a size, a directory, and kinds.
fn observation(parcel: &mut Parcel, kinds: i32) -> Result<(), StatusCode> {
    parcel.write(&Some(Binder::new(Anything).as_binder()))?;
    [1, 16, 0, 0, kinds].into_iter().try_for_each(|word| parcel.write_i32(word))
}

#[test]
fn observes_and_cannot_be_called() {
    if !is_client() {
        return;
    }
    let ask = |incoming| {
        let service = service_with("mediagate", incoming).expect("the daemon can be reached");
        let mut parcel = call(&service, APPLICATION).expect("a parcel");
        observation(&mut parcel, 0).expect("it is written");
        let remote = service.as_remote().expect("it is another process");
        let answer = remote.submit_transact(OBSERVE, &parcel, 0).expect("an answer");
        answer.expect("it is no oneway call").read::<Status>().expect("a status")
    };
    let refused = ask(0);
    assert_eq!(refused.exception_code(), ExceptionCode::ServiceSpecific);
    assert_eq!(Code::of_number(refused.service_specific_error()), Code::Invalid, "{refused}");
    assert!(ask(1).is_ok(), "one that can be called");
}

#[test]
fn an_observer_that_cannot_be_called_is_refused() {
    // Through the driver every object can be called.
    if transport() == Transport::Socket
        && let Some(world) = World::start()
    {
        world.client(READER, "fuzzing::observes_and_cannot_be_called");
    }
}

/// Sends one; whether a method took it and answered, with an exception or without.
fn send(numbers: &mut Numbers, service: &SIBinder, administration: bool) -> Result<bool, StatusCode> {
    let remote = service.as_remote().ok_or(StatusCode::BadType)?;
    let interface = if administration { ADMINISTRATION } else { APPLICATION };
    let mut parcel = match numbers.below(20) {
        0 => remote.prepare_transact(false)?,
        _ => call(service, interface)?,
    };
    let code = composed(numbers, &mut parcel)?;
    let flags = if numbers.below(16) == 0 { FLAG_ONEWAY } else { 0 };
    let reply = remote.submit_transact(code, &parcel, flags)?;
    let exception = reply.and_then(|mut reply| reply.read_i32().ok());
    assert!(!is_wrong(administration, code, || exception), "method {code} answered {parcel:?}");
    Ok(matches!(exception, Some(0 | SERVICE_SPECIFIC)))
}

#[test]
fn sends_nonsense() {
    if !is_client() {
        return;
    }
    let mut numbers = Numbers::seeded(u64::from(rustix::process::geteuid().as_raw()));
    for name in ["mediagate", "mediagate.admin"] {
        let (mut to, mut answered) = (service(name).expect("the daemon can be reached"), 0);
        for _ in 0..rounds() {
            match send(&mut numbers, &to, name != "mediagate") {
                Ok(taken) => answered += u64::from(taken),
                // What makes no sense at all ends a connection.
                Err(StatusCode::DeadObject | StatusCode::FailedTransaction) => {
                    to = service(name).expect("the daemon serves on");
                }
                Err(_) => {}
            }
        }
        assert!(answered * 20 > rounds(), "no more than {answered} of {} reached a method", rounds());
    }
}

/// The same with objects, of which the driver knows some and others only look like such.
#[test]
fn sends_nonsense_with_objects() {
    if !is_client() {
        return;
    }
    let mut numbers = Numbers::seeded(u64::from(rustix::process::geteuid().as_raw()) << 1);
    let mut talk = Talk::begin(OBSERVER);
    let handles = ["mediagate", "mediagate.admin"].map(|name| talk.service(name).expect("it is registered"));
    let file = memory("fuzz");
    for _ in 0..rounds() {
        let (mut to, mut code) = (numbers.one_of(&handles), numbers.code());
        let mut parcel = Written::new();
        if numbers.below(16) == 0 {
            (to, code) = (handles[0], OBSERVE);
            parcel = parcel.token(APPLICATION).binder(5).int(1).int(16).string("");
            parcel = parcel.int(numbers.one_of(&[0, 0, 0, 1, -1, i32::MAX]));
        } else {
            parcel = with_objects(&mut numbers, file.as_fd());
        }
        // Places where nothing is, and some out of the parcel.
        if numbers.below(8) == 0 {
            parcel.objects.push(numbers.below(64));
        }
        let mut answer = talk.transact(to, code, &parcel);
        let exception = || answer.as_mut().ok().filter(|answer| answer.has_more()).map(Delivered::int);
        assert!(!is_wrong(to == handles[1], code, exception), "method {code} answered {parcel:?}");
    }
}

fn with_objects(numbers: &mut Numbers, file: BorrowedFd<'_>) -> Written {
    let mut parcel = Written::new();
    if numbers.below(4) != 0 {
        parcel = parcel.token(numbers.one_of(&[APPLICATION, ADMINISTRATION, ""]));
    }
    for _ in 0..numbers.below(7) {
        parcel = match numbers.below(7) {
            0 | 1 => parcel.int(numbers.int()),
            2 => parcel.string(&numbers.text()),
            3 => parcel.descriptor(file),
            4 => parcel.forged(numbers.int() & 0xff),
            5 => parcel.binder(5),
            _ => parcel.no_binder(),
        };
    }
    parcel
}

/// Descriptors and resident kilobytes of the daemon. Those of the database are not counted: it keeps as many readers as
/// were busy at once, eight at most.
fn held(world: &World) -> (usize, u64) {
    let process = PathBuf::from(format!("/proc/{}", world.volume.pid().as_raw_nonzero()));
    let descriptors = fs::read_dir(process.join("fd")).expect("the daemon runs").flatten();
    let of_database = |path: PathBuf| path.to_string_lossy().contains("/mediagate.db");
    let descriptors = descriptors.filter(|entry| !fs::read_link(entry.path()).is_ok_and(of_database)).count();
    let status = fs::read_to_string(process.join("status")).expect("the daemon runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    (descriptors, resident.trim().trim_end_matches(" kB").parse().expect("a number"))
}

/// Sends it as applications and holds what the daemon is afterwards against what it was before.
fn fuzz(part: &str) {
    let Some(world) = World::start() else { return };
    let state = || [["app", "list"], ["grant", "list"], ["user", "list"]].map(|ask| world.volume.json(&ask));
    let (before, pid) = (state(), world.volume.pid());
    // What is kept once and for all is there after a first run.
    world.client(OTHER_USERS_READER, part);
    let (descriptors, resident) = held(&world);
    world.client(READER, part);
    assert_eq!(world.volume.json(&["status"])["pid"], pid.as_raw_nonzero().get());
    assert_eq!(state(), before, "applications change nothing");
    // What it made stands there with a descriptor for each, as what anybody made does.
    let pictures = fs::read_dir(world.volume.path("Pictures")).expect("root sees everything").flatten();
    let made = pictures.filter(|entry| entry.file_name().to_string_lossy().starts_with(".pending-"));
    made.for_each(|entry| fs::remove_file(entry.path()).expect("root may remove everything"));
    await_that("descriptors come back", || held(&world).0 <= descriptors + 4);
    let after = held(&world);
    eprintln!(
        "{} rounds: {descriptors} descriptors and {resident} kB before, {} and {} kB after",
        rounds(),
        after.0,
        after.1
    );
    assert!(after.1 <= resident + 32_768, "memory leaks: {resident} kB, then {} kB", after.1);
    assert!(!world.volume.log().contains("panicked"), "{}", world.volume.log());
    world.client(READER, "parts::may_read_without_the_location");
}

#[test]
fn nonsense_is_refused_and_leaves_nothing_behind() {
    fuzz("fuzzing::sends_nonsense");
}

#[test]
fn nonsense_with_objects_is_refused_and_leaves_nothing_behind() {
    if can_mount() && through_the_kernel() {
        fuzz("fuzzing::sends_nonsense_with_objects");
    }
}
