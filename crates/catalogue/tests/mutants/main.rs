//! Damaged catalogues: no file may panic, hang, take memory without bound, or say of a file what was not written of it.
//!
//! `cargo test` tries a slice; `PIXTWIN_SOAK=1` tries 100,000 mutants. The figures are one line that starts with `soak:`.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, unsafe_code)]
#![allow(clippy::cast_possible_truncation)] // Random numbers are cut on purpose.

mod counting;
mod damage;
mod world;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use counting::measured;
use damage::{Damage, Loose};
use pixtwin_catalogue::{Catalogue, Error, Want};
use pixtwin_testkit::{cases, draw::Seeded};
use world::{FILES, FOLDERS, Files, World};

/// What one use of a catalogue of this size may hold: the caches of its connections, of which that of the writer may be
/// 32 MiB, the library, and the rows.
const MOST_BYTES: usize = 48 << 20;

/// The longest that one use may take.
const LONGEST: Duration = Duration::from_secs(10);

/// What came of the mutants.
#[derive(Debug, Default)]
struct Counts {
    mutants: u64,
    /// Not opened.
    refused: u64,
    /// Opened; something could not be read.
    unread: u64,
    /// Opened; what was learnt could not be written.
    unwritten: u64,
    /// Opened and read; entries are missing.
    fewer: u64,
    /// Everything was there.
    whole: u64,
    /// Entries that were given back, all of them right.
    right: u64,
    peak_bytes: usize,
    longest: Duration,
}

/// What one use of a catalogue came to.
#[derive(Debug, Default)]
struct Used {
    right: u64,
    read: Option<Error>,
    written: Option<Error>,
}

/// Asks for everything, learns something, and asks for that.
fn used(world: &World, number: u64) -> Result<Used, Error> {
    let catalogue = Catalogue::open(&world.file(), Want::Write, World::maker())?;
    let mut used = Used::default();
    match world.read_all(&catalogue) {
        Ok(right) => used.right = right,
        Err(cause) => used.read = Some(cause),
    }
    let mut random = Seeded(number);
    let new: Vec<_> = (0..3).map(|_| world.learnt(&mut random)).collect();
    let written = catalogue.writer().and_then(|writer| {
        for (folder, name, entry) in &new {
            let known = catalogue.folder(&world.folders[*folder]).unwrap();
            writer.learn(&known, name, entry.clone());
        }
        writer.finish()
    });
    used.written = written.err();
    let also = |folder: usize, name: &[u8]| -> Vec<_> {
        new.iter().filter(|(at, of, _)| (*at, of.as_slice()) == (folder, name)).map(|(_, _, entry)| entry).collect()
    };
    if let Ok(mut reader) = catalogue.reader() {
        for (folder, name, entry) in &new {
            // What is there is what was learnt, and what was known before.
            let found = reader.recall(&world.folders[*folder], name, world.device, &entry.stamp);
            if let Ok(Some(found)) = found {
                world.check(*folder, name, &found, &also(*folder, name));
            }
        }
    }
    // One is taken back, and said again if that can be done: no other comes of it.
    let pair = [World::pair(random.below(40))];
    if catalogue.take_back(&pair).is_ok_and(|forgotten| forgotten > 0) {
        let _ = catalogue.say_differ(&pair);
    }
    let _ = world.verdicts(&catalogue);
    Ok(used)
}

/// Uses what lies in the catalogue's place, under the demands on time and memory.
fn try_one(world: &World, label: &str, number: u64, counts: &mut Counts) {
    let began = Instant::now();
    let (result, peak) = measured(|| used(world, number));
    let elapsed = began.elapsed();
    assert!(elapsed < LONGEST, "{label}: took {elapsed:?}");
    assert!(peak <= MOST_BYTES, "{label}: held {peak} bytes");
    counts.mutants += 1;
    counts.peak_bytes = counts.peak_bytes.max(peak);
    counts.longest = counts.longest.max(elapsed);
    match result {
        Err(cause) => {
            assert!(!cause.to_string().is_empty(), "{label}");
            counts.refused += 1;
        }
        Ok(Used { right, read, written }) => {
            counts.right += right;
            counts.unread += u64::from(read.is_some());
            counts.unwritten += u64::from(written.is_some());
            let is_whole = right == world.all();
            assert!(right <= world.all(), "{label}: {right} entries");
            counts.fewer += u64::from(read.is_none() && !is_whole);
            counts.whole += u64::from(is_whole);
        }
    }
}

/// What is held is counted of the whole program: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

#[test]
fn mutants_neither_panic_nor_hang_nor_lie() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let began = Instant::now();
    let world = World::new();
    let mut counts = Counts::default();
    // Undamaged, all is there.
    for seed in world.seeds() {
        world.put(seed);
        try_one(&world, "undamaged", 0, &mut counts);
    }
    assert_eq!((counts.whole, counts.unwritten), (2, 0));
    let loose = Loose::of(&world.seeds()[0].pages);
    let mut counts = Counts::default();
    let mut kinds = std::collections::BTreeMap::new();
    for number in 0..u64::from(cases(1_000, 100_000)) {
        let mut random = Seeded(number);
        let seed = &world.seeds()[random.below(2) as usize];
        let damage = Damage::any(&mut random);
        let mut mutant = seed.clone();
        damage.apply(&mut mutant, &mut random, &loose, &world.file());
        world.put(&mutant);
        let before = counts.whole;
        try_one(&world, &format!("mutant {number}, {damage:?}"), number, &mut counts);
        let kind: &mut (u64, u64) = kinds.entry(format!("{damage:?}")).or_default();
        *kind = (kind.0 + 1, kind.1 + counts.whole - before);
    }
    let Counts { mutants, refused, unread, unwritten, fewer, whole, right, peak_bytes, longest } = counts;
    println!(
        "soak: catalogue {mutants} mutants of {FOLDERS} folders with {FILES} files, {refused} refused, {unread} not read to \
         the end, {fewer} with fewer entries, {whole} whole, {unwritten} not written, {right} entries read and right, peak \
         {} KiB, longest {} ms, {} s",
        peak_bytes >> 10,
        longest.as_millis(),
        began.elapsed().as_secs()
    );
    let kinds: Vec<_> = kinds.iter().map(|(kind, (all, whole))| format!("{kind} {whole} of {all}")).collect();
    println!("whole by kind of damage: {}", kinds.join(", "));
}

#[test]
fn trees_without_end_do_not_hang() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let world = World::new();
    let mut counts = Counts::default();
    let files = &world.seeds()[0];
    let trees = damage::trees(&world.file(), files);
    assert!(trees.len() > 10, "{trees:?}");
    for (name, root) in trees {
        for width in [2, 60] {
            let endless = damage::endless(files, root, width);
            world.put(&Files { pages: endless, log: Vec::new() });
            try_one(&world, &format!("{name}, {width} children each"), 1, &mut counts);
        }
    }
    println!("soak: {} trees without end, longest {} ms", counts.mutants, counts.longest.as_millis());
}
