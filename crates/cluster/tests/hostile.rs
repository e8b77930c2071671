//! Damaged messages from other ranks: none may panic, hang, or take more memory than the bound.
//!
//! Real messages of a run are recorded, mutated, and heard again by one rank. `cargo test` tries a slice;
//! `PIXTWIN_SOAK=1` a million. What a well-formed message says is believed: a key with another bit is another key, and
//! such runs are counted as `other`.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::cast_possible_truncation)] // Random numbers are cut on purpose.

mod common;

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use common::{gallery, settings};
use pixtwin_cluster::{
    Ranks, Seat, Storage, Terms, run,
    world::{
        Desk, World,
        carrier::{Carrier, Timing},
        link::{Link, LinkError, MOST_MESSAGE_BYTES},
        threads,
    },
};
use pixtwin_engine::{Group, Loss, Match, Offers, Progress, Report, Run, Selection, Shelf, Unread, scan};
use pixtwin_testkit::{
    Dir, cases,
    draw::Seeded,
    held::{Counting, by_process},
};

/// What one rank may hold beyond what it holds when all messages are sound: a list that claims a huge length is given
/// room for 1 MiB by its reader before it is read, and lists lie in lists.
const SLACK_BYTES: usize = 4 << 20;

/// The longest that the messages of one case may take.
const LONGEST: Duration = Duration::from_secs(10);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Messages = Vec<(usize, Vec<u8>)>;

/// Damages a message of the list, or their order; says how many messages it touched.
fn mutate(messages: &mut Messages, random: &mut Seeded, ranks: usize) -> u64 {
    let mut touched = 0;
    for _ in 0..1 + random.at(3) {
        let at = random.at(messages.len());
        touched += 1;
        match random.at(10) {
            0 if messages.len() > 1 => drop(messages.remove(at)),
            1 => messages.insert(at, messages[at].clone()),
            2 => {
                let other = random.at(messages.len());
                messages.swap(at, other);
            }
            3 => messages[at].0 = random.at(ranks + 2),
            4 => {
                let len = random.at(messages[at].1.len() + 1);
                messages[at].1.truncate(len);
            }
            5 => {
                // Now and then as long as a link carries.
                let most = if random.at(200) == 0 { MOST_MESSAGE_BYTES } else { 40 };
                let (len, byte) = (random.at(most), random.number() as u8);
                let len = messages[at].1.len() + len;
                messages[at].1.resize(len.min(MOST_MESSAGE_BYTES), byte);
            }
            6 | 7 => overwrite(&mut messages[at].1, random),
            _ => {
                if let len @ 1.. = messages[at].1.len() {
                    messages[at].1[random.at(len)] ^= 1 << random.at(8);
                }
            }
        }
    }
    touched
}

/// Puts a length that is far too large, or a number at an edge, where one may be read.
fn overwrite(message: &mut [u8], random: &mut Seeded) {
    const EDGES: [&[u8]; 6] = [
        &[0xff; 4],
        &[0xff, 0xff, 0xff, 0x7f],
        &[0; 4],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0x80],
    ];
    let edge = EDGES[random.at(EDGES.len())];
    if message.len() >= edge.len() {
        let at = random.at(message.len() - edge.len() + 1);
        message[at..at + edge.len()].copy_from_slice(edge);
    }
}

/// What a run of messages came to, counted.
#[derive(Default)]
struct Tally {
    cases: u64,
    messages: u64,
    refused: u64,
    same: u64,
    other: u64,
    peak: usize,
    longest: Duration,
}

impl Tally {
    fn add<T: PartialEq>(&mut self, sound: &T, outcome: Option<&T>, peak: usize, time: Duration) {
        self.cases += 1;
        match outcome {
            None => self.refused += 1,
            Some(outcome) if outcome == sound => self.same += 1,
            Some(_) => self.other += 1,
        }
        self.peak = self.peak.max(peak);
        self.longest = self.longest.max(time);
    }

    fn print(&self, what: &str) {
        let Self { cases, messages, refused, same, other, peak, longest } = self;
        println!(
            "soak: {what}: {messages} mutations in {cases} cases: {refused} refused, {same} as without, {other} other; \
             peak {} KiB, longest {longest:?}",
            peak >> 10
        );
    }
}

/// What two ranks say to each other, or what one of them hears again.
struct Hearsay {
    rank: usize,
    to: Option<Sender<Vec<u8>>>,
    from: Option<Receiver<Vec<u8>>>,
    script: VecDeque<(usize, Vec<u8>)>,
    heard: Arc<Mutex<Messages>>,
    desk: Desk,
}

impl World for Hearsay {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        2
    }

    fn node(&self, _rank: usize) -> &'static str {
        ""
    }

    fn send(&mut self, _to: usize, letter: Vec<u8>) -> Result<(), Loss> {
        self.to.iter().for_each(|to| drop(to.send(letter.clone())));
        Ok(())
    }

    fn receive(&mut self) -> Result<(usize, Vec<u8>), Loss> {
        let Some(from) = &self.from else { return self.script.pop_front().ok_or(Loss) };
        let heard = (1 - self.rank, from.recv().map_err(|_| Loss)?);
        self.heard.lock().unwrap().push(heard.clone());
        Ok(heard)
    }

    fn fail(&mut self, _reason: String) -> Loss {
        Loss
    }

    fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }
}

/// The report as lines.
#[derive(Default)]
struct Lines(Vec<String>);

impl Report for Lines {
    fn group(&mut self, group: Group) {
        self.0.push(format!("{group:?}"));
    }

    fn found(&mut self, query: usize, found: Match) {
        self.0.push(format!("{query} {found:?}"));
    }

    fn unread(&mut self, unread: Unread) {
        self.0.push(format!("{unread:?}"));
    }
}

/// A scan on one of two ranks: its report, or nothing if it was refused.
fn scan_on(world: Hearsay, root: &Path) -> Option<Vec<String>> {
    let settings = settings();
    let (mut lines, mut team) = (Lines::default(), Ranks::of_hosts(world, &["h1", "h2"]));
    let (roots, selection) = ([root.to_owned()], Selection::default());
    let progress = Progress::default();
    let run = Run { settings: &settings, memory: None, progress: &progress };
    let counts = scan(&mut team, &roots, &selection, run, &mut lines).ok()?;
    lines.0.push(format!("{:?}", (counts.files, counts.pictures, counts.others, counts.repeated)));
    Some(lines.0)
}

/// The letters that rank `victim` hears while the other scans the gallery and it has no file itself.
fn letters_to(victim: usize, empty: &Path) -> (Messages, Vec<String>) {
    let (to_first, from_second) = channel();
    let (to_second, from_first) = channel();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let world = |rank, to, from, heard: &Arc<_>| Hearsay {
        rank,
        to: Some(to),
        from: Some(from),
        script: VecDeque::new(),
        heard: Arc::clone(heard),
        desk: Desk::default(),
    };
    let unheard = Arc::new(Mutex::new(Vec::new()));
    let [first, second] = if victim == 0 { [&heard, &unheard] } else { [&unheard, &heard] };
    let worlds = [world(0, to_second, from_second, first), world(1, to_first, from_first, second)];
    let reports = std::thread::scope(|scope| {
        let ranks = worlds.map(|world| {
            let root = if world.rank == victim { empty.to_owned() } else { gallery() };
            scope.spawn(move || scan_on(world, &root).unwrap())
        });
        ranks.map(|rank| rank.join().unwrap())
    });
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    (heard, reports[victim].clone())
}

fn replay(victim: usize, letters: &Messages, empty: &Path) -> Option<Vec<String>> {
    let world = Hearsay {
        rank: victim,
        to: None,
        from: None,
        script: letters.iter().cloned().collect(),
        heard: Arc::default(),
        desk: Desk::default(),
    };
    scan_on(world, empty)
}

fn mutated_letters(wanted: u64) {
    let empty = Dir::new();
    for victim in [0, 1] {
        let (letters, report) = letters_to(victim, empty.path());
        assert!(letters.len() > 20);
        let (again, sound) = by_process(|| replay(victim, &letters, empty.path()));
        assert_eq!(again.as_ref(), Some(&report), "what was heard again gives the same report");
        let (mut tally, mut random) = (Tally::default(), Seeded(victim as u64));
        while tally.messages < wanted {
            let mut mutants = letters.clone();
            tally.messages += mutate(&mut mutants, &mut random, 2);
            let bytes: usize = mutants.iter().map(|(_, letter)| letter.len()).sum();
            let begun = Instant::now();
            let (outcome, peak) = by_process(|| replay(victim, &mutants, empty.path()));
            let time = begun.elapsed();
            assert!(peak < sound + 4 * bytes + SLACK_BYTES, "{peak} bytes: {mutants:?}");
            assert!(time < LONGEST, "{time:?}: {mutants:?}");
            tally.add(&report, outcome.as_ref(), peak, time);
        }
        assert!(tally.refused > tally.cases / 10 && tally.same > 0);
        tally.print(&format!("letters to rank {victim}"));
    }
}

/// A link that writes down what arrives.
struct Recording {
    link: threads::ThreadLink,
    heard: Arc<Mutex<Messages>>,
}

impl Link for Recording {
    fn rank(&self) -> usize {
        self.link.rank()
    }

    fn size(&self) -> usize {
        self.link.size()
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        self.link.send(to, message)
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        let received = self.link.receive()?;
        self.heard.lock().unwrap().extend(received.clone());
        Ok(received)
    }

    fn unsent(&self) -> usize {
        0
    }
}

/// A link from which nothing comes but what is written down.
struct Script {
    rank: usize,
    messages: VecDeque<(usize, Vec<u8>)>,
}

impl Link for Script {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        3
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        assert!(message.len() <= MOST_MESSAGE_BYTES);
        // As links do, where the sender of a message was not whom it seemed to be.
        if to >= 3 || to == self.rank {
            return Err(LinkError::Failed { call: "send", reason: "no such rank".to_owned() });
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        Ok(self.messages.pop_front())
    }

    fn unsent(&self) -> usize {
        0
    }
}

/// Everything that each of three ranks on one host hears in a scan.
fn messages_of_a_run() -> Vec<Messages> {
    let heard: Vec<Arc<Mutex<Messages>>> = (0..3).map(|_| Arc::default()).collect();
    let terms = Terms { storage: Storage::Shared, settings: Vec::new(), roots: vec![gallery()] };
    let seat = &Seat { version: "1", host: "h".to_owned(), terms, timing: Timing::default() };
    std::thread::scope(|scope| {
        for (link, heard) in threads::links(3).into_iter().zip(&heard) {
            scope.spawn(move || {
                let (mut lines, progress) = (Lines::default(), Progress::default());
                let settings = settings();
                let link = Recording { link, heard: Arc::clone(heard) };
                let (selection, roots) = (Selection::default(), [gallery()]);
                let alone = Run { settings: &settings, memory: None, progress: &progress };
                let work = |team: &mut Ranks<_>| scan(team, &roots, &selection, alone, &mut lines).map(drop);
                run(link, seat, &progress, |_| {}, || {}, work).unwrap().result.unwrap().unwrap().unwrap();
            });
        }
    });
    heard.iter().map(|heard| std::mem::take(&mut *heard.lock().unwrap())).collect()
}

/// Lets a carrier hear these messages; gives whether it found nothing wrong.
fn carry(rank: usize, messages: &Messages) -> Option<bool> {
    let link = Script { rank, messages: messages.iter().cloned().collect() };
    // Nobody waits here for a rank that does not speak.
    let timing = Timing { silence: Duration::from_millis(1), greeting: Duration::ZERO, ..Timing::default() };
    let (carrier, mut post) = Carrier::greet(link, "1", timing).ok()?;
    let state = Arc::clone(post.state());
    post.fill(0, Arc::new(Shelf::default()), 1).unwrap();
    post.share(Arc::new(Offers::default()), (0..3).filter(|other| *other != rank).collect()).unwrap();
    drop(post);
    carrier.carry(&Progress::default());
    state.fault().is_none().then_some(true)
}

fn mutated_frames(wanted: u64) {
    for (rank, messages) in messages_of_a_run().into_iter().enumerate() {
        assert!(messages.len() > 30);
        let (mut tally, mut random) = (Tally::default(), Seeded(100 + rank as u64));
        assert_eq!(carry(rank, &messages), Some(true), "sound messages are no fault");
        while tally.messages < wanted {
            let mut mutants = messages.clone();
            tally.messages += mutate(&mut mutants, &mut random, 3);
            let bytes: usize = mutants.iter().map(|(_, message)| message.len()).sum();
            let begun = Instant::now();
            let (outcome, peak) = by_process(|| carry(rank, &mutants));
            let time = begun.elapsed();
            assert!(peak < 4 * bytes + SLACK_BYTES, "{peak} bytes: {mutants:?}");
            assert!(time < LONGEST, "{time:?}: {mutants:?}");
            tally.add(&true, outcome.as_ref(), peak, time);
        }
        assert!(tally.refused > 0 && tally.same > 0);
        tally.print(&format!("messages to the carrier of rank {rank}"));
    }
}

/// One test, for it counts what the whole process holds.
#[test]
fn mutated_messages_do_no_harm() {
    let wanted = u64::from(cases(20_000, 1_000_000));
    // A search for each case of letters takes most of the time.
    mutated_letters(wanted / 40);
    mutated_frames(wanted * 19 / 60 + 1);
}
