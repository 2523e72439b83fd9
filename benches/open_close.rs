//! How many small operations a second a directory bears: the raw lower directory against the mount and, if given,
//! another mount. Rounds are interleaved and begin with another directory each time; medians and ratios are printed.
//!
//! It measures directories that somebody else mounted (`benches/open_close.sh` does): the same names must lie in each.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "the result is printed")]

use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use rustix::process::{Gid, Uid};
use rustix::thread as credentials;

/// Open+close, open+read+close and create+unlink a second, per directory.
#[derive(Parser, Clone, Debug)]
struct Options {
    /// The directory all others are compared with.
    #[arg(long)]
    raw: PathBuf,
    /// The directory on the mediagate mount.
    #[arg(long)]
    mount: PathBuf,
    /// A directory on another mount.
    #[arg(long)]
    peer: Option<PathBuf>,
    /// Pin the clients to this CPU.
    #[arg(long)]
    pin: Option<usize>,
    /// Act as this user (needs root).
    #[arg(long)]
    uid: Option<u32>,
    /// Clients at the same time, each a thread.
    #[arg(long, default_value_t = 1)]
    clients: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each operation is repeated on each directory in each round, in milliseconds.
    #[arg(long, default_value_t = 500)]
    milliseconds: u64,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    OpenClose,
    OpenReadClose,
    CreateUnlink,
}

impl Operation {
    const ALL: [Operation; 3] = [Operation::OpenClose, Operation::OpenReadClose, Operation::CreateUnlink];

    fn name(self) -> &'static str {
        match self {
            Operation::OpenClose => "open+close",
            Operation::OpenReadClose => "open+read4k+close",
            Operation::CreateUnlink => "create+unlink",
        }
    }

    /// Does it once; `file` exists, `fresh` does not.
    fn once(self, file: &Path, fresh: &Path) -> Result<()> {
        match self {
            Operation::OpenClose => drop(File::open(file)?),
            Operation::OpenReadClose => {
                let mut page = [0; 4096];
                File::open(file)?.read_exact_at(&mut page, 0)?;
                black_box(page);
            }
            Operation::CreateUnlink => {
                drop(File::create_new(fresh)?);
                fs::remove_file(fresh)?;
            }
        }
        Ok(())
    }
}

/// One directory under test and the files in it.
#[derive(Debug)]
struct Target {
    name: &'static str,
    directory: PathBuf,
    files: Vec<PathBuf>,
}

impl Target {
    fn new(name: &'static str, directory: &Path) -> Result<Target> {
        let entries = fs::read_dir(directory).with_context(|| format!("list {}", directory.display()))?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.sort();
        ensure!(!files.is_empty(), "{} holds no files", directory.display());
        Ok(Target { name, directory: directory.to_owned(), files })
    }

    /// Operations a second of all clients together.
    fn measure(&self, operation: Operation, options: &Options) -> Result<f64> {
        let rates = thread::scope(|scope| {
            let clients: Vec<_> = (0..options.clients)
                .map(|client| scope.spawn(move || self.client(client, operation, options)))
                .collect();
            let joined = clients.into_iter().map(|client| client.join());
            joined
                .map(|rate| rate.unwrap_or_else(|_| bail!("a client panicked")))
                .collect::<Result<Vec<f64>>>()
        })?;
        Ok(rates.iter().sum())
    }

    fn client(&self, client: usize, operation: Operation, options: &Options) -> Result<f64> {
        prepare_thread(options)?;
        let fresh = self.directory.join(format!("fresh-{client}.jpg"));
        let mut files = self.files.iter().cycle().skip(client * self.files.len() / options.clients);
        let length = Duration::from_millis(options.milliseconds);
        let (began, mut done) = (Instant::now(), 0u32);
        while began.elapsed() < length {
            for file in files.by_ref().take(32) {
                operation
                    .once(file, &fresh)
                    .with_context(|| format!("{} of {}", operation.name(), file.display()))?;
                done += 1;
            }
        }
        Ok(f64::from(done) / began.elapsed().as_secs_f64())
    }
}

/// Pins the calling thread and makes it the user that the options name.
fn prepare_thread(options: &Options) -> Result<()> {
    if let Some(cpu) = options.pin {
        let mut only = credentials::CpuSet::new();
        only.set(cpu);
        credentials::sched_setaffinity(None, &only).with_context(|| format!("pin to CPU {cpu}"))?;
    }
    if let Some(uid) = options.uid {
        let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
        credentials::set_thread_groups(&[]).context("drop groups")?;
        credentials::set_thread_res_gid(group, group, group).context("change group")?;
        credentials::set_thread_res_uid(user, user, user).context("change user")?;
    }
    Ok(())
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

fn report(operation: Operation, targets: &[Target], rates: &mut [Vec<f64>]) {
    let medians: Vec<f64> = rates.iter_mut().map(|rates| median(rates)).collect();
    let shown = targets.iter().zip(&medians).map(|(target, rate)| format!("{} {rate:.0}/s", target.name));
    let mut line = shown.collect::<Vec<_>>().join("  ");
    if let [raw, mount, others @ ..] = medians.as_slice() {
        line += &format!("  mount/raw {:.3}", mount / raw);
        for peer in others {
            line += &format!("  mount/peer {:.2}", mount / peer);
        }
    }
    println!("{:<18} {line}", operation.name());
}

fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(options.clients > 0 && options.rounds > 0, "at least one client and one round");
    let mut targets = vec![Target::new("raw", &options.raw)?, Target::new("mount", &options.mount)?];
    if let Some(peer) = &options.peer {
        targets.push(Target::new("peer", peer)?);
    }
    for operation in Operation::ALL {
        let mut rates = vec![Vec::new(); targets.len()];
        for round in 0..options.rounds {
            let mut order: Vec<_> = targets.iter().zip(&mut rates).collect();
            order.rotate_left(round % targets.len());
            for (target, rates) in order {
                rates.push(target.measure(operation, &options)?);
            }
        }
        report(operation, &targets, &mut rates);
    }
    Ok(())
}
