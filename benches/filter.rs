//! What the filter costs: making a plan for files as cameras and phones write them, having one already, and indexing a
//! mixed tree; in this process on files that it makes and removes, without a mount.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "the result is printed")]

#[path = "common/world.rs"]
mod world;

use std::cell::Cell;
use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use mediagate::fs::{FsError, OpenRequest};
use mediagate::redact::{Budget, Plan, ReadAt, SCANNER_VERSION, plan};
use mediagate::sample;
use mediagate::scan::Progress;
use mediagate::store::{ContentVersion, PlanKey};

use world::{MANAGER, READER, World, caller, on_processor};

/// Measures of the filter; each prints one line for each figure.
#[derive(Parser, Debug)]
struct Options {
    #[command(subcommand)]
    what: What,
    /// Where the directories are made; chooses the lower file system.
    #[arg(long, global = true)]
    parent: Option<PathBuf>,
    /// What `cargo bench` adds by itself.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand, Clone, Copy, Debug)]
enum What {
    /// Making the plan of a file that is in the page cache.
    Plan,
    /// Opening and reading a filtered file whose plan is known.
    Cached,
    /// Indexing a tree of what phones hold: JPEG, HEIC, MP4, PNG, WebP and TIFF.
    Index {
        /// How many files.
        #[arg(long, default_value_t = 20_000)]
        entries: usize,
    },
}

/// A file that counts how it is read.
#[derive(Debug)]
struct Counted<'a> {
    file: &'a File,
    size: u64,
    reads: Cell<u64>,
    bytes: Cell<u64>,
}

impl ReadAt for Counted<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, offset)?;
        self.reads.set(self.reads.get() + 1);
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

/// Bytes that no compressor likes, without the marker byte of JPEG.
fn noise(count: usize) -> impl Iterator<Item = u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .filter(|byte| *byte != 0xff)
    .take(count)
}

/// A JPEG whose pixels take so many bytes; as in a real one, about one byte in 256 is a stuffed marker.
fn jpeg(picture: &[u8], pixels: usize) -> Vec<u8> {
    let (start, end) = picture.split_at(picture.len().saturating_sub(2));
    let mut whole = start.to_vec();
    for (at, byte) in noise(pixels).enumerate() {
        whole.push(byte);
        if at % 256 == 0 {
            whole.extend([0xff, 0]);
        }
    }
    whole.extend(end);
    whole
}

/// A recording of so many bytes with what describes it at the end, as phones write it.
fn recording(directory: &Path, size: u64) -> Result<File> {
    let small = sample::iso::mp4_with_location();
    // A box begins with its size, four bytes before its name.
    let begins =
        |name: &[u8]| small.windows(4).position(|four| four == name).and_then(|at| at.checked_sub(4));
    let (start, _) = small.split_at(begins(b"mdat").context("no samples")?);
    let (_, movie) = small.split_at(begins(b"moov").context("no movie")?);
    let file = File::options()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(directory.join("large.mp4"))?;
    file.write_all_at(start, 0)?;
    let head = [&[0, 0, 0, 1][..], b"mdat", &size.to_be_bytes()].concat();
    file.write_all_at(&head, start.len() as u64)?;
    file.write_all_at(movie, start.len() as u64 + size)?;
    Ok(file)
}

/// The median of some runs, in nanoseconds.
fn median(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<u128> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let began = Instant::now();
        work()?;
        times.push(began.elapsed().as_nanos());
    }
    times.sort_unstable();
    times.get(runs / 2).copied().context("nothing was measured")
}

fn micro(nanoseconds: u128) -> f64 {
    nanoseconds as f64 / 1000.0
}

/// Plans of files of different kinds, beside reading the whole file once.
fn plans(world: &World) -> Result<()> {
    let directory = world.lower();
    let located = sample::jpeg_with_location();
    let made = [
        ("JPEG, 8 MiB", "a.jpg", jpeg(&located, 8 << 20)),
        ("JPEG, 8 MiB, nothing to hide", "clean.jpg", jpeg(&sample::jpeg_clean(), 8 << 20)),
        ("HEIC", "a.heic", sample::iso::heic_with_location()),
        ("MP4", "a.mp4", sample::iso::mp4_with_location()),
        ("PNG", "a.png", sample::png_with_location()),
        ("WebP", "a.webp", sample::webp_with_location()),
        ("TIFF", "a.tif", sample::tiff_with_location()),
        ("JPEG XL", "a.jxl", sample::still::jxl_with_location()),
        ("JPEG 2000", "a.jp2", sample::still::jp2_with_location()),
    ];
    let mut files = Vec::new();
    for (what, file, bytes) in made {
        fs::write(directory.join(file), bytes)?;
        files.push((what, File::open(directory.join(file))?));
    }
    files.push(("MP4, 1 GiB, described at the end", recording(&directory, 1 << 30)?));
    println!(
        "{:<36} {:>12} {:>8} {:>12} {:>10} {:>14}",
        "", "bytes", "reads", "bytes read", "plan, µs", "read once, µs"
    );
    for (what, file) in &files {
        let source = Counted { file, size: file.metadata()?.len(), reads: Cell::new(0), bytes: Cell::new(0) };
        let hides = matches!(plan(&source, None, &Budget::STANDARD)?, Plan::Ranges(_));
        ensure!(hides != what.contains("nothing"), "{what} has another plan than expected");
        let (reads, bytes) = (source.reads.get(), source.bytes.get());
        let runs = if source.size > 1 << 20 { 51 } else { 2001 };
        let taken = median(runs, || {
            let _plan = black_box(plan(&source, None, &Budget::STANDARD)?);
            Ok(())
        })?;
        let mut buffer = vec![0; 1 << 20];
        let once = median(if source.size > 1 << 28 { 3 } else { runs }, || {
            for start in (0..source.size).step_by(buffer.len()) {
                let _count = black_box(source.read_at(start, &mut buffer)?);
            }
            Ok(())
        })?;
        println!(
            "{what:<36} {:>12} {reads:>8} {bytes:>12} {:>10.1} {:>14.1}",
            source.size,
            micro(taken),
            micro(once)
        );
    }
    Ok(())
}

/// What a filtered file costs whose plan is known, beside the same file unfiltered.
fn cached(world: &World) -> Result<()> {
    let path = "Pictures/a.jpg";
    fs::write(world.lower().join(path), jpeg(&sample::jpeg_with_location(), 8 << 20))?;
    // A file that was just written is looked at each time.
    std::thread::sleep(Duration::from_secs(2));
    world.scan(&Progress::default())?;
    for (who, uid) in [("full", MANAGER), ("filtered", READER)] {
        let request = OpenRequest { read: true, ..OpenRequest::default() };
        let mut node = world.look(uid, path)?;
        match world.volume.open(caller(uid), node, request) {
            Ok(opened) => world.volume.release(opened.handle),
            // As the kernel does: the name is looked up once more.
            Err(FsError::StaleView) => node = world.look(uid, path)?,
            Err(error) => return Err(error.into()),
        }
        let open = || world.volume.open(caller(uid), node, request);
        let opening = median(5001, || {
            world.volume.release(open()?.handle);
            Ok(())
        })?;
        let handle = open()?.handle;
        let mut buffer = vec![0; 4096];
        let reading = median(5001, || {
            let _count = black_box(world.volume.read(handle, 0, &mut buffer)?);
            Ok(())
        })?;
        world.volume.release(handle);
        println!(
            "{who:<10} open and close {:>8.2} µs, read 4 KiB {:>8.2} µs",
            micro(opening),
            micro(reading)
        );
    }
    let row = world.row(path)?;
    let entry = world.store.entry_by_id(row)?.context("no row")?;
    let version: ContentVersion = entry.version.context("no version")?;
    let key = PlanKey { entry: row, version, scanner: SCANNER_VERSION };
    let loading = median(5001, || {
        let saved = world.store.plan(&key)?.context("the scan saved no plan")?;
        let _plan = black_box(Plan::decode(&saved.plan)?);
        Ok(())
    })?;
    println!("plan from the database {:>8.2} µs", micro(loading));
    Ok(())
}

/// The rate of a first scan, which plans, and of one that finds everything recorded.
fn index(world: &World, entries: usize) -> Result<()> {
    let kinds = [
        ("jpg", jpeg(&sample::jpeg_with_location(), 64 << 10)),
        ("jpg", jpeg(&sample::jpeg_clean(), 64 << 10)),
        ("heic", sample::iso::heic_with_location()),
        ("mp4", sample::iso::mp4_with_location()),
        ("mp4", sample::iso::mp4_clean()),
        ("png", sample::png_with_location()),
        ("webp", sample::webp_with_location()),
        ("tif", sample::tiff_with_location()),
    ];
    for (number, (extension, bytes)) in kinds.iter().cycle().take(entries).enumerate() {
        let directory = world.lower().join(format!("Pictures/{:03}", number / 1000));
        if number % 1000 == 0 {
            fs::create_dir_all(&directory)?;
        }
        fs::write(directory.join(format!("{number}.{extension}")), bytes)?;
    }
    for what in ["first scan", "again, nothing new"] {
        let (began, before) = (Instant::now(), on_processor());
        let outcome = world.scan(&Progress::default())?;
        let of_processor = Duration::from_nanos(u64::try_from(on_processor() - before)?);
        let [by_clock, of_processor] =
            [began.elapsed(), of_processor].map(|time| outcome.files as f64 / time.as_secs_f64());
        println!(
            "{what:<20} {:>8} files, {:>8} read, {by_clock:>8.0} files/s, {of_processor:>8.0} a second of processor time",
            outcome.files, outcome.read
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    let options = Options::parse();
    let world = World::new(options.parent.as_deref())?;
    match options.what {
        What::Plan => plans(&world),
        What::Cached => cached(&world),
        What::Index { entries } => index(&world, entries),
    }
}
