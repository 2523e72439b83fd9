//! What grows with the number of files, and what must not: decisions, lookups, creations, listings, renames, grants
//! and the scan, in this process on a directory that it makes and removes, without a mount.
//!
//! It calls what the requests of the kernel call (`Volume`), so that the kernel's own share is left out.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "the result is printed")]

#[path = "common/world.rs"]
mod world;

use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use mediagate::fs::{OpenRequest, RenameMode};
use mediagate::id::Uid;
use mediagate::lower::fold;
use mediagate::policy::{self, FileFacts, FileGrant, Kind, Operation, PackageName, Place, State};
use mediagate::scan::{Progress, ScanOutcome};
use mediagate::store::{EntryName, NewEntry, NewGrant};

use world::{MANAGER, OWNER, READER, World, caller, name, on_processor};

/// Files in one directory of the tree.
const DIRECTORY: usize = 1000;
/// A picture that begins as a JPEG file does, so that name and content agree.
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9";

/// Measures of scale; each prints one line for each figure.
#[derive(Parser, Debug)]
struct Options {
    #[command(subcommand)]
    what: What,
    /// Files, rows or grants.
    #[arg(long, global = true, default_value_t = 100_000)]
    entries: usize,
    /// Where the directories are made; chooses the lower file system.
    #[arg(long, global = true)]
    parent: Option<PathBuf>,
    /// What `cargo bench` adds by itself.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand, Clone, Copy, Debug)]
enum What {
    /// Decision in memory and from SQLite, lookup, create, on a tree of that many files.
    Requests,
    /// Listing one directory of that many pictures.
    Listing,
    /// Renaming a directory with that many pictures below.
    Rename,
    /// Giving one more grant where there are that many.
    Grants,
    /// Indexing a tree of that many files, ended in the middle and gone on with.
    Scan,
}

fn picture(number: usize) -> String {
    format!("IMG_{number:08}.jpg")
}

fn tree_directory(number: usize) -> String {
    format!("Pictures/{number:04}")
}

/// Numbers below `entries` in an order that no cache likes, the same in each run.
fn shuffled(entries: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 1).unwrap_or(0) % entries
    })
}

/// `entries` pictures, [`DIRECTORY`] to a directory; or all in the one directory `one`.
fn fill(world: &World, entries: usize, one: Option<&str>) -> Result<()> {
    for start in (0..entries).step_by(DIRECTORY) {
        let directory = match one {
            Some(one) => world.lower().join(one),
            None => world.lower().join(tree_directory(start / DIRECTORY)),
        };
        fs::create_dir_all(&directory)?;
        for number in start..entries.min(start + DIRECTORY) {
            fs::write(directory.join(picture(number)), PICTURE)?;
        }
    }
    Ok(())
}

/// The median of how long `work` takes for each of `count` numbers, in nanoseconds.
fn median(entries: usize, count: usize, mut work: impl FnMut(usize) -> Result<()>) -> Result<u128> {
    let mut times = Vec::with_capacity(count);
    for number in shuffled(entries).take(count) {
        let began = Instant::now();
        work(number)?;
        times.push(began.elapsed().as_nanos());
    }
    times.sort_unstable();
    times.get(count / 2).copied().context("nothing was measured")
}

fn tell(what: &str, entries: usize, nanoseconds: u128) {
    let micro = nanoseconds as f64 / 1000.0;
    println!("{what:<44} {entries:>9} entries  {micro:>12.2} µs");
}

/// A line of /proc/self/status in KiB.
fn memory(line: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let found =
        status.lines().find_map(|one| one.strip_prefix(line)?.split_whitespace().next()?.parse().ok());
    found.context("no such line in /proc/self/status")
}

fn requests(world: &World, entries: usize) -> Result<()> {
    fill(world, entries, None)?;
    world.scan(&Progress::default())?;
    let mut rows = Vec::new();
    for number in 0..entries.div_ceil(DIRECTORY) {
        rows.push(world.row(&tree_directory(number))?);
    }
    let reader = policy_caller(world);
    let facts = picture_facts();
    const REPEATED: u128 = 1000;
    let batch = median(entries, 200, |_| {
        for _ in 0..REPEATED {
            let verdict = policy::decide(black_box(&reader), black_box(&facts), &READ_OPERATION);
            let _verdict = black_box(verdict);
        }
        Ok(())
    })?;
    tell("decision in memory", entries, batch / REPEATED);
    let time = median(entries, 20_000, |number| {
        let row = *rows.get(number / DIRECTORY).context("no directory")?;
        let row = world.store.entry(row, picture(number).as_bytes())?.context("no row")?;
        let facts = FileFacts { kind: row.kind, owner: row.owner, state: row.state, ..facts.clone() };
        let _verdict = black_box(policy::decide(&reader, &facts, &READ_OPERATION));
        Ok(())
    })?;
    tell("decision from SQLite", entries, time);
    let mut nodes = HashMap::new();
    for number in 0..entries.div_ceil(DIRECTORY) {
        nodes.insert(number, world.look(READER, &tree_directory(number))?);
    }
    let time = median(entries, 20_000, |number| {
        let parent = *nodes.get(&(number / DIRECTORY)).context("no directory")?;
        drop(world.volume.lookup(caller(READER), parent, &name(&picture(number))?)?);
        Ok(())
    })?;
    tell("lookup", entries, time);
    let fresh = OpenRequest { write: true, ..OpenRequest::default() };
    let mut made = 0;
    let time = median(entries, 2000, |number| {
        let parent = *nodes.get(&(number / DIRECTORY)).context("no directory")?;
        made += 1;
        let created =
            world.volume.create(caller(OWNER), parent, &name(&format!("new{made}.jpg"))?, fresh, true)?;
        world.volume.release(created.opened.handle);
        Ok(())
    })?;
    tell("create and close", entries, time);
    Ok(())
}

const READ_OPERATION: Operation = Operation::Open { read: true, write: false };

fn policy_caller(world: &World) -> policy::Caller {
    let uid = Uid::new(READER);
    policy::Caller { uid, identity: world.store.snapshot().identity(uid, Uid::ROOT) }
}

fn picture_facts() -> FileFacts {
    FileFacts {
        place: Place::Shared(Some(policy::DefaultDirectory::Pictures)),
        directory: false,
        kind: Some(Kind::Image),
        hidden: false,
        owner: None,
        state: State::Normal,
        portable: true,
        grants: policy::FileGrants::empty(),
        of_other_user: false,
    }
}

fn listing(world: &World, entries: usize) -> Result<()> {
    own_directory(world, entries, "many")?;
    let raw = || -> Result<u128> {
        let began = on_processor();
        let count = fs::read_dir(world.lower().join("Pictures/many"))?.count();
        ensure!(count == entries, "{count} names");
        Ok(on_processor() - began)
    };
    raw()?;
    tell("raw readdir", entries, raw()?);
    for (who, uid) in [("manager", MANAGER), ("reader", READER), ("owner", OWNER)] {
        for plus in [false, true] {
            let mut best = u128::MAX;
            for _ in 0..3 {
                let began = on_processor();
                let count = list(world, uid, plus)?;
                ensure!(count == entries, "{who} sees {count} names");
                best = best.min(on_processor() - began);
            }
            tell(&format!("listing as {who}{}", if plus { " with attributes" } else { "" }), entries, best);
        }
    }
    println!("peak memory {} MiB", memory("VmHWM:")? >> 10);
    Ok(())
}

/// Lists as the kernel does: 32 KiB at a time.
fn list(world: &World, uid: u32, plus: bool) -> Result<usize> {
    let node = world.look(uid, "Pictures/many")?;
    let handle = world.volume.open_directory(caller(uid), node)?;
    let (mut offset, mut count) = (0, 0);
    loop {
        let from = offset;
        let (mut room, mut taken) = (32usize << 10, 0);
        let mut fits = |text: &str, next: u64, entry: usize| {
            let fits = room >= entry + text.len();
            if fits {
                room -= entry + text.len();
                taken += 1;
                count += usize::from(!matches!(text, "." | ".."));
                offset = next;
            }
            fits
        };
        if plus {
            let take = |listed: mediagate::fs::PlusEntry<'_>| fits(&listed.name, listed.next, 152);
            world.volume.read_directory_plus(caller(uid), handle, from, take)?;
        } else {
            let take = |listed: mediagate::fs::ListedDirectory<'_>| fits(listed.name, listed.next, 24);
            world.volume.read_directory(caller(uid), handle, from, take)?;
        }
        if taken == 0 {
            break;
        }
    }
    world.volume.release(handle);
    Ok(count)
}

/// A directory of pictures that the owner made: files below, rows as creating them leaves them.
fn own_directory(world: &World, entries: usize, directory: &str) -> Result<()> {
    fill(world, entries, Some(&format!("Pictures/{directory}")))?;
    world.scan(&Progress::default())?;
    let parent = world.row(&format!("Pictures/{directory}"))?;
    let owner = PackageName::new("org.example.owner");
    let rows = world.store.children(parent)?;
    for some in rows.chunks(1000) {
        world.store.batch(|changes| {
            for row in some {
                let folded = fold(&String::from_utf8_lossy(&row.name));
                changes.record_created(&NewEntry {
                    parent,
                    name: EntryName { bytes: &row.name, folded: folded.as_bytes() },
                    directory: false,
                    kind: row.kind,
                    owner: Some(&owner),
                    state: row.state,
                    expires: None,
                    file: row.file,
                    version: row.version,
                    created: row.created,
                })?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn rename(world: &World, entries: usize) -> Result<()> {
    own_directory(world, entries, "many")?;
    let parent = world.look(MANAGER, "Pictures")?;
    let (one, other) = (name("many")?, name("moved")?);
    for (who, uid) in [("manager", MANAGER), ("owner", OWNER)] {
        let mut times = Vec::new();
        for round in 0..6 {
            let (from, to) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
            let began = on_processor();
            world.volume.rename(caller(uid), (parent, from), (parent, to), RenameMode::NoReplace)?;
            times.push(on_processor() - began);
        }
        times.sort_unstable();
        tell(&format!("rename of their directory as {who}"), entries, times.get(3).copied().unwrap_or(0));
        waiting(world, uid, who, entries)?;
    }
    Ok(())
}

/// How long others wait who make files elsewhere while a large directory is renamed.
fn waiting(world: &World, uid: u32, who: &str, entries: usize) -> Result<()> {
    let parent = world.look(MANAGER, "Pictures")?;
    let (one, other) = (name("many")?, name("moved")?);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let longest = thread::scope(|scope| -> Result<u128> {
        let renaming = scope.spawn(|| -> Result<()> {
            for round in 0..6 {
                let (from, to) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
                world.volume.rename(caller(uid), (parent, from), (parent, to), RenameMode::NoReplace)?;
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        });
        let mut longest = 0;
        let mut number = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) && !renaming.is_finished() {
            number += 1;
            let fresh = OpenRequest { write: true, ..OpenRequest::default() };
            let began = Instant::now();
            let made = format!("{who}{number}.jpg");
            let made = world.volume.create(caller(OWNER), parent, &name(&made)?, fresh, true)?;
            longest = longest.max(began.elapsed().as_nanos());
            world.volume.release(made.opened.handle);
            drop(made.entry);
            thread::sleep(Duration::from_micros(200));
        }
        renaming.join().map_err(|_| anyhow::anyhow!("the renaming thread panicked"))??;
        Ok(longest)
    })?;
    tell(&format!("longest create elsewhere, renames by {who}"), entries, longest);
    Ok(())
}

fn grants(world: &World, entries: usize) -> Result<()> {
    let parent = world.volume.root_row();
    let reader = PackageName::new("org.example.reader");
    let mut ids = Vec::new();
    for start in (0..=entries).step_by(10_000) {
        ids.extend(world.store.batch(|changes| {
            (start..(start + 10_000).min(entries + 1))
                .map(|number| {
                    let text = picture(number);
                    changes.record_created(&NewEntry {
                        parent,
                        name: EntryName { bytes: text.as_bytes(), folded: text.as_bytes() },
                        directory: false,
                        kind: Some(Kind::Image),
                        owner: None,
                        state: State::Normal,
                        expires: None,
                        file: mediagate::id::Identity {
                            file: mediagate::id::FileId { dev: 1, ino: number as u64 + 1000 },
                            born: 1,
                        },
                        version: None,
                        created: 0,
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        })?);
    }
    let grant = |entry| NewGrant {
        entry,
        package: reader.clone(),
        mode: FileGrant::Selected,
        expires: None,
        granted: 0,
    };
    let (last, first) = ids.split_last().context("no entries")?;
    world.store.add_grants(&first.iter().copied().map(grant).collect::<Vec<_>>())?;
    let mut times = Vec::new();
    for _ in 0..10 {
        let began = Instant::now();
        let id = world.store.add_grant(&grant(*last))?;
        times.push(began.elapsed().as_nanos());
        world.store.remove_grant(id)?;
    }
    times.sort_unstable();
    tell("one more grant", entries, times.get(5).copied().unwrap_or(0));
    Ok(())
}

fn index(world: &World, entries: usize) -> Result<()> {
    fill(world, entries, None)?;
    let before = memory("VmRSS:")?;
    let progress = Progress::default();
    let (first, spent) = thread::scope(|scope| {
        let scanning = scope.spawn(|| timed(world, &progress));
        while progress.so_far().files < entries as u64 / 2 && !scanning.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        progress.cancel();
        scanning.join().map_err(|_| anyhow::anyhow!("the scan panicked"))?
    })?;
    rate("first half", &first, spent);
    let (second, spent) = timed(world, &Progress::default())?;
    rate("second half, and what it met again", &second, spent);
    ensure!(first.read + second.read == entries as u64, "{} files were read again", first.read + second.read);
    let (third, spent) = timed(world, &Progress::default())?;
    rate("again, nothing new", &third, spent);
    println!("memory before {} MiB, peak {} MiB", before >> 10, memory("VmHWM:")? >> 10);
    Ok(())
}

/// A scan, how long it took, and how much of that its thread spent on a processor.
fn timed(world: &World, progress: &Progress) -> Result<(ScanOutcome, [Duration; 2])> {
    let (began, before) = (Instant::now(), on_processor());
    let outcome = world.scan(progress)?;
    let processor = Duration::from_nanos(u64::try_from(on_processor() - before)?);
    Ok((outcome, [began.elapsed(), processor]))
}

fn rate(what: &str, outcome: &ScanOutcome, spent: [Duration; 2]) {
    let ScanOutcome { files, read, .. } = outcome;
    let [by_clock, of_processor] = spent.map(|time| *files as f64 / time.as_secs_f64());
    println!(
        "scan: {what:<36} {files:>8} files, {read:>8} read, {by_clock:>8.0} files/s, {of_processor:>8.0} a second of \
         processor time"
    );
}

fn main() -> Result<()> {
    let options = Options::parse();
    let world = World::new(options.parent.as_deref())?;
    match options.what {
        What::Requests => requests(&world, options.entries),
        What::Listing => listing(&world, options.entries),
        What::Rename => rename(&world, options.entries),
        What::Grants => grants(&world, options.entries),
        What::Scan => index(&world, options.entries),
    }
}
