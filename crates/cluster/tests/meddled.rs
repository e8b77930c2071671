//! Whole runs among messages that change on their way: each ends, whatever it comes to.
//!
//! `cargo test` tries a few; `PIXTWIN_SOAK=1` some hundreds. Prints a line that starts with `soak:`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

mod common;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use common::{gallery, settings};
use pixtwin_cluster::{
    Ranks, Seat, Storage, Terms, run,
    world::{
        Post,
        carrier::Timing,
        link::{Link, LinkError},
        threads,
    },
};
use pixtwin_engine::{Group, Match, Progress, Report, Run, Selection, Unread, scan};
use pixtwin_testkit::{cases, draw::Seeded};

/// A link that counts what it carries, and changes some of it.
struct Meddling<'a> {
    link: threads::ThreadLink,
    sent: &'a AtomicUsize,
    /// One of so many messages is changed.
    every: u32,
    random: Seeded,
}

impl Link for Meddling<'_> {
    fn rank(&self) -> usize {
        self.link.rank()
    }

    fn size(&self) -> usize {
        self.link.size()
    }

    fn send(&mut self, to: usize, mut message: Vec<u8>) -> Result<(), LinkError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.random.below(self.every) == 0 {
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

/// A scan of the gallery over three ranks; says how many came to a result, and how many messages were sent.
fn scan_with(every: u32, seed: u64) -> (usize, usize) {
    let (roots, settings) = ([gallery()], settings());
    let timing = Timing {
        beat: Duration::from_millis(20),
        answer: Duration::from_millis(40),
        silence: Duration::from_millis(400),
        greeting: Duration::from_millis(400),
        call: Duration::from_millis(20),
    };
    let terms = Terms { storage: Storage::Shared, settings: Vec::new(), roots: roots.to_vec() };
    let seat = &Seat { version: "1", host: "h".to_owned(), terms, timing };
    let sent = AtomicUsize::new(0);
    let (roots, settings, counter) = (&roots, &settings, &sent);
    let done = std::thread::scope(|scope| {
        let ranks: Vec<_> = threads::links(3)
            .into_iter()
            .map(|link| {
                let random = Seeded(seed * 3 + link.rank() as u64);
                let link = Meddling { link, sent: counter, every, random };
                scope.spawn(move || {
                    let progress = Progress::default();
                    let alone = Run { settings, memory: None, progress: &progress };
                    let work =
                        |team: &mut Ranks<Post>| scan(team, roots, &Selection::default(), alone, &mut Nobody).is_ok();
                    let ran = run(link, seat, &progress, |_| {}, || {}, work);
                    ran.is_ok_and(|ran| ran.result == Ok(Some(true)))
                })
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).filter(|done| *done).count()
    });
    (done, sent.into_inner())
}

#[test]
fn a_run_among_changed_messages_ends() {
    let begun = Instant::now();
    let (runs, mut whole, mut longest, mut sent) = (cases(20, 300), 0, Duration::ZERO, 0);
    for seed in 0..runs {
        let started = Instant::now();
        let (done, messages) = scan_with([7, 60, 300][seed as usize % 3], seed.into());
        whole += usize::from(done == 3);
        sent += messages;
        longest = longest.max(started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(30), "run {seed} did not end in time");
    }
    println!(
        "soak: {runs} runs with changes among {sent} messages: all ended, {whole} with a result, longest {longest:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(3600));
}
