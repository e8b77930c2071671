//! Messages that no rank would send: none may cause a panic, a hang, or more memory than a message is worth.
//!
//! `cargo test` tries a slice; `PIXTWIN_SOAK=1` tries a million. Prints lines that start with `soak:`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    unsafe_code,
    reason = "a test as a whole, which counts what the allocator is asked for"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use pixtwin_cluster::{
    Ranks, Seat, Storage, Terms, read_as_anything, run,
    world::{
        Post,
        carrier::Timing,
        link::{Link, LinkError},
        threads,
    },
};
use pixtwin_engine::{Alpha, Group, Match, Orientation, Progress, Report, Selection, Settings, Tier, Unread, scan};
use pixtwin_testkit::{cases, draw::Seeded};

/// What reading a message may hold at once: twenty times its bytes, for a path of no letters takes more than its length
/// on the wire, and what a record's lists are given room for before their content is seen.
fn most_bytes(message: usize) -> usize {
    20 * message + (4 << 20)
}

struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn grow(bytes: usize) {
    // A thread that ends has no counters any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get().wrapping_add(bytes));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

fn shrink(bytes: usize) {
    // What another thread allocated may be freed here.
    let _ = HELD.try_with(|held| held.set(held.get().saturating_sub(bytes)));
}

// SAFETY: every call goes to the system's allocator unchanged; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A link that keeps what it carries, or changes some of it.
struct Meddling {
    link: threads::ThreadLink,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
    /// One of so many messages is changed; 0 is none.
    every: u32,
    random: Seeded,
}

impl Link for Meddling {
    fn rank(&self) -> usize {
        self.link.rank()
    }

    fn size(&self) -> usize {
        self.link.size()
    }

    fn send(&mut self, to: usize, mut message: Vec<u8>) -> Result<(), LinkError> {
        self.kept.lock().unwrap().push(message.clone());
        if self.every > 0 && self.random.below(self.every) == 0 {
            message = changed(&message, &mut self.random);
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

fn changed(message: &[u8], random: &mut Seeded) -> Vec<u8> {
    let mut message = message.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(message.len().max(1) as u32) as usize;
        match random.below(6) {
            0 => message.truncate(at),
            1 => message.extend((0..random.below(40)).map(|byte| byte as u8)),
            2 => message.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
            3 => drop(message.splice(at..at, [random.below(256) as u8])),
            4 => message.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.below(256) as u8),
            _ => message.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        }
    }
    message
}

struct Nobody;

impl Report for Nobody {
    fn group(&mut self, _: Group) {}
    fn found(&mut self, _: usize, _: Match) {}
    fn unread(&mut self, _: Unread) {}
}

/// A scan of the gallery over three ranks; says how many came to a result, and gives what they sent.
fn scan_with(every: u32, seed: u64) -> (usize, Vec<Vec<u8>>) {
    let roots = [PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/gallery")];
    let settings = Settings {
        tier: Tier::Pixels,
        alpha: Alpha::Exact,
        orientation: Orientation::AsStored,
        threads: 1,
        memory_bytes: 1 << 28,
    };
    let timing = Timing {
        beat: Duration::from_millis(20),
        answer: Duration::from_millis(40),
        silence: Duration::from_millis(400),
        greeting: Duration::from_millis(400),
        call: Duration::from_millis(20),
    };
    let terms = Terms { storage: Storage::Shared, settings: Vec::new(), roots: roots.to_vec() };
    let seat = &Seat { version: "1", host: "h".to_owned(), terms, timing };
    let kept = Arc::default();
    let (roots, settings) = (&roots, &settings);
    let done = std::thread::scope(|scope| {
        let ranks: Vec<_> = threads::links(3)
            .into_iter()
            .map(|link| {
                let random = Seeded(seed * 3 + link.rank() as u64);
                let link = Meddling { link, kept: Arc::clone(&kept), every, random };
                scope.spawn(move || {
                    let progress = Progress::default();
                    let work = |team: &mut Ranks<Post>| {
                        scan(team, roots, &Selection::default(), settings, &progress, &mut Nobody).is_ok()
                    };
                    let ran = run(link, seat, &progress, |_| {}, || {}, work);
                    ran.is_ok_and(|ran| ran.result == Ok(Some(true)))
                })
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).filter(|done| *done).count()
    });
    (done, Arc::into_inner(kept).unwrap().into_inner().unwrap())
}

#[test]
fn no_changed_message_does_harm_where_it_is_read() {
    let (done, messages) = scan_with(0, 0);
    assert_eq!(done, 3);
    let (mut random, mut sense, mut most) = (Seeded(1), 0, 0);
    let count = cases(20_000, 1_000_000);
    for _ in 0..count {
        let message = changed(&messages[random.below(messages.len() as u32) as usize], &mut random);
        let held = HELD.get();
        PEAK.set(held);
        sense += usize::from(read_as_anything(&message) > 0);
        let peak = PEAK.get().saturating_sub(held);
        assert!(peak <= most_bytes(message.len()), "{peak} bytes for a message of {}", message.len());
        most = most.max(peak);
    }
    println!("soak: {count} changed messages: {sense} made sense, none did harm, at most {most} bytes held");
}

#[test]
fn a_run_among_changed_messages_ends() {
    let begun = Instant::now();
    let (runs, mut whole, mut longest, mut sent) = (cases(20, 300), 0, Duration::ZERO, 0);
    for seed in 0..runs {
        let started = Instant::now();
        let (done, messages) = scan_with([7, 60, 300][seed as usize % 3], seed.into());
        whole += usize::from(done == 3);
        sent += messages.len();
        longest = longest.max(started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(30), "run {seed} did not end in time");
    }
    println!(
        "soak: {runs} runs with changes among {sent} messages: all ended, {whole} with a result, longest {longest:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(3600));
}
