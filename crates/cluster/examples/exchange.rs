//! The exchange of keys by itself: how long it takes, what it holds, and what it sends.
//!
//! `mpirun -n 2 exchange 5000000` over MPI, or `exchange 100000 2 4 8 16` over ranks that are threads of one process.
//! Every tenth key is held by two ranks and one key by all; the standings are checked against that.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a program for measurements")]

use std::{
    env, fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
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
use pixtwin_engine::{Progress, Standing, Team};
use pixtwin_pixel::Key;

fn main() {
    let numbers: Vec<usize> = env::args().skip(1).map(|word| word.parse().unwrap()).collect();
    let (keys, sizes) = numbers.split_first().expect("how many keys a rank");
    println!("ranks  keys a rank  seconds  messages a rank  MB a rank  peak MB of the process");
    if let Some(launched) = launched(|name| env::var_os(name)).unwrap() {
        measure(MpiLink::start(&launched).unwrap(), *keys).finish().unwrap();
        return;
    }
    for size in sizes {
        std::thread::scope(|scope| {
            for link in threads::links(*size) {
                scope.spawn(|| drop(measure(link, *keys)));
            }
        });
    }
}

/// A link that counts what it sends.
struct Counting<L>(L, Arc<[AtomicU64; 2]>);

impl<L: Link> Link for Counting<L> {
    fn rank(&self) -> usize {
        self.0.rank()
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        self.1[0].fetch_add(1, Ordering::Relaxed);
        self.1[1].fetch_add(message.len() as u64, Ordering::Relaxed);
        self.0.send(to, message)
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        self.0.receive()
    }

    fn unsent(&self) -> usize {
        self.0.unsent()
    }
}

fn measure<L: Link>(link: L, keys: usize) -> L {
    let (rank, size) = (link.rank(), link.size());
    let sent: Arc<[AtomicU64; 2]> = Arc::default();
    let terms = Terms { storage: Storage::Shared, settings: Vec::new(), roots: Vec::new() };
    let seat = Seat { version: "exchange", host: "here".to_owned(), terms, timing: Timing::default() };
    let counters = Arc::clone(&sent);
    let work = |team: &mut Ranks<Post>| {
        let own: Vec<Key> = (0..keys).map(|at| key(at, rank)).collect();
        team.any_all(false).unwrap();
        let before = counters.each_ref().map(|counter| counter.load(Ordering::Relaxed));
        let begun = Instant::now();
        let standings = team.stand_all(&own).unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        let after = counters.each_ref().map(|counter| counter.load(Ordering::Relaxed));
        let count = |standing| standings.iter().filter(|other| **other == standing).count() as u64;
        let counts = vec![[count(Standing::Alone), count(Standing::First), count(Standing::Later)]];
        let told = team.tell_all(counts).unwrap();
        check(&told, keys as u64, size as u64);
        if rank == 0 {
            let [messages, bytes] = [after[0] - before[0], after[1] - before[1]];
            let megabytes = bytes as f64 / 1e6;
            println!(
                "{size:5}  {keys:11}  {seconds:7.2}  {messages:15}  {megabytes:9.1}  {:22}",
                peak_bytes() / 1_000_000
            );
        }
    };
    run(Counting(link, sent), &seat, &Progress::default(), |_| {}, || {}, work).unwrap().link.0
}

/// Key 1 is everyone's, every tenth is shared with the rank beside, all others are this rank's own.
fn key(at: usize, rank: usize) -> Key {
    let (kind, holder) = match at {
        1 => (0_u8, 0),
        at if at % 10 == 0 => (1, rank / 2),
        _ => (2, rank),
    };
    let name = [at.to_le_bytes(), holder.to_le_bytes(), [kind; 8]].concat();
    Key::of(&name)
}

/// Standings as they must be, for an even number of ranks.
fn check(told: &[[u64; 3]], keys: u64, size: u64) {
    let sum = |at: usize| told.iter().map(|counts| counts[at]).sum::<u64>();
    let shared = keys.div_ceil(10) * size / 2;
    assert_eq!(sum(0), (keys - keys.div_ceil(10) - 1) * size, "keys that are one rank's alone");
    assert_eq!((sum(1), sum(2)), (shared + 1, shared + size - 1), "keys that several hold");
}

fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
}
