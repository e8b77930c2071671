//! Measures the exchange of keys between ranks, with synthetic keys whose answers are known.
//!
//! ```text
//! cargo build --release -p pixtwin-cluster --example exchange
//! mpirun -n 2 target/release/examples/exchange 5000000       # one exchange over MPI, so many keys on each rank
//! target/release/examples/exchange 5000000 2                 # the same between 2 threads
//! target/release/examples/exchange 100000 16 ladder          # all rungs of a search, between 16 threads
//! ```
//!
//! Prints one line: what was asked, the longest time of any rank, the peak memory of a process in MB (10^6 bytes; of
//! threads their share of it), and, between threads, the letters and bytes a rank sent in the mean beside what
//! docs/scale.md predicts.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{
    env, fs,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use pixtwin_cluster::{
    Ranks, Seat, Storage, Terms, run,
    world::{
        Post,
        carrier::Timing,
        link::{Link, LinkError},
        mpi::{MpiLink, launched},
        threads,
    },
};
use pixtwin_engine::{Loss, Progress, Standing, Team};
use pixtwin_pixel::Key;

/// Of ten thousand pictures so many are in play on each rung: a library of 56,274 files (docs/scale.md).
const LADDER: [u64; 7] = [10_000, 9_965, 4_100, 3_630, 2_228, 2_169, 2_168];

/// What one run is to do.
#[derive(Clone, Copy)]
struct Task {
    keys: u64,
    is_ladder: bool,
}

impl Task {
    fn rungs(self) -> Vec<u64> {
        let rungs: &[u64] = if self.is_ladder { &LADDER } else { &LADDER[..1] };
        rungs.iter().map(|share| self.keys * share / 10_000).collect()
    }
}

/// What a run came to on a rank, and all ranks together.
#[derive(Clone, Copy, Default)]
struct Outcome {
    seconds: f64,
    peak_bytes: u64,
    first: u64,
    later: u64,
    alone: u64,
}

/// What all ranks have sent, beats left out: they depend on the time that a run takes.
#[derive(Default)]
struct Sent {
    letters: AtomicU64,
    bytes: AtomicU64,
    /// Messages between carriers.
    others: AtomicU64,
}

/// A link that counts.
struct Counting<L> {
    link: L,
    sent: Arc<Sent>,
}

impl<L: Link> Link for Counting<L> {
    fn rank(&self) -> usize {
        self.link.rank()
    }

    fn size(&self) -> usize {
        self.link.size()
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        // The first byte says what it is: 4 is a letter.
        if message.first() == Some(&4) {
            self.sent.letters.fetch_add(1, Ordering::Relaxed);
            self.sent.bytes.fetch_add(message.len() as u64, Ordering::Relaxed);
        } else {
            self.sent.others.fetch_add(1, Ordering::Relaxed);
        }
        self.link.send(to, message)
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        self.link.receive()
    }

    fn unsent(&self) -> usize {
        self.link.unsent()
    }
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).map_or(Ok(2), |text| text.parse::<u64>().map_err(|e| e.to_string()));
    let task = Task { keys: number(0)?, is_ladder: arguments.iter().any(|word| word == "ladder") };
    match launched(|name| env::var_os(name)).map_err(|cause| cause.to_string())? {
        Some(launched) => {
            let link = MpiLink::start(&launched).map_err(|cause| cause.to_string())?;
            let (rank, size, library) = (link.rank(), link.size(), link.library_version().to_owned());
            let (mut link, outcome) = search(link, task)?;
            if rank == 0 {
                println!("{}, {library}", line(task, size, &outcome, outcome.peak_bytes));
            }
            while link.unsent() > 0 {
                link.receive().map_err(|cause| cause.to_string())?;
            }
            link.finish().map_err(|cause| cause.to_string())
        }
        None => on_threads(task, usize::try_from(number(1)?).map_err(|cause| cause.to_string())?),
    }
}

fn on_threads(task: Task, size: usize) -> Result<(), String> {
    let sent = Arc::new(Sent::default());
    let outcomes: Result<Vec<_>, String> = std::thread::scope(|scope| {
        let links = threads::links(size).into_iter().map(|link| Counting { link, sent: Arc::clone(&sent) });
        let ranks: Vec<_> = links.map(|link| scope.spawn(move || search(link, task))).collect();
        ranks.into_iter().map(|rank| rank.join().map_err(|_| "a rank has panicked".to_owned())?).collect()
    });
    let outcome = outcomes?.first().map(|(_, outcome)| *outcome).unwrap_or_default();
    let ranks = size as u64;
    let [letters, bytes, others] =
        [&sent.letters, &sent.bytes, &sent.others].map(|count| count.load(Ordering::Relaxed) / ranks);
    let predicted = predicted(task, ranks);
    println!(
        "{}, threads; sent by a rank: {letters} letters ({} predicted), {bytes} bytes ({} predicted), {others} others",
        line(task, size, &outcome, peak_bytes() / ranks),
        predicted.0 / ranks,
        predicted.1 / ranks,
    );
    Ok(())
}

fn line(task: Task, size: usize, outcome: &Outcome, peak_bytes: u64) -> String {
    let Outcome { seconds, first, later, alone, .. } = outcome;
    format!(
        "{size} ranks, {} keys each, {} rungs: {seconds:.2} s, {:.1} MB a rank, {first} first, {later} later, {alone} alone",
        task.keys,
        task.rungs().len(),
        peak_bytes as f64 / 1e6,
    )
}

/// Letters and bytes of all ranks: the formulas of docs/scale.md.
fn predicted(task: Task, ranks: u64) -> (u64, u64) {
    const HEAD_BYTES: u64 = 6;
    let piece_bytes = ((8 << 20) / ranks).clamp(16 << 10, 1 << 20);
    let pairs = ranks * (ranks - 1);
    let (mut letters, mut bytes) = (0, 0);
    for keys in task.rungs() {
        let owned = keys / ranks;
        let pieces = (16 * owned).div_ceil(piece_bytes / 16 * 16) + owned.div_ceil(piece_bytes);
        letters += pairs * (2 * pieces + 2);
        bytes += pairs * 17 * owned;
    }
    // The crew, a start and the sums: three rounds to the root and back. A search also asks for news on each rung, which
    // are empty here.
    let news = if task.is_ladder { task.rungs().len() as u64 } else { 0 };
    letters += (ranks - 1) * (6 * 3 + 2 * news);
    (letters, bytes + HEAD_BYTES * letters)
}

fn search<L: Link>(link: L, task: Task) -> Result<(L, Outcome), String> {
    let timing = Timing { silence: Duration::from_secs(120), ..Timing::default() };
    let terms = Terms { storage: Storage::Local, settings: Vec::new(), roots: Vec::new() };
    let seat = Seat { version: "exchange", host: "host".to_owned(), terms, timing };
    let ran = run(link, &seat, &Progress::default(), |_| {}, || {}, |team| exchange_all(team, task))?;
    let outcome = ran.result?.ok_or("a rank was lost")?;
    let outcome = outcome.map_err(|Loss| ran.state.fault().unwrap_or_else(|| "a rank was lost".to_owned()))?;
    check(task, ran.link.size() as u64, &outcome)?;
    Ok((ran.link, outcome))
}

fn exchange_all(team: &mut Ranks<Post>, task: Task) -> Result<Outcome, Loss> {
    let (rank, size) = (team.rank() as u64, team.size() as u64);
    let mut outcome = Outcome::default();
    let keys = keys(rank, size, task.keys);
    team.any_all(false)?;
    for count in task.rungs() {
        let keys = keys.get(..usize::try_from(count).unwrap_or(0)).unwrap_or_default();
        let begun = Instant::now();
        if task.is_ladder {
            team.tell_all::<[u8; 16]>(Vec::new())?;
        }
        let standings = team.stand_all(keys)?;
        outcome.seconds += begun.elapsed().as_secs_f64();
        let count = |wanted: Standing| standings.iter().filter(|standing| **standing == wanted).count() as u64;
        let counts = (count(Standing::First), count(Standing::Later), count(Standing::Alone));
        // The rungs above the first are checked as a sum only.
        outcome.first += counts.0;
        outcome.later += counts.1;
        outcome.alone += counts.2;
    }
    outcome.peak_bytes = peak_bytes();
    let Outcome { first, later, alone, seconds, peak_bytes } = outcome;
    let told = team.tell_all(vec![(first, later, alone, seconds, peak_bytes)])?;
    Ok(told.into_iter().fold(Outcome::default(), |sum, (first, later, alone, seconds, peak_bytes)| Outcome {
        seconds: sum.seconds.max(seconds),
        peak_bytes: sum.peak_bytes.max(peak_bytes),
        first: sum.first + first,
        later: sum.later + later,
        alone: sum.alone + alone,
    }))
}

/// Keys of one rank, in any order: in every block of twenty, one is also on the rank before, one on the rank behind, and
/// the first of all is on every rank.
fn keys(rank: u64, size: u64, len: u64) -> Vec<Key> {
    let key = |at: u64| match (at, at % 20) {
        (0, _) => mixed(u64::MAX, 0),
        (_, 1) => mixed(rank, at),
        (_, 2) => mixed((rank + 1) % size, at - 1),
        _ => mixed(rank, at),
    };
    (0..len).map(key).collect()
}

/// A number as random as a hash (SplitMix64), and another.
fn mixed(high: u64, low: u64) -> Key {
    let mix = |number: u64| {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    let number = mix(low.wrapping_add(1) ^ high.wrapping_shl(40));
    Key((u128::from(number) << 64 | u128::from(mix(number ^ 1))).to_be_bytes())
}

/// Whether every key got the answer that it must get.
fn check(task: Task, size: u64, outcome: &Outcome) -> Result<(), String> {
    let (mut first, mut later, mut all) = (0, 0, 0);
    for keys in task.rungs() {
        // A block that is cut in its middle has its first of the pair but not its second.
        let pairs = (keys + 17) / 20;
        first += size * pairs + u64::from(size > 1);
        later += size * pairs + (size - 1) * u64::from(size > 1);
        all += size * keys;
    }
    let expected = (first, later, all - first - later);
    let found = (outcome.first, outcome.later, outcome.alone);
    if found == expected { Ok(()) } else { Err(format!("{found:?} instead of {expected:?} first, later and alone")) }
}

/// The most memory that this process has held.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}
