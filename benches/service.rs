//! How many calls a second the service bears from several clients at once, and how long a call takes: `check`, and `open`
//! with the closing of what it answered, in turn. Each client has a connection and a user id of its own.
//!
//! It measures a daemon that somebody else started (`benches/service.sh` does); it registers its applications there.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "the result is printed")]

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use mediagate::admin::{Administration as _, AppRequest, Application as _, OpenMode};
use mediagate::binder::Client;
use mediagate::id::Uid;
use rustix::process::{Gid, Uid as ProcessUid};
use rustix::thread as credentials;

/// The user id of the first client.
const FIRST: u32 = 10_100;

/// Calls a second of `check` and of `open`, with p50 and p99 in microseconds.
#[derive(Parser, Clone, Debug)]
struct Options {
    /// The daemon's socket.
    #[arg(long)]
    socket: PathBuf,
    /// A picture on its volume.
    #[arg(long)]
    file: String,
    /// Clients at the same time.
    #[arg(long, default_value_t = 8)]
    clients: u32,
    /// How long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How long each call took.
#[derive(Debug, Default)]
struct Taken {
    check: Vec<Duration>,
    open: Vec<Duration>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let uids: Vec<u32> = (FIRST..).take(usize::try_from(options.clients)?).collect();
    register(&options.socket, &uids)?;
    let begun = Instant::now();
    let taken = thread::scope(|scope| {
        let clients: Vec<_> = uids.iter().map(|uid| scope.spawn(|| call(&options, *uid))).collect();
        let joined = |client: thread::ScopedJoinHandle<'_, Result<Taken>>| match client.join() {
            Ok(taken) => taken,
            Err(_) => bail!("a client panicked"),
        };
        clients.into_iter().map(joined).collect::<Result<Vec<_>>>()
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let (mut check, mut open) = (Vec::new(), Vec::new());
    for one in taken {
        check.extend(one.check);
        open.extend(one.open);
    }
    for (name, mut calls) in [("check", check), ("open", open)] {
        ensure!(!calls.is_empty(), "no call of {name} came to an end");
        calls.sort_unstable();
        let rate = calls.len() as f64 / seconds;
        println!("{name} {rate:.0} {:.0} {:.0}", quantile(&calls, 50), quantile(&calls, 99));
    }
    Ok(())
}

fn register(socket: &Path, uids: &[u32]) -> Result<()> {
    let permissions = ["READ_MEDIA_IMAGES", "ACCESS_MEDIA_LOCATION"].map(str::to_owned);
    let request = |uid: &u32| AppRequest {
        name: format!("org.example.client{uid}"),
        uid: Uid::new(*uid),
        target_sdk: None,
        permissions: Some(permissions.to_vec()),
        app_ops: None,
    };
    Client::connect(socket)?.set_applications(&uids.iter().map(request).collect::<Vec<_>>())?;
    Ok(())
}

/// Calls as `uid` until the time is over.
fn call(options: &Options, uid: u32) -> Result<Taken> {
    let (user, group) = (ProcessUid::from_raw(uid), Gid::from_raw(uid));
    credentials::set_thread_res_gid(group, group, group).context("the clients need root")?;
    credentials::set_thread_res_uid(user, user, user).context("the clients need root")?;
    let client = Client::connect(&options.socket)?;
    let read = OpenMode { read: true, ..OpenMode::default() };
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut taken = Taken::default();
    while Instant::now() < end {
        let begun = Instant::now();
        let verdict = client.check_self("read", &options.file, None)?;
        taken.check.push(begun.elapsed());
        ensure!(verdict.view.as_deref() == Some("full"), "{verdict:?}");
        let begun = Instant::now();
        drop(client.open(&options.file, read)?);
        taken.open.push(begun.elapsed());
    }
    Ok(taken)
}

/// In microseconds, of durations that are sorted.
fn quantile(sorted: &[Duration], percent: usize) -> f64 {
    let at = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(at).map_or(0.0, |taken| taken.as_secs_f64() * 1e6)
}
